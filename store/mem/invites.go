package mem

import (
	"cmp"
	"context"
	"slices"
	"time"

	"parley/store"
)

// PutInvite implements store.Invites.
func (s *Store) PutInvite(ctx context.Context, i *store.Invite) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if s.invites[i.Code] != nil {
		return store.ErrDuplicate
	}
	c := *i
	s.invites[i.Code] = &c
	return nil
}

// Invites implements store.Invites.
func (s *Store) Invites(ctx context.Context) ([]store.Invite, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var list []store.Invite
	for _, i := range s.invites {
		list = append(list, *i)
	}
	slices.SortFunc(list, func(a, b store.Invite) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.Code, b.Code))
	})
	return list, nil
}

// UseInvite implements store.Invites.
func (s *Store) UseInvite(ctx context.Context, code string, at time.Time) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	i := s.invites[code]
	if i == nil || !i.Expires.IsZero() && over(i.Expires, at) || i.Max > 0 && i.Used >= i.Max {
		return store.ErrNotFound
	}
	i.Used++
	return nil
}

// UnuseInvite implements store.Invites.
func (s *Store) UnuseInvite(ctx context.Context, code string) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	i := s.invites[code]
	if i == nil {
		return store.ErrNotFound
	}
	i.Used = max(i.Used-1, 0)
	return nil
}

// DeleteInvite implements store.Invites.
func (s *Store) DeleteInvite(ctx context.Context, code string) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if s.invites[code] == nil {
		return store.ErrNotFound
	}
	delete(s.invites, code)
	return nil
}
