package sqlite

import (
	"os"
	"sync"
	"testing"
)

// settledPages waits for a checkpoint under way and returns what the -wal file has.
func (k *checkpointer) settledPages(t *testing.T) (pages, moved int) {
	t.Helper()
	k.mu.Lock()
	busy := k.busy
	k.mu.Unlock()
	if busy != nil {
		<-busy
	}
	err := k.writer.do(t.Context(), &op{bare: true, run: func(c *conn) (err error) {
		pages, moved, err = checkpoint(c, "NOOP")
		return err
	}})
	if err != nil {
		t.Fatal(err)
	}
	return pages, moved
}

func TestCheckpoints(t *testing.T) {
	t.Parallel()
	path := testPath(t)
	s := openTest(t, path)
	s.checkpoints.every = 50
	names := benchGroups(t, s, 4)
	rounds := func(from, n int) {
		var wg sync.WaitGroup
		for _, name := range names {
			wg.Go(func() {
				for seq := from; seq < from+n; seq++ {
					mustAppend(t, s, name, seq, 1)
				}
			})
		}
		wg.Wait()
	}
	rounds(1, 200) // about 2000 pages
	if pages, _ := s.checkpoints.settledPages(t); pages > 500 {
		t.Errorf("pages in the -wal file: got %d, want some hundreds", pages)
	}
	info, err := os.Stat(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Size() / 4096; got > 1000 {
		t.Errorf("length of the -wal file: got %d pages, want some hundreds", got)
	}

	// A reader that holds on to an old state keeps the -wal file from beginning
	// anew; then there is no use in trying at every look.
	err = s.read(t.Context(), "old state", func(c *conn) error {
		if _, err := c.exec("BEGIN"); err != nil {
			return err
		}
		if _, err := c.number("SELECT count(*) FROM logs"); err != nil {
			return err
		}
		rounds(201, 100)
		pages, moved := s.checkpoints.settledPages(t)
		if moved == pages || pages < 200 {
			t.Errorf("with an old reader: got %d of %d pages moved, want a part", moved, pages)
		}
		if s.checkpoints.due < pages/2 {
			t.Errorf("next try: got %d pages, want more than now, %d", s.checkpoints.due, pages)
		}
		_, err := c.exec("COMMIT")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	rounds(301, 200)
	if pages, _ := s.checkpoints.settledPages(t); pages > 800 {
		t.Errorf("pages afterwards: got %d, want some hundreds", pages)
	}
	for _, name := range names {
		checkLog(t, s, name, 500)
	}
	mustClose(t, s)
	if got := files(t, path); len(got) != 1 {
		t.Errorf("files after Close: got %v, want one", got)
	}
}
