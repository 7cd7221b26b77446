package sqlite

// side is the users, or the topics, of a search.
type side struct {
	*search
	kind  int
	sets  map[string]slots             // who has a tag, of those tags that matter
	match slots                        // who satisfies the query
	sums  map[int64]*[blockSize]weight // by block: of those who do
}

// weight is the sum of what the tags count that somebody has.
type weight = int32

// find looks for those who satisfy the query, and weighs them.
func (s *side) find() (err error) {
	if s.match, err = s.all(); err != nil || len(s.match) == 0 {
		return err
	}
	if s.kind == kindUser {
		if err := s.leaveOut(s.match); err != nil {
			return err
		}
	}
	for _, tag := range s.query.Any {
		if _, err := s.load(tag); err != nil {
			return err
		}
	}
	s.weigh()
	return nil
}

// all is who satisfies every group of All or, if there is none, one of Any.
func (s *side) all() (slots, error) {
	if len(s.query.All) == 0 {
		return s.anyOf(s.query.Any)
	}
	match, err := s.anyOf(s.query.All[0])
	for _, tags := range s.query.All[1:] {
		if err != nil || len(match) == 0 {
			return nil, err
		}
		var others slots
		others, err = s.anyOf(tags)
		match.and(others)
	}
	return match, err
}

func (s *side) anyOf(tags []string) (slots, error) {
	union := slots{}
	for _, tag := range tags {
		set, err := s.load(tag)
		if err != nil {
			return nil, err
		}
		union.or(set)
	}
	return union, nil
}

// load reads who has a tag, the first time.
func (s *side) load(tag string) (slots, error) {
	if set, ok := s.sets[tag]; ok {
		return set, nil
	}
	set := slots{}
	err := s.conn.query(`SELECT block, holders FROM tag_blocks WHERE tag = ? AND kind = ? AND hidden <= ?`,
		func(r *row) error {
			at := r.num()
			set.block(at << blockShift).read(r.bytes())
			return nil
		}, tag, s.kind, s.query.Hidden)
	s.sets[tag] = set
	return set, err
}

// weigh sums up the weights of those who match, block by block.
func (s *side) weigh() {
	s.sums = make(map[int64]*[blockSize]weight, len(s.match))
	for at, members := range s.match {
		sums := new([blockSize]weight)
		for tag, set := range s.sets {
			b, w := set[at], s.weights[tag]
			if b == nil {
				continue
			}
			both := *b
			for i := range both {
				both[i] &= members[i]
			}
			for n := range both.all() {
				sums[n] += w
			}
		}
		s.sums[at] = sums
	}
}

// hit is somebody who matches.
type hit struct {
	slot   int64
	weight weight
}

// border finds the least weight of those who can be among the best, and how
// many of that weight there is room for. It is 0 if there is room for all.
func (s *search) border() (border weight, room int) {
	if s.query.Limit <= 0 {
		return 0, 0
	}
	top := weight(0)
	for _, w := range s.weights {
		top += w
	}
	count := make([]int, top+1) // by weight
	for _, side := range s.sides {
		for at, members := range side.match {
			sums := side.sums[at]
			for n := range members.all() {
				count[sums[n]]++
			}
		}
	}
	room = s.query.Limit
	for border = top; border > 0 && count[border] <= room; border-- {
		room -= count[border]
	}
	return border, room
}

// split tells those who are among the best for sure, as they weigh more than
// the border, from those at the border.
func (s *side) split(border weight) (sure []hit, tied slots) {
	tied = slots{}
	for at, members := range s.match {
		sums, equal := s.sums[at], new(block)
		for n := range members.all() {
			switch sum := sums[n]; {
			case sum > border:
				sure = append(sure, hit{at<<blockShift + n, sum})
			case sum == border:
				equal.add(n)
			}
		}
		if *equal != (block{}) {
			tied[at] = equal
		}
	}
	return sure, tied
}
