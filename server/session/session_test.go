package session

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/chat"
	"parley/server/topic"
	"parley/store/mem"
	"parley/wsproto"
)

// fakeHub takes requests and answers none, until told to.
type fakeHub struct {
	mu     sync.Mutex // guards the following
	events []topic.Event
	panics bool
}

func (h *fakeHub) Post(_ string, e topic.Event) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.panics {
		panic("a broken invariant")
	}
	h.events = append(h.events, e)
	return nil
}

func (h *fakeHub) PostLive(name string, e topic.Event) (bool, error) { return true, h.Post(name, e) }

func (*fakeHub) Urge(string, topic.Event) {}

func (h *fakeHub) Detach(string, *topic.Attachment) {}

func (h *fakeHub) len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.events)
}

func testRegistry(h Hub) *Registry {
	return NewRegistry(Deps{
		Hub: h, Store: mem.New(), Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now,
		Config: Config{OutboxBytes: 100, MaxPending: 32},
	})
}

// loggedIn opens a session that is past its login.
func loggedIn(t *testing.T, r *Registry, c transport) *Session {
	t.Helper()
	s := r.Open(c, "test")
	if s == nil {
		t.Fatal("no session")
	}
	s.ver, s.uid, s.level, s.me = strictHi, 1, chat.LevelAuth, chat.UID(1).MeName()
	return s
}

// count tells how many sessions were closed for a reason.
func count(r *Registry, reason string) int64 {
	c, ok := r.closed.Load(reason)
	if !ok {
		return 0
	}
	return c.(interface{ Load() int64 }).Load()
}

// TestSilentClient: who answers no ping is closed, who sends anything is not.
func TestSilentClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := testRegistry(&fakeHub{})
		silent, lively := newFakeConn(1000), newFakeConn(1000)
		loggedIn(t, r, silent)
		other := loggedIn(t, r, lively)
		for range 2 * int(wheelSlots) {
			r.turn()
			synctest.Wait()
			other.alive()
		}
		if !strings.HasPrefix(silent.text(), string(pingFrame)) {
			t.Errorf("no ping: %q", silent.text())
		}
		if count(r, reasonSilent) != 1 || len(silent.closed) == 0 || len(lively.closed) > 0 || r.Len() != 1 {
			t.Errorf("silent: %v, closed %v; lively closed %v; %d open", count(r, reasonSilent), silent.closed, lively.closed, r.Len())
		}
		other.Closed()
	})
}

// TestBusyClient: whose request takes longer than a pong may is not silent: its
// pong waits behind the request.
func TestBusyClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := testRegistry(&fakeHub{})
		c := newFakeConn(1000)
		s := loggedIn(t, r, c)
		s.busy.Store(true)
		for range 2 * int(wheelSlots) {
			r.turn()
			synctest.Wait()
		}
		if len(c.closed) > 0 || r.Len() != 1 {
			t.Errorf("closed while it waited: %v", c.closed)
		}
		s.Handle([]byte(probe))
		for range 2 * int(wheelSlots) {
			r.turn()
			synctest.Wait()
		}
		if len(c.closed) == 0 {
			t.Error("not closed, though it is silent")
		}
	})
}

// TestPings come every 49.5 s from a ticker of one wheel (wire.md §1.3).
func TestPings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := testRegistry(&fakeHub{})
		c := newFakeConn(1000)
		s := loggedIn(t, r, c)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.Run(ctx) }()
		pings := func() int { return strings.Count(c.text(), string(pingFrame)) }
		time.Sleep(pingEvery - time.Second)
		synctest.Wait()
		if pings() != 0 {
			t.Error("a ping too early")
		}
		for i := 1; i <= 3; i++ {
			time.Sleep(2 * time.Second)
			synctest.Wait()
			if pings() != i {
				t.Errorf("%d pings, want %d", pings(), i)
			}
			s.alive()
			time.Sleep(pingEvery - 2*time.Second)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		s.Closed()
	})
}

// TestSlowReader: a client that does not read is closed with the reason slow;
// what it asked for is not held against it; nobody else notices.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := testRegistry(&fakeHub{})
		slow, quick := newFakeConn(0), newFakeConn(1<<20)
		s, q := loggedIn(t, r, slow), loggedIn(t, r, quick)
		f := wsproto.Raw(strings.Repeat("x", 50))
		for range 10 {
			s.Reply(f)
		}
		synctest.Wait()
		if r.Len() != 2 {
			t.Fatal("closed because of its answers")
		}
		for range 10 {
			s.Send(f)
			q.Send(f)
		}
		synctest.Wait()
		if count(r, reasonSlow) != 1 || r.Len() != 1 || len(slow.closed) == 0 {
			t.Errorf("slow: %v, %d open, closed %v", count(r, reasonSlow), r.Len(), slow.closed)
		}
		if got := len(quick.text()); got != 10*len(f) {
			t.Errorf("the other got %d bytes", got)
		}
		q.Closed()
	})
}

