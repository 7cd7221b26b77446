package wechatapi

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/auth/seal"
	fake "parley/internal/fake/wechat"
	"parley/internal/outbound"
	"parley/internal/wechat"
	"parley/store/mem"
	"parley/store/vault"
)

const (
	oaID   = "wx00000000000000oa"
	miniID = "wx000000000000mini"
)

// nodes is a WeChat and servers that share a store.
type nodes struct {
	t    *testing.T
	fake *fake.Server
	box  *seal.Box
	st   *mem.Store
	log  *lockedBuffer

	mu  sync.Mutex
	add time.Duration
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (n *nodes) now() time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	return time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC).Add(n.add)
}

func (n *nodes) advance(d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.add += d
}

func newNodes(t *testing.T) *nodes {
	t.Helper()
	box, err := seal.New([][]byte{bytes.Repeat([]byte{7}, 32)}, "test")
	if err != nil {
		t.Fatal(err)
	}
	n := &nodes{t: t, box: box, st: mem.New(), log: &lockedBuffer{}}
	n.fake = fake.New(n.now,
		fake.App{ID: oaID, Secret: "oa-secret-sentinel", Kind: "oa", PushToken: "pushToken", AESKey: strayKey},
		fake.App{ID: miniID, Secret: "mini-secret-sentinel", Kind: "mini"},
	)
	t.Cleanup(func() {
		n.fake.Close()
		for _, secret := range n.fake.Secrets() {
			if strings.Contains(n.log.text(), secret) {
				t.Errorf("the log has the secret %s:\n%s", secret, n.log.text())
			}
		}
	})
	return n
}

// node makes one more server.
func (n *nodes) node(change ...func(*Deps)) *Service {
	n.t.Helper()
	d := Deps{
		Apps: []App{
			{ID: oaID, Secret: "oa-secret-sentinel", Kind: Account, PushToken: "pushToken", AESKey: strayKey, JSDomains: []string{"chat.example.com"}},
			{ID: miniID, Secret: "mini-secret-sentinel", Kind: Mini},
		},
		Base: n.fake.URL, HTTP: wechat.NewHTTP(), Vault: vault.New(n.st, n.box, n.now), Hide: new(outbound.Redactor), Now: n.now,
		Log: slog.New(slog.NewTextHandler(n.log, nil)), Sleep: func(context.Context, time.Duration) error { return nil },
	}
	for _, f := range change {
		f(&d)
	}
	s, err := New(d)
	if err != nil {
		n.t.Fatal(err)
	}
	return s
}

// ask makes a call that needs a token.
func ask(ctx context.Context, s *Service) error {
	_, err := s.Voice(ctx, oaID, "unknown")
	if errors.Is(err, ErrMedia) {
		return nil
	}
	return err
}

const tokenPath = "/cgi-bin/stable_token"

