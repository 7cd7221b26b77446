package bridge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parley/auth/seal"
	"parley/internal/chat"
	"parley/internal/limit"
	"parley/internal/outbound"
	"parley/store"
	"parley/store/mem"
	"parley/store/vault"
)

// vendor is a Minter whose answers a test decides about.
type vendor struct {
	local bool
	delay time.Duration
	life  time.Duration
	big   bool

	mu    sync.Mutex
	err   error
	calls int
	told  []Change
	names []string
	busy  atomic.Int32
	peak  atomic.Int32
}

func (v *vendor) fail(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.err = err
}

func (v *vendor) count() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.calls
}

func (v *vendor) Local(*Subject) (*Grant, bool) {
	return &Grant{Public: map[string]any{"token": "local"}}, v.local
}

func (v *vendor) ask(ctx context.Context) (int, error) {
	if n := v.busy.Add(1); n > v.peak.Load() {
		v.peak.Store(n)
	}
	defer v.busy.Add(-1)
	select {
	case <-time.After(v.delay):
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.calls++
	return v.calls, v.err
}

func (v *vendor) Mint(ctx context.Context, s *Subject) (*Grant, error) {
	n, err := v.ask(ctx)
	if err != nil {
		return nil, err
	}
	token := fmt.Sprint("token ", n)
	if v.big {
		token = strings.Repeat("x", 5000)
	}
	return &Grant{Public: map[string]any{"token": token, "name": s.Name}, Expires: time.Now().Add(v.life), Cacheable: true}, nil
}

func (v *vendor) Tell(ctx context.Context, s *Subject, c Change) error {
	if _, err := v.ask(ctx); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.told, v.names = append(v.told, c), append(v.names, s.Name)
	return nil
}

func (v *vendor) Rearm() time.Duration { return 24 * time.Hour }

func (v *vendor) changes() []Change {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]Change(nil), v.told...)
}

type site struct {
	*Manager
	v   *vendor
	st  *mem.Store
	log *bytes.Buffer
}

func newSite(t *testing.T, v *vendor, st *mem.Store) *site {
	t.Helper()
	if v.life == 0 {
		v.life = 30 * 24 * time.Hour
	}
	if st == nil {
		st = mem.New()
	}
	box, err := seal.New([][]byte{bytes.Repeat([]byte{1}, 32)}, "bridges")
	if err != nil {
		t.Fatal(err)
	}
	log := &bytes.Buffer{}
	m := New(Deps{
		Store: st, Vault: vault.New(st, box, time.Now), Log: slog.New(slog.NewTextHandler(log, nil)), Now: time.Now, Budget: 1500 * time.Millisecond,
	}, Service{Name: "x", Minter: v, Fingerprint: "f", Rate: limit.Rate{Every: 10 * time.Millisecond, Burst: 100}, Mirror: true})
	return &site{m, v, st, log}
}

func (s *site) user(t *testing.T, fn string) chat.UID {
	t.Helper()
	id := chat.NewUID()
	err := s.st.CreateUser(t.Context(), &store.NewUser{
		User: store.User{ID: id, Public: fmt.Appendf(nil, `{"fn":%q,"photo":{"ref":"https://example.com/p.png"}}`, fn)},
		Me:   store.Sub{Topic: id.MeName(), User: id},
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// token is what a login gets; or the code of the error.
func (s *site) token(u chat.UID) string {
	return text(s.Login(context.Background(), u)["x"])
}

func text(v any) string {
	m, _ := v.(map[string]any)
	if e, ok := m["error"].(*Refused); ok {
		return fmt.Sprintf("%d/%d", e.Code, e.Retry)
	}
	s, _ := m["token"].(string)
	return s
}

func (s *site) is(t *testing.T, u chat.UID, want string) {
	t.Helper()
	if got := s.token(u); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCached(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &vendor{}
		s := newSite(t, v, nil)
		defer s.Close()
		u := s.user(t, "Ann")
		s.is(t, u, "token 1")
		s.is(t, u, "token 1")
		s.Close()
		again := newSite(t, v, s.st) // after a restart
		defer again.Close()
		again.is(t, u, "token 1")
		if c := again.Counts("x", ""); c.Hits != 1 || c.Minted != 0 {
			t.Errorf("got %+v", c)
		}
		// Sealed in the store.
		rec, err := s.st.Value(t.Context(), "br:x:"+u.External(), time.Now())
		if err != nil || bytes.Contains(rec.Data, []byte("token")) {
			t.Errorf("in the store: %q, %v", rec.Data, err)
		}
		time.Sleep(28 * 24 * time.Hour) // a tenth of its life is left: renewed behind the client's back
		again.is(t, u, "token 1")
		synctest.Wait()
		again.is(t, u, "token 2")
		v.fail(errors.New("down"))
		time.Sleep(29 * 24 * time.Hour)
		for range 3 {
			again.is(t, u, "token 2") // still good, whatever the vendor does
			time.Sleep(time.Minute)
		}
		time.Sleep(24 * time.Hour)
		again.is(t, u, "503/30") // expired
	})
}

func TestSingleFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &vendor{delay: 100 * time.Millisecond}
		s := newSite(t, v, nil)
		defer s.Close()
		u := s.user(t, "Ann")
		var g sync.WaitGroup
		for range 200 {
			g.Go(func() { s.is(t, u, "token 1") })
		}
		g.Wait()
		if v.count() != 1 {
			t.Errorf("%d calls", v.count())
		}
	})
}

