package session

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/chat"
	"parley/wsproto"
)

// polled opens a session of long polling that is past its login.
func polled(t *testing.T, r *Registry) *Poller {
	t.Helper()
	sid, err := r.OpenPoller("test")
	if err != nil {
		t.Fatal(err)
	}
	p := r.Poller(sid)
	s := p.session
	s.ver, s.uid, s.level, s.me = strictHi, 1, chat.LevelAuth, chat.UID(1).MeName()
	return p
}

// outcome of a Fetch that runs beside the test.
type fetched struct {
	message string
	err     error
}

func fetch(ctx context.Context, p *Poller) <-chan fetched {
	out := make(chan fetched, 1)
	go func() {
		var f fetched
		f.err = p.Fetch(ctx, func(m []byte) error { f.message = string(m); return nil })
		out <- f
	}()
	synctest.Wait()
	return out
}

func (f fetched) check(t *testing.T, message string, err error) {
	t.Helper()
	if f.message != message || !errors.Is(f.err, err) {
		t.Errorf("fetched %q, %v; want %q, %v", f.message, f.err, message, err)
	}
}

// TestFetch: one message at a time, in order, however they were put together;
// nothing after 49.5 s.
func TestFetch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := testRegistry(&fakeHub{})
		p := polled(t, r)
		two := append(append(wsproto.Frame{}, wsproto.Raw("one")...), wsproto.Raw(strings.Repeat("2", 200))...)
		p.session.Reply(two)
		p.session.Later(wsproto.Raw("three"))
		for _, want := range []string{"one", strings.Repeat("2", 200), "three"} {
			(<-fetch(t.Context(), p)).check(t, want, nil)
		}
		if p.queued != 0 || p.pushed != 0 || p.waiting != nil {
			t.Errorf("%d bytes, %d unasked, %d frames are left", p.queued, p.pushed, len(p.waiting))
		}
		waiting := fetch(t.Context(), p)
		time.Sleep(time.Second)
		p.session.Send(wsproto.Raw("four"))
		(<-waiting).check(t, "four", nil)
		began := time.Now()
		(<-fetch(t.Context(), p)).check(t, "", ErrNothing)
		if d := time.Since(began); d != pollWait {
			t.Errorf("waited %v", d)
		}
		p.Close()
		(<-fetch(t.Context(), p)).check(t, "", ErrEnded)
	})
}

// TestFetchAgain: what could not be written, or had nobody to be written to, is
// kept; the older of two polls gives up at once.
func TestFetchAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := testRegistry(&fakeHub{})
		p := polled(t, r)
		ctx, cancel := context.WithCancel(t.Context())
		first := fetch(ctx, p)
		cancel()
		p.session.Send(wsproto.Raw("one"))
		(<-first).check(t, "", context.Canceled)

		broken := errors.New("broken pipe")
		if err := p.Fetch(t.Context(), func([]byte) error { return broken }); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
		(<-fetch(t.Context(), p)).check(t, "one", nil)

		old := fetch(t.Context(), p)
		newer := fetch(t.Context(), p)
		(<-old).check(t, "", ErrNothing)
		p.session.Send(wsproto.Raw("two"))
		(<-newer).check(t, "two", nil)

		// A newer poll that comes in the middle of an older one's writing waits
		// for how that ends.
		for _, fails := range []error{nil, broken} {
			p.session.Send(wsproto.Raw("three"))
			p.session.Send(wsproto.Raw("four"))
			hold := make(chan struct{})
			done := make(chan error)
			go func() { done <- p.Fetch(t.Context(), func([]byte) error { <-hold; return fails }) }()
			synctest.Wait()
			newer = fetch(t.Context(), p)
			time.Sleep(time.Second)
			close(hold)
			if err := <-done; !errors.Is(err, fails) {
				t.Errorf("got %v, want %v", err, fails)
			}
			if fails != nil {
				(<-newer).check(t, "three", nil)
				newer = fetch(t.Context(), p)
			}
			(<-newer).check(t, "four", nil)
		}
		p.Close()
	})
}

