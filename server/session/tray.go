package session

import (
	"context"
	"errors"
	"sync"
	"time"

	"parley/wsproto"
)

// tray holds what is on its way to a client that fetches it: one message for
// each poll (wire.md §1.4). A message leaves the tray when it was written to
// the client: a poll that breaks off before leaves it to the next one.
type tray struct {
	limit int // bytes nobody asked for that may wait

	mu      sync.Mutex // guards the following
	waiting []held     // nil: none
	queued  int        // bytes waiting, answers included
	pushed  int        // of them, bytes nobody asked for
	closed  bool       // takes nothing more
	writing bool       // the first message is being written
	poll    *poll      // the newest; there may be older ones about to give up
	room    *sync.Cond // made when somebody waits for queued to fall
}

// held is a frame in the tray: one or more messages.
type held struct {
	frame  wsproto.Frame
	answer bool
}

// poll is a request that waits for a message.
type poll struct {
	wake chan struct{} // has a value when there may be something to do
}

func (p *poll) nudge() {
	if p == nil {
		return
	}
	select {
	case p.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// put implements outlet.
func (t *tray) put(f wsproto.Frame, answer bool) outcome {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.closed:
		return gone
	case !answer && t.pushed > 0 && t.pushed+len(f) > t.limit:
		return tooBig
	}
	t.add(f, answer)
	return sent
}

func (t *tray) add(f wsproto.Frame, answer bool) {
	if t.queued += len(f); !answer {
		t.pushed += len(f)
	}
	t.waiting = append(t.waiting, held{f, answer})
	t.poll.nudge()
}

// later implements outlet. Each message leaves by itself: there is no company
// to wait for.
func (t *tray) later(f wsproto.Frame) (r outcome, first bool) { return t.put(f, false), false }

// flush implements outlet.
func (t *tray) flush() outcome { return sent }

// wait implements outlet: who does not fetch is not listened to.
func (t *tray) wait() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.queued > t.limit && !t.closed {
		if t.room == nil {
			t.room = sync.NewCond(&t.mu)
		}
		t.room.Wait()
	}
}

// shut adds a last frame, if any, and takes nothing more; what waits can still
// be fetched. It tells whether nothing waits.
func (t *tray) shut(last wsproto.Frame) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed && len(last) > 0 {
		t.add(last, true)
	}
	t.close()
	return t.waiting == nil
}

// clear is shut with everything thrown away.
func (t *tray) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting, t.queued, t.pushed = nil, 0, 0
	t.close()
}

func (t *tray) close() {
	t.closed = true
	t.poll.nudge()
	if t.room != nil {
		t.room.Broadcast()
	}
}

// What fetch returns if no message was written.
var (
	errNothing = errors.New("nothing to fetch")
	errEnded   = errors.New("the session has ended")
)

// fetch hands the first message to write as soon as there is one. It returns
// nil if write did; errNothing if there was none for that long, or a newer poll
// has come: then this one's client has most likely gone; errEnded; or the error
// of write or ctx, and the message waits for the next poll.
func (t *tray) fetch(ctx context.Context, wait time.Duration, write func(message []byte) error) error {
	p := &poll{wake: make(chan struct{}, 1)}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.poll.nudge()
	t.poll = p
	defer func() {
		if t.poll == p {
			t.poll = nil
		}
	}()
	for expired := false; ; {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case t.poll != p:
			return errNothing
		case t.writing: // an older poll is
		case t.waiting != nil:
			return t.serve(write)
		case t.closed:
			return errEnded
		case expired:
			return errNothing
		}
		t.mu.Unlock()
		select {
		case <-p.wake:
		case <-timer.C:
			expired = true
		case <-ctx.Done():
		}
		t.mu.Lock()
	}
}

// serve writes the first message, without mu held meanwhile.
func (t *tray) serve(write func(message []byte) error) (err error) {
	message, rest := t.waiting[0].frame.Next()
	t.writing, err = true, errNothing
	t.mu.Unlock()
	defer func() {
		t.mu.Lock()
		if t.writing = false; err == nil {
			t.pop(rest)
		}
		t.poll.nudge() // a newer one may be waiting for this
	}()
	err = write(message)
	return err
}

// pop removes the first message; rest is what came with it in the same frame.
func (t *tray) pop(rest wsproto.Frame) {
	if t.waiting == nil {
		return // thrown away meanwhile
	}
	first := &t.waiting[0]
	n := len(first.frame) - len(rest)
	if t.queued -= n; !first.answer {
		t.pushed -= n
	}
	if t.room != nil {
		t.room.Broadcast()
	}
	if len(rest) > 0 {
		first.frame = rest
		return
	}
	*first = held{} // not kept by the array
	if t.waiting = t.waiting[1:]; len(t.waiting) == 0 {
		t.waiting = nil
	}
}

// empty tells whether nothing waits in a tray that takes nothing more.
func (t *tray) empty() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.closed && t.waiting == nil
}