// A thousand users at once, each twice: one call for each, a bounded number at a
// time, and everybody gets his token in the end.
func TestStorm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &vendor{delay: 50 * time.Millisecond}
		s := newSite(t, v, nil)
		defer s.Close()
		const users = 1000
		var got atomic.Int32
		var g sync.WaitGroup
		for range users {
			u := s.user(t, "x")
			for range 2 {
				g.Go(func() {
					for {
						start := time.Now()
						token := s.token(u)
						if d := time.Since(start); d > s.Budget+100*time.Millisecond {
							t.Errorf("a login took %v", d)
						}
						if token != "503/2" {
							if !strings.HasPrefix(token, "token ") {
								t.Errorf("got %q", token)
							}
							got.Add(1)
							return
						}
						time.Sleep(2 * time.Second)
					}
				})
			}
		}
		g.Wait()
		if v.count() != users || got.Load() != 2*users || v.peak.Load() > parallel {
			t.Errorf("%d calls, %d tokens, %d at a time", v.count(), got.Load(), v.peak.Load())
		}
	})
}

func TestBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &vendor{delay: 3 * time.Second}
		s := newSite(t, v, nil)
		defer s.Close()
		u := s.user(t, "Ann")
		start := time.Now()
		s.is(t, u, "503/2")
		if d := time.Since(start); d != s.Budget {
			t.Errorf("took %v", d)
		}
		time.Sleep(2 * time.Second) // the call went on
		s.is(t, u, "token 1")
		v.delay = time.Hour
		u = s.user(t, "Bob")
		start = time.Now()
		_, err := s.Token(t.Context(), "x", u, false, nil)
		var r *Refused
		if !errors.As(err, &r) || r.Code != 503 || time.Since(start) > mintTime {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
		s.Budget = 0
		s.is(t, s.user(t, "Cid"), "503/2")
	})
}

func TestBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &vendor{}
		s := newSite(t, v, nil)
		defer s.Close()
		v.fail(&outbound.Failure{Service: "x", Kind: outbound.Temporary, Text: "down"})
		for range 8 { // other users each time: a refusal is remembered for each
			s.token(s.user(t, "x"))
		}
		if v.count() != breakAfter || s.Counts("x", "").Breaker != breakerOpen {
			t.Errorf("%d calls, %+v", v.count(), s.Counts("x", ""))
		}
		s.is(t, s.user(t, "x"), "503/30")
		time.Sleep(openFor)
		s.token(s.user(t, "x")) // the probe
		s.is(t, s.user(t, "x"), "503/60")
		if v.count() != breakAfter+1 {
			t.Errorf("%d calls", v.count())
		}
		time.Sleep(2 * openFor)
		v.fail(nil)
		s.is(t, s.user(t, "x"), fmt.Sprint("token ", breakAfter+2))
		s.is(t, s.user(t, "x"), fmt.Sprint("token ", breakAfter+3))
		if s.Counts("x", "").Breaker != breakerClosed {
			t.Error("not closed")
		}
	})
}

func TestBreakerShare(t *testing.T) {
	t.Parallel()
	var b breaker
	at := time.Now()
	down := errors.New("down")
	for i := range breakOf {
		err := down
		if i%2 == 0 {
			err = nil
		}
		opened := b.done(at, err)
		if opened != (i == breakOf-1) {
			t.Errorf("call %d: opened %t", i, opened)
		}
	}
	for i, want := range []time.Duration{60 * time.Second, 120 * time.Second, 240 * time.Second, 300 * time.Second, 300 * time.Second} {
		at = b.until
		if ok, _, _ := b.allow(at); !ok {
			t.Fatal("no probe")
		}
		if ok, _, _ := b.allow(at); ok {
			t.Error("two probes")
		}
		b.done(at, down)
		if d := b.until.Sub(at); d != want {
			t.Errorf("failure %d: open for %v, want %v", i, d, want)
		}
	}
}

