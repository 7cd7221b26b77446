// Package relay carries the messages of some conversations to services of others
// and back (bridges.md §A10, §E7). A conversation has a lane for each service: a
// worker that sends what its log has, in order, and publishes what has come in.
//
// The log of a topic is its own outbox: a mark in the store says how far it has
// been carried, so nothing can be stored here and forgotten there. What comes in
// is in the store before the service is told that it arrived. It knows how
// services are spoken to (Carrier), not who is connected.
package relay

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"parley/internal/chat"
	"parley/store"
)

// Store is what the relay needs of the store.
type Store interface {
	Topic(ctx context.Context, name string) (*store.Topic, error)
	History(ctx context.Context, topic string, q store.HistoryQuery) ([]store.Message, error)
	EachSub(ctx context.Context, topic string, fn func(*store.Sub) error) error
	User(ctx context.Context, id chat.UID) (*store.User, error)
	FindBridgeID(ctx context.Context, bridge string, id chat.UID) (*store.BridgeID, error)
	store.Values
}

// Carrier sends messages to one service.
type Carrier interface {
	Name() string
	// Send sends a message and returns its ID there. After an error it is called
	// again with the same message, unless that is an outbound.Failure that is Unsure.
	Send(ctx context.Context, m *Outgoing) (id string, err error)
	// Has tells whether the service has the group of a conversation. It is made with
	// the first message.
	Has(ctx context.Context, topic string) (bool, error)
	// Sync tells who the members of a group are. It is for groups that the service
	// Has.
	Sync(ctx context.Context, m *Outgoing) error
	// Dismiss ends a group. One that the service does not have is no error.
	Dismiss(ctx context.Context, topic string) error
}

// Outgoing is a message on its way out.
type Outgoing struct {
	*store.Message
	Body    Body
	Members []chat.UID // of the conversation, the sender among them
	Owner   chat.UID   // of a group
	Title   string     // of a group
	Mark    Mark
}

// Mark goes along with a message, so that it is known again wherever it turns
// up.
type Mark struct {
	Topic  string `json:"tn"`
	Seq    int    `json:"sq"`
	Server string `json:"br"`
	Hops   int    `json:"hp,omitempty"` // services that it has been through already
}

// String is the JSON text.
func (m Mark) String() string {
	b, err := json.Marshal(m)
	if err != nil {
		return "{}" // impossible: texts and numbers
	}
	return string(b)
}

// readMark reads a mark out of a text that may be anything.
func readMark(text string) (m Mark) {
	if json.Unmarshal([]byte(text), &m) != nil {
		return Mark{}
	}
	return m
}

// Incoming is a message that a service has told us of.
type Incoming struct {
	ID      string   `json:"id"` // of the service
	Topic   string   `json:"topic"`
	From    chat.UID `json:"from"`
	Mark    Mark     `json:"mark"` // what it carries; zero: it was written there
	Head    *head    `json:"head,omitempty"`
	Content json.RawMessage
}

type head struct {
	Mime string `json:"mime,omitempty"`
}

// Publisher publishes a message in a conversation for a member who is not
// connected. Doing it twice with the same once gives the first number.
type Publisher interface {
	Publish(ctx context.Context, topic string, from chat.UID, head map[string]json.RawMessage, content json.RawMessage, once string) (seq int, err error)
}

// Deps of a relay.
type Deps struct {
	Store   Store
	Publish Publisher
	// Final tells an error of Publish that will not go away.
	Final func(error) bool
	// Ensure makes sure that a service has the account of a user.
	Ensure func(ctx context.Context, service string, u chat.UID) error
	Log    *slog.Logger
	Now    func() time.Time
	Redact func(string) string
	// Sleep waits for a while or until ctx is done; nil: as long as it takes.
	Sleep func(ctx context.Context, d time.Duration)
}

// Route is what is to be carried.
type Route struct {
	Carrier Carrier
	Topics  []string // canonical names
}

