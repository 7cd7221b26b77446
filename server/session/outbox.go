package session

import (
	"bytes"
	"sync"
	"time"

	"parley/wsproto"
)

// transport is a connection as the outbox sees it. Only one of its methods is
// called at a time, but for Close.
type transport interface {
	// TryWrite writes what can be written without waiting. Writing nothing is
	// no error.
	TryWrite(p []byte) (int, error)
	// Write writes all, and waits at most that long for any part of it.
	Write(ps [][]byte, wait time.Duration) error
	// Close ends the connection, with a WebSocket close code and reason if the
	// code is not closeSilently. It may be called while Write waits.
	Close(code int, reason string)
}

// outbox is what is on its way to a client. A frame is written at once by
// whoever has it, if the connection takes it; what it does not take waits for a
// goroutine that lives until all is written. An idle session has neither
// goroutine nor buffer.
type outbox struct {
	conn  transport
	limit int // bytes nobody asked for that may wait

	mu      sync.Mutex // guards the following
	queue   *queue     // frames waiting; nil: none
	queued  int        // bytes waiting, answers included
	pushed  int        // of them, bytes nobody asked for
	writing bool
	closed  bool       // takes nothing more
	final   func()     // called when everything is written; after close
	room    *sync.Cond // made when somebody waits for queued to fall
}

// queue is lent to outboxes while something waits.
type queue struct{ frames [][]byte }

var queues = sync.Pool{New: func() any { return new(queue) }}

// maxKeptQueue keeps a rare long queue from being remembered for ever.
const maxKeptQueue = 256

func (q *queue) free() {
	clear(q.frames)
	if q.frames = q.frames[:0]; cap(q.frames) <= maxKeptQueue {
		queues.Put(q)
	}
}

// outcome of put.
type outcome uint8

const (
	sent   outcome = iota // written or queued
	tooBig                // the client does not keep up
	broken                // the connection is
	gone                  // the outbox was closed before
)

// put sends a frame; answer tells one that the client asked for, which is not
// held against it.
func (o *outbox) put(f wsproto.Frame, answer bool) outcome {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return gone
	}
	if o.writing || o.queue != nil {
		if r := o.add(f, answer); r != sent || o.writing {
			return r
		}
		return o.flushLocked()
	}
	n, err := o.conn.TryWrite(f)
	switch {
	case err != nil:
		return broken
	case n < len(f):
		o.add(f[n:], answer)
		o.startDrain()
	}
	return sent
}

// later queues a frame that may wait for others to leave in the same write.
// first tells the caller that nothing was waiting: flush must be called soon.
func (o *outbox) later(f wsproto.Frame) (r outcome, first bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	first = o.queue == nil && !o.writing
	r = o.add(f, false)
	return r, first && r == sent
}

// flush writes what later has queued.
func (o *outbox) flush() outcome {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.closed:
		return gone
	case o.writing || o.queue == nil:
		return sent
	}
	return o.flushLocked()
}

func (o *outbox) add(f wsproto.Frame, answer bool) outcome {
	switch {
	case o.closed:
		return gone
	case !answer && o.pushed > 0 && o.pushed+len(f) > o.limit:
		return tooBig
	}
	if o.queued += len(f); !answer {
		o.pushed += len(f)
	}
	if o.queue == nil {
		o.queue = queues.Get().(*queue)
	}
	o.queue.frames = append(o.queue.frames, f)
	return sent
}

// flushLocked writes what the connection takes at once of what waits, and
// leaves the rest to drain. Nobody else may be writing.
func (o *outbox) flushLocked() outcome {
	q := o.queue
	p := q.frames[0]
	if len(q.frames) > 1 {
		p = bytes.Join(q.frames, nil)
	}
	n, err := o.conn.TryWrite(p)
	if err != nil {
		return broken
	}
	if n < len(p) {
		clear(q.frames)
		q.frames = append(q.frames[:0], p[n:])
		o.startDrain()
		return sent
	}
	q.free()
	o.queue, o.queued, o.pushed = nil, 0, 0
	return sent
}

// writeWait bounds how long a client may take for a batch of frames
// (wire.md §1.3).
const writeWait = 10 * time.Second

func (o *outbox) startDrain() {
	o.writing = true
	go o.drain()
}

// drain writes until nothing waits any more, and ends.
func (o *outbox) drain() {
	o.mu.Lock()
	for o.queue != nil {
		q, bytes, pushed := o.queue, o.queued, o.pushed
		o.queue = nil
		o.mu.Unlock()
		err := o.conn.Write(q.frames, writeWait)
		q.free()
		o.mu.Lock()
		if o.queued, o.pushed = o.queued-bytes, o.pushed-pushed; err != nil {
			o.closed, o.queue = true, nil
			o.conn.Close(closeSilently, "") // the reader notices and ends the session
		}
		if o.room != nil {
			o.room.Broadcast()
		}
	}
	o.writing = false
	final := o.final
	o.final = nil
	o.mu.Unlock()
	if final != nil {
		final()
	}
}

// end implements outlet.
func (o *outbox) end(last wsproto.Frame, code int, reason string) {
	o.close(last, func() { o.conn.Close(code, reason) })
}

// close sends a last frame, if any, and then calls final.
func (o *outbox) close(last wsproto.Frame, final func()) {
	o.mu.Lock()
	if o.closed {
		o.mu.Unlock()
		final()
		return
	}
	if len(last) > 0 {
		o.add(last, true)
	}
	o.closed = true
	if o.room != nil {
		o.room.Broadcast()
	}
	if !o.writing && o.queue != nil {
		o.flushLocked()
	}
	if o.writing {
		o.final = final
		o.mu.Unlock()
		return
	}
	o.mu.Unlock()
	final()
}

// abort ends the connection with whatever waits: its client does not read.
func (o *outbox) abort() {
	o.mu.Lock()
	o.closed, o.queue = true, nil
	if o.room != nil {
		o.room.Broadcast()
	}
	o.mu.Unlock()
	o.conn.Close(closeSilently, "")
}

// wait holds the reader back while more than limit bytes wait to be written:
// who does not read is not read from.
func (o *outbox) wait() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.queued > o.limit && !o.closed {
		if o.room == nil {
			o.room = sync.NewCond(&o.mu)
		}
		o.room.Wait()
	}
}
