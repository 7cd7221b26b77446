package server

import (
	"strings"

	"parley/internal/chat"
)

// step does an operation; what everybody gets is in m.out then.
func (m *model) step(o op) {
	m.out = make([][]mFrame, len(m.up))
	m.id = ""
	if body, ok := o.frame[o.do].(map[string]any); ok {
		m.id, _ = body["id"].(string)
	}
	m.now += stepTime
	switch o.do {
	case "pause":
		m.now += pauseTime
	case "up":
		m.up[o.session] = true
	case "down":
		m.down(o.session)
	default:
		if m.applies(o) {
			m.request(o)
		}
	}
}

// applies is false for an operation that has no meaning any more after the
// shrinker took away what it needs: such a one is not sent.
func (m *model) applies(o op) bool {
	switch {
	case o.do == "up":
		return !m.up[o.session]
	case o.do == "pause":
		return true
	case !m.up[o.session]:
		return false
	case strings.HasPrefix(o.topic, "new"):
		return o.topic == "new"+groupName(len(m.groups))[2:3]
	case strings.HasPrefix(o.topic, "<g"):
		return m.find(o) != nil
	}
	return true
}

func (m *model) down(s int) {
	m.up[s], m.onMe[s] = false, false
	for _, t := range m.all() {
		if t.attached[s] {
			m.detach(t, s)
		}
	}
}

// request does what a client asks for.
func (m *model) request(o op) {
	t := m.find(o)
	switch {
	case o.topic == "me":
		m.requestMe(o)
		return
	case t == nil:
		m.create(o)
		return
	case !t.isPair() && !t.exists && (o.do == "sub" || o.do == "get" || o.do == "set" || o.do == "del" && o.what == "topic"):
		m.reply(o, 404, nil)
		return
	}
	switch o.do {
	case "sub":
		m.sub(o, t)
	case "leave":
		m.leave(o, t)
	case "pub":
		m.pub(o, t)
	case "note":
		m.note(o, t)
	case "set":
		m.set(o, t)
	case "get":
		m.get(o, t)
	case "del":
		m.del(o, t)
	}
}

// create is §4.6.
func (m *model) create(o op) {
	t, u := m.newTopic(), o.session/devices
	want, given, ok := parsed(o.mode)
	if !ok {
		m.reply(o, 400, nil)
		m.groups = append(m.groups, t) // its number is taken
		t.name = groupName(len(m.groups) - 1)
		return
	}
	if !given {
		want = chat.ModeFull
	}
	t.name, t.exists, t.owner, t.access, t.used = groupName(len(m.groups)), true, u, chat.ModeGroup, true
	if mode, given, ok := parsed(o.desc["defacs"]); given && ok {
		t.access = mode &^ chat.ModeOwner
	}
	t.public = o.desc["public"]
	s := mSub{live: true, want: want | chat.ModeJoin | chat.ModeOwner, given: chat.ModeFull, private: o.desc["private"]}
	t.subs[u] = s
	m.groups = append(m.groups, t)
	t.attached[o.session] = true
	tmp := o.topic
	o.topic = t.name
	m.reply(o, 200, mFrame{"acs": acs(s.want, s.given), "tmpname": tmp})
	m.tellAccess(o, t, u, mSub{}, false)
}

// sub is §2.6.
func (m *model) sub(o op, t *mTopic) {
	u := o.session / devices
	if t.attached[o.session] {
		m.reply(o, 304, nil)
		return
	}
	before, peerThere := t.subs[u], t.isPair() && t.subs[t.peer(u)].live
	if code := m.join(o, t, u); code != 0 {
		m.reply(o, code, nil)
		return
	}
	s := &t.subs[u]
	if before.live {
		m.setPrivate(o, t, u) // §2.6
	}
	params := mFrame{}
	if !before.live || before.want != s.want || before.given != s.given {
		params["acs"] = acs(s.want, s.given)
	}
	m.reply(o, 200, params)
	if !s.want.Has(chat.ModeJoin) { // bans himself
		m.evict(t, u, false, -1)
		m.tellAccess(o, t, u, before, false)
		return
	}
	t.attached[o.session], t.used = true, true
	m.answer(o, t, "desc", "sub", "data", "del")
	if t.isPair() && !peerThere && t.subs[t.peer(u)].live {
		m.tellAccess(o, t, t.peer(u), mSub{}, false)
	}
	if len(params) > 0 {
		m.tellAccess(o, t, u, before, false)
	}
}

