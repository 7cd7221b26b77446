// Package hub is the registry of live topics: it finds a topic by its name,
// brings it to life when something is to be done, and forgets it when it has
// gone to sleep. It knows names and mailboxes, not what topics do.
package hub

import (
	"context"
	"errors"
	"hash/maphash"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"parley/internal/chat"
	"parley/internal/mailbox"
	"parley/server/topic"
)

const (
	shards      = 64 // a power of two
	keptWorkers = 16 // idle goroutines that wait for topics with work
)

// Hub holds the live topics.
type Hub struct {
	deps  topic.Deps
	seed  maphash.Seed
	topic [shards]topicShard
	user  [shards]userShard

	dropped atomic.Int64 // events lost because a mailbox was full
	closed  atomic.Bool
}

type topicShard struct {
	mu   sync.RWMutex
	live map[string]*topic.Topic
}

type userShard struct {
	mu   sync.RWMutex
	onMe map[chat.UID]int
}

// New makes an empty hub. It completes deps with itself as the router.
func New(deps topic.Deps) *Hub {
	h := &Hub{deps: deps, seed: maphash.MakeSeed()}
	h.deps.Router = h
	h.deps.Workers = mailbox.NewWorkers(keptWorkers)
	for i := range shards {
		h.topic[i].live = make(map[string]*topic.Topic)
		h.user[i].onMe = make(map[chat.UID]int)
	}
	return h
}

func (h *Hub) shard(name string) *topicShard {
	return &h.topic[maphash.String(h.seed, name)&(shards-1)]
}

// live returns the topic of that name, or nil.
func (h *Hub) live(name string) *topic.Topic {
	s := h.shard(name)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.live[name]
}

// Post hands e to a topic, brought to life if need be. It returns nil,
// mailbox.ErrFull, or mailbox.ErrClosed while the hub shuts down.
func (h *Hub) Post(name string, e topic.Event) error {
	t := h.live(name)
	for {
		if h.closed.Load() {
			return mailbox.ErrClosed
		}
		if t == nil {
			t = h.replace(name, nil)
		}
		err := t.Put(e)
		if !errors.Is(err, mailbox.ErrClosed) {
			return err
		}
		t = h.replace(name, t) // it has just gone to sleep
	}
}

// PostLive is Post for a topic that is live; false if it is not.
func (h *Hub) PostLive(name string, e topic.Event) (bool, error) {
	t := h.live(name)
	if t == nil {
		return false, nil
	}
	if err := t.Put(e); !errors.Is(err, mailbox.ErrClosed) {
		return true, err
	}
	return false, nil
}

// Detach ends an attachment whose session has closed. It is never lost: the
// topic would send to the session for ever.
func (h *Hub) Detach(name string, a *topic.Attachment) {
	if t := h.live(name); t != nil {
		_ = t.Urge(topic.Detached{A: a}) // closed: it has no attachments any more
	}
}

// Urge hands to a live topic what it must not miss.
func (h *Hub) Urge(name string, e topic.Event) {
	if t := h.live(name); t != nil {
		_ = t.Urge(e) // closed: the next topic of that name reads the store
	}
}

// replace puts a fresh topic in the place of old, unless somebody did already.
func (h *Hub) replace(name string, old *topic.Topic) *topic.Topic {
	s := h.shard(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.live[name]; t != nil && t != old {
		return t
	}
	t := topic.New(&h.deps, name)
	s.live[name] = t
	return t
}

// Tell implements topic.Router.
func (h *Hub) Tell(name string, e topic.Event) {
	if _, err := h.PostLive(name, e); err != nil {
		h.dropped.Add(1)
	}
}

// Forget implements topic.Router.
func (h *Hub) Forget(t *topic.Topic) {
	s := h.shard(t.Name())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live[t.Name()] == t {
		delete(s.live, t.Name())
	}
}

// OnMe implements topic.Router.
func (h *Hub) OnMe(u chat.UID) int {
	s := &h.user[u&(shards-1)]
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.onMe[u]
}

// AddOnMe implements topic.Router.
func (h *Hub) AddOnMe(u chat.UID, delta int) {
	s := &h.user[u&(shards-1)]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.onMe[u] += delta; s.onMe[u] <= 0 {
		delete(s.onMe, u)
	}
}

// Dropped is how many events were lost because a mailbox was full.
func (h *Hub) Dropped() int64 { return h.dropped.Load() }

// Len is how many topics are live.
func (h *Hub) Len() int {
	n := 0
	for i := range h.topic {
		s := &h.topic[i]
		s.mu.RLock()
		n += len(s.live)
		s.mu.RUnlock()
	}
	return n
}

// Close lets all topics finish what is queued, and takes nothing more.
func (h *Hub) Close(ctx context.Context) error {
	h.closed.Store(true)
	var all []*topic.Topic
	for i := range h.topic {
		s := &h.topic[i]
		s.mu.RLock()
		for _, t := range s.live {
			all = append(all, t)
		}
		s.mu.RUnlock()
	}
	var g errgroup.Group
	g.SetLimit(shards)
	for _, t := range all {
		g.Go(func() error { return t.Close(ctx) })
	}
	err := g.Wait()
	h.deps.Workers.Close()
	return err
}
