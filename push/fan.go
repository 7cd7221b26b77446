package push

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"parley/internal/mailbox"
)

// Sender is one way to reach people who are away.
type Sender interface {
	// Name is for logs.
	Name() string
	// Push passes a receipt on to those whom it can reach. It is called by one
	// goroutine at a time and may block until ctx is done.
	Push(ctx context.Context, r *Receipt)
}

const (
	queueLimit = 1024             // receipts waiting for one sender
	pushTime   = 30 * time.Second // of one receipt
)

// Fan hands receipts to all senders. Each has a bounded queue of its own: one
// that is slow loses receipts and holds up nobody.
type Fan struct {
	lanes []*lane
	log   *slog.Logger
}

type lane struct {
	sender           Sender
	box              *mailbox.Box[*Receipt]
	ctx              context.Context // of the work; ends when Close runs out of time
	cancel           context.CancelFunc
	accepted, missed atomic.Int64
}

// NewFan makes a fan; it starts nothing. Without senders it is nil, on which
// Notify does nothing.
func NewFan(log *slog.Logger, senders ...Sender) *Fan {
	if len(senders) == 0 {
		return nil
	}
	f := &Fan{log: log}
	for _, s := range senders {
		l := &lane{sender: s}
		l.ctx, l.cancel = context.WithCancel(context.Background())
		l.box = mailbox.New(queueLimit, nil, func(batch []*Receipt) {
			for _, r := range batch {
				f.push(l, r)
			}
		})
		f.lanes = append(f.lanes, l)
	}
	return f
}

// push survives a sender that panics.
func (f *Fan) push(l *lane, r *Receipt) {
	ctx, cancel := context.WithTimeout(l.ctx, pushTime)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			f.log.Error("push sender panicked", "sender", l.sender.Name(), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	l.sender.Push(ctx, r)
}

// Notify queues a receipt for every sender and returns at once, from any
// goroutine. What does not fit is dropped and counted.
func (f *Fan) Notify(r *Receipt) {
	if f == nil {
		return
	}
	for _, l := range f.lanes {
		l.accepted.Add(1)
		switch err := l.box.Put(r); {
		case errors.Is(err, mailbox.ErrFull):
			if n := l.missed.Add(1); n&(n-1) == 0 { // 1, 2, 4, 8 …: a flood is not worth a line each
				f.log.Warn("push receipts dropped: the sender does not keep up", "sender", l.sender.Name(), "dropped", n)
			}
		case err != nil:
			l.missed.Add(1)
		}
	}
}

// Counts says what became of receipts since the start, by sender.
type Counts struct{ Accepted, Dropped int64 }

// Counts may be called from any goroutine.
func (f *Fan) Counts() map[string]Counts {
	m := make(map[string]Counts)
	if f != nil {
		for _, l := range f.lanes {
			m[l.sender.Name()] = Counts{l.accepted.Load(), l.missed.Load()}
		}
	}
	return m
}

// Close takes no more receipts and works off what is queued until ctx is done.
func (f *Fan) Close(ctx context.Context) error {
	if f == nil {
		return nil
	}
	var errs []error
	for _, l := range f.lanes {
		stop := context.AfterFunc(ctx, l.cancel)
		errs = append(errs, l.box.Close(ctx))
		stop()
		l.cancel()
	}
	return errors.Join(errs...)
}
