package mem

import (
	"context"
	"time"

	"parley/internal/chat"
	"parley/store"
)

func copyUser(u *store.User) *store.User {
	c := *u
	c.Public, c.Trusted, c.Tags = raw(u.Public), raw(u.Trusted), sortedTags(u.Tags)
	return &c
}

// CreateUser implements store.Users.
func (s *Store) CreateUser(ctx context.Context, n *store.NewUser) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if s.users[n.User.ID] != nil || s.purged[n.User.ID] || !s.tagsFree(n.Unique, n.User.ID.String()) || !s.subsFree(n.Me) {
		return store.ErrDuplicate
	}
	if n.Login != nil && s.findLogin(n.Login.Scheme, n.Login.Name) != nil {
		return store.ErrDuplicate
	}
	for _, c := range n.Creds {
		if s.confirmed(c.Method, c.Value) {
			return store.ErrDuplicate
		}
	}
	s.users[n.User.ID] = copyUser(&n.User)
	s.putSubs(n.Me)
	if n.Login != nil {
		s.logins = append(s.logins, copyLogin(n.Login))
	}
	for _, c := range n.Creds {
		s.creds = append(s.creds, credential{Credential: c})
	}
	if n.Avatar != 0 {
		s.setAvatar(&n.Avatar, link{User: n.User.ID})
	}
	return nil
}

// User implements store.Users.
func (s *Store) User(ctx context.Context, id chat.UID) (*store.User, error) {
	us, err := s.UsersByID(ctx, id)
	if err != nil {
		return nil, err
	}
	if len(us) == 0 {
		return nil, store.ErrNotFound
	}
	return &us[0], nil
}

// UsersNotOK implements store.Users.
func (s *Store) UsersNotOK(ctx context.Context) (map[chat.UID]store.State, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	out := map[chat.UID]store.State{}
	for id, u := range s.users {
		if u.State != store.StateOK {
			out[id] = u.State
		}
	}
	for id := range s.purged {
		out[id] = store.StateDeleted
	}
	return out, nil
}

// UsersByID implements store.Users.
func (s *Store) UsersByID(ctx context.Context, ids ...chat.UID) ([]store.User, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var us []store.User
	seen := map[chat.UID]bool{}
	for _, id := range ids {
		if u := s.users[id]; u != nil && !seen[id] {
			us = append(us, *copyUser(u))
			seen[id] = true
		}
	}
	return us, nil
}

// UpdateUser implements store.Users.
func (s *Store) UpdateUser(ctx context.Context, id chat.UID, up store.UserUpdate) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	u := s.users[id]
	switch {
	case u == nil:
		return store.ErrNotFound
	case !s.tagsFree(up.Unique, id.String()):
		return store.ErrDuplicate
	}
	set(&u.Updated, up.Updated)
	set(&u.State, up.State)
	set(&u.Access, up.Access)
	setRaw(&u.Public, up.Public)
	setRaw(&u.Trusted, up.Trusted)
	if up.Tags != nil {
		u.Tags = sortedTags(*up.Tags)
	}
	s.setAvatar(up.Avatar, link{User: id})
	return nil
}

// Seen implements store.Users.
func (s *Store) Seen(id chat.UID, at time.Time, userAgent string) {
	if s.lock(context.Background()) != nil {
		return
	}
	defer s.mu.Unlock()
	if u := s.users[id]; u != nil && !at.Before(u.LastSeen) {
		u.LastSeen, u.UserAgent = at, userAgent
	}
}
