package server

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/internal/chat"
)

// The model is the server once more, as slow and plain as it can be: no
// mailboxes, no caches, no store. What it does is wire.md, paragraph by
// paragraph; where that is silent the comments say "silent:".

// devices is how many sessions a user may have.
const devices = 3

// modelShape is what is fixed for a sequence.
type modelShape struct {
	users     int
	limit     int           // subscribers of a group
	deleteAge time.Duration // 0: no limit
	anon      int           // user who is anonymous; -1: none
}

type model struct {
	shape  modelShape
	now    time.Duration
	up     []bool      // sessions
	onMe   []bool      // sessions attached to me
	defacs []chat.Mode // of each user, for the authenticated; for others N
	meWant []chat.Mode // on me
	groups []*mTopic
	pairs  map[[2]int]*mTopic
	out    [][]mFrame // what each session gets in this step
	id     string     // of the request
}

// mTopic is a group or the conversation of two.
type mTopic struct {
	name     string // of a group
	pair     [2]int // of two; both 0 for a group
	exists   bool
	owner    int       // -1: none
	access   chat.Mode // by default, for the authenticated; for others N
	public   string
	subs     []mSub // by user
	msgs     []mMsg // seq is the index + 1
	seq, del int
	log      []mDeletion
	attached []bool // by session
	used     bool   // somebody was attached since it was made
	left     time.Duration
}

type mSub struct {
	live, former      bool // former: there was one
	want, given       chat.Mode
	read, recv, clear int
	private           string
}

type mMsg struct {
	from    int
	content string
	at      time.Duration
	erased  bool
	hidden  map[int]bool // by user
}

type mDeletion struct {
	id   int
	user int // -1: everybody
	seqs map[int]bool
}

// mFrame is a frame as far as the model says what is in it.
type mFrame map[string]any

func newModel(shape modelShape) *model {
	m := &model{
		shape: shape, pairs: map[[2]int]*mTopic{},
		up: make([]bool, shape.users*devices), onMe: make([]bool, shape.users*devices),
	}
	for range shape.users {
		m.defacs = append(m.defacs, chat.ModeUser|chat.ModeDelete)
		m.meWant = append(m.meWant, chat.ModeMe)
	}
	return m
}

func (m *model) newTopic() *mTopic {
	return &mTopic{owner: -1, subs: make([]mSub, m.shape.users), attached: make([]bool, len(m.up))}
}

func userName(u int) string { return "<u" + strconv.Itoa(u) + ">" }

func groupName(g int) string { return "<g" + strconv.Itoa(g) + ">" }

// number reads the number of a name like <u1>.
func number(name string) int {
	n, err := strconv.Atoi(strings.Trim(name, "<>ug"))
	if err != nil {
		panic(name)
	}
	return n
}

// find is the topic an operation is about; nil for me, for a new group and for
// a group that was never made.
func (m *model) find(o op) *mTopic {
	switch {
	case strings.HasPrefix(o.topic, "<g"):
		if g := number(o.topic); g < len(m.groups) {
			return m.groups[g]
		}
	case strings.HasPrefix(o.topic, "<u"):
		a, b := o.session/devices, number(o.topic)
		key := [2]int{min(a, b), max(a, b)}
		if m.pairs[key] == nil {
			m.pairs[key] = m.newTopic()
			m.pairs[key].pair = key
		}
		return m.pairs[key]
	}
	return nil
}

// all are the topics that anybody ever addressed, in a fixed order.
func (m *model) all() []*mTopic {
	out := slices.Clone(m.groups)
	for _, t := range m.pairs {
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b *mTopic) int {
		return cmp.Or(cmp.Compare(a.name, b.name), slices.Compare(a.pair[:], b.pair[:]))
	})
	return out
}

func (t *mTopic) isPair() bool { return t.pair[1] != 0 }

func (t *mTopic) nameFor(u int) string {
	switch {
	case !t.isPair():
		return t.name
	case t.pair[0] == u:
		return userName(t.pair[1])
	}
	return userName(t.pair[0])
}

func (t *mTopic) peer(u int) int { return t.pair[0] + t.pair[1] - u }

// sessions are those that are attached.
func (t *mTopic) sessions() []int {
	var out []int
	for s, on := range t.attached {
		if on {
			out = append(out, s)
		}
	}
	return out
}

func (t *mTopic) members() int {
	n := 0
	for i := range t.subs {
		if t.subs[i].live {
			n++
		}
	}
	return n
}

func (t *mTopic) mode(u int) chat.Mode {
	if s := &t.subs[u]; s.live {
		return s.want & s.given
	}
	return 0
}

func (t *mTopic) can(u int, rights chat.Mode) bool {
	return t.subs[u].live && t.mode(u).Has(rights)
}

// loaded: 4 s after the last session has left a topic is forgotten (§4.1).
func (m *model) loaded(t *mTopic) bool {
	return len(t.sessions()) > 0 || t.used && m.now-t.left < idleAfter
}

func (m *model) detach(t *mTopic, s int) {
	t.attached[s] = false
	t.left = m.now
}

// send gives a session a frame.
func (m *model) send(s int, f mFrame) { m.out[s] = append(m.out[s], f) }

// reply answers the request with a code.
func (m *model) reply(o op, code int, params mFrame) {
	c := mFrame{"topic": o.topic, "code": code}
	if m.id != "" {
		c["id"] = m.id
	}
	if len(params) > 0 {
		c["params"] = params
	}
	m.send(o.session, mFrame{"ctrl": c})
}

func (m *model) meta(o op, part string, value any) {
	m.send(o.session, mFrame{"meta": mFrame{"id": m.id, "topic": o.topic, part: value}})
}

// evict detaches a user's sessions; except gets no 205 (§4.1).
func (m *model) evict(t *mTopic, u int, unsub bool, except int) {
	for _, s := range t.sessions() {
		if s/devices != u {
			continue
		}
		m.detach(t, s)
		if s != except {
			m.send(s, mFrame{"ctrl": mFrame{
				"topic": t.nameFor(u), "code": 205, "params": mFrame{"unsub": unsub},
			}})
		}
	}
}

// acs is how modes are told (§5.3).
func acs(want, given chat.Mode) mFrame {
	return mFrame{"want": want.String(), "given": given.String(), "mode": (want & given).String()}
}

// grants is what a user's peers get by default, and a group's members (§5.2).
func (m *model) grants(access chat.Mode, to int) chat.Mode {
	if to == m.shape.anon {
		return 0
	}
	return access
}

// norm is §4.5.
func norm(mode chat.Mode) chat.Mode {
	return mode&(chat.ModeP2P|chat.ModeDelete) | chat.ModeApprove
}

// parsed reads a mode: given is false for none, ok for a bad one.
func parsed(text string) (mode chat.Mode, given, ok bool) {
	mode, given, err := chat.ParseMode(text)
	return mode, given, err == nil
}