// Relay is all lanes. Run must be running.
type Relay struct {
	Deps
	server string           // our mark
	lanes  map[string]*lane // by service and topic
	count  Counts
	order  atomic.Int64 // of what comes in

	mu     sync.Mutex
	nonces map[string]bool // of callbacks under way
}

// Counts are what has been done since the start.
type Counts struct {
	Sent, Retried, Dead, Skipped            atomic.Int64
	Published, Duplicates, Loops, Discarded atomic.Int64
	Queued                                  atomic.Int64 // waiting to be published, now

	// Why messages of services were Discarded.
	NoTopic, NoUser, NoContent, Refused atomic.Int64
}

// discard counts a message of a service that is none for us, and tells who looks
// for it.
func (r *Relay) discard(why *atomic.Int64, service, id, text string) {
	r.count.Discarded.Add(1)
	why.Add(1)
	r.Log.Debug("a message from outside is dropped", "bridge", service, "id", id, "why", text)
}

// loop is discard for what came from here, or has been through too much.
func (r *Relay) loop(service, id, text string) {
	r.count.Loops.Add(1)
	r.Log.Debug("a message from outside is dropped", "bridge", service, "id", id, "why", text)
}

// Count is for metrics and tests.
func (r *Relay) Count() *Counts { return &r.count }

const serverKey = "relay:server"

// New makes a relay; it reads which server this is, and makes that up the first
// time.
func New(ctx context.Context, d Deps, routes ...Route) (*Relay, error) {
	if d.Sleep == nil {
		d.Sleep = sleep
	}
	r := &Relay{Deps: d, lanes: make(map[string]*lane), nonces: make(map[string]bool)}
	for _, route := range routes {
		for _, t := range route.Topics {
			r.lanes[laneKey(route.Carrier.Name(), t)] = newLane(r, route.Carrier, t)
		}
	}
	if len(r.lanes) == 0 {
		return r, nil
	}
	now := r.now()
	v := &store.Value{Key: serverKey, Data: []byte(rand.Text()[:16]), Updated: now}
	switch err := d.Store.SwapValue(ctx, v, nil, now); {
	case errors.Is(err, store.ErrChanged):
		if v, err = d.Store.Value(ctx, serverKey, now); err != nil {
			return nil, fmt.Errorf("relay: %w", err)
		}
	case err != nil:
		return nil, fmt.Errorf("relay: %w", err)
	}
	r.server = string(v.Data)
	for _, l := range r.lanes {
		if err := l.begin(ctx); err != nil {
			return nil, fmt.Errorf("relay %s: %w", l.topic, err)
		}
	}
	return r, nil
}

func (r *Relay) now() time.Time { return r.Now().UTC().Truncate(time.Millisecond) }

func laneKey(service, topic string) string { return service + " " + topic }

// lane is nil for a conversation that is not carried.
func (r *Relay) lane(service, topic string) *lane { return r.lanes[laneKey(service, topic)] }

// Run works until ctx is done.
func (r *Relay) Run(ctx context.Context) error {
	if len(r.lanes) == 0 {
		return nil
	}
	r.restore(ctx)
	var g sync.WaitGroup
	for _, l := range r.lanes {
		g.Go(func() { l.runOut(ctx) })
		g.Go(func() { l.runIn(ctx) })
	}
	g.Wait()
	return nil
}

// Published tells that a conversation has a new message. It does not block.
func (r *Relay) Published(topic string, _ int) {
	for _, l := range r.lanes {
		if l.topic == topic {
			l.wake()
		}
	}
}

// Members tells that those who may read a conversation are others, or that it was
// deleted. It does not block.
func (r *Relay) Members(topic string) {
	for _, l := range r.lanes {
		if l.topic == topic {
			l.changes.Add(1)
			l.wake()
		}
	}
}

// sleep waits for a while, or until ctx is done.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

const maxBackoff = 5 * time.Minute

// backoff is 1 s, 2 s, 4 s … 5 min.
func backoff(tries int) time.Duration {
	return min(time.Second<<min(max(tries-1, 0), 16), maxBackoff)
}
