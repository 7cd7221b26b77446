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

// Search implements store.Searcher. It reads the sets of who has which tag,
// finds out who matches and with what weight without looking at anybody's
// record (this file), reads so much of the records as is needed to tell the
// best among equals (search_rank.go), and the rest of those records.
func (s *Store) Search(ctx context.Context, q store.Search) ([]store.Found, error) {
	se := &search{query: &q, weights: map[string]int{}}
	for _, tags := range append(slices.Clone(q.All), q.Any) {
		for _, tag := range tags {
			se.weights[tag] = 1
			if q.Heavy != "" && chat.TagPrefix(tag) == q.Heavy {
				se.weights[tag] = heavyWeight
			}
		}
	}
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
	weights map[string]int // of all tags
}

// hit is a user or a topic that matches.
type hit struct {
	slot   int64
	kind   int32
	weight int32
}

func (s *search) run() ([]store.Found, error) {
	var hits []hit
	for _, kind := range []int{kindUser, kindTopic} {
		sets, err := s.load(kind)
		if err != nil {
			return nil, err
		}
		match := s.match(sets)
		if err := s.leaveOut(match, kind); err != nil {
			return nil, err
		}
		hits = s.weigh(hits, match, kind, sets)
	}
	ranked, err := s.best(hits)
	if err != nil {
		return nil, err
	}
	return s.records(ranked)
}

// load reads who has which of the tags.
func (s *search) load(kind int) (map[string]slots, error) {
	sets := map[string]slots{}
	for tag := range s.weights {
		set := slots{}
		err := s.conn.query(`SELECT block, holders FROM tag_blocks WHERE tag = ? AND kind = ? AND hidden <= ?`,
			func(r *row) error {
				at := r.num()
				set.block(at << blockShift).read(r.bytes())
				return nil
			}, tag, kind, s.query.Hidden)
		if err != nil {
			return nil, err
		}
		sets[tag] = set
	}
	return sets, nil
}

// match is who satisfies every group of All or, if there is none, one of Any.
func (s *search) match(sets map[string]slots) slots {
	anyOf := func(tags []string) slots {
		union := slots{}
		for _, tag := range tags {
			union.or(sets[tag])
		}
		return union
	}
	if len(s.query.All) == 0 {
		return anyOf(s.query.Any)
	}
	match := anyOf(s.query.All[0])
	for _, tags := range s.query.All[1:] {
		match.and(anyOf(tags))
	}
	return match
}

// leaveOut removes whom the query does not want.
func (s *search) leaveOut(match slots, kind int) error {
	if kind != kindUser || s.query.Except == 0 || len(match) == 0 {
		return nil
	}
	err := s.conn.one(`SELECT slot FROM users WHERE id = ?`, func(r *row) { match.remove(r.num()) }, s.query.Except)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// weigh adds those that match to the hits, in the order of their slots, with
// the weight of the tags that they have.
func (s *search) weigh(hits []hit, match slots, kind int, sets map[string]slots) []hit {
	hits = slices.Grow(hits, match.size())
	sums := make([]int32, blockSize)
	for _, at := range slices.Sorted(maps.Keys(match)) {
		members := match[at]
		clear(sums)
		for tag, set := range sets {
			b, weight := set[at], int32(s.weights[tag])
			if b == nil {
				continue
			}
			both := *b
			for i := range both {
				both[i] &= members[i]
			}
			for n := range both.all() {
				sums[n] += weight
			}
		}
		for n := range members.all() {
			hits = append(hits, hit{slot: at<<blockShift + n, kind: int32(kind), weight: sums[n]})
		}
	}
	return hits
}
