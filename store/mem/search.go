package mem

import (
	"cmp"
	"context"
	"slices"
	"time"

	"parley/internal/chat"
	"parley/store"
)

// heavyWeight is what a match in the namespace Search.Heavy counts.
const heavyWeight = 20

// candidate is somebody found, with what decides his place.
type candidate struct {
	store.Found
	weight  int
	created time.Time
}

// Search implements store.Searcher.
func (s *Store) Search(ctx context.Context, q store.Search) ([]store.Found, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var cs []candidate
	for id, u := range s.users {
		c := candidate{created: u.Created, Found: store.Found{
			User: id, Updated: u.Updated, State: u.State, Access: u.Access, Public: raw(u.Public), Trusted: raw(u.Trusted),
		}}
		if id != q.Except && c.match(&q, u.Tags) {
			cs = append(cs, c)
		}
	}
	for name, t := range s.topics {
		c := candidate{created: t.Created, Found: store.Found{
			Topic: name, Updated: t.Updated, State: t.State, Access: t.Access, Channel: t.Channel,
			Public: raw(t.Public), Trusted: raw(t.Trusted),
		}}
		if c.match(&q, t.Tags) {
			c.SubCount = s.subCount(name)
			cs = append(cs, c)
		}
	}
	slices.SortFunc(cs, compareCandidates)
	var found []store.Found
	for _, c := range cut(cs, q.Limit) {
		found = append(found, c.Found)
	}
	return found, nil
}

// compareCandidates puts the best first. IDs are compared as signed numbers,
// as databases do.
func compareCandidates(a, b candidate) int {
	return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(b.SubCount, a.SubCount),
		cmp.Compare(min(len(a.Topic), 1), min(len(b.Topic), 1)), // users before topics
		a.created.Compare(b.created), cmp.Compare(a.Topic, b.Topic), cmp.Compare(int64(a.User), int64(b.User)))
}

// match tells whether a search finds somebody with these tags, and notes which
// of them matched and their weight.
func (c *candidate) match(q *store.Search, tags []string) bool {
	has := func(tag string) bool { return slices.Contains(tags, tag) }
	switch {
	case c.State != store.StateOK && !q.Hidden:
		return false
	case len(q.All) == 0 && !slices.ContainsFunc(q.Any, has):
		return false
	}
	asked := q.Any
	for _, group := range q.All {
		if !slices.ContainsFunc(group, has) {
			return false
		}
		asked = append(asked[:len(asked):len(asked)], group...)
	}
	for _, tag := range tags {
		if !slices.Contains(asked, tag) {
			continue
		}
		c.Tags = append(c.Tags, tag)
		if c.weight++; q.Heavy != "" && chat.TagPrefix(tag) == q.Heavy {
			c.weight += heavyWeight - 1
		}
	}
	return true
}
