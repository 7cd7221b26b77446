package session

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parley/auth"
	"parley/auth/bridge"
	"parley/auth/reset"
	"parley/auth/token"
	"parley/auth/totp"
	"parley/auth/validate"
	"parley/internal/audit"
	"parley/internal/chat"
	"parley/server/topic"
	"parley/store"
	"parley/wsproto"
)

// Hub is what sessions need of the registry of topics.
type Hub interface {
	Post(name string, e topic.Event) error
	PostLive(name string, e topic.Event) (live bool, err error)
	Detach(name string, a *topic.Attachment)
	Urge(name string, e topic.Event)
}

// Store is what sessions need of the store.
type Store interface {
	store.Users
	store.Logins
	store.Credentials
	store.Devices
	store.Tokens
	store.Revocations
	PutCode(ctx context.Context, c *store.Code) error
	Places(ctx context.Context, id chat.UID) ([]store.Place, error)
	EachSub(ctx context.Context, topic string, fn func(*store.Sub) error) error
	UseInvite(ctx context.Context, code string, at time.Time) error
	UnuseInvite(ctx context.Context, code string) error
}

// Passwords is the scheme whose secrets can be replaced with a code.
type Passwords interface {
	auth.Scheme
	auth.Changer
	// CheckPassword holds a new secret against the rules: auth.ErrPolicy,
	// auth.ErrMalformed.
	CheckPassword(secret []byte) error
}

// Config are the rules for sessions.
type Config struct {
	Hello       map[string]any // params of the answer to {hi}, but for those of Calls
	Calls       Calls
	Permanent   bool   // only administrators delete accounts
	OutboxBytes int    // unsolicited bytes that may wait for a client
	MaxPending  int    // requests of a session that wait for their answers
	Country     string // of sessions whose language names none: ISO 3166 alpha-2
	Limits      Limits
	Topic       topic.Config

	Registration Registration
}

// Deps is what all sessions share.
type Deps struct {
	Hub        Hub
	Store      Store
	Schemes    *auth.Set      // what clients may use
	Token      *token.Scheme  // issues tokens, whatever clients call it
	Passwords  Passwords      // nil: clients cannot use any
	Reset      *reset.Service // codes for new passwords, whatever clients call it
	Validators *validate.Set
	Audit      *audit.Log // nil: none is kept
	Factor     *totp.Factor
	Files      topic.Files     // nil: there are none
	Bridges    *bridge.Manager // nil: there are no services of others
	Log        *slog.Logger
	Now        func() time.Time
	Config     Config
}

// Times of the liveness of connections (wire.md §1.3).
const (
	pingEvery  = 49500 * time.Millisecond
	pongWithin = 5500 * time.Millisecond
	wheelTick  = 500 * time.Millisecond
	wheelSlots = uint8(pingEvery / wheelTick)
	pongSlots  = uint8(pongWithin / wheelTick)
)

// Registry holds all sessions: one wheel pings them, and shutdown finds them.
type Registry struct {
	Deps
	hub    Hub
	log    *slog.Logger
	hello  *wsproto.Error // the answer to {hi}; nil: see greeting
	roster roster
	limits *limiter

	revoked revocations

	pollers pollers

	mu       sync.Mutex
	slots    [wheelSlots]map[*Session]struct{}
	position uint8
	users    map[chat.UID][]*Session // those logged in
	closing  bool
	count    int
	empty    chan struct{} // closed when closing and count is 0

	lazyMu  sync.Mutex
	lazy    []*Session // with frames that wait for company; a timer runs while there are any
	flushed int        // how many they were the last time

	total  atomic.Int64
	closed sync.Map // reason → *atomic.Int64
}

// NewRegistry makes a registry without sessions; Run keeps them alive.
func NewRegistry(d Deps) *Registry {
	r := &Registry{
		Deps: d, hub: d.Hub, log: d.Log, empty: make(chan struct{}), users: make(map[chat.UID][]*Session),
		limits: newLimiter(d.Config.Limits, d.Now),
	}
	if !d.Config.Calls.derives() {
		r.hello = r.greeting()
	}
	if d.Token != nil {
		d.Token.SetRevoked(r.revoked.void)
	}
	r.pollers.bySID = make(map[string]*Poller)
	for i := range r.slots {
		r.slots[i] = make(map[*Session]struct{})
	}
	return r
}

func (r *Registry) now() time.Time { return r.Now().UTC().Truncate(time.Millisecond) }

// maxHeavy is how many requests for lists and messages of one session may wait
// for their answers: a page can have ten megabytes, and a topic is busy while it
// puts one together.
const maxHeavy = 2

// Open makes the session of a connection; nil if the server is shutting down.
func (r *Registry) Open(conn transport, remote string) *Session {
	s := r.newSession(&outbox{conn: conn, limit: r.Config.OutboxBytes}, remote)
	if !r.enter(s) {
		return nil
	}
	return s
}

func (r *Registry) newSession(out outlet, remote string) *Session {
	s := &Session{
		reg: r, id: chat.NewUID().String()[3:], remote: remote, host: HostOf(remote), out: out, place: placeOf(remote),
		slots: make(chan struct{}, r.Config.MaxPending), heavy: make(chan struct{}, maxHeavy),
	}
	s.addr = r.limits.holdAddress(s.place)
	s.active.Store(time.Now().UnixNano())
	return s
}

