package mem

import (
	"context"
	"maps"
	"slices"
	"time"

	"parley/internal/chat"
	"parley/store"
)

// DeleteTopic implements store.Topics.
func (s *Store) DeleteTopic(ctx context.Context, name string, hard bool, at time.Time) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if s.topics[name] == nil {
		return store.ErrNotFound
	}
	s.deleteTopic(name, hard, at)
	return nil
}

func (s *Store) deleteTopic(name string, hard bool, at time.Time) {
	for key, sub := range s.subs {
		switch {
		case key.topic != name:
		case hard:
			delete(s.subs, key)
		case sub.Deleted.IsZero():
			sub.Deleted = at
		}
	}
	if !hard {
		s.topics[name].State = store.StateDeleted
		return
	}
	delete(s.topics, name)
	s.unlink(func(l link) bool { return l.Topic == name })
	maps.DeleteFunc(s.published, func(key onceKey, _ published) bool { return key.topic == name })
}

// DeleteUser implements store.Users.
func (s *Store) DeleteUser(ctx context.Context, id chat.UID, hard bool, at time.Time) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	u := s.users[id]
	if u == nil {
		return store.ErrNotFound
	}
	for name, t := range s.topics {
		if t.Owner == id || chat.P2PPeer(name, id) != 0 || name == id.SlfName() {
			s.deleteTopic(name, hard, at)
		}
	}
	for key, sub := range s.subs {
		kind := chat.KindOf(key.topic)
		if key.user == id && sub.Deleted.IsZero() && kind != chat.KindMe && kind != chat.KindFnd {
			sub.Deleted = at
		}
	}
	for _, t := range s.topics {
		t.Deletions = slices.DeleteFunc(t.Deletions, func(d deletion) bool { return d.User == id })
	}
	maps.DeleteFunc(s.tokens, func(_ string, t store.Token) bool { return t.User == id })
	maps.DeleteFunc(s.devices, func(_ string, d store.Device) bool { return d.User == id })
	u.State = store.StateDeleted
	if hard {
		s.purgeUser(id)
	}
	return nil
}

// purgeUser removes what is left of a user who was marked as deleted.
func (s *Store) purgeUser(id chat.UID) {
	for _, t := range s.topics {
		for i := range t.Messages {
			if t.Messages[i].From == id {
				t.Messages[i].From = 0
			}
		}
	}
	maps.DeleteFunc(s.subs, func(key subKey, _ *store.Sub) bool { return key.user == id })
	maps.DeleteFunc(s.published, func(key onceKey, _ published) bool { return key.from == id })
	s.logins = slices.DeleteFunc(s.logins, func(l store.Login) bool { return l.User == id })
	s.creds = slices.DeleteFunc(s.creds, func(c credential) bool { return c.User == id })
	maps.DeleteFunc(s.codes, func(_ string, c *store.Code) bool { return c.User == id })
	s.purgeFiles(id)
	delete(s.users, id)
	s.purged[id] = true
}
