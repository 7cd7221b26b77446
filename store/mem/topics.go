package mem

import (
	"context"

	"parley/store"
)

// topic is a topic's record and its log.
type topic struct {
	store.Topic
	Messages  []store.Message // by Seq; erased ones have no Content
	Deletions []deletion      // by ID
}

func copyTopic(t *store.Topic) store.Topic {
	c := *t
	c.Public, c.Trusted, c.Aux, c.Tags = raw(t.Public), raw(t.Trusted), raw(t.Aux), sortedTags(t.Tags)
	return c
}

// CreateTopic implements store.Topics.
func (s *Store) CreateTopic(ctx context.Context, t *store.Topic, unique []string, subs ...store.Sub) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if s.topics[t.Name] != nil || !s.tagsFree(unique, t.Name) || !s.subsFree(subs...) {
		return store.ErrDuplicate
	}
	s.topics[t.Name] = &topic{Topic: copyTopic(t)}
	s.putSubs(subs...)
	return nil
}

// Topic implements store.Topics.
func (s *Store) Topic(ctx context.Context, name string) (*store.Topic, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	t := s.topics[name]
	if t == nil {
		return nil, store.ErrNotFound
	}
	c := copyTopic(&t.Topic)
	c.SubCount = s.subCount(name)
	return &c, nil
}

// UpdateTopic implements store.Topics.
func (s *Store) UpdateTopic(ctx context.Context, name string, up store.TopicUpdate) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	t := s.topics[name]
	switch {
	case t == nil || !s.subsLive(up.Subs):
		return store.ErrNotFound
	case !s.tagsFree(up.Unique, name):
		return store.ErrDuplicate
	}
	set(&t.Updated, up.Updated)
	set(&t.State, up.State)
	set(&t.Owner, up.Owner)
	set(&t.Access, up.Access)
	setRaw(&t.Public, up.Public)
	setRaw(&t.Trusted, up.Trusted)
	setRaw(&t.Aux, up.Aux)
	if up.Tags != nil {
		t.Tags = sortedTags(*up.Tags)
	}
	s.setAvatar(up.Avatar, link{Topic: name})
	s.updateSubs(up.Subs)
	return nil
}
