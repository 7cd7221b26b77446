package mem

import (
	"cmp"
	"context"
	"slices"
	"time"

	"parley/store"
)

func copyCode(c *store.Code) *store.Code {
	n := *c
	n.Hash = slices.Clone(c.Hash)
	return &n
}

// over tells whether what expires then has expired at a time.
func over(expires, at time.Time) bool { return !at.Before(expires) }

// PutCode implements store.Codes.
func (s *Store) PutCode(ctx context.Context, c *store.Code) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if old := s.codes[c.Key]; old != nil && !over(old.Expires, c.Created) {
		return store.ErrDuplicate
	}
	s.codes[c.Key] = copyCode(c)
	return nil
}

// Code implements store.Codes.
func (s *Store) Code(ctx context.Context, key string) (*store.Code, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	c := s.codes[key]
	if c == nil {
		return nil, store.ErrNotFound
	}
	return copyCode(c), nil
}

// FailCode implements store.Codes.
func (s *Store) FailCode(ctx context.Context, key string) (int, error) {
	if err := s.lock(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	c := s.codes[key]
	if c == nil {
		return 0, store.ErrNotFound
	}
	c.Failed++
	return c.Failed, nil
}

// DeleteCode implements store.Codes.
func (s *Store) DeleteCode(ctx context.Context, key string) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if s.codes[key] == nil {
		return store.ErrNotFound
	}
	delete(s.codes, key)
	return nil
}

// ExpireCodes implements store.Codes. It begins with those that expired first.
func (s *Store) ExpireCodes(ctx context.Context, at time.Time, limit int) (int, error) {
	if err := s.lock(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	var old []*store.Code
	for _, c := range s.codes {
		if over(c.Expires, at) {
			old = append(old, c)
		}
	}
	slices.SortFunc(old, func(a, b *store.Code) int {
		return cmp.Or(a.Expires.Compare(b.Expires), cmp.Compare(a.Key, b.Key))
	})
	old = cut(old, limit)
	for _, c := range old {
		delete(s.codes, c.Key)
	}
	return len(old), nil
}
