package server

import (
	"encoding/json"
	"slices"
	"strings"

	"parley/internal/chat"
	"parley/wsproto"
)

// pub is §10.1.
func (m *model) pub(o op, t *mTopic) {
	u := o.session / devices
	code := 202
	if !t.attached[o.session] {
		code = 409
	} else if !t.can(u, chat.ModeWrite) {
		code = 403
	}
	if code != 202 {
		if m.id != "" {
			m.reply(o, code, nil)
		}
		return
	}
	t.seq++
	body := o.frame["pub"].(map[string]any)
	msg := mMsg{from: u, content: body["content"].(string), at: m.now, hidden: map[int]bool{}}
	t.msgs = append(t.msgs, msg)
	if s := &t.subs[u]; t.can(u, chat.ModeRead) { // who writes has read (§8.2)
		s.read, s.recv = t.seq, t.seq
	}
	if m.id != "" {
		m.reply(o, 202, mFrame{"seq": t.seq})
	}
	for _, s := range t.sessions() {
		if t.can(s/devices, chat.ModeRead) && !(s == o.session && o.flag) {
			m.data(s, t, t.seq)
		}
	}
	for x := range t.subs {
		if t.can(x, chat.ModeRead|chat.ModePres) {
			m.presMe(t, x, -1, false, "msg", mFrame{"seq": t.seq}, u)
		}
	}
}

func (m *model) data(s int, t *mTopic, seq int) {
	msg := t.msgs[seq-1]
	m.send(s, mFrame{"data": mFrame{
		"topic": t.nameFor(s / devices), "from": userName(msg.from), "seq": seq, "content": msg.content,
	}})
}

// note is §8.1–8.3.
func (m *model) note(o op, t *mTopic) {
	u := o.session / devices
	s := &t.subs[u]
	typing := o.what == "kp" || o.what == "kpa"
	switch {
	case !t.attached[o.session] && o.what != "recv":
		m.reply(o, 409, nil)
		return
	case !m.loaded(t), o.seq > t.seq:
		return
	case typing && !t.can(u, chat.ModeWrite), !typing && !t.can(u, chat.ModeRead):
		return
	case o.what == "read" && o.seq <= s.read, o.what == "recv" && o.seq <= s.recv:
		return
	}
	if o.what == "read" {
		s.read = o.seq
	}
	if !typing {
		s.recv = max(s.recv, o.seq)
	}
	m.relay(o, t, u)
}

func (m *model) relay(o op, t *mTopic, u int) {
	for _, s := range t.sessions() {
		if s != o.session && t.can(s/devices, chat.ModeRead) && !(o.what == "kp" && s/devices == u) {
			m.send(s, mFrame{"info": withSeq(mFrame{
				"topic": t.nameFor(s / devices), "from": userName(u), "what": o.what,
			}, o.seq)})
		}
	}
	for x := range t.subs {
		if !t.can(x, chat.ModeRead|chat.ModePres) || o.what == "kp" && x == u { // silent: kp to one's own me
			continue
		}
		for s := x * devices; s < (x+1)*devices; s++ {
			if m.onMe[s] && m.heard(x) && !t.attached[s] && s != o.session {
				m.send(s, mFrame{"info": withSeq(mFrame{
					"topic": "me", "src": t.nameFor(x), "from": userName(u), "what": o.what,
				}, o.seq)})
			}
		}
		if x == u && o.seq > 0 {
			m.presMe(t, u, o.session, false, o.what, mFrame{"seq": o.seq}, -1)
		}
	}
}

func withSeq(f mFrame, seq int) mFrame {
	if seq > 0 {
		f["seq"] = seq
	}
	return f
}

// del is §7.7–7.10.
func (m *model) del(o op, t *mTopic) {
	u := o.session / devices
	switch {
	case o.what == "topic":
		m.delTopic(o, t, u)
	case !t.attached[o.session]:
		m.reply(o, 409, nil)
	case o.what == "sub":
		m.delSub(o, t, u)
	default:
		m.delMessages(o, t, u)
	}
}