// TestHeavyFlood: of requests whose answers may be long two may wait.
func TestHeavyFlood(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := &fakeHub{}
		s := loggedIn(t, testRegistry(h), newFakeConn(1<<20))
		go func() {
			for range 10 {
				s.Handle([]byte(`{"get":{"id":"1","topic":"grpX","what":"data"}}`))
			}
		}()
		for i := range 10 {
			synctest.Wait()
			if want := min(2+i, 10); h.len() != want {
				t.Fatalf("%d requests handed on after %d answers, want %d", h.len(), i, want)
			}
			s.Answered(&topic.Request{Heavy: true})
		}
		s.Closed()
	})
}

// TestFlood: 32 requests may wait for their answers; then the reader waits.
func TestFlood(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := &fakeHub{}
		r := testRegistry(h)
		s := loggedIn(t, r, newFakeConn(1<<20))
		done := false
		go func() {
			for range 100 {
				s.Handle([]byte(`{"pub":{"id":"1","topic":"grpX","content":"flood"}}`))
			}
			done = true
		}()
		synctest.Wait()
		if h.len() != 32 || done {
			t.Fatalf("%d requests handed on, done %v", h.len(), done)
		}
		s.Answered(new(topic.Request))
		synctest.Wait()
		if h.len() != 33 {
			t.Errorf("%d handed on after one answer", h.len())
		}
		for range 99 {
			s.Answered(new(topic.Request))
			synctest.Wait()
		}
		if h.len() != 100 || !done {
			t.Errorf("%d handed on, done %v", h.len(), done)
		}
		s.Closed()
	})
}

// TestPanicEndsOneSession: a broken invariant closes the session that met it.
func TestPanicEndsOneSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := testRegistry(&fakeHub{panics: true})
		a, b := newFakeConn(1000), newFakeConn(1000)
		s, other := loggedIn(t, r, a), loggedIn(t, r, b)
		s.Handle([]byte(`{"sub":{"id":"1","topic":"me"}}`))
		synctest.Wait()
		if count(r, reasonPanic) != 1 || r.Len() != 1 || len(b.closed) > 0 {
			t.Errorf("panic: %v, %d open", count(r, reasonPanic), r.Len())
		}
		other.Handle([]byte("1"))
		if !strings.HasSuffix(b.text(), "0") {
			t.Error("the other session does not answer")
		}
		other.Closed()
	})
}

// TestShutdown: every client is told {ctrl 205} before 1001; nobody new gets in.
func TestShutdown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := testRegistry(&fakeHub{})
		conns := make([]*fakeConn, 20)
		for i := range conns {
			conns[i] = newFakeConn(1000)
			loggedIn(t, r, conns[i])
		}
		if err := r.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		for _, c := range conns {
			if !strings.Contains(c.text(), `"code":205,"text":"server shutdown"`) || len(c.closed) != 1 || c.closed[0] != closeAway {
				t.Fatalf("%q, closed %v", c.text(), c.closed)
			}
		}
		if r.Open(newFakeConn(0), "late") != nil {
			t.Error("a session after the shutdown")
		}
	})
}

func TestParseVersion(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"0.25": 25, "v0.25.0-rc1": 25, "0.16.3": 16, "0.22": 22, "1.2": 1<<8 | 2, "1": 1 << 8, "": 0, "bogus": 0, "0": 0,
		"0.19rc2.7": 19, ".5": 5, "0.99999": 255, "-1.2": 2,
	} {
		if got := parseVersion(text); got != want {
			t.Errorf("%q: got %#x, want %#x", text, got, want)
		}
	}
}

func TestPlatformOf(t *testing.T) {
	t.Parallel()
	for ua, want := range map[string]string{ // wire.md §2.3
		"TinodeWeb/0.25 (Firefox/1.0; Linux); tinodejs/0.25": "web", "Tindroid/0.25": "android", "tinodios/2.1": "ios",
		"x (ReactNative; iPhone)": "ios", "x (reactnative; Android)": "android", "curl": "", "": "",
	} {
		if got := platformOf(ua); got != want {
			t.Errorf("%q: got %q, want %q", ua, got, want)
		}
	}
}

func TestAttachments(t *testing.T) {
	t.Parallel()
	var l attachments
	all := make(map[string]*topic.Attachment)
	for i := range 3 * maxFew {
		name := fmt.Sprint("grp", i)
		all[name] = new(topic.Attachment)
		l.put(name, all[name])
	}
	for name, a := range all {
		if l.get(name) != a {
			t.Errorf("%s is not what was put", name)
		}
	}
	for i := range 3*maxFew - 1 {
		l.remove(fmt.Sprint("grp", i))
	}
	if n := len(l.all()); n != 1 || l.get("grp0") != nil {
		t.Errorf("%d left", n)
	}
}
