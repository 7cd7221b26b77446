package server

import (
	"parley/internal/chat"
)

// presMe tells the sessions that a user has on me (§9.4), those attached to the
// topic too if all is set. actor is left out where he is the receiver; -1 is
// nobody.
func (m *model) presMe(t *mTopic, u, except int, all bool, what string, fields mFrame, actor int) {
	if what != "acs" && what != "gone" && !m.heard(u) {
		return
	}
	for s := u * devices; s < (u+1)*devices; s++ {
		if !m.onMe[s] || t.attached[s] && !all || s == except {
			continue
		}
		p := mFrame{"topic": "me", "src": t.nameFor(u), "what": what}
		for key, value := range fields {
			p[key] = value
		}
		if actor >= 0 && actor != u {
			p["act"] = userName(actor)
		}
		m.send(s, mFrame{"pres": p})
	}
}

// heard tells whether a user wants presence on me (§9.1).
func (m *model) heard(u int) bool { return (m.meWant[u] & chat.ModeMe).Has(chat.ModePres) }

// tellDeleted is the news of deleted messages (§7.8).
func (m *model) tellDeleted(o op, t *mTopic, u int, d mDeletion) {
	for _, s := range t.sessions() {
		x := s / devices
		if s != o.session && t.can(x, chat.ModePres) && (x == u || d.user < 0 && t.can(x, chat.ModeRead)) {
			m.send(s, mFrame{"pres": mFrame{
				"topic": t.nameFor(x), "src": userName(u), "what": "del", "clear": d.id, "delseq": seqRanges(d.seqs),
			}})
		}
	}
	for x := range t.subs {
		if d.user < 0 && t.can(x, chat.ModeRead|chat.ModePres) || d.user == x && t.can(x, chat.ModePres) {
			m.presMe(t, x, o.session, false, "del", mFrame{"clear": d.id}, u)
		}
	}
}

// optional is a frame of which the rules do not say whether it is sent.
func optional(f mFrame) mFrame { return mFrame{"optional": f} }

// tellAccess tells of new modes of a user (§9.3, §9.4). Who is about to be
// evicted may learn of it before or after.
func (m *model) tellAccess(o op, t *mTopic, u int, before mSub, evicted bool) {
	actor, s := o.session/devices, t.subs[u]
	dacs := mFrame{}
	omitEmpty(dacs, "want", delta(before.want, s.want, before.live))
	omitEmpty(dacs, "given", delta(before.given, s.given, before.live))
	for _, x := range t.sessions() {
		p := mFrame{"topic": t.nameFor(x / devices), "what": "acs", "dacs": dacs}
		switch {
		case x == o.session:
			continue
		case x/devices == u && evicted:
			m.send(x, optional(mFrame{"pres": p}))
			continue
		case x/devices != u:
			if !m.sharer(t, x/devices) {
				continue
			}
			if p["src"] = userName(u); actor != u && actor != x/devices {
				p["act"] = userName(actor)
			}
		}
		m.send(x, mFrame{"pres": p})
	}
	m.presMe(t, u, o.session, false, "acs", mFrame{"dacs": dacs}, actor)
	for x := u * devices; evicted && x < (u+1)*devices; x++ {
		if m.onMe[x] && t.attached[x] && x != o.session {
			p := mFrame{"topic": "me", "src": t.nameFor(u), "what": "acs", "dacs": dacs}
			if actor != u {
				p["act"] = userName(actor)
			}
			m.send(x, optional(mFrame{"pres": p}))
		}
	}
	asks := s.want&^before.want&^s.given != 0
	if t.isPair() || actor != u || before.live && !asks {
		return
	}
	for x := range t.subs { // who may approve
		if x != u && m.sharer(t, x) {
			m.presMe(t, x, o.session, false, "acs", mFrame{"dacs": dacs, "tgt": userName(u)}, actor)
		}
	}
}

// tellRemoved tells that a subscription is over (§9.5).
func (m *model) tellRemoved(o op, t *mTopic, u int) {
	actor := o.session / devices
	for _, x := range t.sessions() {
		if t.isPair() || x == o.session || x/devices == u || !m.sharer(t, x/devices) {
			continue
		}
		p := mFrame{
			"topic": t.name, "src": userName(u), "what": "acs", "dacs": mFrame{"want": "N", "given": "N"},
		}
		if actor != u && actor != x/devices {
			p["act"] = userName(actor)
		}
		m.send(x, mFrame{"pres": p})
	}
	m.presMe(t, u, o.session, true, "gone", nil, -1)
}

// delta is §5.8.
func delta(from, to chat.Mode, known bool) string {
	switch {
	case known && from == to:
		return ""
	case !known || from == 0:
		return to.String()
	}
	text := ""
	if more := to &^ from; more != 0 {
		text = "+" + more.String()
	}
	if less := from &^ to; less != 0 {
		text += "-" + less.String()
	}
	return text
}