// join makes the user a member, or changes what he wants. 0 is success.
func (m *model) join(o op, t *mTopic, u int) int {
	s := &t.subs[u]
	want, given, ok := parsed(o.mode)
	switch {
	case t.isPair() && !s.live:
		return m.meet(o, t, u)
	case !ok:
		return 400
	case !s.live:
		return m.enter(o, t, u, want, given)
	}
	newWant, newGiven := s.want, s.given
	switch {
	case given:
		var code int
		if newWant, newGiven, code = t.wish(u, want); code != 0 {
			return code
		}
	case !s.given.Has(chat.ModeJoin):
		return 403
	case !s.want.Has(chat.ModeJoin): // lifts his own ban (§4.6)
		back := (s.given | m.grants(t.access, u)) &^ chat.ModeOwner
		if t.isPair() { // silent: there is no default
			back = norm(s.given)
		}
		var code int
		if newWant, newGiven, code = t.wish(u, back); code != 0 {
			return code
		}
	}
	if peer := t.peer(u); t.isPair() && !t.subs[peer].live && !m.loaded(t) {
		_, theirs := m.firstModes(o, u, peer)
		t.subs[peer] = theirs // a deleted chat comes back for the peer (§4.5)
	}
	m.grant(o, t, u, newWant, newGiven)
	return 0
}

// enter is joining a group (§4.6).
func (m *model) enter(o op, t *mTopic, u int, want chat.Mode, explicit bool) int {
	s := mSub{live: true, want: want, given: m.grants(t.access, u), private: o.desc["private"]}
	if t.subs[u].former {
		s.given = t.subs[u].given &^ chat.ModeOwner // silent: an offer of ownership ends with the subscription
	}
	if !explicit {
		s.want = m.grants(t.access, u)
	}
	switch {
	case !s.given.Has(chat.ModeJoin), s.want.Has(chat.ModeOwner):
		return 403
	case t.members() >= m.shape.limit:
		return 422
	}
	t.subs[u] = s
	return 0
}

// meet is the making of a p2p topic, or of one's own side again (§4.5).
func (m *model) meet(o op, t *mTopic, u int) int {
	peer := t.peer(u)
	mine, theirs := m.firstModes(o, u, peer)
	loaded := t.exists && m.loaded(t)
	if former := t.subs[u]; loaded && former.former {
		mine.given = former.given
		if _, given, ok := parsed(o.mode); !given || !ok {
			mine.want = norm(former.want) | chat.ModeJoin // silent: whoever comes back wants J
		}
	}
	if !mine.given.Has(chat.ModeJoin) {
		return 403
	}
	t.subs[u] = mine
	if !t.subs[peer].live && !loaded {
		t.subs[peer] = theirs
	}
	t.exists = true
	return 0
}

func (m *model) firstModes(o op, u, peer int) (mine, theirs mSub) {
	grant := m.defacs[u]
	if mode, given, ok := parsed(o.desc["defacs"]); given && ok {
		grant = mode
	}
	theirs = mSub{live: true, given: norm(grant), want: norm(m.grants(m.defacs[peer], u))}
	mine = mSub{live: true, given: m.grants(m.defacs[peer], u), want: theirs.given, private: o.desc["private"]}
	if mode, given, ok := parsed(o.mode); given && ok {
		mine.want = norm(mode) | chat.ModeJoin
	}
	return mine, theirs
}

// wish is what becomes of modes when a member wants others (§5.5).
func (t *mTopic) wish(u int, want chat.Mode) (newWant, newGiven chat.Mode, code int) {
	given := t.subs[u].given
	if t.isPair() {
		want = norm(want)
	}
	asksAdmin := want.Has(chat.ModeApprove) || want.Has(chat.ModeOwner)
	isAdmin := given.Has(chat.ModeApprove) || given.Has(chat.ModeOwner)
	switch {
	case t.owner == u && (!want.Has(chat.ModeOwner) || !want.Has(chat.ModeJoin)):
		return 0, 0, 403
	case want.Has(chat.ModeOwner) && !given.Has(chat.ModeOwner):
		return 0, 0, 403
	case want.Has(chat.ModeOwner):
		given |= want
	case !t.isPair() && isAdmin && asksAdmin:
		given |= want &^ (chat.ModeDelete | chat.ModeOwner)
	}
	if !given.Has(chat.ModeJoin) {
		return 0, 0, 403
	}
	return want, given, 0
}

// grant gives a member new modes; ownership moves with O (§5.7).
func (m *model) grant(o op, t *mTopic, u int, want, given chat.Mode) {
	s := &t.subs[u]
	s.want, s.given = want, given
	if (want & given).Has(chat.ModeOwner) && t.owner != u {
		former := &t.subs[t.owner]
		before, owner := *former, t.owner
		former.want &^= chat.ModeOwner
		former.given &^= chat.ModeOwner
		t.owner = u
		m.tellAccess(o, t, owner, before, false)
	}
}
