package admin

import (
	"context"
	"time"

	"parley/internal/audit"
	"parley/internal/chat"
	"parley/store"
)

// minRevoked is how long a revocation is kept at least: tokens for one purpose
// live for a day (surfaces.md §12), whatever the lifetime of the others.
const minRevoked = 25 * time.Hour

// RevokeRequest makes all tokens void that somebody, or everybody, has now.
type RevokeRequest struct {
	User string `json:"user,omitempty"`
	All  bool   `json:"all,omitempty"`
}

// Revoke implements Operations: the tokens are void and the sessions end. It
// returns of how many users.
func (s *Service) Revoke(ctx context.Context, r RevokeRequest) (int, error) {
	if !r.All {
		uid, err := s.find(ctx, r.User)
		if err != nil {
			return 0, err
		}
		if err := s.logOut(ctx, uid); err != nil {
			return 0, err
		}
		s.note(audit.TokenRevoked, uid, "")
		return 1, nil
	}
	var part []chat.UID
	count := 0
	flush := func() error {
		err := s.logOut(ctx, part...)
		count += len(part)
		part = part[:0]
		return err
	}
	err := s.each(ctx, nil, func(u *store.User) (bool, error) {
		if part = append(part, u.ID); len(part) < pageLen {
			return true, nil
		}
		return true, flush()
	})
	if err == nil {
		err = flush()
	}
	if err == nil {
		s.note(audit.TokenRevoked, 0, "all")
	}
	return count, err
}

// logOut makes the tokens of users void and ends their sessions, in this order:
// who is thrown out must not come back with a token.
func (s *Service) logOut(ctx context.Context, uids ...chat.UID) error {
	if len(uids) == 0 {
		return nil
	}
	now := s.now()
	rs := make([]store.Revocation, len(uids))
	for i, uid := range uids {
		rs[i] = store.Revocation{User: uid, Before: now, Until: now.Add(max(s.Config.TokenLifetime, minRevoked))}
	}
	if err := s.Store.Revoke(ctx, rs...); err != nil {
		return err
	}
	if s.Revoked != nil {
		s.Revoked(rs...)
	}
	for _, uid := range uids {
		s.Live.Evict(uid)
	}
	return nil
}
