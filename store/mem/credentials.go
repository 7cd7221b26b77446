package mem

import (
	"cmp"
	"context"
	"slices"
	"time"

	"parley/internal/chat"
	"parley/store"
)

// credential is confirmed (Done), pending, or neither (Off).
type credential struct {
	store.Credential
	Off bool // deactivated
}

func (c *credential) pending() bool { return !c.Done && !c.Off }

func (s *Store) confirmed(method, value string) bool {
	return slices.ContainsFunc(s.creds, func(c credential) bool {
		return c.Done && c.Method == method && c.Value == value
	})
}

func (s *Store) pendingCred(id chat.UID, method string) *credential {
	for i := range s.creds {
		if c := &s.creds[i]; c.User == id && c.Method == method && c.pending() {
			return c
		}
	}
	return nil
}

// PutCredential implements store.Credentials.
func (s *Store) PutCredential(ctx context.Context, c *store.Credential) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if s.confirmed(c.Method, c.Value) {
		return store.ErrDuplicate
	}
	n := credential{Credential: *c}
	n.Done = false
	if old := s.pendingCred(c.User, c.Method); old != nil {
		old.Off = true
	}
	for i := range s.creds {
		old := &s.creds[i]
		if old.User == c.User && old.Method == c.Method && old.Value == c.Value {
			n.Failed = old.Failed
			*old = n
			return nil
		}
	}
	s.creds = append(s.creds, n)
	return nil
}

// PendingCredential implements store.Credentials.
func (s *Store) PendingCredential(ctx context.Context, id chat.UID, method string) (*store.Credential, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	p := s.pendingCred(id, method)
	if p == nil {
		return nil, store.ErrNotFound
	}
	c := p.Credential
	return &c, nil
}

// Credentials implements store.Credentials.
func (s *Store) Credentials(ctx context.Context, id chat.UID, method string) ([]store.Credential, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var cs []store.Credential
	for _, c := range s.creds {
		if c.User == id && !c.Off && (method == "" || c.Method == method) {
			cs = append(cs, c.Credential)
		}
	}
	slices.SortFunc(cs, func(a, b store.Credential) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Method, b.Method), cmp.Compare(a.Value, b.Value))
	})
	return cs, nil
}

// ConfirmCredential implements store.Credentials.
func (s *Store) ConfirmCredential(ctx context.Context, id chat.UID, method string, at time.Time) (*store.Credential, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	p := s.pendingCred(id, method)
	switch {
	case p == nil:
		return nil, store.ErrNotFound
	case s.confirmed(method, p.Value):
		return nil, store.ErrDuplicate
	}
	p.Done, p.Updated, p.Code = true, at, ""
	c := p.Credential
	return &c, nil
}

// FailCredential implements store.Credentials.
func (s *Store) FailCredential(ctx context.Context, id chat.UID, method string, at time.Time) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if s.pendingCred(id, method) == nil {
		return store.ErrNotFound
	}
	for i := range s.creds {
		if c := &s.creds[i]; c.User == id && c.Method == method && !c.Done {
			c.Failed++
			c.Updated = at
		}
	}
	return nil
}

// ForgiveCredential implements store.Credentials.
func (s *Store) ForgiveCredential(ctx context.Context, id chat.UID, method string) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	p := s.pendingCred(id, method)
	if p == nil {
		return store.ErrNotFound
	}
	p.Failed = 0
	return nil
}

// CredentialHolder implements store.Credentials.
func (s *Store) CredentialHolder(ctx context.Context, method, value string) (chat.UID, error) {
	if err := s.lock(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	for _, c := range s.creds {
		if c.Done && c.Method == method && c.Value == value {
			return c.User, nil
		}
	}
	return 0, store.ErrNotFound
}

// DeleteCredential implements store.Credentials.
func (s *Store) DeleteCredential(ctx context.Context, id chat.UID, method, value string) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.creds, func(c credential) bool {
		return c.User == id && c.Method == method && c.Value == value && !c.Off
	})
	if i < 0 {
		return store.ErrNotFound
	}
	if c := &s.creds[i]; !c.Done && c.Failed > 0 {
		c.Off = true
		return nil
	}
	s.creds = slices.Delete(s.creds, i, i+1)
	return nil
}
