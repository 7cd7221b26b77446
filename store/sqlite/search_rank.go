package sqlite

import (
	"cmp"
	"encoding/json"
	"slices"
)

const (
	zoneShift = 9 // a zone is 512 slots of users

	// walkFrom is how many equal topics are too many to read all of them.
	walkFrom = 1000
)

// ranked is somebody found with what decides among equal weights.
type ranked struct {
	hit
	kind    int
	subs    int    // of a topic
	created int64  // milliseconds
	name    string // of a topic
	id      int64  // of a user; of a topic the slot
}

func compareRanked(a, b ranked) int {
	return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(b.subs, a.subs), cmp.Compare(a.kind, b.kind),
		cmp.Compare(a.created, b.created), cmp.Compare(a.name, b.name), cmp.Compare(a.id, b.id))
}

// best returns the best of those who match, in order. Of most searches for
// what many have, some are sure to be among them, and the rest are few out of
// many equals.
func (s *search) best() ([]ranked, error) {
	border, room := s.border()
	var list []ranked
	for kind, choose := range [2]func(slots, weight, int) ([]ranked, error){kindUser: s.oldest, kindTopic: s.largest} {
		sure, tied := s.sides[kind].split(border)
		of, err := s.ranks(kind, sure)
		if err != nil {
			return nil, err
		}
		list = append(list, of...)
		if of, err = choose(tied, border, room); err != nil {
			return nil, err
		}
		list = append(list, of...)
	}
	slices.SortFunc(list, compareRanked)
	if s.query.Limit > 0 && len(list) > s.query.Limit {
		list = list[:s.query.Limit]
	}
	return list, nil
}

// ranks reads what decides among equal weights.
func (s *search) ranks(kind int, hits []hit) ([]ranked, error) {
	if len(hits) == 0 {
		return nil, nil
	}
	text := `SELECT slot, users.id, created FROM json_each(?) CROSS JOIN users ON slot = value`
	if kind == kindTopic {
		text = `SELECT topics.id, topics.id, created, subs, name FROM json_each(?) CROSS JOIN topics ON topics.id = value`
	}
	weights, numbers := make(map[int64]weight, len(hits)), make([]int64, len(hits))
	for i, h := range hits {
		weights[h.slot], numbers[i] = h.weight, h.slot
	}
	list := make([]ranked, 0, len(hits))
	err := s.conn.query(text, func(r *row) error {
		k := ranked{kind: kind, hit: hit{slot: r.num()}, id: r.num(), created: r.num()}
		if kind == kindTopic {
			k.subs, k.name = r.int(), r.text()
		}
		k.weight = weights[k.slot]
		list = append(list, k)
		return nil
	}, numberList(numbers))
	return list, err
}

// oldest returns the oldest of equal users. As users get their slots in the
// order of arrival, few zones have to be looked at.
func (s *search) oldest(tied slots, border weight, room int) ([]ranked, error) {
	if room == 0 || len(tied) == 0 {
		return nil, nil
	}
	zones, err := s.zones(tied)
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
		next := zones[0].hits(tied, border) // of as many zones as are needed at least
		for zones = zones[1:]; len(zones) > 0 && len(list)+len(next) < room; zones = zones[1:] {
			next = append(next, zones[0].hits(tied, border)...)
		}
		more, err := s.ranks(kindUser, next)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	return list, nil
}

// zone is a part of a block.
type zone struct {
	number int64
	oldest int64 // nobody in it was created before
}

func (z zone) hits(tied slots, border weight) []hit {
	const words = 1 << (zoneShift - 6)
	var hits []hit
	var only block
	first := z.number << zoneShift
	if from := first & blockMask >> 6; tied[first>>blockShift] != nil {
		copy(only[from:from+words], tied[first>>blockShift][from:])
	}
	for n := range only.all() {
		hits = append(hits, hit{first&^blockMask + n, border})
	}
	return hits
}

// zones lists the zones, that with the oldest user first.
func (s *search) zones(tied slots) ([]zone, error) {
	var zones []zone
	err := s.conn.query(`SELECT zone, oldest FROM user_zones`, func(r *row) error {
		z := zone{r.num(), r.num()}
		if tied[z.number>>(blockShift-zoneShift)] != nil {
			zones = append(zones, z)
		}
		return nil
	})
	slices.SortFunc(zones, func(a, b zone) int { return cmp.Compare(a.oldest, b.oldest) })
	return zones, err
}

// largest returns those of equal topics that have most subscriptions. If many
// match it walks through all topics with tags in that order.
func (s *search) largest(tied slots, border weight, room int) ([]ranked, error) {
	if room == 0 || len(tied) == 0 {
		return nil, nil
	}
	if n := tied.size(); n > max(room, walkFrom) {
		list, err := s.walk(tied, border, room, n)
		if err != nil || len(list) == room {
			return list, err
		}
	}
	var hits []hit
	for at, b := range tied {
		for n := range b.all() {
			hits = append(hits, hit{at<<blockShift + n, border})
		}
	}
	return s.ranks(kindTopic, hits)
}

// walk gives up after so many topics that reading all hits would be faster.
func (s *search) walk(tied slots, border weight, room, patience int) ([]ranked, error) {
	var first []hit
	err := s.conn.query(`SELECT id FROM topics WHERE tags IS NOT NULL ORDER BY subs DESC, created, name`, func(r *row) error {
		if id := r.num(); tied.has(id) {
			first = append(first, hit{id, border})
		}
		if patience--; len(first) == room || patience == 0 {
			return errStop
		}
		return nil
	})
	if err != nil || len(first) < room {
		return nil, err
	}
	return s.ranks(kindTopic, first)
}

// numberList makes one argument of many numbers, for json_each.
func numberList(numbers []int64) string {
	b, err := json.Marshal(numbers)
	if err != nil {
		panic(err) // numbers always encode
	}
	return string(b)
}
