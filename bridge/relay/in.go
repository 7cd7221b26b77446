package relay

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"parley/internal/chat"
	"parley/store"
)

const (
	keepIncoming = 14 * 24 * time.Hour // by then a service has given up repeating
	maxPending   = 10_000              // of a lane
	publishTime  = 20 * time.Second
)

// record is a message that came in, as it is kept: with what it says until it is
// published, without it from then on.
type record struct {
	Order int64     `json:"o,omitempty"`
	In    *Incoming `json:"in,omitempty"` // nil: dealt with
}

// queued is a record that waits for its turn.
type queued struct {
	key   string
	data  []byte // as it is kept
	order int64
	in    *Incoming
}

// Errors of Accept. What is dropped on purpose is none.
var (
	ErrBusy  = errors.New("relay: too much is waiting")
	ErrNonce = errors.New("relay: this callback was taken before")
)

func inKey(service, id string) string { return "ri:" + service + ":" + id }

// Accept takes a message of a service. When it returns without an error the
// message is on disk, or was here before, or is none for us.
func (r *Relay) Accept(ctx context.Context, service string, in *Incoming) error {
	l := r.lane(service, in.Topic)
	switch {
	case l == nil:
		r.discard(&r.count.NoTopic, service, in.ID, "its conversation is not carried")
		return nil
	case in.From == 0:
		r.discard(&r.count.NoUser, service, in.ID, "its author is nobody of ours")
		return nil
	case len(in.Content) == 0:
		r.discard(&r.count.NoContent, service, in.ID, "there is nothing in it")
		return nil
	case in.Mark.Server == r.server:
		r.loop(service, in.ID, "it was sent from here")
		return nil
	case in.Mark.Hops >= maxHops:
		r.loop(service, in.ID, "it has been through two services")
		return nil
	}
	if _, err := r.Store.FindBridgeID(ctx, service, in.From); errors.Is(err, store.ErrNotFound) {
		r.discard(&r.count.NoUser, service, in.ID, "its author never had credentials of the service")
		return nil
	} else if err != nil {
		return err
	}
	return l.accept(ctx, in)
}

func (l *lane) accept(ctx context.Context, in *Incoming) error {
	l.mu.Lock() // in the store and in the queue in the same order
	defer l.mu.Unlock()
	if len(l.pending) >= maxPending {
		return ErrBusy
	}
	now := l.r.now()
	q := queued{key: inKey(l.carrier.Name(), in.ID), order: l.r.nextOrder(), in: in}
	var err error
	if q.data, err = json.Marshal(record{q.order, in}); err != nil {
		return fmt.Errorf("relay: %w", err)
	}
	err = l.r.Store.SwapValue(ctx, &store.Value{Key: q.key, Data: q.data, Updated: now, Expires: now.Add(keepIncoming)}, nil, now)
	switch {
	case errors.Is(err, store.ErrChanged):
		l.r.count.Duplicates.Add(1)
		l.r.Log.Debug("a message from outside was here before", "bridge", l.carrier.Name(), "id", in.ID)
		return nil
	case err != nil:
		return err
	}
	l.pending = append(l.pending, q)
	l.r.count.Queued.Add(1)
	l.call()
	return nil
}

// nextOrder grows with every message, over restarts too.
func (r *Relay) nextOrder() int64 {
	for {
		old := r.order.Load()
		n := max(old+1, r.Now().UnixNano())
		if r.order.CompareAndSwap(old, n) {
			return n
		}
	}
}

func (l *lane) call() {
	select {
	case l.arrived <- struct{}{}:
	default:
	}
}

// restore puts into the queues what a process before this one has left.
func (r *Relay) restore(ctx context.Context) {
	for failed := 1; ; failed++ {
		err := r.readPending(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		r.Log.Error("messages that came in before the start are not read", "err", err, "again", backoff(failed))
		r.Sleep(ctx, backoff(failed))
	}
}

func (r *Relay) readPending(ctx context.Context) error {
	found := make(map[*lane][]queued)
	services := make(map[string]bool)
	for _, l := range r.lanes {
		services[l.carrier.Name()] = true
	}
	for service := range services {
		const rows = 500
		for after := ""; ; {
			list, err := r.Store.ListValues(ctx, inKey(service, ""), after, rows)
			if err != nil {
				return err
			}
			for i := range list {
				var rec record
				after = list[i].Key
				if json.Unmarshal(list[i].Data, &rec) != nil || rec.In == nil {
					continue
				}
				if l := r.lane(service, rec.In.Topic); l != nil {
					found[l] = append(found[l], queued{after, list[i].Data, rec.Order, rec.In})
				}
			}
			if len(list) < rows {
				break
			}
		}
	}
	for l, list := range found {
		l.take(list)
	}
	return nil
}

// take adds what was read to the queue: before what has come in meanwhile, each
// once.
func (l *lane) take(list []queued) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, q := range list {
		if !slices.ContainsFunc(l.pending, func(o queued) bool { return o.key == q.key }) {
			l.pending = append(l.pending, q)
			l.r.count.Queued.Add(1)
		}
	}
	slices.SortFunc(l.pending, func(a, b queued) int { return cmp.Compare(a.order, b.order) })
	l.call()
}

