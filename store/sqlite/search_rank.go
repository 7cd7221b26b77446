package sqlite

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
)

const (
	zoneShift = 9 // a zone is 512 slots of users

	// walkFrom is how many equal topics are too many to read all of them.
	walkFrom = 1000
)

// ranked is a hit with what decides among hits of equal weight.
type ranked struct {
	hit
	subs    int    // of a topic
	created int64  // milliseconds
	name    string // of a topic
	id      int64  // of a user; of a topic the slot
}

func compareRanked(a, b ranked) int {
	return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(b.subs, a.subs), cmp.Compare(a.kind, b.kind),
		cmp.Compare(a.created, b.created), cmp.Compare(a.name, b.name), cmp.Compare(a.id, b.id))
}

// best returns the best of the hits, in order. Of most searches for something
// that many have, a few hits are sure to be among them and for the rest there
// is room for some out of many equals.
func (s *search) best(hits []hit) ([]ranked, error) {
	sure, tied, room := split(hits, s.query.Limit)
	list, err := s.ranks(kindUser, of(sure, kindUser))
	if err != nil {
		return nil, err
	}
	for _, more := range []func() ([]ranked, error){
		func() ([]ranked, error) { return s.ranks(kindTopic, of(sure, kindTopic)) },
		func() ([]ranked, error) { return s.oldest(of(tied, kindUser), room) },
		func() ([]ranked, error) { return s.largest(of(tied, kindTopic), room) },
	} {
		next, err := more()
		if err != nil {
			return nil, err
		}
		list = append(list, next...)
	}
	slices.SortFunc(list, compareRanked)
	if s.query.Limit > 0 && len(list) > s.query.Limit {
		list = list[:s.query.Limit]
	}
	return list, nil
}

// split tells the hits that are sure to be among the best by their weight from
// those of one weight of which there are more than there is room for.
func split(hits []hit, limit int) (sure, tied []hit, room int) {
	if limit <= 0 || len(hits) <= limit {
		return hits, nil, 0
	}
	count := map[int32]int{}
	for _, h := range hits {
		count[h.weight]++
	}
	var border int32
	for _, border = range slices.Backward(slices.Sorted(maps.Keys(count))) {
		if room+count[border] >= limit {
			break
		}
		room += count[border]
	}
	room = limit - room
	for _, h := range hits {
		switch {
		case h.weight > border:
			sure = append(sure, h)
		case h.weight == border:
			tied = append(tied, h)
		}
	}
	return sure, tied, room
}

func of(hits []hit, kind int32) []hit {
	var some []hit
	for _, h := range hits {
		if h.kind == kind {
			some = append(some, h)
		}
	}
	return some
}

// ranks reads what decides among hits of one kind.
func (s *search) ranks(kind int, hits []hit) ([]ranked, error) {
	if len(hits) == 0 {
		return nil, nil
	}
	text := `SELECT slot, id, created, 0, '' FROM users WHERE slot IN (SELECT value FROM json_each(?))`
	if kind == kindTopic {
		text = `SELECT id, id, created, subs, name FROM topics WHERE id IN (SELECT value FROM json_each(?))`
	}
	weights, numbers := make(map[int64]int32, len(hits)), make([]int64, len(hits))
	for i, h := range hits {
		weights[h.slot], numbers[i] = h.weight, h.slot
	}
	list := make([]ranked, 0, len(hits))
	err := s.conn.query(text, func(r *row) error {
		k := ranked{hit: hit{slot: r.num(), kind: int32(kind)}, id: r.num(), created: r.num(), subs: r.int(), name: r.text()}
		k.weight = weights[k.slot]
		list = append(list, k)
		return nil
	}, numberList(numbers))
	return list, err
}

// oldest returns the oldest of equal users. As users get their slots in the
// order of arrival, few zones have to be looked at.
func (s *search) oldest(hits []hit, room int) ([]ranked, error) {
	if len(hits) <= room {
		return s.ranks(kindUser, hits)
	}
	zones, err := s.zones(hits)
	if err != nil {
		return nil, err
	}
	var list []ranked
	for len(zones) > 0 {
		if len(list) >= room {
			slices.SortFunc(list, compareRanked)
			if list = list[:room]; list[room-1].created < zones[0].oldest {
				break
			}
		}
		next := zones[0].hits // as many zones as are needed at least
		for zones = zones[1:]; len(zones) > 0 && len(list)+len(next) < room; zones = zones[1:] {
			next = append(next, zones[0].hits...)
		}
		more, err := s.ranks(kindUser, next)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	return list, nil
}

// zone is the hits in one zone.
type zone struct {
	oldest int64
	hits   []hit
}

// zones divides hits, which are in the order of their slots. The zone with the
// oldest user comes first.
func (s *search) zones(hits []hit) ([]zone, error) {
	var zones []zone
	err := s.conn.query(`SELECT zone, oldest FROM user_zones ORDER BY zone`, func(r *row) error {
		end, z := (r.num()+1)<<zoneShift, zone{oldest: r.num()}
		n := 0
		for n < len(hits) && hits[n].slot < end {
			n++
		}
		if z.hits, hits = hits[:n:n], hits[n:]; n > 0 {
			zones = append(zones, z)
		}
		return nil
	})
	slices.SortStableFunc(zones, func(a, b zone) int { return cmp.Compare(a.oldest, b.oldest) })
	return zones, err
}

// largest returns those of equal topics that have most subscriptions. It walks
// through all topics with tags in that order unless few of them match.
func (s *search) largest(hits []hit, room int) ([]ranked, error) {
	if len(hits) <= max(room, walkFrom) {
		return s.ranks(kindTopic, hits)
	}
	among := slots{}
	for _, h := range hits {
		among.add(h.slot)
	}
	var first []hit
	patience := len(hits) // more steps would cost more than reading all of them
	err := s.conn.query(`SELECT id FROM topics WHERE tags IS NOT NULL ORDER BY subs DESC, created, name`, func(r *row) error {
		if id := r.num(); among.has(id) {
			first = append(first, hit{slot: id, kind: kindTopic, weight: hits[0].weight})
		}
		if patience--; len(first) == room || patience == 0 {
			return errStop
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(first) == room {
		return s.ranks(kindTopic, first)
	}
	return s.ranks(kindTopic, hits)
}

// numberList makes one argument of many numbers, for json_each.
func numberList(numbers []int64) string {
	b, err := json.Marshal(numbers)
	if err != nil {
		panic(err) // numbers always encode
	}
	return string(b)
}
