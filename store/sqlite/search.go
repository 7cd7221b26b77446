package sqlite

import (
	"context"
	"errors"
	"maps"
	"slices"

	"parley/internal/chat"
	"parley/store"
)

// heavyWeight is what a match in the namespace Search.Heavy counts.
const heavyWeight = 20

// Search implements store.Searcher. It reads the sets of who has which tag and
// finds out who matches, and with what weight, without looking at anybody's
// record (search_match.go); then reads so much of the records as is needed to
// tell the best among equals (search_rank.go), and the rest of those records.
func (s *Store) Search(ctx context.Context, q store.Search) ([]store.Found, error) {
	se := &search{query: &q, weights: map[string]int32{}}
	for _, tags := range append(slices.Clone(q.All), q.Any) {
		for _, tag := range tags {
			se.weights[tag] = 1
			if q.Heavy != "" && chat.TagPrefix(tag) == q.Heavy {
				se.weights[tag] = heavyWeight
			}
		}
	}
	se.tags = slices.Sorted(maps.Keys(se.weights))
	var found []store.Found
	err := s.readOne(ctx, "search", func(c *conn) (err error) {
		se.conn = c
		found, err = se.run()
		return err
	})
	return found, err
}

// search is a search under way.
type search struct {
	conn    *conn
	query   *store.Search
	tags    []string         // all of the query, sorted
	weights map[string]int32 // of each tag
	sides   [2]*side         // users, topics
}

func (s *search) run() ([]store.Found, error) {
	for kind := range s.sides {
		s.sides[kind] = &side{search: s, kind: kind, sets: map[string]slots{}}
		if err := s.sides[kind].find(); err != nil {
			return nil, err
		}
	}
	ranked, err := s.best()
	if err != nil {
		return nil, err
	}
	return s.records(ranked)
}

const (
	foundUsers = `SELECT users.id, updated, state, auth, anon, public, trusted
		FROM json_each(?) CROSS JOIN users ON users.id = value`
	foundTopics = `SELECT topics.id, updated, state, auth, anon, public, trusted, channel, subs, name
		FROM json_each(?) CROSS JOIN topics ON topics.id = value`
)

func (r *row) found() store.Found {
	return store.Found{
		Updated: r.time(), State: r.state(), Access: chat.Access{Auth: r.mode(), Anon: r.mode()},
		Public: r.bytes(), Trusted: r.bytes(),
	}
}

// records reads those who were found.
func (s *search) records(list []ranked) ([]store.Found, error) {
	found := make([]store.Found, len(list))
	for kind, text := range [2]string{kindUser: foundUsers, kindTopic: foundTopics} {
		var ids []int64
		places := map[int64]int{} // in the answer, by ID
		for i, k := range list {
			if k.kind == kind {
				ids = append(ids, k.id)
				places[k.id] = i
			}
		}
		if len(ids) == 0 {
			continue
		}
		err := s.conn.query(text, func(r *row) error {
			id := r.num()
			at := places[id]
			found[at] = r.found()
			if kind == kindUser {
				found[at].User = chat.UID(id)
			} else {
				found[at].Channel, found[at].SubCount, found[at].Topic = r.flag(), r.int(), r.text()
			}
			found[at].Tags = s.matched(kind, list[at].slot)
			return nil
		}, numberList(ids))
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// matched is the tags of the query that somebody has.
func (s *search) matched(kind int, slot int64) []string {
	var tags []string
	for _, tag := range s.tags {
		if s.sides[kind].sets[tag].has(slot) {
			tags = append(tags, tag)
		}
	}
	return tags
}

// leaveOut removes whom the query does not want.
func (s *search) leaveOut(match slots) error {
	if s.query.Except == 0 || len(match) == 0 {
		return nil
	}
	err := s.conn.one(`SELECT slot FROM users WHERE id = ?`, func(r *row) { match.remove(r.num()) }, s.query.Except)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}
