package bridge

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"parley/internal/chat"
	"parley/internal/limit"
	"parley/internal/outbound"
)

// How long a refusal is remembered for a user (bridges.md §E4). What concerns
// all users is the breaker's.
const (
	temporaryFor = 30 * time.Second
	forbiddenFor = 10 * time.Minute
	maxNegative  = 10_000
)

// refusal is why a user got nothing, and until when nobody asks again.
type refusal struct {
	err   error
	until time.Time
}

// service is a Service at work.
type service struct {
	Service
	m       *Manager
	places  chan struct{}
	bucket  limit.Bucket
	breaker breaker
	counts  counts

	mu       sync.Mutex
	flights  map[chat.UID]*flight // one request at a time for each user
	negative map[chat.UID]refusal
	forced   map[chat.UID]time.Time
}

// counts of a service since the start.
type counts struct {
	hits, stale, local, late atomic.Int64
	minted, failed           atomic.Int64
	queued                   atomic.Int64 // now
}

// flight is a request for a grant that several may wait for.
type flight struct {
	done  chan struct{} // closed when grant or err are set
	grant *Grant
	err   error
	force bool // it asks the service whatever is kept
	void  bool // guarded by service.mu: what it brings was revoked meanwhile
}

// wait returns what the flight brought, or ctx's error.
func (f *flight) wait(ctx context.Context) (*Grant, error) {
	select {
	case <-f.done: // even if ctx is over, too
		return f.grant, f.err
	default:
	}
	select {
	case <-f.done:
		return f.grant, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// start begins a flight for a user, or joins the one under way. It goes on
// whether anybody waits or not.
func (s *service) start(u chat.UID, force bool) *flight {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.flights[u]; f != nil && !f.void && (f.force || !force) {
		return f
	}
	f := &flight{done: make(chan struct{}), force: force}
	ok := len(s.flights) < maxQueue && s.m.spawn(func() {
		defer func() {
			if p := recover(); p != nil {
				s.m.Log.Error("bridge panicked", "bridge", s.Name, "panic", p)
				f.settle(nil, errors.New("panic"))
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.flights[u] == f {
				delete(s.flights, u)
			}
		}()
		s.fly(f, u, force)
	})
	if !ok {
		f.err = &Refused{Code: codeUnavailable, Text: "unavailable", Retry: 30}
		close(f.done)
		return f
	}
	s.flights[u] = f
	return f
}

// settle answers those who wait; only the first time counts.
func (f *flight) settle(g *Grant, err error) {
	select {
	case <-f.done:
	default:
		f.grant, f.err = g, err
		close(f.done)
	}
}

// subject reads what a service is told of a user.
func (s *service) subject(ctx context.Context, u chat.UID) (*Subject, error) {
	user, err := s.m.Store.User(ctx, u)
	if err != nil {
		return nil, fmt.Errorf("read the user: %w", err)
	}
	id, err := s.m.Store.BridgeID(ctx, s.Name, u, s.m.now())
	if err != nil {
		return nil, fmt.Errorf("read the user's ID: %w", err)
	}
	return newSubject(user, id), nil
}

// fly finds or gets a grant.
func (s *service) fly(f *flight, u chat.UID, force bool) {
	ctx, cancel := context.WithTimeout(s.m.ctx, queueTime+mintTime)
	defer cancel()
	sub, err := s.subject(ctx, u)
	if err != nil {
		s.m.Log.Error("no credentials for a service", "bridge", s.Name, "user", u.String(), "err", err)
		f.settle(nil, err)
		return
	}
	if g, ok := s.Minter.Local(sub); ok {
		s.counts.local.Add(1)
		f.settle(g, nil)
		return
	}
	if !force {
		k, err := s.look(ctx, sub, s.m.now())
		switch now := s.m.now(); {
		case err != nil: // then it is asked for
			s.m.Log.Error("kept credentials not read", "bridge", s.Name, "err", err)
		case k == nil:
		case k.fresh(now, s.profile(sub)):
			s.counts.hits.Add(1)
			f.settle(&Grant{Public: k.Public, Expires: k.Expires}, nil)
			return
		default: // still good: it is renewed while the client has it already
			s.counts.stale.Add(1)
			f.settle(&Grant{Public: k.Public, Expires: k.Expires}, nil)
		}
	}
	if r, ok := s.refusedNow(u); ok {
		f.settle(nil, r)
		return
	}
	g, err := s.guarded(ctx, func(ctx context.Context) (*Grant, error) { return s.Minter.Mint(ctx, sub) })
	if err == nil {
		s.made(ctx, sub)
		if g.Cacheable {
			err = s.store(ctx, f, sub, g)
		}
	}
	if err != nil {
		s.remember(u, err)
	}
	f.settle(g, err)
}

// store keeps a grant and that the account exists. A grant that was revoked while
// it was on its way is not kept, and not given to anybody.
func (s *service) store(ctx context.Context, f *flight, sub *Subject, g *Grant) error {
	s.mu.Lock()
	void := f.void
	s.mu.Unlock()
	if void {
		return &Refused{Code: codeUnavailable, Text: "unavailable", Retry: 1}
	}
	now := s.m.now()
	if err := s.keep(ctx, sub, g, now); err != nil { // the client has it all the same
		s.m.Log.Error("credentials not kept", "bridge", s.Name, "err", err)
	}
	s.mu.Lock()
	void = f.void
	s.mu.Unlock()
	if void { // just now
		s.drop(ctx, sub)
		return &Refused{Code: codeUnavailable, Text: "unavailable", Retry: 1}
	}
	return nil
}

func (s *service) drop(ctx context.Context, sub *Subject) {
	if err := s.m.Vault.Drop(ctx, s.key(sub)); err != nil {
		s.m.Log.Error("revoked credentials still kept", "bridge", s.Name, "err", err)
	}
}

// made notes that the service has the account, and knows it as it is now.
func (s *service) made(ctx context.Context, sub *Subject) {
	id, err := s.m.Store.FindBridgeID(ctx, s.Name, sub.User)
	if err == nil && (!id.Created || id.Profile != s.profile(sub)) {
		id.Created, id.Profile, id.Updated = true, s.profile(sub), s.m.now()
		err = s.m.Store.UpdateBridgeID(ctx, id)
	}
	if err != nil {
		s.m.Log.Error("an account of a service not noted", "bridge", s.Name, "err", err)
	}
}

// guarded runs a request when breaker, places and rate allow it, and draws the
// conclusions.
func (s *service) guarded(ctx context.Context, do func(context.Context) (*Grant, error)) (*Grant, error) {
	s.counts.queued.Add(1)
	err := s.turn(ctx)
	s.counts.queued.Add(-1)
	if err != nil {
		return nil, err
	}
	defer func() { <-s.places }()
	if ok, wait, why := s.breaker.allow(s.m.now()); !ok {
		return nil, refusedFor(&outbound.Failure{Service: s.Name, Kind: why, Text: "not asked for now"}, wait)
	}
	call, cancel := context.WithTimeout(ctx, mintTime)
	defer cancel()
	start := s.m.now()
	g, err := do(call)
	switch now := s.m.now(); {
	case ctx.Err() != nil: // whoever asked has gone
		s.breaker.cancelled()
		return nil, ctx.Err()
	case err != nil:
		if call.Err() != nil {
			err = &outbound.Failure{Service: s.Name, Text: "no answer within " + mintTime.String()}
		}
		s.counts.failed.Add(1)
		opened := s.breaker.done(now, err)
		level := s.m.Log.Warn
		if outbound.KindOf(err) == outbound.Misconfigured {
			level = s.m.Log.Error
		}
		level("service failed", "bridge", s.Name, "part", s.Part, "kind", outbound.KindOf(err).String(), "err", err, "paused", opened, "dur", now.Sub(start))
		return nil, err
	}
	s.breaker.done(s.m.now(), nil)
	if g == nil { // a change that was told of
		return nil, nil
	}
	s.counts.minted.Add(1)
	if n := size(g); n > maxGrant {
		s.m.Log.Error("credentials are too large", "bridge", s.Name, "bytes", n)
		return nil, &Refused{Code: codeTooLarge, Text: "too large", Retry: int(forbiddenFor / time.Second)}
	}
	return g, nil
}

// turn waits for a place and for the rate. The caller gives the place back.
func (s *service) turn(ctx context.Context) error {
	select {
	case s.places <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		wait := s.bucket.Take(s.m.Now().UnixNano(), s.Rate)
		if wait == 0 {
			return nil
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			<-s.places
			return ctx.Err()
		}
	}
}

// refusedNow is the refusal that is remembered for a user.
func (s *service) refusedNow(u chat.UID) (error, bool) {
	now := s.m.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.negative[u]
	if !ok || !now.Before(r.until) {
		delete(s.negative, u)
		return nil, false
	}
	return refusedFor(r.err, r.until.Sub(now)), true
}

// remember keeps a user from asking again for a while.
func (s *service) remember(u chat.UID, err error) {
	var r *Refused
	d := temporaryFor
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return
	case errors.As(err, &r) && r.Code != codeTooLarge: // nobody was asked
		return
	case errors.As(err, &r), outbound.KindOf(err) == outbound.Forbidden:
		d = forbiddenFor
	case outbound.KindOf(err) != outbound.Temporary: // the breaker has it
		return
	}
	now := s.m.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.negative) >= maxNegative {
		for id, old := range s.negative {
			if !now.Before(old.until) || len(s.negative) >= maxNegative {
				delete(s.negative, id)
			}
		}
	}
	s.negative[u] = refusal{err, now.Add(d)}
}

// revoke forgets what a user has, and what is on its way to him.
func (s *service) revoke(ctx context.Context, u chat.UID) {
	s.mu.Lock()
	if f := s.flights[u]; f != nil {
		f.void = true
	}
	delete(s.negative, u)
	s.mu.Unlock()
	s.drop(ctx, &Subject{User: u, ExtID: u.External()})
}

// Counts are what a service has done since the start, for tests and logs.
type Counts struct {
	Hits, Stale, Local, Late, Minted, Failed, Queued int64
	Breaker                                          int // 0 closed, 1 open, 2 probing
}

// Counts returns those of a service by its name and part.
func (m *Manager) Counts(name, part string) (found Counts) {
	m.EachCount(func(n, p string, c Counts) {
		if n == name && p == part {
			found = c
		}
	})
	return found
}

// EachCount tells the counts of all services. The nil manager has none.
func (m *Manager) EachCount(tell func(name, part string, c Counts)) {
	if m == nil {
		return
	}
	for _, s := range m.services {
		c := &s.counts
		tell(s.Name, s.Part, Counts{
			c.hits.Load(), c.stale.Load(), c.local.Load(), c.late.Load(), c.minted.Load(), c.failed.Load(), c.queued.Load(),
			s.breaker.state(m.now()),
		})
	}
}
