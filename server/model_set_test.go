package server

import (
	"parley/internal/chat"
)

// clearMark deletes a value (§1.7).
const clearMark = "␡"

// leave is §2.7.
func (m *model) leave(o op, t *mTopic) {
	switch u := o.session / devices; {
	case !t.attached[o.session] && o.flag:
		m.reply(o, 409, nil)
	case !t.attached[o.session]:
		m.reply(o, 304, nil)
	case o.flag:
		m.unsubscribe(o, t, u)
	default:
		m.detach(t, o.session)
		m.reply(o, 200, nil)
	}
}

// unsubscribe is {leave unsub}, and {del topic} by who does not own it.
func (m *model) unsubscribe(o op, t *mTopic, u int) {
	if t.owner == u {
		m.reply(o, 403, nil)
		return
	}
	m.reply(o, 200, nil)
	m.endSub(t, u)
	m.tellRemoved(o, t, u)
	m.evict(t, u, true, o.session)
	if t.isPair() && t.members() == 0 { // both are gone (§4.5)
		*t = mTopic{pair: t.pair, owner: -1, subs: make([]mSub, m.shape.users), attached: make([]bool, len(m.up))}
	}
}

// endSub is the end of a subscription; its own deletion log goes with it.
func (m *model) endSub(t *mTopic, u int) {
	s := &t.subs[u]
	s.live, s.former = false, true
	var log []mDeletion
	for _, d := range t.log {
		if d.user != u {
			log = append(log, d)
		}
	}
	t.log = log
	for i := range t.msgs {
		delete(t.msgs[i].hidden, u)
	}
}

// set is §7.1–7.4, with one part at a time.
func (m *model) set(o op, t *mTopic) {
	u := o.session / devices
	other := o.hasUser && o.user != u
	switch {
	case !t.attached[o.session] && o.part == "sub" && other:
		m.reply(o, 403, nil)
	case !t.attached[o.session] && !t.subs[u].live:
		m.reply(o, 404, nil)
	case !t.attached[o.session] && o.part == "sub":
		m.setOwnFromAfar(o, t, u)
	case o.part == "desc":
		m.setDesc(o, t, u)
	case other:
		m.setOther(o, t, u)
	default:
		m.setOwn(o, t, u)
	}
}

// setOwn is §5.5 for somebody attached.
func (m *model) setOwn(o op, t *mTopic, u int) {
	want, given, ok := parsed(o.mode)
	if !ok || !given {
		m.reply(o, map[bool]int{true: 304, false: 400}[ok], nil)
		return
	}
	newWant, newGiven, code := t.wish(u, want)
	if code != 0 {
		m.reply(o, code, nil)
		return
	}
	m.change(o, t, u, newWant, newGiven, false)
}

// setOwnFromAfar is §7.3: of the rules only "O must not change" applies.
func (m *model) setOwnFromAfar(o op, t *mTopic, u int) {
	s := &t.subs[u]
	want, given, ok := parsed(o.mode)
	switch {
	case !ok:
		m.reply(o, 400, nil)
		return
	case !given:
		m.reply(o, 304, nil)
		return
	case want.Has(chat.ModeOwner) != s.want.Has(chat.ModeOwner):
		m.reply(o, 403, nil)
		return
	}
	if t.isPair() {
		want = norm(want)
	}
	m.change(o, t, u, want, s.given, false)
}

// change gives a member other modes and answers.
func (m *model) change(o op, t *mTopic, u int, want, given chat.Mode, byOther bool) {
	s := &t.subs[u]
	if s.want == want && s.given == given {
		m.reply(o, 304, nil)
		return
	}
	before := *s
	m.grant(o, t, u, want, given)
	params := mFrame{"acs": acs(want, given)}
	if byOther {
		params["user"] = userName(u)
	}
	m.reply(o, 200, params)
	out := byOther && !given.Has(chat.ModeJoin) || !byOther && !want.Has(chat.ModeJoin)
	m.tellAccess(o, t, u, before, out)
	if out {
		m.evict(t, u, false, -1)
	}
}

// setOther is §5.6, line by line.
func (m *model) setOther(o op, t *mTopic, u int) {
	mode, explicit, ok := parsed(o.mode)
	isOwner := t.owner == u
	isAdmin := t.can(u, chat.ModeApprove) || t.can(u, chat.ModeOwner)
	isSharer := isAdmin || t.can(u, chat.ModeShare)
	target := &t.subs[o.user]
	fail := 0
	switch {
	case t.isPair() && o.user != t.peer(u), !isSharer:
		fail = 403
	case !ok:
		fail = 400
	case explicit && !isAdmin, mode.Has(chat.ModeOwner) && !isOwner:
		fail = 403
	case explicit && o.user == t.owner && (!mode.Has(chat.ModeOwner) || !mode.Has(chat.ModeJoin)):
		fail = 403
	case !target.live && !t.isPair() && t.members() >= m.shape.limit:
		fail = 422
	case target.live && !explicit:
		fail = 304
	}
	switch {
	case fail != 0:
		m.reply(o, fail, nil)
	case !target.live:
		m.invite(o, t, u, mode, explicit)
	case t.isPair():
		m.change(o, t, o.user, target.want, norm(mode), true)
	default:
		m.change(o, t, o.user, target.want, mode, true)
	}
}

func (m *model) invite(o op, t *mTopic, u int, given chat.Mode, explicit bool) {
	s := mSub{live: true, given: given}
	switch {
	case t.isPair():
		if !explicit {
			s.given = m.defacs[u]
		}
		s.given, s.want = norm(s.given), norm(m.defacs[o.user])
	case !explicit:
		s.given = t.access | chat.ModeJoin
		fallthrough
	default:
		if s.want = m.defacs[o.user] & s.given; t.subs[o.user].former {
			s.want = t.subs[o.user].want &^ chat.ModeOwner
		}
		if !s.want.Has(chat.ModeJoin) {
			m.reply(o, 403, nil)
			return
		}
	}
	t.subs[o.user] = s
	m.reply(o, 200, mFrame{"acs": acs(s.want, s.given), "user": userName(o.user)})
	m.tellAccess(o, t, o.user, mSub{}, false)
}

// setDesc is §7.2, and §7.3 for private.
func (m *model) setDesc(o op, t *mTopic, u int) {
	public, hasPublic := o.desc["public"]
	access, hasAccess := o.desc["defacs"]
	attached := t.attached[o.session]
	if attached && (hasPublic || hasAccess) && t.owner != u {
		m.reply(o, 403, nil)
		return
	}
	done := false
	if mode, given, ok := parsed(access); attached && hasAccess {
		if !ok || mode.Has(chat.ModeOwner) {
			m.reply(o, 400, nil)
			return
		}
		if given && mode != t.access { // silent: the same again is no change
			t.access, done = mode, true
		}
	}
	if attached && hasPublic {
		t.public, done = valueOf(public), true
		for x := range t.subs {
			if x == u || t.can(x, chat.ModeJoin) {
				m.presMe(t, x, o.session, true, "upd", nil, -1)
			}
		}
	}
	done = m.setPrivate(o, t, u) || done
	m.reply(o, map[bool]int{true: 200, false: 304}[done], nil)
}

// setPrivate tells whether there was anything to store.
func (m *model) setPrivate(o op, t *mTopic, u int) bool {
	private, ok := o.desc["private"]
	if ok {
		t.subs[u].private = valueOf(private)
		m.presMe(t, u, o.session, true, "upd", nil, -1)
	}
	return ok
}

func valueOf(text string) string {
	if text == clearMark {
		return ""
	}
	return text
}
