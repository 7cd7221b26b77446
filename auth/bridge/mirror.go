package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"parley/internal/chat"
	"parley/internal/outbound"
	"parley/store"
)

// Times of telling services about changes.
const (
	settleTime = 5 * time.Second
	maxBackoff = 5 * time.Minute
	changeTime = 20 * time.Second // for one job, all its requests
	storeTime  = 10 * time.Second
)

// job is what a service has yet to be told about a user. It is kept in the
// store, and so survives a restart.
type job struct {
	User   chat.UID  `json:"u"`
	Change Change    `json:"c"`
	Rev    int       `json:"r,omitempty"` // grows with every change that is added
	Tries  int       `json:"n"`
	Next   time.Time `json:"t"`
}

// Rearmer is a Minter whose suspensions end by themselves, and must be renewed.
type Rearmer interface{ Rearm() time.Duration }

// Replacer is a Minter that, told of a revocation, replaces what it gave, even
// what it gave after that time.
type Replacer interface{ Replaces() bool }

// mirror has a queue for each service.
type mirror struct {
	m      *Manager
	queues []*queue
}

// queue is the jobs of a service.
type queue struct {
	s    *service
	wake chan struct{}

	mu  sync.Mutex
	due map[string]time.Time // by the key of the job
}

func newMirror(m *Manager) *mirror {
	r := &mirror{m: m}
	for _, s := range m.services {
		if s.Mirror && s.Part == "" {
			r.queues = append(r.queues, &queue{s: s, wake: make(chan struct{}, 1), due: make(map[string]time.Time)})
		}
	}
	return r
}

// run works until ctx is done.
func (r *mirror) run(ctx context.Context) {
	var g sync.WaitGroup
	for _, q := range r.queues {
		g.Go(func() { q.run(ctx) })
	}
	g.Wait()
	<-ctx.Done()
}

// Changed tells services what became of an account. What they gave is forgotten
// at once where that is called for; telling them happens later, in order, until
// they have got it. Any goroutine may call it; a nil manager does nothing.
func (m *Manager) Changed(u chat.UID, c Change) {
	if m == nil || c.empty() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeTime)
	defer cancel()
	if c.Suspended || c.Deleted || !c.Revoked.IsZero() {
		for _, s := range m.services {
			s.revoke(ctx, u)
		}
	}
	for _, q := range m.mirror.queues {
		if err := q.add(ctx, u, c); err != nil {
			m.Log.Error("a service will not learn of a change", "bridge", q.s.Name, "user", u.String(), "err", err)
		}
	}
}

func (q *queue) prefix() string { return "bm:" + q.s.Name + ":" }

func (q *queue) key(u chat.UID) string { return q.prefix() + u.External() }

// merge adds a later change to what has not been told yet.
func (c Change) merge(later Change) Change {
	switch {
	case later.Suspended:
		c.Resumed, c.Suspended = false, true
	case later.Resumed:
		c.Resumed, c.Suspended = true, false
	}
	if later.Revoked.After(c.Revoked) {
		c.Revoked = later.Revoked
	}
	c.Profile = c.Profile || later.Profile
	if c.Deleted = c.Deleted || later.Deleted; c.Deleted {
		c.Profile, c.Resumed = false, false
	}
	return c
}