// TestBreakerParallel: requests that were under way when it opened do not keep it
// open for longer.
func TestBreakerParallel(t *testing.T) {
	t.Parallel()
	var b breaker
	at := time.Now()
	for i := range 8 {
		if ok, _, _ := b.allow(at); !ok {
			t.Fatalf("request %d not allowed", i)
		}
	}
	for range 8 {
		b.done(at, errors.New("down"))
	}
	if d := b.until.Sub(at); d != openFor {
		t.Errorf("open for %v", d)
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err         error
		first, then string
		calls       int // of ten users
	}{
		"misconfigured": {&outbound.Failure{Kind: outbound.Misconfigured, Code: 1001, Text: "key"}, "501/300", "501/300", 1},
		"rate":          {&outbound.Failure{Kind: outbound.RateLimited, Code: 416, RetryAfter: 10 * time.Second}, "429/10", "429/10", 1},
		"forbidden":     {&outbound.Failure{Kind: outbound.Forbidden, Code: 1002}, "403/600", "403/600", 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				v := &vendor{err: tc.err}
				s := newSite(t, v, nil)
				defer s.Close()
				u := s.user(t, "Ann")
				s.is(t, u, tc.first)
				s.is(t, u, tc.then)
				for range 9 {
					s.is(t, s.user(t, "x"), tc.first)
				}
				if v.count() != tc.calls {
					t.Errorf("%d calls, want %d", v.count(), tc.calls)
				}
				v.fail(nil)
				time.Sleep(forbiddenFor + time.Second)
				if got := s.token(u); !strings.HasPrefix(got, "token ") {
					t.Errorf("got %q", got)
				}
				if strings.Count(s.log.String(), "level=ERROR") > 1 {
					t.Error("more than one line for the administrator")
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, &vendor{big: true}, nil)
		defer s.Close()
		s.is(t, s.user(t, "x"), "500/600")
	})
}

func TestProfile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &vendor{}
		s := newSite(t, v, nil)
		run(t, s)
		u := s.user(t, "Ann")
		s.is(t, u, "token 1")
		rename := func(fn string) {
			t.Helper()
			public := raw(fmt.Sprintf(`{"fn":%q}`, fn))
			if err := s.st.UpdateUser(t.Context(), u, store.UserUpdate{Public: &public}); err != nil {
				t.Fatal(err)
			}
			s.Changed(u, Change{Profile: true})
		}
		rename("Anna")
		rename("Annabel")
		time.Sleep(settleTime - 1)
		synctest.Wait()
		if n := len(v.changes()); n != 0 {
			t.Errorf("told %d times already", n)
		}
		time.Sleep(1 * time.Nanosecond)
		synctest.Wait()
		if got := v.changes(); len(got) != 1 || got[0] != (Change{Profile: true}) || v.names[0] != "Annabel" {
			t.Errorf("got %+v, %v", got, v.names)
		}
		s.Changed(u, Change{Profile: true}) // nothing that the service is told has changed
		time.Sleep(time.Minute)
		if n := len(v.changes()); n != 1 {
			t.Errorf("told %d times", n)
		}
		s.is(t, u, "token 1") // still good, and asked for anew
		synctest.Wait()
		s.is(t, u, "token 3")
		s.Changed(s.user(t, "Bob"), Change{Profile: true}) // whom the service does not know
		time.Sleep(time.Minute)
		if n := len(v.changes()); n != 1 {
			t.Errorf("told %d times", n)
		}
	})
}

func raw(s string) json.RawMessage { return json.RawMessage(s) }

// run runs the manager until the test ends.
func run(t *testing.T, s *site) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	var once sync.Once
	stop = func() { once.Do(func() { cancel(); <-done }) }
	t.Cleanup(stop)
	return stop
}