func (m *model) delTopic(o op, t *mTopic, u int) {
	switch {
	case !t.subs[u].live:
		m.reply(o, 304, nil)
	case t.owner != u:
		m.unsubscribe(o, t, u)
	default: // hard or soft, nobody gets in any more
		m.reply(o, 200, nil)
		for x := range t.subs {
			if t.subs[x].live {
				m.presMe(t, x, -1, true, "gone", nil, -1)
			}
		}
		dead := m.newTopic()
		dead.name = t.name
		*t = *dead
	}
}

func (m *model) delSub(o op, t *mTopic, u int) {
	s := &t.subs[o.user]
	switch {
	case t.isPair(), !t.can(u, chat.ModeApprove) && !t.can(u, chat.ModeOwner), o.user == u:
		m.reply(o, 403, nil)
	case !s.live:
		m.reply(o, 304, nil)
	case o.user == t.owner, !s.want.Has(chat.ModeJoin):
		m.reply(o, 403, nil)
	default:
		m.reply(o, 200, nil)
		m.endSub(t, o.user)
		m.tellRemoved(o, t, o.user)
		m.evict(t, o.user, true, -1)
	}
}

// delMessages is §7.8.
func (m *model) delMessages(o op, t *mTopic, u int) {
	seqs, ok := o.asked(t.seq)
	switch {
	case !t.can(u, chat.ModeRead) && !t.can(u, chat.ModeDelete):
		m.reply(o, 403, nil)
		return
	case !ok:
		m.reply(o, 400, nil)
		return
	}
	d := mDeletion{id: t.del + 1, user: u, seqs: seqs}
	if o.hard && t.can(u, chat.ModeDelete) {
		d.user = -1
		for seq := range seqs {
			msg := &t.msgs[seq-1]
			if msg.erased || m.shape.deleteAge > 0 && m.now-msg.at > m.shape.deleteAge {
				delete(seqs, seq)
			}
			msg.erased = msg.erased || seqs[seq]
		}
		if len(seqs) == 0 {
			m.reply(o, 200, mFrame{"del": t.del})
			return
		}
	}
	t.del = d.id
	t.log = append(t.log, d)
	for x := range t.subs {
		if t.subs[x].live && (d.user < 0 || d.user == x) {
			t.subs[x].clear = d.id
		}
	}
	if d.user >= 0 {
		for seq := range seqs {
			t.msgs[seq-1].hidden[u] = true
		}
	}
	m.reply(o, 200, mFrame{"del": d.id})
	m.tellDeleted(o, t, u, d)
}

// asked are the numbers that a {del msg} names; not ok if it is malformed.
func (o op) asked(last int) (seqs map[int]bool, ok bool) {
	seqs = map[int]bool{}
	for _, r := range o.ranges {
		low, hi := r[0], r[1]
		if low > last || hi != 0 && low > hi || low == 0 && hi == 0 {
			return nil, false
		}
		if hi == 0 {
			hi = low + 1
		}
		for seq := max(low, 1); seq < hi && seq <= last; seq++ {
			seqs[seq] = true
		}
	}
	return seqs, len(seqs) > 0
}

// seqRanges writes a set of numbers as ranges (§3.3).
func seqRanges(seqs map[int]bool) []wsproto.SeqRange {
	var sorted []int
	for seq := range seqs {
		sorted = append(sorted, seq)
	}
	slices.Sort(sorted)
	var ranges []chat.Range
	for _, seq := range sorted {
		if n := len(ranges); n > 0 && ranges[n-1].Hi == seq {
			ranges[n-1].Hi++
			continue
		}
		ranges = append(ranges, chat.Range{Low: seq, Hi: seq + 1})
	}
	return wsproto.SeqRanges(ranges)
}

// text is a frame for comparison.
func (f mFrame) text() string {
	b := new(strings.Builder)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(f); err != nil {
		panic(err)
	}
	return strings.TrimSpace(b.String())
}
