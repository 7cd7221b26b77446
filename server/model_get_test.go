package server

import (
	"slices"
	"strings"

	"parley/internal/chat"
)

// get is §6.2.
func (m *model) get(o op, t *mTopic) {
	u := o.session / devices
	switch {
	case t.attached[o.session]:
		m.answer(o, t, "desc", "sub", "data", "del")
	case o.what == "desc":
		m.meta(o, "desc", m.glance(t, u))
	case strings.Contains(o.what, "desc") || strings.Contains(o.what, "sub"):
		m.glanceSub(o, t, u)
	default:
		m.reply(o, 403, nil)
	}
}

// answer replies to the parts asked for, in this order.
func (m *model) answer(o op, t *mTopic, order ...string) {
	u := o.session / devices
	asked := strings.Fields(o.what)
	for _, part := range order {
		for _, word := range asked {
			if word != part {
				continue
			}
			switch part {
			case "desc":
				m.meta(o, "desc", m.desc(t, u))
			case "sub":
				m.meta(o, "sub", m.list(t, u))
			case "data":
				m.history(o, t, u)
			case "del":
				m.deletions(o, t, u)
			}
		}
	}
}

// nothing is a part that is empty (§2.2).
func (m *model) nothing(o op, part string) { m.reply(o, 204, mFrame{"what": part}) }

// desc is §3.3.
func (m *model) desc(t *mTopic, u int) mFrame {
	s := &t.subs[u]
	d := mFrame{"acs": acs(s.want, s.given)}
	omitEmpty(d, "private", s.private)
	if t.isPair() {
		d["public"] = mFrame{"fn": strings.Trim(userName(t.peer(u)), "<>")}
	} else {
		omitEmpty(d, "public", t.public)
		d["subcnt"] = t.members()
		if m.sharer(t, u) {
			d["defacs"] = mFrame{"auth": t.access.String(), "anon": "N"}
		}
		if t.can(u, chat.ModePres) {
			d["online"] = true
		}
	}
	if t.can(u, chat.ModeRead) {
		omitZero(d, "seq", t.seq)
		omitZero(d, "read", s.read)
		omitZero(d, "recv", s.recv)
		omitZero(d, "clear", max(t.del, s.clear))
	}
	return d
}

func (m *model) sharer(t *mTopic, u int) bool {
	return t.can(u, chat.ModeShare) || t.can(u, chat.ModeApprove) || t.can(u, chat.ModeOwner)
}

// glance is the description for somebody not attached (§6.2).
func (m *model) glance(t *mTopic, u int) mFrame {
	s := &t.subs[u]
	d := mFrame{}
	if t.isPair() {
		peer := t.peer(u)
		d["public"] = mFrame{"fn": strings.Trim(userName(peer), "<>")}
		d["acs"] = mFrame{"mode": m.grants(m.defacs[peer], u).String()}
	} else {
		omitEmpty(d, "public", t.public)
		d["subcnt"] = t.members()
		d["acs"] = mFrame{"mode": m.grants(t.access, u).String()}
		if t.owner == u { // App. B 17
			d["defacs"] = mFrame{"auth": t.access.String(), "anon": "N"}
		}
	}
	if s.live {
		d["acs"] = acs(s.want, s.given)
		omitEmpty(d, "private", s.private)
	}
	return d
}

// glanceSub is one's own subscription, for somebody not attached.
func (m *model) glanceSub(o op, t *mTopic, u int) {
	s := &t.subs[u]
	e := mFrame{"user": userName(u)}
	switch {
	case !s.live && !s.former:
		m.reply(o, 404, nil)
		return
	case !s.live:
		e["deleted"] = true
	default:
		e["acs"] = acs(s.want, s.given)
		omitEmpty(e, "private", s.private)
		if t.can(u, chat.ModeRead|chat.ModeJoin) {
			omitZero(e, "clear", s.clear)
			omitZero(e, "read", s.read)
			omitZero(e, "recv", s.recv)
		}
	}
	m.meta(o, "sub", []mFrame{e})
}

// list is the list of members (§3.3, §6.4).
func (m *model) list(t *mTopic, u int) []mFrame {
	var out []mFrame
	for x := range t.subs {
		s := &t.subs[x]
		if !s.live {
			continue
		}
		e := mFrame{"user": userName(x)}
		admin := t.can(x, chat.ModeApprove) || t.can(x, chat.ModeOwner)
		if x == u || admin || m.sharer(t, u) {
			e["acs"] = acs(s.want, s.given)
		}
		if t.can(x, chat.ModeRead) && (t.isPair() || t.can(x, chat.ModeJoin)) {
			omitZero(e, "read", s.read)
			omitZero(e, "recv", s.recv)
		}
		if x == u {
			omitZero(e, "clear", s.clear)
			omitEmpty(e, "private", s.private)
		}
		if !t.isPair() {
			e["public"] = mFrame{"fn": strings.Trim(userName(x), "<>")}
			if t.can(u, chat.ModePres) && t.online(x) {
				e["online"] = true
			}
		}
		out = append(out, e)
	}
	return out
}

