package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"parley/store"
)

// pad makes the file larger than a step of the backup.
func pad(t *testing.T, s *Store) {
	t.Helper()
	name := testGroup(t, s)
	ms := benchMessages(name, 1, 3*backupPages*4096/100_000)
	for _, m := range ms {
		m.Content = json.RawMessage(`"` + strings.Repeat("x", 100_000) + `"`)
	}
	if err := s.Append(t.Context(), ms...); err != nil {
		t.Fatal(err)
	}
}

func TestBackupDuringWrites(t *testing.T) {
	t.Parallel()
	path := testPath(t)
	target := filepath.Join(filepath.Dir(path), "copy.db")
	s := openTest(t, path)
	pad(t, s)
	name, later := testGroup(t, s, 1), testGroup(t, s)
	mustAppend(t, s, name, 1, 10)
	s.SetMarks(name, 1, 4, 4)
	steps, last := 0, 0
	err := s.Backup(t.Context(), target, func(done, total int) {
		steps++
		if done <= last || done > total {
			t.Errorf("progress: got %d of %d after %d", done, total, last)
		}
		last = done
		mustAppend(t, s, name, 8+3*steps, 3)
		mustAppend(t, s, later, steps, 1)
	})
	if err != nil {
		t.Fatalf("Backup: got error %v, want none", err)
	}
	if steps < 3 {
		t.Errorf("steps: got %d, want 3 or more", steps)
	}
	checkLog(t, s, name, 10+3*steps)

	b := openTest(t, target)
	if got := checkLog(t, b, name, 10); got != 10 {
		t.Errorf("messages in the copy: got %d, want 10 as at the start", got)
	}
	checkLog(t, b, later, 0)
	sub, err := b.Sub(t.Context(), name, 1)
	if err != nil || sub.Read != 4 {
		t.Errorf("marks in the copy: got %+v, %v, want read 4", sub, err)
	}
}

func TestBackupStops(t *testing.T) {
	t.Parallel()
	path := testPath(t)
	s := openTest(t, path)
	pad(t, s)
	target := filepath.Join(filepath.Dir(path), "copy.db")
	gone := func(what string) {
		t.Helper()
		for _, file := range []string{target, target + ".part"} {
			if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s: got %s, want it removed (%v)", what, filepath.Base(file), err)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := s.Backup(ctx, target, func(int, int) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got error %v, want %v", err, context.Canceled)
	}
	gone("cancelled")

	closed := make(chan error, 1)
	var once sync.Once
	err := s.Backup(t.Context(), target, func(int, int) {
		once.Do(func() {
			go func() { closed <- s.Close() }()
			<-s.closing
		})
	})
	if !errors.Is(err, store.ErrClosed) {
		t.Errorf("closed meanwhile: got error %v, want %v", err, store.ErrClosed)
	}
	if err := <-closed; err != nil {
		t.Errorf("Close: got error %v, want none", err)
	}
	gone("closed meanwhile")
}