// runIn publishes what has come in, in order.
func (l *lane) runIn(ctx context.Context) {
	for ctx.Err() == nil {
		q, ok := l.first()
		if !ok {
			select {
			case <-l.arrived:
			case <-ctx.Done():
			}
			continue
		}
		l.publish(ctx, q)
	}
}

func (l *lane) first() (queued, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.pending) == 0 {
		return queued{}, false
	}
	return l.pending[0], true
}

// publish publishes a message until that is done, or never will be.
func (l *lane) publish(ctx context.Context, q queued) {
	head := map[string]json.RawMessage{
		"bridge": quote(l.carrier.Name()), "bridge-id": quote(q.in.ID),
		"bridge-hops": fmt.Appendf(nil, "%d", q.in.hops()),
	}
	if h := q.in.Head; h != nil && h.Mime != "" {
		head["mime"] = quote(h.Mime)
	}
	for tries := 1; ctx.Err() == nil; tries++ {
		err := l.once(ctx, head, q)
		switch {
		case err == nil:
			l.r.count.Published.Add(1)
		case l.r.Final(err):
			l.r.count.Discarded.Add(1)
			l.r.count.Refused.Add(1)
			l.r.Log.Warn("a message from outside is refused", "bridge", l.carrier.Name(), "topic", l.topic, "id", q.in.ID, "err", err)
		default:
			l.r.Log.Warn("a message from outside waits", "bridge", l.carrier.Name(), "topic", l.topic, "id", q.in.ID, "err", err, "again", backoff(tries))
			l.r.Sleep(ctx, backoff(tries))
			continue
		}
		l.done(ctx, q)
		return
	}
}

func (l *lane) once(ctx context.Context, head map[string]json.RawMessage, q queued) error {
	ctx, cancel := context.WithTimeout(ctx, publishTime)
	defer cancel()
	_, err := l.r.Publish.Publish(ctx, l.topic, q.in.From, head, q.in.Content, once(l.carrier.Name(), q.in.ID))
	return err
}

// done forgets what a message said and leaves that it was here. If that fails it
// is published again after the next start, which changes nothing: the topic knows
// it by its once.
func (l *lane) done(ctx context.Context, q queued) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishTime)
	defer cancel()
	now := l.r.now()
	v := &store.Value{Key: q.key, Data: []byte(`{}`), Updated: now, Expires: now.Add(keepIncoming)}
	if err := l.r.Store.SwapValue(ctx, v, q.data, now); err != nil {
		l.r.Log.Error("a message from outside is not marked as published", "bridge", l.carrier.Name(), "topic", l.topic, "err", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending = slices.Delete(l.pending, 0, 1)
	l.r.count.Queued.Add(-1)
}

// hops is how many services it has been through.
func (in *Incoming) hops() int {
	return in.Mark.Hops + 1
}

// once is what a topic knows a message by: at most 64 bytes, whatever its ID is.
func once(service, id string) string {
	sum := sha256.Sum256([]byte(service + "\x00" + id))
	return "bridge:" + hex.EncodeToString(sum[:16])
}

func quote(s string) json.RawMessage {
	b, err := json.Marshal(s)
	if err != nil {
		return json.RawMessage(`""`) // impossible
	}
	return b
}

// Once does take for a callback, unless one with its nonce was taken before:
// ErrNonce. It is in the store which were, so that restarting opens no door. One
// that was not taken may come again.
func (r *Relay) Once(ctx context.Context, service, nonce string, keep time.Duration, take func() error) error {
	sum := sha256.Sum256([]byte(nonce))
	key := "rn:" + service + ":" + hex.EncodeToString(sum[:])
	if !r.claim(key) {
		return ErrNonce
	}
	defer r.release(key)
	switch _, err := r.Store.Value(ctx, key, r.now()); {
	case err == nil:
		return ErrNonce
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	if err := take(); err != nil {
		return err
	}
	now := r.now()
	return r.Store.PutValue(ctx, &store.Value{Key: key, Data: []byte("1"), Updated: now, Expires: now.Add(keep)})
}

// claim is false while another request with the same nonce is under way.
func (r *Relay) claim(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.nonces[key] {
		return false
	}
	r.nonces[key] = true
	return true
}

func (r *Relay) release(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.nonces, key)
}

// TopicOfUsers is the conversation of two users that is carried to a service;
// empty if there is none.
func (r *Relay) TopicOfUsers(service string, a, b chat.UID) string {
	if l := r.lane(service, chat.P2PName(a, b)); l != nil {
		return l.topic
	}
	return ""
}
