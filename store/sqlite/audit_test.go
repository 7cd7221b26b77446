package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/store"
)

// auditEntries are numbered from lo to hi in Detail.
func auditEntries(lo, hi int) []store.AuditEntry {
	var es []store.AuditEntry
	for n := lo; n <= hi; n++ {
		es = append(es, store.AuditEntry{At: benchTime(n), Act: "login.failed", Detail: fmt.Sprint(n)})
	}
	return es
}

// checkAudit checks that the log has entries 1 to n, each once, in order.
func checkAudit(t *testing.T, s *Store, n int) {
	t.Helper()
	es, err := s.AuditLog(t.Context(), store.AuditQuery{})
	if err != nil || len(es) != n {
		t.Fatalf("AuditLog: got %d entries, %v, want %d", len(es), err, n)
	}
	for i, e := range es {
		if want := n - i; e.Detail != fmt.Sprint(want) || e.ID != int64(want) {
			t.Fatalf("entry %d: got %+v", want, e)
		}
	}
}

// fileAudit counts the entries in the table.
func fileAudit(t *testing.T, s *Store) (n int64) {
	t.Helper()
	err := s.read(t.Context(), "test", func(c *conn) (err error) {
		n, err = c.number(`SELECT count(*) FROM audit`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

const testLimit = 50

// testLimits lets few entries wait, and keeps them from being written by
// themselves.
func testLimits(s *Store) {
	s.pending.mu.Lock()
	defer s.pending.mu.Unlock()
	s.pending.timer, s.pending.auditLimit = time.NewTimer(time.Hour), testLimit
}

func TestAuditIsDurable(t *testing.T) {
	t.Parallel()
	path := testPath(t)
	target := filepath.Join(filepath.Dir(path), "copy.db")
	s := openTest(t, path)
	s.AppendAudit(auditEntries(1, 2)...)
	if err := s.Backup(t.Context(), target, nil); err != nil {
		t.Fatal(err)
	}
	s.AppendAudit(auditEntries(3, 3)...)
	mustClose(t, s)
	s.AppendAudit(auditEntries(4, 4)...) // too late
	s = openTest(t, path)
	checkAudit(t, s, 3)
	s.AppendAudit(auditEntries(4, 4)...)
	checkAudit(t, s, 4)
	checkAudit(t, openTest(t, target), 2)
}

// TestAuditReachesTheFile looks past the store: after a second of doing
// nothing, and with the next commit if that comes later than a quarter of it.
func TestAuditReachesTheFile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		wait   time.Duration
		append bool
		want   int64
	}{
		{"at once", 0, false, 0},
		{"young, with a commit", settleAge / 2, true, 0},
		{"old, with a commit", settleAge, true, 1},
		{"by itself", time.Second, false, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := testPath(t)
			synctest.Test(t, func(t *testing.T) {
				s := openTest(t, path)
				name := testGroup(t, s)
				s.AppendAudit(auditEntries(1, 1)...)
				time.Sleep(c.wait) // of the bubble's clock
				synctest.Wait()
				if c.append {
					mustAppend(t, s, name, 1, 1)
				}
				if got := fileAudit(t, s); got != c.want {
					t.Errorf("entries in the file: got %d, want %d", got, c.want)
				}
				mustClose(t, s)
			})
		})
	}
}

// TestAuditFlood: while the disk stands still a flood stops at the limit, and
// goes on when it moves again.
func TestAuditFlood(t *testing.T) {
	t.Parallel()
	s := openTest(t, testPath(t))
	testLimits(s)
	release := stall(t, s.writer)
	s.AppendAudit(auditEntries(1, testLimit)...)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, e := range auditEntries(testLimit+1, testLimit+5) {
			s.AppendAudit(e)
		}
	}()
	queued(s.writer, 1) // waits for a commit
	select {
	case <-done:
		t.Error("AppendAudit beyond the limit: returned, want it to wait")
	default:
	}
	s.pending.mu.Lock()
	if got := len(s.pending.noted.audit); got != testLimit {
		t.Errorf("waiting entries: got %d, want %d", got, testLimit)
	}
	s.pending.mu.Unlock()
	release()
	<-done
	checkAudit(t, s, testLimit+5)
	for n := testLimit + 6; n <= 10*testLimit; n++ {
		s.AppendAudit(auditEntries(n, n)...)
	}
	checkAudit(t, s, 10*testLimit)
}

// TestAuditSurvivesAFailedCommit: entries are written with the next one, in
// their order; those that find no room meanwhile are lost, and that is logged.
func TestAuditSurvivesAFailedCommit(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s, err := Open(t.Context(), testPath(t), Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	testLimits(s)
	fail := func() {
		t.Helper()
		err := s.writer.do(t.Context(), &op{checked: true, settled: true, run: func(*conn) error { return errors.New("no") }})
		if err == nil {
			t.Fatal("failing op: got no error, want one")
		}
	}
	long := auditEntries(1, testLimit)
	for i := range long {
		long[i].From = strings.Repeat("x", 4096) // needs a page
	}
	s.AppendAudit(long[:3]...)
	fail()
	s.AppendAudit(long[3:]...)
	fail()
	if got := fileAudit(t, s); got != 0 {
		t.Errorf("entries in the file: got %d, want 0", got)
	}
	if _, err := s.writer.conn.exec("PRAGMA max_page_count = 1"); err != nil {
		t.Fatal(err)
	}
	s.AppendAudit(auditEntries(testLimit+1, testLimit+2)...)
	if _, err := s.writer.conn.exec("PRAGMA max_page_count = 99999"); err != nil {
		t.Fatal(err)
	}
	if got := log.String(); !strings.Contains(got, "are lost") || !strings.Contains(got, "count=2") || !strings.Contains(got, "full") {
		t.Errorf("log: got %q, want two lost entries and why", got)
	}
	checkAudit(t, s, testLimit)
}

// TestFlushAudit: what was appended is in the table when it returns, however many
// flush at once, and stays in memory if it cannot be written.
func TestFlushAudit(t *testing.T) {
	t.Parallel()
	s := openTest(t, testPath(t))
	testLimits(s) // nothing is written by itself
	s.AppendAudit(auditEntries(1, 3)...)
	if n := fileAudit(t, s); n != 0 {
		t.Fatalf("%d entries in the table already", n)
	}
	if err := s.FlushAudit(t.Context()); err != nil || fileAudit(t, s) != 3 {
		t.Errorf("FlushAudit: %v, %d entries in the table", err, fileAudit(t, s))
	}
	commits := s.writer.commits
	if err := s.FlushAudit(t.Context()); err != nil || s.writer.commits != commits {
		t.Errorf("nothing to flush: %v, %d commits", err, s.writer.commits-commits)
	}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			s.AppendAudit(store.AuditEntry{Act: "cred.added"})
			if err := s.FlushAudit(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := fileAudit(t, s); n != 53 {
		t.Errorf("%d entries in the table, want 53", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.AppendAudit(auditEntries(4, 4)...)
	if err := s.FlushAudit(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("FlushAudit: %v, want canceled", err)
	}
	if err := s.FlushAudit(t.Context()); err != nil || fileAudit(t, s) != 54 {
		t.Errorf("later: %v, %d entries in the table", err, fileAudit(t, s))
	}
}
