package wechatapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"parley/internal/outbound"
)

// Vault is where nodes share what one of them has fetched (store/vault).
type Vault interface {
	Get(ctx context.Context, key string) ([]byte, error)
	Put(ctx context.Context, key string, data []byte, expires time.Time) error
	Lease(ctx context.Context, name string, ttl time.Duration) (release func(), ok bool, err error)
}

const (
	inMemory    = time.Minute     // that a node believes its own memory
	margin      = 5 * time.Minute // before the end of a token's life; then a new one is there already
	flightTime  = 5 * time.Second // of one fetch, whoever waits for it
	forcedPause = 10 * time.Second
	leaseLook   = 25 * time.Millisecond // between looks for what another node is fetching
	storeTime   = 2 * time.Second
)

// errTooSoon is that a token was refused again shortly after it was renewed:
// another renewal would burn quota and help nobody.
var errTooSoon = errors.New("wechatapi: the token was renewed just now")

// kept is a token or ticket, as it is in the vault.
type kept struct {
	Value   string    `json:"v"`
	Expires time.Time `json:"x"`
	read    time.Time // when this node saw it
}

// fetched is what a fetch returns.
type fetched struct {
	value string
	life  time.Duration
}

// shared are the values that all nodes have in common and that one of them at a
// time fetches: memory, then vault, then WeChat (bridges.md §C5).
type shared struct {
	vault Vault
	now   func() time.Time
	log   *slog.Logger
	hide  *outbound.Redactor

	mu      sync.Mutex
	memory  map[string]kept
	flights map[string]*flight
	forced  map[string]time.Time // key → when a value that was refused was last replaced
}

// flight is a fetch under way.
type flight struct {
	done  chan struct{}
	value string
	err   error
}

func newShared(d *Deps) *shared {
	return &shared{
		vault: d.Vault, now: d.Now, log: d.Log, hide: d.Hide, memory: make(map[string]kept), flights: make(map[string]*flight), forced: make(map[string]time.Time),
	}
}

// get returns the value of a key, another one than not. Callers at the same time
// share one fetch, which does not end with them.
func (s *shared) get(ctx context.Context, key, not string, fetch func(context.Context) (fetched, error)) (string, error) {
	s.mu.Lock()
	now := s.now()
	if k, ok := s.memory[key]; ok && k.Value != not && now.Before(k.Expires) && now.Sub(k.read) < inMemory {
		s.mu.Unlock()
		return k.Value, nil
	}
	f := s.flights[key]
	if f == nil {
		f = &flight{done: make(chan struct{})}
		s.flights[key] = f
		go s.fly(f, key, not, fetch)
	}
	s.mu.Unlock()
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// fly is the goroutine of a flight; it ends within flightTime.
func (s *shared) fly(f *flight, key, not string, fetch func(context.Context) (fetched, error)) {
	ctx, cancel := context.WithTimeout(context.Background(), flightTime)
	defer cancel()
	f.err = errors.New("wechatapi: fetching panicked")
	defer func() {
		s.mu.Lock()
		delete(s.flights, key)
		s.mu.Unlock()
		close(f.done)
	}()
	f.value, f.err = s.find(ctx, key, not, fetch)
}

// find looks into the vault, and fetches if need be, while no other node does.
func (s *shared) find(ctx context.Context, key, not string, fetch func(context.Context) (fetched, error)) (string, error) {
	var release func()
	for {
		if k, ok := s.fromVault(ctx, key); ok && k.Value != not {
			s.keep(key, k)
			return k.Value, nil
		}
		if release != nil {
			break
		}
		r, ok, err := s.vault.Lease(ctx, key, 2*flightTime)
		if err != nil { // the store is away: a token is worth more than the order
			s.log.Warn("WeChat's tokens cannot be shared, the store does not answer", "key", key, "err", err)
			break
		}
		if ok {
			release = r
			defer release()
			continue // another node may have put it there just before
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("wechatapi: another node is fetching %s: %w", key, ctx.Err())
		case <-time.After(leaseLook):
		}
	}
	if not != "" && !s.mayForce(key) {
		return "", errTooSoon
	}
	got, err := fetch(ctx)
	if err != nil {
		return "", err
	}
	k := kept{Value: got.value, Expires: s.now().Add(life(got.life))}
	s.keep(key, k)
	s.toVault(key, k)
	return k.Value, nil
}

// life is how long a value of some lifetime is used.
func life(of time.Duration) time.Duration { return max(of-margin, min(of/2, 30*time.Second)) }

// mayForce bounds how often what WeChat refused is replaced.
func (s *shared) mayForce(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if last, ok := s.forced[key]; ok && now.Sub(last) < forcedPause {
		return false
	}
	s.forced[key] = now
	return true
}

func (s *shared) keep(key string, k kept) {
	k.read = s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.memory[key].Value; old != k.Value {
		s.hide.Set(key, k.Value, old)
	}
	s.memory[key] = k
}

func (s *shared) fromVault(ctx context.Context, key string) (kept, bool) {
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	b, err := s.vault.Get(ctx, key)
	var k kept
	if err != nil || json.Unmarshal(b, &k) != nil || !s.now().Before(k.Expires) {
		return kept{}, false
	}
	return k, true
}

// toVault has a context of its own: what was fetched must not be lost because
// that took long. Without the vault this node still has it.
func (s *shared) toVault(key string, k kept) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTime)
	defer cancel()
	b, err := json.Marshal(k)
	if err == nil {
		err = s.vault.Put(ctx, key, b, k.Expires)
	}
	if err != nil {
		s.log.Warn("WeChat's token was not kept for other nodes", "key", key, "err", err)
	}
}
