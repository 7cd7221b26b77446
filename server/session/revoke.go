package session

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"parley/auth/bridge"
	"parley/internal/audit"
	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// Revoker makes what somebody is logged in with void: for who resets a password,
// and for the operator.
type Revoker interface {
	// RevokeUser makes all tokens of a user that were issued before a time void,
	// durably, and then ends all his sessions. It returns errors of the store.
	RevokeUser(ctx context.Context, uid chat.UID, before time.Time) error
	// RevokeSession does so with one chain of tokens (store.Token.ID).
	RevokeSession(ctx context.Context, uid chat.UID, id string) error
}

var _ Revoker = (*Registry)(nil)

// revocations are the tokens that are void though they have not expired: few,
// kept in memory so that a login by token asks no store (design.md §5).
type revocations struct {
	mu       sync.RWMutex // guards the following
	sessions map[string]time.Time
	users    map[chat.UID]userRevocation
	count    uint64 // of revocations of users, ever
	tidyAt   int    // entries
}

type userRevocation struct {
	before, until time.Time
	except        string
	nr            uint64
}

const tidyStep = 1024

func (v *revocations) load(ctx context.Context, st store.Revocations, now time.Time) error {
	list, err := st.Revocations(ctx, now)
	if err != nil {
		return fmt.Errorf("read the revoked tokens: %w", err)
	}
	for _, r := range list {
		v.add(r, now)
	}
	return nil
}

func (v *revocations) add(r store.Revocation, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.sessions == nil {
		v.sessions, v.users = make(map[string]time.Time), make(map[chat.UID]userRevocation)
	}
	if r.Token != "" {
		v.sessions[r.Token] = r.Until
	} else {
		v.count++
		u := userRevocation{r.Before, r.Until, r.Except, v.count}
		if old := v.users[r.User]; old.before.After(u.before) {
			u.before, u.except = old.before, old.except
		}
		v.users[r.User] = u
	}
	if len(v.sessions)+len(v.users) > v.tidyAt {
		maps.DeleteFunc(v.sessions, func(_ string, until time.Time) bool { return until.Before(now) })
		maps.DeleteFunc(v.users, func(_ chat.UID, u userRevocation) bool { return u.until.Before(now) })
		v.tidyAt = 2*(len(v.sessions)+len(v.users)) + tidyStep
	}
}

// void implements token.Revoked.
func (v *revocations) void(session string, u chat.UID, issued time.Time) bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if _, ok := v.sessions[session]; ok {
		return true
	}
	r, ok := v.users[u]
	return ok && issued.Before(r.before) && session != r.except
}

// mark is a point in time for late.
func (v *revocations) mark() uint64 {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.count
}

// late tells whether a login that began at mark has come too late: what it
// proved itself with has been made void since.
func (v *revocations) late(session string, u chat.UID, mark uint64) bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	_, ended := v.sessions[session]
	r := v.users[u]
	return ended || r.nr > mark && session != r.except
}

// RevokeUser implements Revoker.
func (r *Registry) RevokeUser(ctx context.Context, uid chat.UID, before time.Time) error {
	end, err := r.revokeUser(ctx, uid, before, "")
	if err != nil {
		return err
	}
	end()
	return nil
}

// RevokeSession implements Revoker.
func (r *Registry) RevokeSession(ctx context.Context, uid chat.UID, id string) error {
	end, err := r.revokeSession(ctx, uid, id)
	if err != nil {
		return err
	}
	end()
	return nil
}

// revokeUser makes all chains but one void; end then ends their sessions, when
// the caller has answered.
func (r *Registry) revokeUser(ctx context.Context, uid chat.UID, before time.Time, except string) (end func(), err error) {
	now := r.now()
	v := store.Revocation{
		User: uid, Before: before.UTC().Truncate(time.Millisecond), Except: except, Until: now.Add(r.Token.Lifetime()),
	}
	if err := r.Store.Revoke(ctx, v); err != nil {
		return nil, err
	}
	r.revoked.add(v, now)
	r.Bridges.Changed(uid, bridge.Change{Revoked: v.Before})
	return func() { r.evictIf(uid, func(s *Session) bool { return except == "" || s.chain() != except }) }, nil
}

func (r *Registry) revokeSession(ctx context.Context, uid chat.UID, id string) (end func(), err error) {
	now := r.now()
	v := store.Revocation{Token: id, User: uid, Until: now.Add(r.Token.Lifetime())}
	if err := r.Store.Revoke(ctx, v); err != nil {
		return nil, err
	}
	r.revoked.add(v, now)
	return func() { r.evictIf(uid, func(s *Session) bool { return s.chain() == id }) }, nil
}

// evictIf ends those sessions of a user that are chosen. choose is called with
// mu held.
func (r *Registry) evictIf(u chat.UID, choose func(*Session) bool) {
	var list []*Session
	r.mu.Lock()
	for _, s := range r.users[u] {
		if choose(s) {
			list = append(list, s)
		}
	}
	r.mu.Unlock()
	if len(list) == 0 {
		return
	}
	last := wsproto.Evicted.Reply("", "", r.now()).Frame()
	for _, s := range list {
		r.Audit.Record(store.AuditEntry{Act: audit.SessionEvicted, User: u, From: s.host})
		s.close(reasonEvicted, last, closeNormal)
	}
}

// passwordChanged makes everything void that the user was logged in with before,
// but for the session that changed it.
func (s *Session) passwordChanged(ctx context.Context, uid chat.UID) error {
	except := ""
	if uid == s.uid {
		except = s.chain()
	}
	end, err := s.reg.revokeUser(ctx, uid, s.reg.now(), except)
	if err != nil {
		return err
	}
	end()
	return nil
}

// Revoked takes note of what somebody else has stored: it holds from now on.
func (r *Registry) Revoked(rs ...store.Revocation) {
	for _, v := range rs {
		r.revoked.add(v, r.now())
		if v.Token == "" {
			r.Bridges.Changed(v.User, bridge.Change{Revoked: v.Before})
		}
	}
}
