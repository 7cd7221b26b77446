// Package outgoing is what leaves the server for people by other ways than
// their connections: a bounded queue with workers, which tries again later what
// could not be sent. It knows nothing of mail and telephones.
package outgoing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// What Put refuses with.
var (
	ErrFull   = errors.New("outgoing: the queue is full")
	ErrClosed = errors.New("outgoing: closed")
)

// Limits of a queue that are not for administrators to change.
const (
	queueLimit  = 1000
	workerCount = 4
	firstDelay  = 10 * time.Second
	maxDelay    = 15 * time.Minute
	tryTime     = time.Minute // of one attempt
)

// GiveUpAfter is how long a message is tried, unless it is of no use earlier.
const GiveUpAfter = time.Hour

// permanent marks an error after which trying again is of no use.
type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// Permanent marks an error of a send function: the message is dropped. All
// other errors are taken for temporary.
func Permanent(err error) error { return permanent{err} }

// Job is a message that waits.
type Job[T any] struct {
	Message T
	To      string    // the address; logs get it shortened
	Until   time.Time // when it is of no use any more; zero: after GiveUpAfter
	tries   int
	due     time.Time
}

// Queue hands messages to a send function, several at a time and in no strict
// order. Put never blocks; Run does the work.
type Queue[T any] struct {
	name string
	send func(context.Context, T) error // with a deadline; may be called by several workers at once
	log  *slog.Logger

	wake    chan struct{} // a worker may find something
	closing chan struct{} // closed by Close

	mu      sync.Mutex // guards the following
	jobs    []*Job[T]  // waiting
	closed  bool
	running bool
	lost    int                // were tried once more while the queue was closing, in vain
	kill    context.CancelFunc // of the attempts under way
	done    chan struct{}      // closed when Run has ended

	queued, sent, retried, dropped atomic.Int64
}

// Counts says what became of messages since the start.
type Counts struct {
	Queued, Sent, Retried, Dropped int64
	Waiting                        int64 // now
}

// New makes a queue; name says in logs what is sent.
func New[T any](name string, log *slog.Logger, send func(context.Context, T) error) *Queue[T] {
	return &Queue[T]{
		name: name, send: send, log: log, wake: make(chan struct{}, workerCount),
		closing: make(chan struct{}), done: make(chan struct{}),
	}
}

// Counts may be called from any goroutine.
func (q *Queue[T]) Counts() Counts {
	q.mu.Lock()
	waiting := len(q.jobs)
	q.mu.Unlock()
	return Counts{q.queued.Load(), q.sent.Load(), q.retried.Load(), q.dropped.Load(), int64(waiting)}
}

// Ready tells whether Put would take a message now.
func (q *Queue[T]) Ready() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.ready()
}

func (q *Queue[T]) ready() error {
	switch {
	case q.closed:
		return ErrClosed
	case len(q.jobs) >= queueLimit:
		return ErrFull
	}
	return nil
}

// Put queues a message and returns at once: nil, ErrFull or ErrClosed.
func (q *Queue[T]) Put(j Job[T]) error {
	now := time.Now()
	if j.Until.IsZero() || j.Until.After(now.Add(GiveUpAfter)) {
		j.Until = now.Add(GiveUpAfter)
	}
	j.due = now
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.ready(); err != nil {
		return err
	}
	q.jobs = append(q.jobs, &j)
	q.queued.Add(1)
	q.poke()
	return nil
}

func (q *Queue[T]) poke() {
	select {
	case q.wake <- struct{}{}:
	default: // all of them have been woken
	}
}

// Run sends until ctx is done or the queue is closed and empty. It is called
// once.
func (q *Queue[T]) Run(ctx context.Context) error {
	work, kill := context.WithCancel(ctx)
	defer kill()
	q.mu.Lock()
	q.running, q.kill = true, kill
	q.mu.Unlock()
	defer close(q.done)
	var g errgroup.Group
	for range workerCount {
		g.Go(func() error {
			for {
				j := q.next(work)
				if j == nil {
					return nil
				}
				q.try(work, j)
			}
		})
	}
	return g.Wait()
}

// next waits for a message that is due; nil ends the worker. While the queue is
// closing everything is due.
func (q *Queue[T]) next(ctx context.Context) *Job[T] {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		j, wait := q.take(time.Now())
		if j != nil || wait < 0 || ctx.Err() != nil {
			return j
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return nil
		case <-q.wake:
		case <-q.closing:
		case <-timer.C:
		}
	}
}

// take returns a message that is due, or how long none will be; negative: never
// again.
func (q *Queue[T]) take(now time.Time) (*Job[T], time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	best := -1
	for i, j := range q.jobs {
		if best < 0 || j.due.Before(q.jobs[best].due) {
			best = i
		}
	}
	switch {
	case best < 0 && q.closed:
		return nil, -1
	case best < 0:
		return nil, time.Hour
	}
	j := q.jobs[best]
	if wait := j.due.Sub(now); wait > 0 && !q.closed {
		return nil, wait
	}
	q.jobs = append(q.jobs[:best], q.jobs[best+1:]...)
	if len(q.jobs) > 0 {
		q.poke()
	}
	return j, 0
}

// try sends a message once, and queues it again if there is hope.
func (q *Queue[T]) try(ctx context.Context, j *Job[T]) {
	ctx, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	err := q.safely(ctx, j)
	if err == nil {
		q.sent.Add(1)
		return
	}
	j.tries++
	j.due = time.Now().Add(delay(j.tries))
	log := q.log.With("what", q.name, "to", Short(j.To), "err", redact(err, j.To), "tries", j.tries)
	if errors.As(err, new(permanent)) {
		q.dropped.Add(1)
		log.Warn("message refused and dropped")
		return
	}
	if j.due.After(j.Until) {
		q.dropped.Add(1)
		log.Error("message dropped: it could not be sent in time")
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		q.lost++
		return
	}
	q.jobs = append(q.jobs, j)
	q.retried.Add(1)
	q.poke() // somebody must wait for it
	level := slog.LevelWarn
	if j.tries > 1 { // a dead server is not worth a line for each attempt
		level = slog.LevelDebug
	}
	log.Log(ctx, level, "message not sent yet")
}

// safely is send, of which a panic is a permanent error.
func (q *Queue[T]) safely(ctx context.Context, j *Job[T]) (err error) {
	defer func() {
		if p := recover(); p != nil {
			q.log.Error("sending panicked", "what", q.name, "stack", string(debug.Stack()))
			err = Permanent(fmt.Errorf("panic: %v", p))
		}
	}()
	return q.send(ctx, j.Message)
}

// delay before the next attempt: 10 s, 20 s, 40 s … 15 min.
func delay(tries int) time.Duration {
	return min(firstDelay<<min(tries-1, 16), maxDelay)
}

// Close takes no more messages, tries once more what is queued and waits for
// that until ctx is done. What is left is lost, and the log says how many.
func (q *Queue[T]) Close(ctx context.Context) error {
	q.mu.Lock()
	if !q.closed {
		q.closed = true
		close(q.closing)
	}
	running, kill := q.running, q.kill
	q.mu.Unlock()
	var err error
	if running {
		stop := context.AfterFunc(ctx, kill)
		defer stop()
		<-q.done
		err = ctx.Err()
	}
	q.mu.Lock()
	left := len(q.jobs) + q.lost
	q.jobs, q.lost = nil, 0
	q.mu.Unlock()
	if left > 0 {
		q.dropped.Add(int64(left))
		q.log.Warn("messages dropped: the server ends", "what", q.name, "count", left)
	}
	return err
}