// enter adds a session; false if the server is shutting down.
func (r *Registry) enter(s *Session) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closing {
		r.limits.addresses.Release(s.addr)
		return false
	}
	// The slot that is due last, so that the first ping comes after a whole round.
	s.slot = (r.position + wheelSlots - 1) % wheelSlots
	r.slots[s.slot][s] = struct{}{}
	r.count++
	r.total.Add(1)
	return true
}

func (r *Registry) remove(s *Session, reason string) {
	c, _ := r.closed.LoadOrStore(reason, new(atomic.Int64))
	c.(*atomic.Int64).Add(1)
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.slots[s.slot][s]; !ok {
		return
	}
	delete(r.slots[s.slot], s)
	if len(r.slots[s.slot]) == 0 {
		r.slots[s.slot] = make(map[*Session]struct{}) // maps never shrink
	}
	r.unlist(s)
	r.limits.addresses.Release(s.addr)
	r.limits.users.Release(s.account)
	if r.count--; r.count == 0 && r.closing {
		close(r.empty)
	}
}

// enlist notes whose session it is now.
func (r *Registry) enlist(s *Session, u chat.UID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, open := r.slots[s.slot][s]; open {
		s.user = u
		r.users[u] = append(r.users[u], s)
		if s.addr != nil && s.level != chat.LevelRoot {
			s.account = r.limits.users.Hold(u)
		}
	}
}

func (r *Registry) unlist(s *Session) {
	list := slices.DeleteFunc(r.users[s.user], func(o *Session) bool { return o == s })
	if len(list) == 0 {
		delete(r.users, s.user)
	} else {
		r.users[s.user] = list
	}
}

// evict ends the sessions of a user, but for one.
func (r *Registry) evict(ctx context.Context, u chat.UID, except *Session) {
	r.evictIf(ctx, u, func(s *Session) bool { return s != except })
}

// Len is how many sessions are open.
func (r *Registry) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count
}

// Load reads what must be known before the first login.
func (r *Registry) Load(ctx context.Context) error {
	return errors.Join(r.roster.load(ctx, r.Store), r.revoked.load(ctx, r.Store, r.now()))
}

// Run pings sessions and closes those that stay silent, until ctx is done.
func (r *Registry) Run(ctx context.Context) error {
	tick := time.NewTicker(wheelTick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			r.turn()
		}
	}
}

// turn moves the wheel by one: one slot is pinged, and those pinged a while ago
// must have answered.
func (r *Registry) turn() {
	r.mu.Lock()
	at := r.position
	r.position = (at + 1) % wheelSlots
	ping := r.in(at)
	due := r.in((at + wheelSlots - pongSlots) % wheelSlots)
	r.mu.Unlock()
	for _, s := range ping {
		if s.poller != nil {
			continue // it has no connection, but a timer
		}
		s.pinged.Store(true)
		s.Reply(pingFrame)
	}
	for _, s := range due {
		if s.pinged.Load() && !s.busy.Load() {
			s.close(reasonSilent, nil, closeAway)
		}
	}
}

func (r *Registry) in(slot uint8) []*Session {
	out := make([]*Session, 0, len(r.slots[slot]))
	for s := range r.slots[slot] {
		out = append(out, s)
	}
	return out
}

var pingFrame = wsproto.Frame{0x89, 0} // RFC 6455 §5.5.2

// Close tells all sessions that the server shuts down, closes them, and waits
// until they have gone or ctx is done.
func (r *Registry) Close(ctx context.Context) error {
	last := wsproto.ServerShutdown.Reply("", "", r.now()).Frame()
	r.mu.Lock()
	r.closing = true
	var all []*Session
	for i := range r.slots {
		all = append(all, r.in(uint8(i))...)
	}
	if r.count == 0 {
		close(r.empty)
	}
	r.mu.Unlock()
	for _, s := range all {
		s.close(reasonShutdown, last, closeAway)
	}
	select {
	case <-r.empty:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// How long presence and receipts may wait to leave in one write with others:
// too short to be noticed where there are few, and longer where so many people
// come, go or read at once that writing to each of them every time would be
// most of the work.
const (
	minFlush        = 20 * time.Millisecond
	maxFlush        = 200 * time.Millisecond
	flushPerSession = 200 * time.Microsecond // of those flushed the last time
)

// flushSoon has the session's outbox flushed.
func (r *Registry) flushSoon(s *Session) {
	r.lazyMu.Lock()
	defer r.lazyMu.Unlock()
	if r.lazy = append(r.lazy, s); len(r.lazy) == 1 {
		time.AfterFunc(min(minFlush+time.Duration(r.flushed)*flushPerSession, maxFlush), r.flushLazy)
	}
}

func (r *Registry) flushLazy() {
	r.lazyMu.Lock()
	due := r.lazy
	r.lazy, r.flushed = nil, len(due)
	r.lazyMu.Unlock()
	for _, s := range due {
		s.judge(s.out.flush())
	}
}
