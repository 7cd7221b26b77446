package sqlite

import (
	"context"
	"sync"
)

const (
	checkpointFrames = 2000   // pages in the -wal file that are worth a checkpoint: 8 MB
	lookEvery        = 16     // commits between two looks at the -wal file
	autoCheckpoint   = "8000" // pages: SQLite's own checkpoint, should ours fail
)

// checkpointer moves pages from the -wal file into the database beside the
// commits, which would otherwise stand still for some ten milliseconds every
// few thousand messages. A goroutine of its own does the bulk on a connection
// of its own; only for the rest, which arrived meanwhile, the writer stops for
// a moment, and begins the -wal file anew. The goroutine ends when that is done.
type checkpointer struct {
	open   func() (*conn, error)
	writer *writer
	failed func(error)

	// Of the leader.
	every   int // pages
	commits int // since the last look

	mu     sync.Mutex // guards the following
	busy   chan struct{}
	due    int // pages in the -wal file at which to begin
	closed bool

	conn *conn // of the goroutine; nil until first used
}

// look begins a checkpoint if it is time. The leader calls it after a commit.
func (k *checkpointer) look(c *conn) {
	if k.commits++; k.commits < lookEvery {
		return
	}
	k.commits = 0
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.busy != nil || k.closed {
		return
	}
	pages, _, err := checkpoint(c, "NOOP")
	if err != nil || pages < max(k.due, k.every) {
		return
	}
	k.busy = make(chan struct{})
	go k.run()
}

func (k *checkpointer) run() {
	left, err := k.checkpoint()
	if err != nil {
		k.failed(err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.due = left + k.every // a reader may keep us from moving more
	close(k.busy)
	k.busy = nil
}

// checkpoint returns how many pages the -wal file still has.
func (k *checkpointer) checkpoint() (left int, err error) {
	if k.conn == nil {
		if k.conn, err = k.open(); err != nil {
			return 0, err
		}
	}
	if _, _, err := checkpoint(k.conn, "PASSIVE"); err != nil {
		return 0, err
	}
	err = k.writer.do(context.Background(), &op{bare: true, run: func(c *conn) error {
		pages, moved, err := checkpoint(c, "PASSIVE")
		if moved < pages {
			left = pages
		}
		return err
	}})
	return left, err
}

// checkpoint returns how many pages the -wal file has and how many of them are
// in the database.
func checkpoint(c *conn, mode string) (pages, moved int, err error) {
	err = c.one("PRAGMA wal_checkpoint("+mode+")", func(r *row) {
		_ = r.num() // 1: somebody else is at it
		pages, moved = r.int(), r.int()
	})
	return pages, moved, err
}

// close waits for a checkpoint under way. The writer must still work.
func (k *checkpointer) close() error {
	k.mu.Lock()
	k.closed = true
	busy := k.busy
	k.mu.Unlock()
	if busy != nil {
		<-busy
	}
	if k.conn == nil {
		return nil
	}
	return k.conn.close()
}