func TestRevoked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &vendor{}
		s := newSite(t, v, nil)
		stop := run(t, s)
		u := s.user(t, "Ann")
		s.is(t, u, "token 1")
		v.fail(errors.New("down"))
		at := time.Now()
		s.Changed(u, Change{Revoked: at})
		s.Changed(u, Change{Suspended: true})
		time.Sleep(10 * time.Second)
		if _, err := s.Vault.Get(t.Context(), "br:x:"+u.External()); !errors.Is(err, store.ErrNotFound) {
			t.Error("still kept")
		}
		stop() // what was not told survives a restart
		susp := store.StateSuspended
		if err := s.st.UpdateUser(t.Context(), u, store.UserUpdate{State: &susp}); err != nil {
			t.Fatal(err)
		}
		v.fail(nil)
		again := newSite(t, v, s.st)
		run(t, again)
		time.Sleep(maxBackoff)
		want := Change{Suspended: true, Revoked: at}
		if got := v.changes(); len(got) != 1 || !got[0].Revoked.Equal(at) || !got[0].Suspended {
			t.Fatalf("got %+v, want %+v", got, want)
		}
		time.Sleep(25 * time.Hour) // a suspension ends by itself over there
		if got := v.changes(); len(got) != 2 || got[1] != (Change{Suspended: true}) {
			t.Fatalf("got %+v", got)
		}
		ok := store.StateOK
		if err := s.st.UpdateUser(t.Context(), u, store.UserUpdate{State: &ok}); err != nil {
			t.Fatal(err)
		}
		again.Changed(u, Change{Resumed: true})
		time.Sleep(25 * time.Hour)
		if got := v.changes(); len(got) != 3 || got[2] != (Change{Resumed: true}) {
			t.Fatalf("got %+v", got)
		}
		if err := s.st.DeleteUser(t.Context(), u, true, time.Now()); err != nil {
			t.Fatal(err)
		}
		again.Changed(u, Change{Deleted: true})
		time.Sleep(time.Minute)
		if got := v.changes(); len(got) != 4 || got[3] != (Change{Deleted: true}) {
			t.Fatalf("got %+v", got)
		}
		if list, err := s.st.ListValues(t.Context(), "bm:", "", 0); err != nil || len(list) != 0 {
			t.Errorf("jobs left: %v, %v", list, err)
		}
	})
}

// What was asked for before a revocation and comes after it is given to nobody.
func TestRevokedMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &vendor{delay: time.Second}
		s := newSite(t, v, nil)
		defer s.Close()
		u := s.user(t, "Ann")
		got := make(chan string, 1)
		go func() { got <- s.token(u) }()
		time.Sleep(500 * time.Millisecond)
		s.Changed(u, Change{Revoked: time.Now()})
		if first := <-got; first != "503/1" {
			t.Errorf("got %q", first)
		}
		s.is(t, u, "token 2")
	})
}

func TestForce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &vendor{}
		s := newSite(t, v, nil)
		defer s.Close()
		u := s.user(t, "Ann")
		s.is(t, u, "token 1")
		force := func() string {
			g, err := s.Token(t.Context(), "x", u, true, nil)
			var r *Refused
			if errors.As(err, &r) {
				return fmt.Sprintf("%d/%d", r.Code, r.Retry)
			}
			return text(g)
		}
		if got := force(); got != "token 2" {
			t.Errorf("got %q", got)
		}
		time.Sleep(20 * time.Second)
		if got := force(); got != "429/40" {
			t.Errorf("got %q", got)
		}
		s.is(t, u, "token 2")
		time.Sleep(time.Minute)
		if got := force(); got != "token 3" {
			t.Errorf("got %q", got)
		}
		if _, err := s.Token(t.Context(), "y", u, false, nil); !errors.Is(err, ErrUnknown) {
			t.Errorf("got %v", err)
		}
	})
}

func TestNil(t *testing.T) {
	t.Parallel()
	var m *Manager
	m.Changed(1, Change{Deleted: true})
	if v := m.Login(t.Context(), 1); v != nil {
		t.Errorf("got %v", v)
	}
	if _, err := m.Token(t.Context(), "x", 1, false, nil); !errors.Is(err, ErrUnknown) {
		t.Errorf("got %v", err)
	}
}

func TestSubject(t *testing.T) {
	t.Parallel()
	for public, want := range map[string][2]string{
		`{"fn":" Ann\n","photo":{"ref":"https://example.com/a"}}`: {"Ann", "https://example.com/a"},
		`{"fn":"` + strings.Repeat("é", 70) + `"}`:                {strings.Repeat("é", 64), ""},
		`{"fn":"x","photo":{"data":"AAAA","type":"png"}}`:         {"x", ""},
		`{"fn":"x","photo":{"ref":"/v0/file/s/x"}}`:               {"x", ""},
		`{"fn":"x","photo":{"ref":"http://example.com/a"}}`:       {"x", ""},
		`{"fn":"x","photo":"https://example.com/a"}`:              {"x", ""},
		`"text"`: {"u0400000000000", ""},
		`null`:   {"u0400000000000", ""},
		``:       {"u0400000000000", ""},
	} {
		s := newSubject(&store.User{ID: 1, Public: raw(public)}, nil)
		if s.Name != want[0] || s.Portrait != want[1] {
			t.Errorf("%s: got %+v", public, s)
		}
	}
}