// add puts a change into the queue, unless the service cannot know the user.
func (q *queue) add(ctx context.Context, u chat.UID, c Change) error {
	_, err := q.s.m.Store.FindBridgeID(ctx, q.s.Name, u)
	switch {
	case errors.Is(err, store.ErrNotFound) && c.Deleted: // his ID may be gone already
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	now := q.s.m.now()
	next := now
	if (c == Change{Profile: true}) {
		next = now.Add(q.s.m.Settle)
	}
	return q.change(ctx, q.key(u), func(j *job) bool {
		if j.User == 0 {
			*j = job{User: u, Next: next}
		}
		j.Change, j.Tries = j.Change.merge(c), 0
		j.Rev++
		if next.Before(j.Next) {
			j.Next = next
		}
		return true
	})
}

// change alters a job, or removes it when f returns false.
func (q *queue) change(ctx context.Context, key string, f func(*job) bool) error {
	st, now := q.s.m.Store, q.s.m.now()
	for {
		var j job
		v, err := st.Value(ctx, key, now)
		var old []byte
		switch {
		case err == nil:
			old = v.Data
			if err := json.Unmarshal(old, &j); err != nil {
				j = job{}
			}
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		if !f(&j) {
			if old == nil {
				return nil
			}
			if err := st.DropValue(ctx, key, old); err != nil {
				return err
			}
			q.plan(key, time.Time{})
			return nil
		}
		data, err := json.Marshal(&j)
		if err != nil {
			return err
		}
		err = st.SwapValue(ctx, &store.Value{Key: key, Data: data, Updated: now}, old, now)
		if errors.Is(err, store.ErrChanged) {
			continue
		}
		if err == nil {
			q.plan(key, j.Next)
		}
		return err
	}
}

// plan notes when a job is due; zero: never.
func (q *queue) plan(key string, at time.Time) {
	q.mu.Lock()
	if at.IsZero() {
		delete(q.due, key)
	} else {
		q.due[key] = at
	}
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// next is the job that is due first, and when.
func (q *queue) next() (key string, at time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for k, t := range q.due {
		if key == "" || t.Before(at) {
			key, at = k, t
		}
	}
	return key, at
}

// load reads the jobs that a process before this one has left.
func (q *queue) load(ctx context.Context) error {
	const page = 500
	for after := ""; ; {
		list, err := q.s.m.Store.ListValues(ctx, q.prefix(), after, page)
		if err != nil {
			return err
		}
		for i := range list {
			var j job
			after = list[i].Key
			if json.Unmarshal(list[i].Data, &j) == nil {
				q.plan(after, j.Next)
			}
		}
		if len(list) < page {
			return nil
		}
	}
}

func (q *queue) run(ctx context.Context) {
	if err := q.load(ctx); err != nil && ctx.Err() == nil {
		q.s.m.Log.Error("services will not learn of changes from before this start", "bridge", q.s.Name, "err", err)
	}
	t := time.NewTimer(0)
	defer t.Stop()
	for {
		key, at := q.next()
		wait := time.Hour
		if key != "" {
			wait = at.Sub(q.s.m.now())
		}
		if key != "" && wait <= 0 {
			if err := q.work(ctx, key); err != nil && ctx.Err() == nil {
				q.s.m.Log.Error("a change was not told", "bridge", q.s.Name, "err", err)
				q.plan(key, q.s.m.now().Add(time.Minute))
			}
			if ctx.Err() != nil {
				return
			}
			continue
		}
		t.Reset(wait)
		select {
		case <-t.C:
		case <-q.wake:
		case <-ctx.Done():
			return
		}
	}
}

// work tells the service of one job.
func (q *queue) work(ctx context.Context, key string) error {
	s := q.s
	ctx, cancel := context.WithTimeout(ctx, changeTime)
	defer cancel()
	v, err := s.m.Store.Value(ctx, key, s.m.now())
	if errors.Is(err, store.ErrNotFound) {
		q.plan(key, time.Time{})
		return nil
	}
	if err != nil {
		return err
	}
	var j job
	if err := json.Unmarshal(v.Data, &j); err != nil || j.User == 0 {
		q.plan(key, time.Time{})
		return s.m.Store.DropValue(ctx, key, v.Data)
	}
	was := j.Rev
	told, err := q.tell(ctx, &j)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return ctx.Err()
	}
	return q.change(context.WithoutCancel(ctx), key, func(now *job) bool {
		if now.User == 0 {
			return false
		}
		changed := now.Rev != was // more has come meanwhile
		switch {
		case err == nil && !changed:
			rearm, ok := s.Minter.(Rearmer)
			if !told || !ok || !j.Change.Suspended || j.Change.Deleted {
				return false
			}
			now.Change, now.Tries, now.Next = Change{Suspended: true}, 0, s.m.now().Add(rearm.Rearm())
		case err == nil || changed:
			now.Tries, now.Next = 0, s.m.now()
		case outbound.KindOf(err) == outbound.Forbidden:
			s.m.Log.Error("a service refuses to learn of a change", "bridge", s.Name, "user", j.User.String(), "err", err)
			return false
		default:
			now.Tries++
			now.Next = s.m.now().Add(backoff(now.Tries, err))
		}
		return true
	})
}

// backoff is 1 s, 2 s, 4 s … 5 min, and no less than the service asks for.
func backoff(tries int, err error) time.Duration {
	d := min(time.Second<<min(tries-1, 16), maxBackoff)
	var r *Refused
	if errors.As(err, &r) {
		d = max(d, min(time.Duration(r.Retry)*time.Second, maxBackoff))
	}
	return max(d, outbound.RetryAfter(err))
}

// tell tells it; false: there was nothing to tell.
func (q *queue) tell(ctx context.Context, j *job) (bool, error) {
	s, c := q.s, j.Change
	sub := &Subject{User: j.User, ExtID: j.User.External()}
	id, err := s.m.Store.FindBridgeID(ctx, s.Name, j.User)
	switch {
	case err == nil && !id.Created && !c.Deleted:
		return false, nil
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return false, err
	}
	user, err := s.m.Store.User(ctx, j.User)
	switch {
	case err == nil:
		sub = newSubject(user, id)
		if c.Suspended && user.State == store.StateOK { // while no server ran
			c.Suspended, c.Resumed = false, true
			j.Change = c
		}
	case !errors.Is(err, store.ErrNotFound):
		return false, err
	}
	if c.Profile && id != nil && id.Profile == s.profile(sub) {
		c.Profile = false
	}
	r, ok := s.Minter.(Replacer)
	replaces := ok && r.Replaces() && !c.Revoked.IsZero()
	if replaces && s.replaced(ctx, sub, c.Revoked) {
		c.Revoked, replaces = time.Time{}, false
	}
	if c.empty() {
		return false, nil
	}
	_, err = s.guarded(ctx, func(ctx context.Context) (*Grant, error) { return nil, s.Minter.Tell(ctx, sub, c) })
	if err != nil {
		return true, fmt.Errorf("tell %s: %w", strings.TrimPrefix(q.key(j.User), q.prefix()), err)
	}
	if replaces {
		s.revoke(ctx, j.User)
	}
	if c.Profile {
		s.made(ctx, sub)
	}
	return true, nil
}

// replaced tells whether somebody has logged in since a revocation: what he was
// given has replaced what was to be taken back, and must not be taken from him.
func (s *service) replaced(ctx context.Context, sub *Subject, since time.Time) bool {
	s.mu.Lock()
	f := s.flights[sub.User]
	under := f != nil && !f.void
	s.mu.Unlock()
	if under {
		_, _ = f.wait(ctx) // it is being replaced just now
	}
	k, err := s.look(ctx, sub, s.m.now())
	return err == nil && k != nil && !k.Issued.Before(since)
}
