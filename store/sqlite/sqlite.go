// Package sqlite is the store that needs no server: one SQLite file, and a
// second one for the write-ahead log while it is open. Writes of concurrent
// callers share a transaction and its fsync (writer), reads run beside them
// (pool). It translates calls into SQL and nothing more: it checks no rights
// and has no clock for what it stores.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"parley/internal/chat"
	"parley/store"
)

// Options are what few need to change. The zero value is good.
type Options struct {
	Readers int          // connections for reading; 0: 4
	Log     *slog.Logger // told what no caller can be told; nil: nobody
}

// Store is a store.Store in one file. Every method may be called from any
// goroutine.
type Store struct {
	path        string
	log         *slog.Logger
	lock        *fileLock
	writer      *writer
	checkpoints *checkpointer
	pending     *pending
	readers     *pool
	closing     chan struct{} // closed by Close
	once        sync.Once     // closes closing
}

var _ store.Store = (*Store)(nil)

var (
	writerPragmas = []string{
		"busy_timeout(5000)", "journal_mode(wal)", "synchronous(full)", "foreign_keys(1)",
		"cache_size(-8192)", "wal_autocheckpoint(" + autoCheckpoint + ")", "journal_size_limit(67108864)", "secure_delete(fast)",
	}
	readerPragmas = []string{"busy_timeout(5000)", "foreign_keys(1)", "cache_size(-2048)", "query_only(1)"}
)

// Open opens the store in the file path, or makes it; the folder must exist.
// An older file is migrated, after a copy was made beside it. Errors:
// store.ErrNewer for a file of a newer version; a file that is none of ours,
// or that another process has open, has no sentinel.
func Open(ctx context.Context, path string, opt Options) (*Store, error) {
	s, err := open(ctx, path, opt)
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", path, err)
	}
	return s, nil
}

func open(ctx context.Context, path string, opt Options) (*Store, error) {
	lock, err := lockFile(path)
	if err != nil {
		return nil, err
	}
	c, err := prepare(ctx, path)
	if err != nil {
		return nil, errors.Join(err, lock.release())
	}
	s := &Store{path: path, log: opt.Log, lock: lock, closing: make(chan struct{})}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.pending = newPending(s.settleSoon)
	s.writer = &writer{conn: c, pending: s.pending}
	s.checkpoints = &checkpointer{
		open: func() (*conn, error) {
			return openConn(path, "busy_timeout(5000)", "synchronous(full)", "cache_size(-64)", "wal_autocheckpoint(0)")
		},
		writer: s.writer, every: checkpointFrames,
		failed: func(err error) { s.log.Warn("the -wal file grows", "op", "checkpoint", "err", err) },
	}
	s.writer.committed = s.checkpoints.look
	if opt.Readers <= 0 {
		opt.Readers = 4
	}
	s.readers = newPool(opt.Readers, func() (*conn, error) { return openConn(path, readerPragmas...) })
	return s, nil
}

// Close implements store.Store. It ends backups under way and leaves one file.
func (s *Store) Close() error {
	err := store.ErrClosed
	s.once.Do(func() {
		close(s.closing)
		s.pending.close()
		err = s.settle()
		// The last connection to close checkpoints and removes the -wal file.
		err = errors.Join(err, s.readers.close(), s.checkpoints.close(), s.writer.close(), s.lock.release())
	})
	return err
}

// settle writes the marks that are only in memory, and waits.
func (s *Store) settle() error {
	return s.writer.do(context.Background(), settleOp())
}

// settleOp is a change that does nothing but take the marks along.
func settleOp() *op {
	return &op{settled: true, checked: true, run: func(*conn) error { return nil }}
}

func (s *Store) settleSoon() {
	if err := s.settle(); err != nil && !errors.Is(err, store.ErrClosed) {
		s.log.Error("marks are only in memory, trying again", "op", "settle", "err", err)
	}
}

// write runs a change that may be refused half-way.
func (s *Store) write(ctx context.Context, what string, run func(*conn) error) error {
	return wrap(what, s.writer.do(ctx, &op{run: run}))
}

// writeSettled is write with all marks in the tables before.
func (s *Store) writeSettled(ctx context.Context, what string, run func(*conn) error) error {
	return wrap(what, s.writer.do(ctx, &op{run: run, settled: true}))
}

func (s *Store) read(ctx context.Context, what string, read func(*conn) error) error {
	return wrap(what, s.readers.with(ctx, read))
}

// readOne is read for several statements that must see the same state.
func (s *Store) readOne(ctx context.Context, what string, read func(*conn) error) error {
	return s.read(ctx, what, func(c *conn) error {
		return c.snapshot(func() error { return read(c) })
	})
}

// readOver is read for records with marks; lay lays the marks over them.
func (s *Store) readOver(ctx context.Context, what string, read func(*conn) error, lay func(*overlay)) error {
	return wrap(what, s.pending.over(func() error { return s.readers.with(ctx, read) }, lay))
}

// readSettled is readOne with all that was noted before in the tables.
func (s *Store) readSettled(ctx context.Context, what string, read func(*conn) error) error {
	if !s.pending.clean() {
		if err := s.writer.do(ctx, settleOp()); err != nil {
			return wrap(what, err)
		}
	}
	return s.readOne(ctx, what, read)
}

func wrap(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// Seen implements store.Users.
func (s *Store) Seen(id chat.UID, at time.Time, userAgent string) {
	s.pending.note(func(m *marks) { m.setUser(id, seen{at, userAgent}) })
}

// SetMarks implements store.Subs.
func (s *Store) SetMarks(topic string, id chat.UID, read, recv int) {
	s.pending.note(func(m *marks) { m.setSub(subKey{topic, id}, mark{read, recv}) })
}
