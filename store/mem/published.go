package mem

import (
	"context"
	"slices"
	"time"

	"parley/internal/chat"
	"parley/store"
)

// onceKey is what a user may publish once.
type onceKey struct {
	topic string
	from  chat.UID
	once  string
}

// published is the message that has the key.
type published struct {
	seq int
	at  time.Time
}

// keep remembers a message by its Once unless an earlier one has the same.
func (s *Store) keep(m *store.Message) {
	key := onceKey{m.Topic, m.From, m.Once}
	if _, taken := s.published[key]; m.Once != "" && !taken {
		s.published[key] = published{m.Seq, m.At}
	}
}

// Published implements store.Messages.
func (s *Store) Published(ctx context.Context, topic string, from chat.UID, once string) (int, time.Time, error) {
	if err := s.lock(ctx); err != nil {
		return 0, time.Time{}, err
	}
	defer s.mu.Unlock()
	p, ok := s.published[onceKey{topic, from, once}]
	if !ok {
		return 0, time.Time{}, store.ErrNotFound
	}
	return p.seq, p.at, nil
}

// ForgetPublished implements store.Messages.
func (s *Store) ForgetPublished(ctx context.Context, before time.Time, limit int) (int, error) {
	if err := s.lock(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	var old []onceKey
	for key, p := range s.published {
		if p.at.Before(before) {
			old = append(old, key)
		}
	}
	slices.SortFunc(old, func(a, b onceKey) int { return s.published[a].at.Compare(s.published[b].at) })
	old = cut(old, limit)
	for _, key := range old {
		delete(s.published, key)
	}
	return len(old), nil
}
