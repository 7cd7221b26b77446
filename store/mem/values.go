package mem

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"parley/store"
)

func copyValue(v *store.Value) *store.Value {
	n := *v
	n.Data = slices.Clone(v.Data)
	return &n
}

// value is the one that is there at a time, or nil. Called with mu held.
func (s *Store) value(key string, at time.Time) *store.Value {
	v := s.values[key]
	if v == nil || !v.Expires.IsZero() && over(v.Expires, at) {
		return nil
	}
	return v
}

// Value implements store.Values.
func (s *Store) Value(ctx context.Context, key string, at time.Time) (*store.Value, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	v := s.value(key, at)
	if v == nil {
		return nil, store.ErrNotFound
	}
	return copyValue(v), nil
}

// PutValue implements store.Values.
func (s *Store) PutValue(ctx context.Context, v *store.Value) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	s.values[v.Key] = copyValue(v)
	return nil
}

// SwapValue implements store.Values.
func (s *Store) SwapValue(ctx context.Context, v *store.Value, old []byte, at time.Time) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	was := s.values[v.Key]
	if old == nil && s.value(v.Key, at) != nil || old != nil && (was == nil || !bytes.Equal(was.Data, old)) {
		return store.ErrChanged
	}
	s.values[v.Key] = copyValue(v)
	return nil
}

// DropValue implements store.Values.
func (s *Store) DropValue(ctx context.Context, key string, old []byte) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if v := s.values[key]; v != nil && (old == nil || bytes.Equal(v.Data, old)) {
		delete(s.values, key)
	}
	return nil
}

// DropValues implements store.Values.
func (s *Store) DropValues(ctx context.Context, prefix string, before time.Time, limit int) (int, error) {
	return s.dropValues(ctx, limit, func(v *store.Value) bool {
		return strings.HasPrefix(v.Key, prefix) && v.Updated.Before(before)
	})
}

// ExpireValues implements store.Values.
func (s *Store) ExpireValues(ctx context.Context, at time.Time, limit int) (int, error) {
	return s.dropValues(ctx, limit, func(v *store.Value) bool { return !v.Expires.IsZero() && over(v.Expires, at) })
}

func (s *Store) dropValues(ctx context.Context, limit int, chosen func(*store.Value) bool) (int, error) {
	if err := s.lock(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	n := 0
	maps.DeleteFunc(s.values, func(_ string, v *store.Value) bool {
		if limit > 0 && n == limit || !chosen(v) {
			return false
		}
		n++
		return true
	})
	return n, nil
}

// ListValues implements store.Values.
func (s *Store) ListValues(ctx context.Context, prefix, after string, limit int) ([]store.Value, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var list []store.Value
	for _, key := range slices.Sorted(maps.Keys(s.values)) {
		if strings.HasPrefix(key, prefix) && key > after {
			list = append(list, *copyValue(s.values[key]))
		}
	}
	return cut(list, limit), nil
}
