// Package mailbox is the one concurrency idiom of the server: a queue whose
// values are handled in order, one batch at a time, by a goroutine that exists
// only while there is something to handle. It knows nothing of what is queued.
package mailbox

import (
	"context"
	"errors"
	"sync"
)

// What Put refuses with.
var (
	ErrFull   = errors.New("mailbox: full")
	ErrClosed = errors.New("mailbox: closed")
)

// keepCap is the longest queue whose memory an idle box keeps for reuse.
const keepCap = 8

// Box hands values to handle in order, one batch at a time, never concurrently.
type Box[T any] struct {
	handle func([]T)   // called without mu held; may block; must not keep the slice
	cost   func(T) int // weight of a value, in the unit of limit; nil: 1 each
	limit  int         // Put fails above this much queued cost
	pool   *Workers    // nil: a goroutine for each time that there is work

	mu      sync.Mutex // guards the following
	queue   []T
	queued  int           // summed cost of queue
	running bool          // a drain goroutine exists
	closed  bool          // nothing is accepted any more
	done    chan struct{} // made by Close; closed when drained
}

// New makes a box. It starts nothing.
func New[T any](limit int, cost func(T) int, handle func([]T)) *Box[T] {
	b := &Box[T]{}
	b.Init(nil, limit, cost, handle)
	return b
}

// Init makes the zero Box that is a field of a larger struct ready for use.
// Its goroutines come from the pool, if there is one.
func (b *Box[T]) Init(pool *Workers, limit int, cost func(T) int, handle func([]T)) {
	b.pool, b.handle, b.cost, b.limit = pool, handle, cost, limit
}

func (b *Box[T]) weigh(v T) int {
	if b.cost == nil {
		return 1
	}
	return b.cost(v)
}

// Put queues v and returns at once: nil, ErrFull or ErrClosed.
func (b *Box[T]) Put(v T) error { return b.put(v, false) }

// Urge is Put for what must not be lost, whatever the limit: nil or ErrClosed.
// The caller sees to it that there is little of it.
func (b *Box[T]) Urge(v T) error { return b.put(v, true) }

func (b *Box[T]) put(v T, urgent bool) error {
	n := b.weigh(v)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return ErrClosed
	case b.queued+n > b.limit && !urgent:
		return ErrFull
	}
	b.queue, b.queued = append(b.queue, v), b.queued+n
	if !b.running {
		b.running = true
		b.pool.run(b)
	}
	return nil
}

// drain handles batches until there is nothing left, and ends.
func (b *Box[T]) drain() {
	var spare []T
	b.mu.Lock()
	for len(b.queue) > 0 {
		batch := b.queue
		b.queue, b.queued = spare[:0], 0
		b.mu.Unlock()
		b.handle(batch)
		clear(batch)
		spare = batch
		b.mu.Lock()
	}
	if cap(b.queue) > keepCap || cap(b.queue) == 0 {
		b.queue = nil
	}
	b.running = false
	if b.done != nil {
		close(b.done)
	}
	b.mu.Unlock()
}

// CloseIfEmpty closes the box if nothing is queued, and tells whether it did.
// It is meant to be called by handle, or while nothing is being handled.
func (b *Box[T]) CloseIfEmpty() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.queue) > 0 {
		return false
	}
	b.closed = true
	return true
}

// CloseNow refuses further values and drops what is queued.
func (b *Box[T]) CloseNow() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed, b.queue, b.queued = true, nil, 0
}

// Close refuses further values and waits until what is queued is handled, or
// until ctx is done. It must not be called by handle.
func (b *Box[T]) Close(ctx context.Context) error {
	b.mu.Lock()
	b.closed = true
	if !b.running {
		b.mu.Unlock()
		return nil
	}
	if b.done == nil {
		b.done = make(chan struct{})
	}
	done := b.done
	b.mu.Unlock()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
