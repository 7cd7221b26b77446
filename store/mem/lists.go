package mem

import (
	"cmp"
	"context"
	"slices"
	"time"

	"parley/internal/chat"
	"parley/store"
)

// Contacts implements store.Subs.
func (s *Store) Contacts(ctx context.Context, id chat.UID, q store.ContactQuery) ([]store.Contact, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var cs []store.Contact
	for key, sub := range s.subs {
		kind := chat.KindOf(key.topic)
		if key.user != id || kind == chat.KindMe || kind == chat.KindFnd || q.Topic != "" && q.Topic != key.topic {
			continue
		}
		c := s.contact(sub)
		if q.Since.IsZero() && c.Deleted.IsZero() || !q.Since.IsZero() && changed(&c).After(q.Since) {
			cs = append(cs, c)
		}
	}
	if !q.Since.IsZero() {
		slices.SortFunc(cs, func(a, b store.Contact) int {
			return cmp.Or(changed(&a).Compare(changed(&b)), cmp.Compare(a.Topic, b.Topic))
		})
	}
	return cut(cs, q.Limit), nil
}

func (s *Store) contact(sub *store.Sub) store.Contact {
	c := store.Contact{Sub: copySub(sub), Peer: chat.P2PPeer(sub.Topic, sub.User)}
	if t := s.topics[sub.Topic]; t != nil {
		c.TopicUpdated, c.Touched, c.TopicState, c.Channel = t.Updated, t.Touched, t.State, t.Channel
		c.Seq, c.TopicDel, c.SubCount = t.Seq, t.Del, s.subCount(t.Name)
		c.Public, c.Trusted = raw(t.Public), raw(t.Trusted)
	}
	if c.Peer == 0 {
		return c
	}
	c.TopicUpdated, c.Public, c.Trusted = time.Time{}, nil, nil
	if u := s.users[c.Peer]; u != nil {
		c.TopicUpdated, c.Public, c.Trusted = u.Updated, raw(u.Public), raw(u.Trusted)
		c.PeerState, c.LastSeen, c.UserAgent = u.State, u.LastSeen, u.UserAgent
	}
	return c
}

// changed is when a contact last changed.
func changed(c *store.Contact) time.Time {
	latest := c.Updated
	for _, t := range []time.Time{c.Deleted, c.TopicUpdated, c.Touched} {
		if t.After(latest) {
			latest = t
		}
	}
	return latest
}

// Members implements store.Subs.
func (s *Store) Members(ctx context.Context, topic string, q store.MemberQuery) ([]store.Member, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var ms []store.Member
	for key, sub := range s.subs {
		switch {
		case key.topic != topic || q.User != 0 && q.User != key.user:
		case sub.Reader && q.User == 0:
		case !sub.Deleted.IsZero() && (q.DeletedSince.IsZero() || !sub.Deleted.After(q.DeletedSince)):
		default:
			ms = append(ms, s.member(sub))
		}
	}
	slices.SortFunc(ms, func(a, b store.Member) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.User, b.User))
	})
	return cut(ms, q.Limit), nil
}

func (s *Store) member(sub *store.Sub) store.Member {
	m := store.Member{Sub: copySub(sub)}
	if u := s.users[sub.User]; u != nil {
		m.UserUpdated, m.Public, m.Trusted = u.Updated, raw(u.Public), raw(u.Trusted)
	}
	return m
}

// cut shortens a list to limit elements; 0 is no limit.
func cut[T any](list []T, limit int) []T {
	if limit > 0 && len(list) > limit {
		return list[:limit]
	}
	return list
}
