package mem

import (
	"context"
	"slices"
	"time"

	"parley/internal/chat"
	"parley/store"
)

type subKey struct {
	topic string
	user  chat.UID
}

func copySub(s *store.Sub) store.Sub {
	c := *s
	c.Private = raw(s.Private)
	return c
}

// live returns a subscription that is there and not deleted, or nil.
func (s *Store) live(topic string, id chat.UID) *store.Sub {
	if sub := s.subs[subKey{topic, id}]; sub != nil && sub.Deleted.IsZero() {
		return sub
	}
	return nil
}

func (s *Store) subCount(topic string) int {
	n := 0
	for key, sub := range s.subs {
		if key.topic == topic && sub.Deleted.IsZero() {
			n++
		}
	}
	return n
}

// subsFree tells whether all of them can be put.
func (s *Store) subsFree(subs ...store.Sub) bool {
	live := map[subKey]bool{}
	for _, sub := range subs {
		key := subKey{sub.Topic, sub.User}
		if s.live(sub.Topic, sub.User) != nil || live[key] {
			return false
		}
		live[key] = sub.Deleted.IsZero()
	}
	return true
}

func (s *Store) putSubs(subs ...store.Sub) {
	for _, sub := range subs {
		c := copySub(&sub)
		s.subs[subKey{sub.Topic, sub.User}] = &c
	}
}

func (s *Store) subsLive(ups []store.SubUpdate) bool {
	return !slices.ContainsFunc(ups, func(up store.SubUpdate) bool { return s.live(up.Topic, up.User) == nil })
}

func (s *Store) updateSubs(ups []store.SubUpdate) {
	for _, up := range ups {
		sub := s.live(up.Topic, up.User)
		set(&sub.Updated, up.Updated)
		set(&sub.Want, up.Want)
		set(&sub.Given, up.Given)
		setRaw(&sub.Private, up.Private)
	}
}

// PutSubs implements store.Subs.
func (s *Store) PutSubs(ctx context.Context, subs ...store.Sub) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if !s.subsFree(subs...) {
		return store.ErrDuplicate
	}
	s.putSubs(subs...)
	return nil
}

// Sub implements store.Subs.
func (s *Store) Sub(ctx context.Context, topic string, id chat.UID) (*store.Sub, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	sub := s.subs[subKey{topic, id}]
	if sub == nil {
		return nil, store.ErrNotFound
	}
	c := copySub(sub)
	return &c, nil
}

// EachSub implements store.Subs.
func (s *Store) EachSub(ctx context.Context, topic string, fn func(*store.Sub) error) error {
	subs, err := s.subsOf(ctx, topic)
	for i := range subs {
		if err := fn(&subs[i]); err != nil {
			return err
		}
	}
	return err
}

func (s *Store) subsOf(ctx context.Context, topic string) ([]store.Sub, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var subs []store.Sub
	for key, sub := range s.subs {
		if key.topic == topic && sub.Deleted.IsZero() && !sub.Reader {
			c := *sub
			c.Private = nil
			subs = append(subs, c)
		}
	}
	return subs, nil
}

// Places implements store.Subs.
func (s *Store) Places(ctx context.Context, id chat.UID) ([]store.Place, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var out []store.Place
	for _, sub := range s.subs {
		if k := chat.KindOf(sub.Topic); sub.User == id && sub.Deleted.IsZero() && k != chat.KindMe && k != chat.KindFnd {
			out = append(out, store.Place{Topic: sub.Topic, Mode: sub.Mode(), Reader: sub.Reader})
		}
	}
	return out, nil
}

// UpdateSubs implements store.Subs.
func (s *Store) UpdateSubs(ctx context.Context, ups ...store.SubUpdate) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if !s.subsLive(ups) {
		return store.ErrNotFound
	}
	s.updateSubs(ups)
	return nil
}

// DeleteSub implements store.Subs.
func (s *Store) DeleteSub(ctx context.Context, topic string, id chat.UID, at time.Time) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	sub := s.live(topic, id)
	if sub == nil {
		return store.ErrNotFound
	}
	sub.Deleted = at
	if t := s.topics[topic]; t != nil {
		t.Deletions = slices.DeleteFunc(t.Deletions, func(d deletion) bool { return d.User == id })
	}
	return nil
}

// SetMarks implements store.Subs.
func (s *Store) SetMarks(topic string, id chat.UID, read, recv int) {
	if s.lock(context.Background()) != nil {
		return
	}
	defer s.mu.Unlock()
	if sub := s.live(topic, id); sub != nil {
		sub.Read = max(sub.Read, read)
		sub.Recv = max(sub.Recv, recv)
	}
}