// TestPollerExpires 70 s after its last request, and not before; a poll that
// waits is one.
func TestPollerExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := testRegistry(&fakeHub{})
		p := polled(t, r)
		for range 3 {
			time.Sleep(pollIdle - time.Millisecond)
			synctest.Wait()
			if r.Poller(p.sid) == nil {
				t.Fatal("expired too early")
			}
		}
		time.Sleep(pollIdle)
		synctest.Wait()
		if r.Poller(p.sid) != nil || r.Len() != 0 || count(r, reasonExpired) != 1 {
			t.Errorf("still there: %d sessions", r.Len())
		}
		if err := p.Receive(t.Context(), func() ([]byte, error) { return []byte("1"), nil }); !errors.Is(err, ErrEnded) {
			t.Errorf("received by an expired session: %v", err)
		}
	})
}

// TestLastMessages: what waits when a session is closed can still be fetched,
// the reason last, for 10 s.
func TestLastMessages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := testRegistry(&fakeHub{})
		waits, reads, gone := polled(t, r), polled(t, r), polled(t, r)
		poll := fetch(t.Context(), waits)
		for _, p := range []*Poller{reads, gone} {
			p.session.Send(wsproto.Raw("news"))
		}
		if err := r.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if f := <-poll; !strings.Contains(f.message, `"server shutdown"`) {
			t.Errorf("the waiting poll got %q, %v", f.message, f.err)
		}
		if r.Poller(waits.sid) != nil {
			t.Error("the session is still known")
		}
		(<-fetch(t.Context(), reads)).check(t, "news", nil)
		if f := <-fetch(t.Context(), reads); !strings.Contains(f.message, `"server shutdown"`) {
			t.Errorf("the last message is %q, %v", f.message, f.err)
		}
		(<-fetch(t.Context(), reads)).check(t, "", ErrEnded)
		time.Sleep(pollLinger)
		synctest.Wait()
		if n := len(r.pollers.bySID); n != 0 {
			t.Errorf("%d sessions are still known", n)
		}
		if _, err := r.OpenPoller("late"); !errors.Is(err, ErrClosing) {
			t.Errorf("opened during the shutdown: %v", err)
		}
	})
}

// TestPollerThatNeverPolls is closed as slow if others send it too much; its
// own requests wait until it fetches the answers.
func TestPollerThatNeverPolls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := testRegistry(&fakeHub{})
		p := polled(t, r)
		var handled atomic.Int64
		for range 100 {
			go func() {
				if p.Receive(t.Context(), func() ([]byte, error) { return []byte(`{"hi":{"id":"1"}}`), nil }) == nil {
					handled.Add(1)
				}
			}()
		}
		synctest.Wait()
		if n := handled.Load(); n == 0 || n > 10 {
			t.Errorf("%d requests handled without a poll", n)
		}
		for range 100 {
			if f := <-fetch(t.Context(), p); !strings.Contains(f.message, `"code":201`) {
				t.Fatalf("fetched %q, %v", f.message, f.err)
			}
		}
		synctest.Wait()
		if n := handled.Load(); n != 100 {
			t.Errorf("%d requests handled", n)
		}
		for range 10 {
			p.session.Send(wsproto.Raw(strings.Repeat("x", 50)))
		}
		synctest.Wait()
		if count(r, reasonSlow) != 1 || r.Poller(p.sid) != nil {
			t.Error("not closed as slow")
		}
		(<-fetch(t.Context(), p)).check(t, "", ErrEnded)
	})
}

// TestStrangers: who has not logged in takes a place among a bounded number, and
// gives it back in 70 s.
func TestStrangers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := testRegistry(&fakeHub{})
		first, err := r.OpenPoller("test")
		if err != nil {
			t.Fatal(err)
		}
		for range maxStrangers - 1 {
			if _, err := r.OpenPoller("test"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := r.OpenPoller("test"); !errors.Is(err, ErrCrowded) {
			t.Errorf("one more: %v", err)
		}
		p := r.Poller(first)
		p.session.ver, p.session.uid = strictHi, 1
		if err := p.Receive(t.Context(), func() ([]byte, error) { return []byte("1"), nil }); err != nil {
			t.Fatal(err)
		}
		if _, err := r.OpenPoller("test"); err != nil {
			t.Errorf("after a login: %v", err)
		}
		time.Sleep(pollIdle)
		synctest.Wait()
		if n := r.pollers.strangers.Load(); n != 0 || r.Len() != 0 {
			t.Errorf("%d strangers, %d sessions are left", n, r.Len())
		}
	})
}