func (t *mTopic) online(u int) bool {
	for _, s := range t.sessions() {
		if s/devices == u {
			return true
		}
	}
	return false
}

// history is §6.5.
func (m *model) history(o op, t *mTopic, u int) {
	if !t.can(u, chat.ModeRead) {
		m.reply(o, 403, nil)
		return
	}
	limit, count := maxPage, 0
	if o.limit > 0 {
		limit = o.limit
	}
	for seq := t.seq; seq > 0 && count < limit; seq-- {
		msg := t.msgs[seq-1]
		named, _ := o.asked(t.seq)
		switch {
		case msg.erased, msg.hidden[u]:
			continue
		case o.ranges != nil && !named[seq]:
			continue
		case o.ranges == nil && (seq < o.since || o.before > 1 && seq >= o.before):
			continue
		}
		m.data(o.session, t, seq)
		count++
	}
	if count == 0 {
		m.nothing(o, "data")
		return
	}
	m.reply(o, 208, mFrame{"what": "data", "count": count})
}

// deletions is §6.6.
func (m *model) deletions(o op, t *mTopic, u int) {
	rows, top := 0, 0
	seqs := map[int]bool{}
	for _, d := range t.log {
		if d.user >= 0 && d.user != u || d.id < o.since || o.before > 1 && d.id >= o.before || o.limit > 0 && rows >= o.limit {
			continue
		}
		rows, top = rows+1, d.id
		for seq := range d.seqs {
			seqs[seq] = true
		}
	}
	if rows == 0 || !t.can(u, chat.ModeRead) {
		m.nothing(o, "del")
		return
	}
	m.meta(o, "del", mFrame{"clear": top, "delseq": seqRanges(seqs)})
}

// answerMe answers {get} on me: the profile and the list of conversations.
func (m *model) answerMe(o op, u int, order ...string) {
	for _, part := range order {
		if !strings.Contains(o.what, part) {
			continue
		}
		switch part {
		case "desc":
			d := m.ownProfile(u)
			d["acs"] = acs(m.meWant[u], chat.ModeMe)
			d["defacs"] = mFrame{"auth": m.defacs[u].String(), "anon": "N"}
			m.meta(o, "desc", d)
		case "sub":
			if list := m.contacts(u); len(list) > 0 {
				m.meta(o, "sub", list)
			} else {
				m.nothing(o, "sub")
			}
		case "data":
			m.reply(o, 403, nil)
		case "del":
			m.nothing(o, "del")
		}
	}
}

func (m *model) ownProfile(u int) mFrame {
	return mFrame{"public": mFrame{"fn": strings.Trim(userName(u), "<>")}}
}

// glanceMe is {get} on me without being attached.
func (m *model) glanceMe(o op, u int) {
	d := m.ownProfile(u)
	switch {
	case o.what == "desc":
		d["acs"] = mFrame{"mode": m.grants(m.defacs[u], u).String()}
		m.meta(o, "desc", d)
	case strings.Contains(o.what, "desc") || strings.Contains(o.what, "sub"):
		m.meta(o, "sub", []mFrame{{"user": userName(u), "acs": acs(m.meWant[u], chat.ModeMe)}})
	default:
		m.reply(o, 403, nil)
	}
}

// contacts is the list of conversations (§3.3, §6.4).
func (m *model) contacts(u int) []mFrame {
	var out []mFrame
	for _, t := range m.all() {
		s := &t.subs[u]
		if (t.isPair() && t.pair[0] != u && t.pair[1] != u) || !s.live {
			continue
		}
		e := mFrame{"topic": t.nameFor(u), "acs": acs(s.want, s.given)}
		omitZero(e, "clear", s.clear)
		omitEmpty(e, "private", s.private)
		if t.isPair() {
			e["public"] = mFrame{"fn": strings.Trim(t.nameFor(u), "<>")}
		} else {
			omitEmpty(e, "public", t.public)
			e["subcnt"] = t.members()
		}
		if t.can(u, chat.ModeRead|chat.ModeJoin) {
			omitZero(e, "seq", t.seq)
			omitZero(e, "read", s.read)
			omitZero(e, "recv", s.recv)
		}
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b mFrame) int { return strings.Compare(a["topic"].(string), b["topic"].(string)) })
	return out
}

func omitZero(f mFrame, key string, n int) {
	if n != 0 {
		f[key] = n
	}
}

func omitEmpty(f mFrame, key, text string) {
	if text != "" {
		f[key] = text
	}
}
