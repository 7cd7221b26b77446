package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"parley/internal/chat"
	"parley/internal/outbound"
	"parley/store"
)

const (
	page     = 100              // messages read at a time
	maxTries = 10               // answers that refuse a message for now
	maxHops  = 2                // services that a message goes through at most
	sendTime = 30 * time.Second // one attempt
	keepDead = 30 * 24 * time.Hour
)

// lane is one conversation and one service.
type lane struct {
	r       *Relay
	carrier Carrier
	topic   string
	woken   chan struct{}
	arrived chan struct{}
	changes atomic.Int64 // of the members

	// Owned by runOut.
	cursor  int
	members []chat.UID
	ensured map[chat.UID]bool // the service has the account
	owner   chat.UID
	title   string
	read    time.Time // when they were
	seen    int64     // changes that were, too
	settled int64     // changes that the service knows of
	unsure  int       // messages in a row of which nobody knows whether they arrived

	mu      sync.Mutex
	pending []queued // what came in, in order
}

func newLane(r *Relay, c Carrier, topic string) *lane {
	return &lane{r: r, carrier: c, topic: topic, settled: -1, ensured: make(map[chat.UID]bool), woken: make(chan struct{}, 1), arrived: make(chan struct{}, 1)}
}

func (l *lane) wake() {
	select {
	case l.woken <- struct{}{}:
	default:
	}
}

func (l *lane) cursorKey() string { return "ro:" + l.carrier.Name() + ":" + l.topic }

// runOut sends what the log has, whenever there is more.
func (l *lane) runOut(ctx context.Context) {
	for failed := 0; ctx.Err() == nil; {
		if err := l.drain(ctx); err != nil && ctx.Err() == nil {
			failed++
			l.r.Log.Error("messages are not carried", "bridge", l.carrier.Name(), "topic", l.topic, "err", err, "again", backoff(failed))
			l.r.Sleep(ctx, backoff(failed))
			continue
		}
		failed = 0
		select {
		case <-l.woken:
		case <-time.After(membersOK): // accounts may have been deleted without the topic knowing
			l.changes.Add(1)
		case <-ctx.Done():
		}
	}
}

// Errors of lanes.
var (
	errGone   = errors.New("the conversation is gone")
	errNobody = errors.New("the account of the author is gone")
)

// drain sends all that there is, and tells who the members are. Errors are those
// of the store, and of telling.
func (l *lane) drain(ctx context.Context) error {
	err := l.carryAll(ctx)
	if err == nil {
		err = l.settle(ctx)
	}
	if errors.Is(err, errGone) {
		return l.dismiss(ctx)
	}
	return err
}

// find is what there is of the conversation; errGone if it was deleted, or nobody
// has written yet.
func (l *lane) find(ctx context.Context) (*store.Topic, error) {
	t, err := l.r.Store.Topic(ctx, l.topic)
	if errors.Is(err, store.ErrNotFound) {
		return nil, errGone
	}
	return t, err
}

// carryAll sends all that there is after the mark.
func (l *lane) carryAll(ctx context.Context) error {
	t, err := l.find(ctx)
	if err != nil {
		return err
	}
	for l.cursor < t.Seq && ctx.Err() == nil {
		low, high := l.cursor+1, min(l.cursor+1+page, t.Seq+1)
		ms, err := l.r.Store.History(ctx, l.topic, store.HistoryQuery{Ranges: []chat.Range{{Low: low, Hi: high}}})
		if err != nil {
			return err
		}
		for i := len(ms) - 1; i >= 0 && ctx.Err() == nil; i-- { // the newest come first
			if err := l.carry(ctx, &ms[i]); err != nil {
				return err
			}
		}
		if ctx.Err() == nil && l.cursor < high-1 { // the rest was deleted
			if err := l.advance(ctx, high-1); err != nil {
				return err
			}
		}
	}
	return nil
}

// begin reads the mark. A conversation that was never carried begins with the
// next message: what was said before somebody turned this on stays here.
func (l *lane) begin(ctx context.Context) error {
	last := 0
	switch t, err := l.r.Store.Topic(ctx, l.topic); {
	case err == nil:
		last = t.Seq
	case errors.Is(err, store.ErrNotFound):
		l.r.Log.Warn("a conversation that is to be carried does not exist: look at the spelling in relay, unless it is still to begin", "bridge", l.carrier.Name(), "topic", l.topic)
	default:
		return err
	}
	v, err := l.r.Store.Value(ctx, l.cursorKey(), l.r.now())
	switch {
	case errors.Is(err, store.ErrNotFound):
		return l.advance(ctx, last)
	case err != nil:
		return err
	}
	if l.cursor, err = strconv.Atoi(string(v.Data)); err != nil {
		l.cursor = last
	}
	return nil
}

