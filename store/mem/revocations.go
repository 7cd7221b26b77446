package mem

import (
	"context"
	"maps"
	"time"

	"parley/internal/chat"
	"parley/store"
)

// revocationKey is a token, or a user and all of his.
type revocationKey struct {
	token string
	user  chat.UID // if there is no token
}

// Revoke implements store.Revocations.
func (s *Store) Revoke(ctx context.Context, rs ...store.Revocation) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	for _, r := range rs {
		key := revocationKey{token: r.Token}
		if r.Token == "" {
			key.user = r.User
		}
		if old, ok := s.revocations[key]; ok {
			// What was void stays void.
			r.User = old.User
			r.Before, r.Until = later(r.Before, old.Before), later(r.Until, old.Until)
		}
		s.revocations[key] = r
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Revocations implements store.Revocations.
func (s *Store) Revocations(ctx context.Context, at time.Time) ([]store.Revocation, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	maps.DeleteFunc(s.revocations, func(_ revocationKey, r store.Revocation) bool { return over(r.Until, at) })
	var rs []store.Revocation
	for _, r := range s.revocations {
		rs = append(rs, r)
	}
	return rs, nil
}
