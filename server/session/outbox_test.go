package session

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"parley/wsproto"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeConn is a connection that takes room bytes at once; the rest waits until
// the client reads.
type fakeConn struct {
	mu     sync.Mutex // guards the following
	cond   *sync.Cond
	room   int
	got    []byte
	err    error
	closed []int
}

func newFakeConn(room int) *fakeConn {
	c := &fakeConn{room: room}
	c.cond = sync.NewCond(&c.mu)
	return c
}

func (c *fakeConn) TryWrite(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := min(len(p), c.room)
	c.got = append(c.got, p[:n]...)
	c.room -= n
	return n, c.err
}

func (c *fakeConn) Write(ps [][]byte, _ time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range ps {
		for len(p) > 0 && c.err == nil {
			n := min(len(p), c.room)
			c.got, p = append(c.got, p[:n]...), p[n:]
			if c.room -= n; len(p) > 0 {
				c.cond.Wait()
			}
		}
	}
	return c.err
}

func (c *fakeConn) Close(code int, _ string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = append(c.closed, code)
	if c.err == nil {
		c.err = errors.New("closed")
	}
	c.cond.Broadcast()
}

// read makes room.
func (c *fakeConn) read(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.room += n
	c.cond.Broadcast()
}

func (c *fakeConn) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.got)
}

func frame(s string) wsproto.Frame { return wsproto.Frame(s) }

func TestOutboxKeepsTheOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newFakeConn(3)
		o := &outbox{conn: c, limit: 1000}
		want := ""
		for i := range 10 {
			f := strings.Repeat(string(rune('a'+i)), 2)
			want += f
			switch i % 3 {
			case 0:
				if r := o.put(frame(f), true); r != sent {
					t.Fatalf("put: %v", r)
				}
			case 1:
				if r, _ := o.later(frame(f)); r != sent {
					t.Fatalf("later: %v", r)
				}
			case 2:
				if r := o.put(frame(f), false); r != sent {
					t.Fatalf("put: %v", r)
				}
			}
		}
		for range 20 {
			c.read(1)
			synctest.Wait()
		}
		o.flush()
		synctest.Wait()
		if got := c.text(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestOutboxLimitsWhatNobodyAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newFakeConn(0)
		o := &outbox{conn: c, limit: 10}
		if r := o.put(frame("0123456789"), false); r != sent {
			t.Fatalf("the first: %v", r)
		}
		synctest.Wait()
		// answers are not held against the client
		for range 5 {
			if r := o.put(frame("answer"), true); r != sent {
				t.Fatalf("an answer: %v", r)
			}
		}
		if r := o.put(frame("x"), false); r != tooBig {
			t.Errorf("too much: %v", r)
		}
		c.read(100)
		synctest.Wait()
		if r := o.put(frame("0123456789"), false); r != sent {
			t.Errorf("after reading: %v", r)
		}
		synctest.Wait()
		c.read(100)
	})
}

func TestOutboxHoldsTheReaderBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newFakeConn(0)
		o := &outbox{conn: c, limit: 10}
		o.put(frame("answers of 20 bytes.."), true)
		passed := false
		go func() { o.wait(); passed = true }()
		synctest.Wait()
		if passed {
			t.Fatal("the reader goes on while its answers wait")
		}
		c.read(100)
		synctest.Wait()
		if !passed {
			t.Error("the reader still waits")
		}
	})
}

func TestOutboxCloseWritesWhatWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newFakeConn(1)
		o := &outbox{conn: c, limit: 100}
		o.put(frame("abc"), false)
		ended := false
		o.close(frame("last"), func() { ended = true; c.Close(closeAway, "") })
		if r := o.put(frame("late"), true); r != gone {
			t.Errorf("after close: %v", r)
		}
		synctest.Wait()
		if ended {
			t.Fatal("closed before everything was written")
		}
		c.read(100)
		synctest.Wait()
		if got := c.text(); !ended || got != "abclast" {
			t.Errorf("ended %v, written %q", ended, got)
		}
		o.close(nil, func() {}) // again does no harm
	})
}

func TestOutboxBrokenConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newFakeConn(0)
		o := &outbox{conn: c, limit: 100}
		o.put(frame("abc"), false)
		synctest.Wait()
		c.Close(closeAway, "") // Write fails
		synctest.Wait()
		if r := o.put(frame("x"), true); r != gone && r != broken {
			t.Errorf("put: %v", r)
		}
		o.wait() // does not block
		ended := false
		o.close(frame("last"), func() { ended = true })
		if !ended {
			t.Error("close waits for ever")
		}
	})
}

// TestOutboxStress: many writers, one slow reader, under the race detector.
func TestOutboxStress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newFakeConn(0)
		o := &outbox{conn: c, limit: 1 << 20}
		const writers, each = 8, 100
		var all sync.WaitGroup
		for w := range writers {
			all.Go(func() {
				for range each {
					if w%2 == 0 {
						o.put(frame(string(rune('a'+w))), w%4 == 0)
					} else if _, first := o.later(frame(string(rune('a' + w)))); first {
						o.flush()
					}
				}
			})
		}
		for range writers * each {
			c.read(1)
		}
		all.Wait()
		o.flush()
		synctest.Wait()
		got := c.text()
		for w := range writers {
			if n := strings.Count(got, string(rune('a'+w))); n != each {
				t.Errorf("writer %d: %d frames", w, n)
			}
		}
	})
}
