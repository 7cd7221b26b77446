package admin

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/auth/basic"
	"parley/internal/audit"
	"parley/internal/chat"
	"parley/store"
	"parley/store/mem"
	"parley/wsproto"
)

// live notes whom it has thrown out.
type live struct {
	store.Users
	evicted []chat.UID
}

func (l *live) Evict(_ context.Context, uid chat.UID) { l.evicted = append(l.evicted, uid) }
func (l *live) Online(chat.UID) int                   { return 0 }
func (l *live) Delete(ctx context.Context, uid chat.UID, hard bool) error {
	return l.DeleteUser(ctx, uid, hard, time.Now())
}

func (l *live) SetState(ctx context.Context, uid chat.UID, s store.State) error {
	if u, err := l.User(ctx, uid); err != nil || u.State == s {
		return errors.Join(err, wsproto.NotModified)
	}
	return l.UpdateUser(ctx, uid, store.UserUpdate{State: &s})
}

var at = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

type fixture struct {
	*Service
	live    *live
	revoked []store.Revocation
}

func newFixture() *fixture {
	st := mem.New()
	f := &fixture{live: &live{Users: st}}
	now := func() time.Time { return at }
	f.Service = New(Deps{
		Store: st, Basic: basic.New(st, basic.Rules{MinLogin: 4, MinPassword: 6}), Live: f.live,
		Acts: audit.New(st, slog.New(slog.DiscardHandler), now), Now: now, Config: Config{TokenLifetime: 14 * 24 * time.Hour, LoginTags: true},
		Revoked: func(rs ...store.Revocation) { f.revoked = append(f.revoked, rs...) },
	})
	return f
}

// overSocket is a client of the service.
func overSocket(t *testing.T, ops Operations) *Client {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: Handler(ops)}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	t.Cleanup(func() { srv.Close(); <-done })
	c, err := Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestSameOverSocket: results and refusals are the same on both ways.
func TestSameOverSocket(t *testing.T) {
	t.Parallel()
	f := newFixture()
	c, ctx := overSocket(t, f), t.Context()
	a, err := c.AddUser(ctx, NewAccount{Login: "Annie", Password: "secret", Email: "A@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	if a.Login != "annie" || a.State != "ok" || len(a.Creds) != 1 || !a.Creds[0].Done || !a.Created.Equal(at) {
		t.Errorf("got %+v", a)
	}
	// addresses are no tags here: all accounts are looked through
	if b, err := c.User(ctx, "email:a@EXAMPLE.com"); err != nil || b.ID != a.ID {
		t.Errorf("by address: %+v %v", b, err)
	}
	for _, ops := range []Operations{f, c} {
		var refused *Fault
		if _, err := ops.User(ctx, "nobody"); !errors.As(err, &refused) || refused.Text != `there is no user "nobody"` {
			t.Errorf("%T: got %v", ops, err)
		}
		if err := ops.Backup(ctx, "nowhere/file", nil); err == nil || errors.As(err, &refused) && refused == nil {
			t.Errorf("%T: a backup into no folder: %v", ops, err)
		}
	}
	if _, err := call[none](ctx, c, "from.the.future", none{}); err == nil || !strings.Contains(err.Error(), "another version") {
		t.Errorf("got %v", err)
	}
}

// TestWhatEnds: a password, rights and tokens are void before sessions end.
func TestWhatEnds(t *testing.T) {
	t.Parallel()
	f, ctx := newFixture(), t.Context()
	a, err := f.AddUser(ctx, NewAccount{Login: "annie", Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]func() error{
		"password": func() error { _, err := f.SetPassword(ctx, Password{"annie", "other-secret"}); return err },
		"root":     func() error { _, err := f.SetRoot(ctx, RootChange{"annie", true}); return err },
		"revoke":   func() error { _, err := f.Revoke(ctx, RevokeRequest{User: "annie"}); return err },
		"all":      func() error { _, err := f.Revoke(ctx, RevokeRequest{All: true}); return err },
	} {
		f.live.evicted, f.revoked = nil, nil
		if err := do(); err != nil {
			t.Fatal(err)
		}
		want := store.Revocation{User: a.ID, Before: at, Until: at.Add(14 * 24 * time.Hour)}
		if !slices.Equal(f.live.evicted, []chat.UID{a.ID}) || len(f.revoked) != 1 || f.revoked[0] != want {
			t.Errorf("%s: evicted %v, revoked %+v", name, f.live.evicted, f.revoked)
		}
	}
	stored, err := f.Store.Revocations(ctx, at)
	if err != nil || len(stored) != 1 {
		t.Errorf("stored: %+v %v", stored, err)
	}
	if _, err := f.SetRoot(ctx, RootChange{"annie", true}); err != nil || len(f.live.evicted) != 1 {
		t.Errorf("root twice throws out twice: %v", err)
	}
}

// TestInviteState: codes are open as long as they are good for somebody.
func TestInviteState(t *testing.T) {
	t.Parallel()
	f := newFixture()
	for _, c := range []struct {
		rec  store.Invite
		open bool
	}{
		{store.Invite{}, true},
		{store.Invite{Max: 2, Used: 1}, true},
		{store.Invite{Max: 2, Used: 2}, false},
		{store.Invite{Expires: at}, false},
		{store.Invite{Expires: at.Add(1)}, true},
	} {
		if got := f.invite(&c.rec).Open; got != c.open {
			t.Errorf("%+v: open %v", c.rec, got)
		}
	}
	seen := map[string]bool{}
	for range 100 {
		code, err := newCode()
		if err != nil || seen[code] || len(code) != codeLen || code != strings.ToLower(code) {
			t.Errorf("%q %v", code, err)
		}
		seen[code] = true
	}
}
