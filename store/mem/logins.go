package mem

import (
	"cmp"
	"context"
	"slices"

	"parley/internal/chat"
	"parley/store"
)

func copyLogin(l *store.Login) store.Login {
	c := *l
	c.Secret = slices.Clone(l.Secret)
	return c
}

func (s *Store) findLogin(scheme, name string) *store.Login {
	for i := range s.logins {
		if l := &s.logins[i]; l.Scheme == scheme && l.Name == name {
			return l
		}
	}
	return nil
}

// Login implements store.Logins.
func (s *Store) Login(ctx context.Context, scheme, name string) (*store.Login, error) {
	return s.loginWhere(ctx, func(l *store.Login) bool { return l.Scheme == scheme && l.Name == name })
}

// LoginOf implements store.Logins.
func (s *Store) LoginOf(ctx context.Context, scheme string, id chat.UID) (*store.Login, error) {
	return s.loginWhere(ctx, func(l *store.Login) bool { return l.Scheme == scheme && l.User == id })
}

func (s *Store) loginWhere(ctx context.Context, is func(*store.Login) bool) (*store.Login, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	for i := range s.logins {
		if is(&s.logins[i]) {
			c := copyLogin(&s.logins[i])
			return &c, nil
		}
	}
	return nil, store.ErrNotFound
}

// PutLogin implements store.Logins.
func (s *Store) PutLogin(ctx context.Context, l *store.Login) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if other := s.findLogin(l.Scheme, l.Name); other != nil && other.User != l.User {
		return store.ErrDuplicate
	}
	s.logins = slices.DeleteFunc(s.logins, func(o store.Login) bool {
		return o.Scheme == l.Scheme && o.User == l.User
	})
	s.logins = append(s.logins, copyLogin(l))
	return nil
}

// LoginsOf implements store.Logins.
func (s *Store) LoginsOf(ctx context.Context, id chat.UID) ([]store.Login, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var ls []store.Login
	for i := range s.logins {
		if s.logins[i].User == id {
			ls = append(ls, copyLogin(&s.logins[i]))
		}
	}
	slices.SortFunc(ls, func(a, b store.Login) int { return cmp.Compare(a.Scheme, b.Scheme) })
	return ls, nil
}

// DeleteLogin implements store.Logins.
func (s *Store) DeleteLogin(ctx context.Context, scheme string, id chat.UID) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.logins, func(l store.Login) bool { return l.Scheme == scheme && l.User == id })
	if i < 0 {
		return store.ErrNotFound
	}
	s.logins = slices.Delete(s.logins, i, i+1)
	return nil
}