func TestTokenShared(t *testing.T) {
	t.Parallel()
	n := newNodes(t)
	n.fake.Fail(tokenPath, fake.Fault{Delay: 20 * time.Millisecond})
	a, b := n.node(), n.node()
	var all sync.WaitGroup
	for i := range 200 {
		s := a
		if i%2 == 1 {
			s = b
		}
		all.Go(func() {
			if err := ask(t.Context(), s); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := n.fake.Calls(tokenPath); got != 1 {
		t.Errorf("%d tokens were fetched, want 1", got)
	}
	// A node that starts later takes it from the store, where it is sealed.
	if err := ask(t.Context(), n.node()); err != nil {
		t.Error(err)
	}
	rec, err := n.st.Value(t.Context(), "wechat:token:"+oaID, n.now())
	if err != nil || bytes.Contains(rec.Data, []byte("AT-")) {
		t.Errorf("%q, %v", rec, err)
	}
	n.fake.Fail(tokenPath, fake.Fault{})
	n.advance(7200*time.Second - margin - time.Second)
	if err := ask(t.Context(), b); err != nil || n.fake.Calls(tokenPath) != 1 {
		t.Errorf("%v, %d calls", err, n.fake.Calls(tokenPath))
	}
	n.advance(2 * time.Second)
	for _, s := range []*Service{a, b, a} {
		if err := ask(t.Context(), s); err != nil {
			t.Error(err)
		}
	}
	if got := n.fake.Calls(tokenPath); got != 2 {
		t.Errorf("%d tokens were fetched in two lifetimes, want 2", got)
	}
}

// A token dies before its time: one renewal, one repetition, on all nodes.
func TestTokenRefused(t *testing.T) {
	t.Parallel()
	n := newNodes(t)
	a, b := n.node(), n.node()
	for _, s := range []*Service{a, b} {
		if err := ask(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	n.fake.ExpireTokens(oaID)
	for _, s := range []*Service{a, b} {
		if err := ask(t.Context(), s); err != nil {
			t.Error(err)
		}
	}
	if got, media := n.fake.Calls(tokenPath), n.fake.Calls("/cgi-bin/media/get"); got != 2 || media != 6 {
		t.Errorf("%d tokens, %d calls; want 2 and 6", got, media)
	}
	// Again at once: one forced fetch in ten seconds is all there is.
	n.fake.ExpireTokens(oaID)
	if err := ask(t.Context(), a); wechat.Code(err) != 40001 {
		t.Error(err)
	}
	n.advance(forcedPause)
	if err := ask(t.Context(), a); err != nil {
		t.Error(err)
	}
	if got := n.fake.Calls(tokenPath); got != 3 {
		t.Errorf("%d tokens, want 3", got)
	}
}

// Whatever WeChat says, a call is repeated once.
func TestRefreshRule(t *testing.T) {
	t.Parallel()
	for _, code := range []int{40001, 40014, 42001} {
		n := newNodes(t)
		s := n.node()
		n.fake.Fail("/cgi-bin/media/get", fake.Fault{Code: code})
		if err := ask(t.Context(), s); wechat.Code(err) != code {
			t.Errorf("%d: %v", code, err)
		}
		// The stable token is the same again: there is nothing to try.
		if got := n.fake.Calls("/cgi-bin/media/get"); got != 1 {
			t.Errorf("%d: %d calls with one token", code, got)
		}
		n.advance(time.Hour)
		n.fake.ExpireTokens(oaID)
		if err := ask(t.Context(), s); wechat.Code(err) != code {
			t.Errorf("%d: %v", code, err)
		}
		if got := n.fake.Calls("/cgi-bin/media/get"); got != 3 {
			t.Errorf("%d: %d calls, want 3", code, got)
		}
		if got := n.fake.Calls(tokenPath); got != 3 {
			t.Errorf("%d: %d fetches, want 3", code, got)
		}
	}
	n := newNodes(t)
	n.fake.Fail("/cgi-bin/media/get", fake.Fault{Code: 48001})
	if err := ask(t.Context(), n.node()); wechat.Code(err) != 48001 || n.fake.Calls("/cgi-bin/media/get") != 1 {
		t.Errorf("%v, %d calls", err, n.fake.Calls("/cgi-bin/media/get"))
	}
}

func TestBusyAndQuota(t *testing.T) {
	t.Parallel()
	n := newNodes(t)
	s := n.node()
	n.fake.Fail("/cgi-bin/media/get", fake.Fault{Code: -1, Times: 3})
	if err := ask(t.Context(), s); err != nil {
		t.Error(err)
	}
	n.fake.Fail("/cgi-bin/media/get", fake.Fault{Code: -1, Times: 4})
	if err := ask(t.Context(), s); wechat.Code(err) != -1 || n.fake.Calls("/cgi-bin/media/get") != 8 {
		t.Errorf("%v, %d calls", err, n.fake.Calls("/cgi-bin/media/get"))
	}
	n.fake.Quota["/cgi-bin/ticket/getticket"] = 1
	for i, want := range []int{0, 45009, 0} { // 0 is not asked
		_, err := s.JSConfig(t.Context(), "https://chat.example.com/")
		if wechat.Code(err) != want || (err == nil) != (i == 0) {
			t.Errorf("%d: %v", i, err)
		}
		s.values.memory = map[string]kept{}
		_ = s.Vault.(*vault.Vault).Drop(t.Context(), "wechat:ticket:"+oaID)
	}
	if got := n.fake.Calls("/cgi-bin/ticket/getticket"); got != 2 {
		t.Errorf("%d calls, want 2", got)
	}
	n.advance(n.fake.NextDay().Sub(n.now()))
	if _, err := s.JSConfig(t.Context(), "https://chat.example.com/"); err != nil {
		t.Error(err)
	}
}

func TestWeChatDown(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]fake.Fault{
		"500": {Status: 500}, "reset": {Reset: true}, "garbage": {Garbage: "<html>"}, "half": {Garbage: `{"access_token":"AT-`},
		"empty": {Garbage: " "}, "no token": {Garbage: "{}"}, "list": {Garbage: "[]"}, "wrong type": {Garbage: `{"access_token":1}`},
	} {
		n := newNodes(t)
		s := n.node()
		n.fake.Fail(tokenPath, f)
		err := ask(t.Context(), s)
		if err == nil || strings.Contains(err.Error(), "sentinel") {
			t.Errorf("%s: %v", name, err)
		}
		n.fake.Fail(tokenPath, fake.Fault{})
		if err := ask(t.Context(), s); err != nil {
			t.Errorf("%s: afterwards: %v", name, err)
		}
		n.fake.Fail("/cgi-bin/media/get", f)
		if err := ask(t.Context(), s); err == nil || strings.Contains(err.Error(), "access_token=") || strings.Contains(err.Error(), "AT-") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// downVault is a store that does not answer.
type downVault struct{}

var errDown = errors.New("store is down")

func (downVault) Get(context.Context, string) ([]byte, error) { return nil, errDown }

func (downVault) Put(context.Context, string, []byte, time.Time) error { return errDown }

func (downVault) Lease(context.Context, string, time.Duration) (func(), bool, error) {
	return nil, false, errDown
}

// Without the store a node still has its token, and fetches it once.
func TestStoreDown(t *testing.T) {
	t.Parallel()
	n := newNodes(t)
	s := n.node(func(d *Deps) { d.Vault = downVault{} })
	for range 3 {
		if err := ask(t.Context(), s); err != nil {
			t.Error(err)
		}
	}
	if got := n.fake.Calls(tokenPath); got != 1 {
		t.Errorf("%d tokens were fetched, want 1", got)
	}
}

// Who gives up waiting does not end the fetch.
func TestCallerLeaves(t *testing.T) {
	t.Parallel()
	n := newNodes(t)
	s := n.node()
	n.fake.Fail(tokenPath, fake.Fault{Delay: 50 * time.Millisecond})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	if err := ask(ctx, s); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if err := ask(t.Context(), s); err != nil || n.fake.Calls(tokenPath) != 1 {
		t.Errorf("%v, %d calls", err, n.fake.Calls(tokenPath))
	}
}

func TestMisconfigured(t *testing.T) {
	t.Parallel()
	n := newNodes(t)
	s := n.node(func(d *Deps) { d.Apps[0].Secret = "another-secret" })
	if err := ask(t.Context(), s); wechat.Code(err) != 40125 {
		t.Error(err)
	}
	if text := n.log.text(); !strings.Contains(text, "bridges.wechat.apps") || !strings.Contains(text, "65a1b2c3-4d5e6f70-11223344") || strings.Contains(text, "another-secret") {
		t.Error(text)
	}
	if _, err := New(Deps{Apps: []App{{ID: "x", PushToken: "t", AESKey: "short"}}, Hide: new(outbound.Redactor)}); err == nil {
		t.Error("a short EncodingAESKey was taken")
	}
}
