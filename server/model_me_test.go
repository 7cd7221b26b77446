package server

import "parley/internal/chat"

// requestMe is what the model knows of me (§4.3).
func (m *model) requestMe(o op) {
	u, on := o.session/devices, m.onMe[o.session]
	switch {
	case o.do == "sub" && on:
		m.reply(o, 304, nil)
	case o.do == "sub":
		m.subMe(o, u)
	case o.do == "get" && on:
		m.answerMe(o, u, "desc", "sub", "data", "del")
	case o.do == "get":
		m.glanceMe(o, u)
	case o.do == "leave":
		m.leaveMe(o, on)
	case o.do == "set" && o.part == "sub":
		m.setMe(o, u, on)
	case o.do == "set" && !on:
		m.reply(o, 304, nil) // its desc is not private
	case o.do == "set":
		m.setAccess(o, u)
	case o.do == "note":
		if !on && o.what != "recv" {
			m.reply(o, 409, nil)
		}
	case on || o.do == "del" && o.what == "topic":
		if m.id != "" {
			m.reply(o, 403, nil) // {pub}, {del}
		}
	case m.id != "":
		m.reply(o, 409, nil)
	}
}

func (m *model) leaveMe(o op, on bool) {
	switch {
	case on && o.flag:
		m.reply(o, 403, nil)
	case o.flag:
		m.reply(o, 409, nil)
	case !on:
		m.reply(o, 304, nil)
	default:
		m.onMe[o.session] = false
		m.reply(o, 200, nil)
	}
}

// setAccess changes what is granted in new p2p topics.
func (m *model) setAccess(o op, u int) {
	mode, given, ok := parsed(o.desc["defacs"])
	if !ok || mode.Has(chat.ModeOwner) {
		m.reply(o, 400, nil)
		return
	}
	if mode &= chat.ModeUser | chat.ModeDelete; mode != 0 {
		mode |= chat.ModeApprove
	}
	if !given || mode == m.defacs[u] {
		m.reply(o, 304, nil)
		return
	}
	m.defacs[u] = mode
	m.reply(o, 200, nil)
}

// subMe is {sub} on me, which is always there (§4.3).
func (m *model) subMe(o op, u int) {
	want, given, ok := parsed(o.mode)
	switch {
	case !ok:
		m.reply(o, 400, nil)
		return
	case !given:
		if want = m.meWant[u]; !want.Has(chat.ModeJoin) { // lifts his own ban
			want = chat.ModeMe
		}
	case want.Has(chat.ModeOwner):
		m.reply(o, 403, nil)
		return
	}
	before := m.meWant[u]
	m.meWant[u] = want
	params := mFrame{}
	if want != before {
		params["acs"] = acs(want, chat.ModeMe)
	}
	m.reply(o, 200, params)
	if !want.Has(chat.ModeJoin) {
		m.evictMe(u)
		return
	}
	m.onMe[o.session] = true
	m.answerMe(o, u, "desc", "sub", "data", "del")
	m.tellMe(o, u, before, false)
}

// setMe changes what a user wants on me.
func (m *model) setMe(o op, u int, on bool) {
	want, given, ok := parsed(o.mode)
	switch before := m.meWant[u]; {
	case o.hasUser && o.user != u:
		m.reply(o, 403, nil)
	case !ok:
		m.reply(o, 400, nil)
	case given && want.Has(chat.ModeOwner):
		m.reply(o, 403, nil)
	case !given, want == before:
		m.reply(o, 304, nil)
	default:
		m.meWant[u] = want
		m.reply(o, 200, mFrame{"acs": acs(want, chat.ModeMe)})
		m.tellMe(o, u, before, !want.Has(chat.ModeJoin))
		if !want.Has(chat.ModeJoin) {
			m.evictMe(u)
		}
	}
}

func (m *model) evictMe(u int) {
	for s := u * devices; s < (u+1)*devices; s++ {
		if m.onMe[s] {
			m.onMe[s] = false
			m.send(s, mFrame{"ctrl": mFrame{"topic": "me", "code": 205, "params": mFrame{"unsub": false}}})
		}
	}
}

// tellMe tells the user's other sessions of new modes on me (§9.3).
func (m *model) tellMe(o op, u int, before chat.Mode, evicted bool) {
	d := delta(before, m.meWant[u], true)
	for s := u * devices; s < (u+1)*devices; s++ {
		if d == "" || !m.onMe[s] || s == o.session {
			continue
		}
		f := mFrame{"pres": mFrame{"topic": "me", "what": "acs", "dacs": mFrame{"want": d}}}
		if evicted {
			f = optional(f)
		}
		m.send(s, f)
	}
}
