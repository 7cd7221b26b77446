package server

import (
	"math/rand/v2"
	"slices"
	"strconv"
)

// Modes that are asked for, granted, or a default.
var (
	askedModes   = []string{"", "JRWPS", "JRWPASD", "JRWPASDO", "JRP", "N", "RWP", "JW", "JRWPA", "JO", "JRWPD", "bad"}
	defaultModes = []string{"", "JRWPS", "JRWPS", "JRWP", "JR", "N", "RWPS", "JRWPASDO", "bad"}
	meModes      = []string{"JPS", "JPS", "JS", "JP", "N", "PS", "JPSO", "JRWPAS", "bad"}
	groups       = 3
)

// director makes up random operations. It follows the model, so that most of
// them make sense.
type director struct {
	*rand.Rand
	m     *model
	offer *op // of rights or of ownership, not answered yet
}

func (d *director) chance(percent int) bool { return d.IntN(100) < percent }

func (d *director) pick(list []string) string { return list[d.IntN(len(list))] }

// script is a sequence of n operations.
func script(seed uint64, shape modelShape, n int) []op {
	d := &director{Rand: rand.New(rand.NewPCG(seed, 1)), m: newModel(shape)}
	var ops []op
	add := func(o op) {
		o = o.build(len(ops))
		ops = append(ops, o)
		d.m.step(o)
	}
	for u := range shape.users {
		add(op{do: "up", session: u * devices})
		if d.chance(60) {
			add(op{do: "sub", session: u * devices, topic: "me"})
		}
	}
	add(d.newGroup(0))
	for len(ops) < n {
		add(d.next())
	}
	return ops
}

func (d *director) newGroup(slot int) op {
	o := op{do: "sub", session: d.upSession(), topic: "new" + strconv.Itoa(slot), desc: map[string]string{}}
	if d.chance(70) {
		o.desc["defacs"] = d.pick(defaultModes)
	}
	if d.chance(30) {
		o.desc["public"] = "hall"
		o.desc["private"] = "mine"
	}
	if d.chance(30) {
		o.mode = d.pick(askedModes)
	}
	return o
}

// upSession is one that is connected, if there is any.
func (d *director) upSession() int {
	for range 20 {
		if s := d.IntN(len(d.m.up)); d.m.up[s] {
			return s
		}
	}
	return 0
}

// place is a topic, and a session that is attached to it if possible.
func (d *director) place(s int) (string, int) {
	me := s / devices
	if d.chance(80) {
		for range 12 {
			all := d.m.all()
			t := all[d.IntN(len(all))]
			if at := t.sessions(); len(at) > 0 {
				s = at[d.IntN(len(at))]
				return t.nameFor(s / devices), s
			}
		}
	}
	if d.chance(50) {
		if peer := d.IntN(d.m.shape.users); peer != me {
			return userName(peer), s
		}
	}
	if n := len(d.m.groups); n > 0 {
		return groupName(d.IntN(n)), s
	}
	return "me", s
}

// accept is what the one to whom rights were offered may say.
func (d *director) accept() op {
	o := op{do: "set", part: "sub", topic: d.offer.topic, session: d.offer.user * devices, mode: d.offer.mode}
	if d.chance(40) {
		o.mode = d.pick(askedModes)
	}
	for s := range devices {
		if d.m.up[d.offer.user*devices+s] {
			o.session = d.offer.user*devices + s
		}
	}
	if t := d.m.find(o); t == nil || !t.attached[o.session] {
		o.do = "sub"
	}
	if d.chance(60) {
		d.offer = nil // else he says more
	}
	return o
}

func (d *director) next() op {
	s := d.upSession()
	if d.offer != nil && d.chance(25) {
		return d.accept()
	}
	switch n := d.IntN(100); {
	case n < 2:
		return op{do: "pause"}
	case n < 5:
		return op{do: "down", session: s}
	case n < 11:
		return op{do: "up", session: d.IntN(len(d.m.up))}
	case n < 13 && len(d.m.groups) < groups:
		return d.newGroup(len(d.m.groups))
	case n < 30:
		return d.sub(s)
	case n < 34:
		o := op{do: "leave", flag: d.chance(30)}
		o.topic, o.session = d.place(s)
		return o
	case n < 50:
		o := op{do: "pub", flag: d.chance(20), noID: d.chance(15)}
		o.topic, o.session = d.place(s)
		return o
	case n < 58:
		o := op{do: "note", what: d.pick([]string{"read", "recv", "kp", "kpa"})}
		if o.topic, o.session = d.place(s); o.what[0] == 'r' {
			o.seq = 1 + d.IntN(d.lastSeq(o)+2)
		}
		return o
	case n < 66:
		return d.delete(s)
	case n < 80:
		return d.set(s)
	default:
		return d.get(s)
	}
}

