package mem

import (
	"cmp"
	"context"
	"slices"
	"time"

	"parley/internal/chat"
	"parley/store"
)

// Users implements store.Users.
func (s *Store) Users(ctx context.Context, q store.UserQuery) ([]store.User, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var us []store.User
	for id, u := range s.users {
		if id > q.After && (q.State == nil || *q.State == u.State) {
			us = append(us, *copyUser(u))
		}
	}
	slices.SortFunc(us, func(a, b store.User) int { return cmp.Compare(a.ID, b.ID) })
	return cut(us, q.Limit), nil
}

// StaleUsers implements store.Users.
func (s *Store) StaleUsers(ctx context.Context, before time.Time, limit int) ([]chat.UID, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var ids []chat.UID
	for id, u := range s.users {
		if u.LastSeen.IsZero() && u.Created.Before(before) && u.State != store.StateDeleted && !s.wanted(id) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b chat.UID) int {
		return cmp.Or(s.users[a].Created.Compare(s.users[b].Created), cmp.Compare(a, b))
	})
	return cut(ids, limit), nil
}

// wanted tells whether a user has something that keeps him, even if he never
// came.
func (s *Store) wanted(id chat.UID) bool {
	return slices.ContainsFunc(s.creds, func(c credential) bool { return c.User == id && c.Done }) ||
		s.ownsTopic(id) ||
		slices.ContainsFunc(s.logins, func(l store.Login) bool { return l.User == id && l.Level >= chat.LevelRoot })
}

func (s *Store) ownsTopic(id chat.UID) bool {
	for _, t := range s.topics {
		if t.Owner == id {
			return true
		}
	}
	return false
}
