package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"parley/internal/chat"
	"parley/internal/limit"
	"parley/internal/outbound"
	"parley/store"
)

// Store is what the manager needs of the store.
type Store interface {
	User(ctx context.Context, id chat.UID) (*store.User, error)
	store.BridgeIDs
	store.Values
}

// Deps of a manager.
type Deps struct {
	Store  Store
	Vault  Vault
	Log    *slog.Logger
	Now    func() time.Time
	Budget time.Duration // that a login waits for all services together; 0: it does not
	Settle time.Duration // after a change of a profile, for more may follow; 0: 5 s
}

// Service is one that users get credentials for.
type Service struct {
	Name        string // in params.bridges
	Part        string // of the member of that name; empty: all of it
	Minter      Minter
	Fingerprint string        // changes with app key, secret and data centre; no secret itself
	Life        time.Duration // of grants that are cached, for logs
	Rate        limit.Rate    // of requests to it
	Mirror      bool          // it is told of changes to accounts
}

// Limits of a manager.
const (
	parallel  = 16               // requests to a service at a time
	mintTime  = 5 * time.Second  // one request
	queueTime = 60 * time.Second // until its turn comes
	maxQueue  = 10_000           // users whose turn has not come
	maxGrant  = 4 << 10          // bytes of JSON
	forceOnce = time.Minute
)

// Manager gives credentials and tells of changes. Run must be running.
type Manager struct {
	Deps
	services []*service
	mirror   *mirror

	ctx  context.Context // of what outlives its caller; ended by Close
	stop context.CancelFunc

	mu     sync.Mutex
	closed bool
	wg     sync.WaitGroup
}

// New makes a manager of services in the order given.
func New(d Deps, services ...Service) *Manager {
	if d.Settle == 0 {
		d.Settle = settleTime
	}
	m := &Manager{Deps: d}
	m.ctx, m.stop = context.WithCancel(context.Background())
	for i := range services {
		m.services = append(m.services, &service{
			Service: services[i], m: m, places: make(chan struct{}, parallel),
			flights: make(map[chat.UID]*flight), negative: make(map[chat.UID]refusal), forced: make(map[chat.UID]time.Time),
		})
	}
	m.mirror = newMirror(m)
	return m
}

func (m *Manager) now() time.Time { return m.Now().UTC().Truncate(time.Millisecond) }

// Run does what waits until ctx is done, and then Close.
func (m *Manager) Run(ctx context.Context) error {
	m.mirror.run(ctx)
	m.Close()
	return nil
}

// Close ends what is under way and waits for it.
func (m *Manager) Close() {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.stop()
	m.wg.Wait()
}

// spawn runs f on a goroutine that Close waits for; false after Close.
func (m *Manager) spawn(f func()) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return false
	}
	m.wg.Go(f)
	return true
}

// Refused is what the client is told in the place of a grant.
type Refused struct {
	Code  int    `json:"code"`
	Text  string `json:"text"`
	Retry int    `json:"retry,omitempty"` // seconds
}

// Error is the text.
func (r *Refused) Error() string { return r.Text }

// Codes of Refused (bridges.md §E2).
const (
	codeForbidden     = 403
	codeTooMany       = 429
	codeTooLarge      = 500
	codeMisconfigured = 501
	codeUnavailable   = 503
)

// late is what a login says of a grant that it did not wait for.
var late = &Refused{Code: codeUnavailable, Text: "unavailable", Retry: 2}

// refusedFor is what a client is told of an error: nothing of its detail.
func refusedFor(err error, wait time.Duration) *Refused {
	var r *Refused
	if errors.As(err, &r) {
		return r
	}
	if wait == 0 {
		wait = outbound.RetryAfter(err)
	}
	r = &Refused{Code: codeUnavailable, Text: "unavailable", Retry: 30}
	switch outbound.KindOf(err) {
	case outbound.RateLimited:
		r.Code, r.Text, r.Retry = codeTooMany, "too many requests", 1
	case outbound.Misconfigured:
		r.Code, r.Text, r.Retry = codeMisconfigured, "misconfigured", int(misconfigured/time.Second)
	case outbound.Forbidden:
		r.Code, r.Text, r.Retry = codeForbidden, "refused", int(forbiddenFor/time.Second)
	}
	if wait > 0 {
		r.Retry = max(1, int((wait+time.Second-1)/time.Second))
	}
	return r
}

// Login returns the member "bridges" of the answer to a login: what each service
// gave within the budget, or why not. It is nil without services.
func (m *Manager) Login(ctx context.Context, u chat.UID) map[string]any {
	if m == nil || len(m.services) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, m.Budget)
	defer cancel()
	flights := make([]*flight, len(m.services))
	for i, s := range m.services {
		flights[i] = s.start(u, false)
	}
	out := make(map[string]any, len(m.services))
	for i, s := range m.services {
		g, err := flights[i].wait(ctx)
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			s.counts.late.Add(1)
			err = late
		}
		s.put(out, g, err)
	}
	return out
}