func (d *director) lastSeq(o op) int {
	if t := d.m.find(o); t != nil {
		return t.seq
	}
	return 0
}

func (d *director) sub(s int) op {
	o := op{do: "sub", session: s, topic: "me", what: d.pick([]string{"", "", "desc sub", "data desc del sub"})}
	if d.chance(12) {
		if d.chance(20) {
			o.mode = d.pick(meModes)
		}
		return o
	}
	if n := len(d.m.groups); n > 0 && d.chance(65) {
		o.topic = groupName(d.IntN(n))
	} else if peer := d.IntN(d.m.shape.users); peer != s/devices {
		o.topic = userName(peer)
	}
	if o.topic == "me" {
		if d.chance(20) {
			o.mode = d.pick(meModes)
		}
		return o
	}
	if d.chance(30) {
		o.mode = d.pick(askedModes)
	}
	if o.desc = map[string]string{}; d.chance(15) {
		o.desc["private"] = "p" + strconv.Itoa(d.IntN(9))
	}
	if d.chance(10) {
		o.desc["defacs"] = d.pick(defaultModes)
	}
	return o
}

func (d *director) set(s int) op {
	o := op{do: "set", part: "sub"}
	o.topic, o.session = d.place(s)
	switch n := d.IntN(100); {
	case n < 6:
		o.topic, o.session, o.mode = "me", s, d.pick(meModes)
		return o
	case n < 25:
		o.part, o.desc = "desc", map[string]string{}
		o.desc[d.pick([]string{"private", "public", "defacs"})] = d.pick([]string{"a", "b", "␡"})
		if _, ok := o.desc["defacs"]; ok {
			o.desc["defacs"] = d.pick(append(defaultModes, "JRWPA"))
			if d.chance(50) {
				o.topic = "me"
			}
		}
	case n < 55:
		o.mode = d.pick(askedModes)
	default:
		o.hasUser, o.user = true, d.IntN(d.m.shape.users)
		o.mode = d.pick(slices.Concat([]string{"", ""}, askedModes))
		if t := d.m.find(o); t != nil && t.owner >= 0 && d.chance(50) {
			for _, x := range t.sessions() { // more often by who may
				if x/devices == t.owner {
					o.session = x
				}
			}
			if d.chance(40) {
				o.mode = d.pick([]string{"JRWPASDO", "JRWPA", "JRWPASD", "JRWA"})
				d.offer = &o
			}
		}
	}
	if o.topic == "me" && o.part == "desc" {
		o.desc = map[string]string{"defacs": d.pick(append(defaultModes, "JRWPA"))}
	}
	return o
}

func (d *director) delete(s int) op {
	o := op{do: "del"}
	o.topic, o.session = d.place(s)
	switch n := d.IntN(100); {
	case n < 15:
		o.what, o.hasUser, o.user = "sub", true, d.IntN(d.m.shape.users)
		return o
	case n < 30:
		o.what, o.hard = "topic", d.chance(50)
		if t := d.m.find(o); t != nil && t.owner == o.session/devices && d.chance(80) {
			o.what = "msg"
		} else {
			return o
		}
	}
	o.hard = d.chance(50)
	o.ranges = [][2]int{}
	for range (1 + d.IntN(8)) / 2 {
		low := 1 + d.IntN(max(d.lastSeq(o), 1))
		if d.chance(5) {
			low = d.IntN(99)
		}
		r := [2]int{low, 0}
		if d.chance(60) {
			r[1] = max(0, low+d.IntN(5)-d.IntN(2))
		}
		o.ranges = append(o.ranges, r)
	}
	return o
}

func (d *director) get(s int) op {
	o := op{do: "get", what: d.pick([]string{"desc", "sub", "data", "del", "desc sub data del", "desc sub"})}
	if o.topic, o.session = d.place(s); d.chance(25) {
		o.topic, o.session = "me", s
	}
	if d.chance(40) && o.what == "data" || d.chance(40) && o.what == "del" {
		o.since, o.before, o.limit = d.IntN(5), d.IntN(9), d.IntN(4)
	} else if n := d.lastSeq(o); n > 1 && o.what == "data" && d.chance(50) {
		low := 1 + d.IntN(n-1)
		o.ranges = [][2]int{{low, low + 1 + d.IntN(n)}, {1 + d.IntN(n), 0}}
	}
	return o
}