// advance notes how far the log was carried. What was sent must not be sent again
// because the store fails for a moment, or because we are told to stop.
func (l *lane) advance(ctx context.Context, seq int) error {
	l.cursor = seq
	for tries := 1; ; tries++ {
		err := l.mark(ctx, seq)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil || errors.Is(err, store.ErrClosed) {
			return err
		}
		l.r.Log.Error("how far messages were carried is not noted", "bridge", l.carrier.Name(), "topic", l.topic, "err", err, "again", backoff(tries))
		l.r.Sleep(ctx, backoff(tries))
	}
}

func (l *lane) mark(ctx context.Context, seq int) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendTime)
	defer cancel()
	return l.r.Store.PutValue(ctx, &store.Value{Key: l.cursorKey(), Data: strconv.AppendInt(nil, int64(seq), 10), Updated: l.r.now()})
}

// origin is what the head of a message says of where it came from.
type origin struct {
	Bridge string `json:"bridge"`
	Hops   int    `json:"bridge-hops"`
}

// carry sends one message until it has arrived, or never will.
func (l *lane) carry(ctx context.Context, m *store.Message) error {
	var from origin
	_ = json.Unmarshal(m.Head, &from) // none
	if from.Bridge == l.carrier.Name() || from.Hops >= maxHops || m.From == 0 {
		l.r.count.Skipped.Add(1)
		return l.advance(ctx, m.Seq)
	}
	body, ok := render(m.Head, m.Content)
	if !ok { // a call, or what only clients understand
		l.r.count.Skipped.Add(1)
		return l.advance(ctx, m.Seq)
	}
	out := &Outgoing{Message: m, Body: body, Mark: Mark{Topic: l.topic, Seq: m.Seq, Server: l.r.server, Hops: from.Hops}}
	for refused, failed := 0, 0; ctx.Err() == nil; {
		count, err := l.send(ctx, out)
		if err == nil {
			count.Add(1)
			l.unsure = 0
			return l.advance(ctx, m.Seq)
		}
		var f *outbound.Failure
		if errors.As(err, &f) && f.Unsure {
			l.unsure++
			err := l.bury(ctx, m, fmt.Errorf("it may have arrived, and is not sent again: %w", err))
			if err == nil && l.unsure > 1 { // the next one shall not be lost as well
				l.r.Sleep(ctx, backoff(l.unsure-1))
			}
			return err
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, errGone):
			return err
		case errors.Is(err, errNobody):
			return l.bury(ctx, m, err)
		}
		failed++
		l.r.count.Retried.Add(1)
		if errors.As(err, &f) && f.Err == nil && f.Kind == outbound.Temporary { // an answer about this message
			refused++
		}
		if outbound.KindOf(err) == outbound.Forbidden || refused >= maxTries {
			return l.bury(ctx, m, err)
		}
		wait := max(backoff(failed), outbound.RetryAfter(err))
		level := l.r.Log.Warn
		if outbound.KindOf(err) == outbound.Misconfigured {
			level, wait = l.r.Log.Error, maxBackoff
		}
		level("a message waits to be carried", "bridge", l.carrier.Name(), "topic", l.topic, "seq", m.Seq, "err", err, "again", wait)
		l.r.Sleep(ctx, wait)
	}
	return nil
}

// send makes one attempt, and tells which counter what it did belongs to.
func (l *lane) send(ctx context.Context, out *Outgoing) (*atomic.Int64, error) {
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	if err := l.readMembers(ctx, out.From); err != nil {
		return nil, err
	}
	if peer := chat.P2PPeer(l.topic, out.From); peer != 0 && !slices.Contains(l.members, peer) {
		return &l.r.count.Skipped, nil // he has left, or may not read: nothing of this is for him
	}
	if err := l.address(ctx, out); err != nil {
		return nil, err
	}
	if _, err := l.carrier.Send(ctx, out); err != nil {
		return nil, err
	}
	l.settled = l.seen
	return &l.r.count.Sent, nil
}

// Dead is a message that could not be carried.
type Dead struct {
	Seq   int       `json:"seq"`
	Error string    `json:"err"`
	At    time.Time `json:"at"`
}

// bury gives a message up, and notes why: in the store if that works, for if the
// mark did not move the message would go again.
func (l *lane) bury(ctx context.Context, m *store.Message, cause error) error {
	l.r.count.Dead.Add(1)
	now := l.r.now()
	text := l.r.Redact(cause.Error())
	l.r.Log.Error("a message is not carried", "bridge", l.carrier.Name(), "topic", l.topic, "seq", m.Seq, "err", text)
	if err := l.noteDead(ctx, Dead{m.Seq, text, now}); err != nil {
		l.r.Log.Error("a message that is not carried is in the log only", "bridge", l.carrier.Name(), "topic", l.topic, "seq", m.Seq, "err", err)
	}
	return l.advance(ctx, m.Seq)
}

func (l *lane) noteDead(ctx context.Context, d Dead) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendTime)
	defer cancel()
	data, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return l.r.Store.PutValue(ctx, &store.Value{
		Key: "rd:" + l.carrier.Name() + ":" + l.topic + ":" + strconv.Itoa(d.Seq), Data: data, Updated: d.At, Expires: d.At.Add(keepDead),
	})
}