// put sets the member of a service, or its part of it.
func (s *service) put(out map[string]any, g *Grant, err error) {
	var v map[string]any
	if err != nil {
		v = map[string]any{"error": refusedFor(err, 0)}
	} else {
		v = make(map[string]any, len(g.Public)+1)
		for key, val := range g.Public {
			v[key] = val
		}
	}
	if s.Part == "" {
		out[s.Name] = v
		return
	}
	whole, ok := out[s.Name].(map[string]any)
	if !ok {
		whole = make(map[string]any, 2)
		out[s.Name] = whole
	}
	whole[s.Part] = v
}

// ErrUnknown is a name that no service has.
var ErrUnknown = errors.New("bridge: unknown service")

// Room is the room that a token is asked for.
type Room struct {
	Name  string
	Write bool // the user may send in it
}

// Token returns what Login has under the name of a service, and waits for it
// longer than a login. force asks the service whatever is kept, once a minute.
// The error is a *Refused if nothing of it could be had; ErrUnknown.
func (m *Manager) Token(ctx context.Context, name string, u chat.UID, force bool, room *Room) (map[string]any, error) {
	if m == nil {
		return nil, ErrUnknown
	}
	ctx, cancel := context.WithTimeout(ctx, mintTime)
	defer cancel()
	var mine []*service
	for _, s := range m.services {
		if s.Name == name {
			mine = append(mine, s)
		}
	}
	if len(mine) == 0 {
		return nil, ErrUnknown
	}
	out := make(map[string]any, 1)
	var first *Refused
	good := 0
	for _, s := range mine {
		g, err := s.ask(ctx, u, force, room)
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			err = late
		}
		if err != nil {
			r := refusedFor(err, 0)
			if r.Code == codeTooMany && errors.Is(err, errForced) {
				return nil, r
			}
			if first == nil {
				first = r
			}
		} else {
			good++
		}
		s.put(out, g, err)
	}
	if good == 0 {
		return nil, first
	}
	return out[name].(map[string]any), nil
}

// errForced is force asked for too often.
var errForced = &Refused{Code: codeTooMany, Text: "too many requests"}

// ask is what Token does for a service.
func (s *service) ask(ctx context.Context, u chat.UID, force bool, room *Room) (*Grant, error) {
	if rooms, ok := s.Minter.(RoomMinter); ok && room != nil {
		sub, err := s.subject(ctx, u)
		if err != nil {
			return nil, err
		}
		if _, ok := s.Minter.Local(sub); ok { // nobody is asked for one of a room either
			return rooms.Room(ctx, sub, room.Name, room.Write)
		}
		return s.guarded(ctx, func(ctx context.Context) (*Grant, error) { return rooms.Room(ctx, sub, room.Name, room.Write) })
	}
	if force {
		if wait := s.mayForce(u); wait > 0 {
			return nil, &Refused{Code: codeTooMany, Text: errForced.Text, Retry: int((wait + time.Second - 1) / time.Second)}
		}
	}
	return s.start(u, force).wait(ctx)
}

// Is makes all refusals of force alike for errors.Is.
func (r *Refused) Is(target error) bool {
	t, ok := target.(*Refused)
	return ok && t.Code == r.Code && t.Text == r.Text
}

// mayForce notes that a user asks a service anew, or says how long he may not.
func (s *service) mayForce(u chat.UID) time.Duration {
	now := s.m.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if wait := forceOnce - now.Sub(s.forced[u]); wait > 0 {
		return wait
	}
	if len(s.forced) >= maxNegative {
		for id, at := range s.forced {
			if now.Sub(at) >= forceOnce {
				delete(s.forced, id)
			}
		}
	}
	s.forced[u] = now
	return 0
}

// size is how much of the wire a grant takes.
func size(g *Grant) int {
	b, err := json.Marshal(g.Public)
	if err != nil {
		return maxGrant + 1
	}
	return len(b)
}

// Ensure makes sure that a service has the account of a user, without regard to
// what is kept. The error is a *Refused, an *outbound.Failure or of the store.
func (m *Manager) Ensure(ctx context.Context, name string, u chat.UID) error {
	if m == nil {
		return ErrUnknown
	}
	for _, s := range m.services {
		if s.Name != name || s.Part != "" {
			continue
		}
		id, err := m.Store.FindBridgeID(ctx, name, u)
		if err == nil && id.Created {
			return nil
		}
		_, err = s.start(u, false).wait(ctx)
		var r *Refused
		if errors.As(err, &r) { // for those who tell failures apart by their kind
			kind := outbound.Temporary
			switch r.Code {
			case codeForbidden:
				kind = outbound.Forbidden
			case codeTooMany:
				kind = outbound.RateLimited
			case codeMisconfigured:
				kind = outbound.Misconfigured
			}
			err = &outbound.Failure{Service: name, Kind: kind, Text: r.Text, RetryAfter: time.Duration(r.Retry) * time.Second, Err: r}
		}
		return err
	}
	return ErrUnknown
}
