package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

	"parley/store"
)

// op is one change on its way to the disk.
type op struct {
	run func(*conn) error
	// checked says that run finds out whether it must refuse before it writes
	// anything. Others run inside a savepoint.
	checked bool
	// settled asks for all marks to be in the tables before run.
	settled bool
	// bare asks for run to come before the transaction.
	bare bool

	err  error     // the outcome, once answered
	turn chan bool // false: answered; true: lead. Made when the op has to wait.
	next bool      // chosen to lead; guarded by writer.mu
}

// writer is the committer: it owns the one connection that writes, and turns
// what is queued into one transaction and one fsync. It has no goroutine. The
// caller that finds it idle leads: it runs the batch, its own op among it, on
// its own goroutine; when it is done one of those who came meanwhile leads the
// next batch. So a lone caller pays for no switch and nobody leads for ever.
type writer struct {
	pending *pending
	// committed, if not nil, is called by the leader after each commit, when
	// the batch has been answered.
	committed func(*conn)

	// Of the leader.
	conn    *conn
	topics  topicIDs
	commits int // transactions so far

	mu     sync.Mutex // guards the following
	queue  []*op
	spare  []*op         // the memory of the last batch
	led    bool          // somebody leads or was told to
	closed bool          // no op may be queued any more
	idle   chan struct{} // made by close; closed when nobody leads
}

// do runs o in a transaction and returns when it is durable, or refused. If
// ctx ends before o was taken into a batch, o is not run.
func (w *writer) do(ctx context.Context, o *op) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return store.ErrClosed
	}
	w.queue = append(w.queue, o)
	if w.led {
		o.turn = make(chan bool, 1)
		w.mu.Unlock()
		return w.wait(ctx, o)
	}
	w.led = true
	w.mu.Unlock()
	w.lead(o)
	return o.err
}

// wait waits until o is answered, or its turn to lead has come.
func (w *writer) wait(ctx context.Context, o *op) error {
	var lead bool
	select {
	case lead = <-o.turn:
	case <-ctx.Done():
		if w.withdraw(o) {
			return ctx.Err()
		}
		lead = <-o.turn
	}
	if lead {
		w.lead(o)
	}
	return o.err
}

// withdraw takes o back unless it is in a batch or chosen to lead one.
func (w *writer) withdraw(o *op) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.Index(w.queue, o)
	if i < 0 || o.next {
		return false
	}
	w.queue = slices.Delete(w.queue, i, i+1)
	return true
}

// lead commits one batch, own among it, answers the others, and hands over.
func (w *writer) lead(own *op) {
	w.mu.Lock()
	batch := w.queue
	w.queue, w.spare = w.spare[:0], nil
	w.mu.Unlock()

	w.commit(batch)
	for _, o := range batch {
		if o != own {
			o.turn <- false
		}
	}
	clear(batch)
	if w.committed != nil {
		w.committed(w.conn)
	}

	w.mu.Lock()
	defer w.mu.Unlock()
	w.spare = batch[:0]
	switch {
	case len(w.queue) > 0:
		next := w.queue[0]
		next.next = true
		next.turn <- true
	case w.idle != nil:
		close(w.idle)
	default:
		w.led = false
	}
}

// close lets the queue run empty and closes the connection. Marks must have
// been settled.
func (w *writer) close() error {
	w.mu.Lock()
	w.closed = true
	idle := make(chan struct{})
	if w.led {
		w.idle = idle
	} else {
		close(idle)
	}
	w.mu.Unlock()
	<-idle
	return w.conn.close()
}

// commit runs a batch in one transaction and notes the outcome in each op.
func (w *writer) commit(batch []*op) {
	settled := slices.ContainsFunc(batch, func(o *op) bool { return o.settled })
	marks := w.pending.take(settled)
	err := w.transact(batch, marks)
	w.pending.settle(marks, err == nil)
	w.commits++
	if err == nil {
		return
	}
	// The transaction may be gone already; then there is none to roll back.
	_, _ = w.conn.exec("ROLLBACK")
	w.topics.forget()
	err = fmt.Errorf("commit: %w", err)
	for _, o := range batch {
		o.err = err
	}
}

func (w *writer) transact(batch []*op, marks *marks) error {
	for _, o := range batch {
		if o.bare {
			o.err = guard(o.run, w.conn)
		}
	}
	if _, err := w.conn.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if err := marks.write(w.conn); err != nil {
		return err
	}
	for _, o := range batch {
		if o.bare {
			continue
		}
		if err := w.run(o); err != nil {
			return err
		}
	}
	_, err := w.conn.exec("COMMIT")
	return err
}

// run runs one op. It returns an error if the whole batch is to fail.
func (w *writer) run(o *op) error {
	if o.checked {
		o.err = guard(o.run, w.conn)
		if refusal(o.err) {
			return nil
		}
		return o.err
	}
	if _, err := w.conn.exec("SAVEPOINT op"); err != nil {
		return err
	}
	o.err = guard(o.run, w.conn)
	if o.err != nil {
		// Fails if SQLite has already given up the whole transaction.
		if _, err := w.conn.exec("ROLLBACK TO op"); err != nil {
			return errors.Join(o.err, err)
		}
		w.topics.forget()
	}
	_, err := w.conn.exec("RELEASE op")
	return err
}

// guard makes a panic an error: the others of the batch wait for their answers.
func guard(run func(*conn) error, c *conn) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return run(c)
}

// refusal tells a place in the contract from a failure.
func refusal(err error) bool {
	return err == nil || errors.Is(err, store.ErrNotFound) ||
		errors.Is(err, store.ErrDuplicate) || errors.Is(err, store.ErrSeqTaken) || errors.Is(err, store.ErrChanged)
}
