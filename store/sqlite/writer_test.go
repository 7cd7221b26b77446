package sqlite

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"parley/internal/chat"
	"parley/store"
	"parley/store/storetest"
)

// stall makes the writer lead a batch of one op until release is called.
func stall(t *testing.T, w *writer) (release func()) {
	t.Helper()
	running, gate, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- w.do(t.Context(), &op{run: func(*conn) error {
			close(running)
			<-gate
			return nil
		}})
	}()
	<-running
	return func() {
		close(gate)
		if err := <-done; err != nil {
			t.Errorf("stalled op: got error %v, want none", err)
		}
	}
}

// queued waits until n ops are queued.
func queued(w *writer, n int) {
	for {
		w.mu.Lock()
		got := len(w.queue)
		w.mu.Unlock()
		if got == n {
			return
		}
	}
}

func TestGroupCommit(t *testing.T) {
	t.Parallel()
	s := openTest(t, testPath(t))
	names := benchGroups(t, s, 20)
	release := stall(t, s.writer)
	before := s.writer.commits
	var wg sync.WaitGroup
	for _, name := range names {
		wg.Go(func() { mustAppend(t, s, name, 1, 1) })
	}
	queued(s.writer, len(names))
	release()
	wg.Wait()
	if got := s.writer.commits - before; got != 2 {
		t.Errorf("commits: got %d, want 2: the stalled one and one for all others", got)
	}
	for _, name := range names {
		checkLog(t, s, name, 1)
	}
}

func TestCancelledWrite(t *testing.T) {
	t.Parallel()
	s := openTest(t, testPath(t))
	name := testGroup(t, s)
	release := stall(t, s.writer)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Append(ctx, benchMessages(name, 1, 1)...) }()
	queued(s.writer, 1)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("queued op: got error %v, want %v", err, context.Canceled)
	}
	release()
	mustAppend(t, s, name, 1, 1) // was not stored

	ctx, cancel = context.WithCancel(t.Context())
	err := s.writer.do(ctx, &op{run: func(*conn) error {
		cancel()
		return nil
	}})
	if err != nil {
		t.Errorf("op that was taken: got error %v, want none", err)
	}
}

// TestCancelledLeader: who was chosen to lead does so, whatever his context.
func TestCancelledLeader(t *testing.T) {
	t.Parallel()
	s := openTest(t, testPath(t))
	name := testGroup(t, s)
	for range 50 {
		release := stall(t, s.writer)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { _ = s.UpdateTopic(ctx, name, store.TopicUpdate{}) })
		}
		queued(s.writer, 3)
		wg.Go(cancel)
		release()
		wg.Wait()
	}
	mustAppend(t, s, name, 1, 1)
}

func TestBadOpsSpoilNothing(t *testing.T) {
	t.Parallel()
	s := openTest(t, testPath(t))
	name := testGroup(t, s)
	release := stall(t, s.writer)
	bad := map[string]func(*conn) error{
		"panic":         func(*conn) error { panic("oops") },
		"no such table": func(c *conn) error { _, err := c.exec("DELETE FROM missing"); return err },
		"NOT NULL": func(c *conn) error {
			_, err := c.exec("UPDATE topics SET name = NULL")
			return err
		},
		"half": func(c *conn) error {
			if _, err := c.exec("UPDATE logs SET seq = 99"); err != nil {
				return err
			}
			return errors.New("half")
		},
	}
	var wg sync.WaitGroup
	for want, run := range bad {
		wg.Go(func() {
			if err := s.write(t.Context(), "bad", run); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("bad op: got error %v, want %q", err, want)
			}
		})
	}
	wg.Go(func() { mustAppend(t, s, name, 1, 3) })
	queued(s.writer, len(bad)+1)
	release()
	wg.Wait()
	checkLog(t, s, name, 3)
}

// TestFullDisk lets the file grow no more. Nothing that was refused may be
// there, what is there can be read, and writing goes on when there is room.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	path := testPath(t)
	s := openTest(t, path)
	names := benchGroups(t, s, 4)
	limit := func(pages int) {
		t.Helper()
		release := stall(t, s.writer)
		release()
		if _, err := s.writer.conn.exec("PRAGMA max_page_count = " + strings.Repeat("9", pages)); err != nil {
			t.Fatal(err)
		}
	}
	limit(2) // 99 pages
	acked := make([]int, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() {
			for {
				err := s.Append(t.Context(), benchMessages(name, acked[i]+1, 7)...)
				if err != nil {
					if !strings.Contains(err.Error(), "full") {
						t.Errorf("Append: got error %v, want one that says full", err)
					}
					return
				}
				acked[i] += 7
			}
		})
	}
	wg.Wait()
	for i, name := range names {
		if got := checkLog(t, s, name, acked[i]); got != acked[i] {
			t.Errorf("messages: got %d, want %d as acknowledged", got, acked[i])
		}
	}
	s.SetMarks(names[0], 1, 1, 1)
	if err := s.PutSubs(t.Context(), store.Sub{Topic: names[0], User: 1}); err != nil {
		t.Logf("another write: %v", err) // may or may not find room
	}
	limit(9)
	for i, name := range names {
		mustAppend(t, s, name, acked[i]+1, 50)
		checkLog(t, s, name, acked[i]+50)
	}
	mustClose(t, s)
	s = openTest(t, path)
	for i, name := range names {
		checkLog(t, s, name, acked[i]+50)
	}
}

// TestMarksSurviveAFailedCommit: they are written with the next one.
func TestMarksSurviveAFailedCommit(t *testing.T) {
	t.Parallel()
	s := openTest(t, testPath(t))
	name := testGroup(t, s, 7)
	s.SetMarks(name, 7, 2, 3)
	err := s.writer.do(t.Context(), &op{checked: true, settled: true, run: func(*conn) error { return errors.New("no") }})
	if err == nil {
		t.Fatal("failing op: got no error, want one")
	}
	check := func(what string) {
		t.Helper()
		sub, err := s.Sub(t.Context(), name, 7)
		if err != nil || sub.Read != 2 || sub.Recv != 3 {
			t.Errorf("%s: got %+v, %v, want read 2, recv 3", what, sub, err)
		}
	}
	check("after the failure")
	if err := s.settle(); err != nil {
		t.Fatal(err)
	}
	if got := fileRead(t, s, name); got != 2 {
		t.Errorf("in the file: got %d, want 2", got)
	}
	check("settled")
}

// TestNoMarkIsMissed reads while marks move from memory to the file.
func TestNoMarkIsMissed(t *testing.T) {
	t.Parallel()
	s := openTest(t, testPath(t))
	ids := []chat.UID{7, 8, 9}
	name := testGroup(t, s, ids...)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				if err := s.settle(); err != nil {
					t.Error(err)
				}
			}
		}
	})
	for n := 1; n <= 200; n++ {
		for _, id := range ids {
			s.SetMarks(name, id, n, n)
		}
		subs, err := storetest.Subs(t.Context(), s, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, sub := range subs {
			if sub.Read != n {
				t.Errorf("read of user %d: got %d, want %d", sub.User, sub.Read, n)
			}
		}
	}
	close(stop)
	wg.Wait()
}
