package topic

import (
	"iter"

	"parley/internal/chat"
	"parley/wsproto"
)

// notice is what a topic has to say on somebody's me.
type notice struct {
	src        string // canonical name of the topic it is about
	pres       wsproto.Pres
	info       *wsproto.Info // instead of pres
	except     Session       // not told
	unattached bool          // only sessions not attached to src
	always     bool          // whether presence is wanted or not: acs, gone
	mode       *chat.Mode    // the user's new effective mode in src
	gone       bool          // src is no contact any more
}

// news is a presence for those attached sessions that it is meant for.
type news struct {
	pres wsproto.Pres
	to   func(a *Attachment) bool
}

// presTopic tells sessions attached to the topic.
func (t *Topic) presTopic(p wsproto.Pres, except Session, to func(a *Attachment) bool) {
	t.presTopics(except, news{p, to})
}

// presTopics tells several things at once, in one frame for each receiver. act
// is left out where it is the receiver or src (wire.md §3.4).
func (t *Topic) presTopics(except Session, items ...news) {
	type view struct {
		name  string
		items uint8 // which of them, a bit for each
		noAct uint8
	}
	var srcActs uint8
	for i := range items {
		if p := &items[i].pres; p.Act != 0 && p.Act.String() == p.Src {
			srcActs |= 1 << i
		}
	}
	// Nearly all receivers see the same; a p2p topic has two views.
	var last view
	var frame wsproto.Frame
	for _, a := range t.attached {
		if a.Session == except {
			continue
		}
		v := view{name: a.name, noAct: srcActs}
		for i := range items {
			n := &items[i]
			if n.to(a) && (a.mode().Has(chat.ModePres) || n.pres.What == "acs" || n.pres.What == "gone") {
				v.items |= 1 << i
			}
			if n.pres.Act == a.member.uid {
				v.noAct |= 1 << i
			}
		}
		if v.items == 0 {
			continue
		}
		if frame == nil || v != last {
			frame, last = nil, v
			for i := range items {
				if v.items&(1<<i) == 0 {
					continue
				}
				p := items[i].pres
				if p.Topic = a.name; v.noAct&(1<<i) != 0 {
					p.Act = 0
				}
				frame = append(frame, p.Frame()...)
			}
		}
		a.Session.Later(frame)
	}
}

// reads tells members who read; readers of a channel are none of them.
func reads(a *Attachment) bool { return !a.member.reader && a.mode().Has(chat.ModeRead) }

func everybody(*Attachment) bool { return true }

// presMe tells the me of a member or reader. The caller decides who is entitled.
func (t *Topic) presMe(m *member, n notice) {
	n.src = t.name
	n.pres.Src = t.nameOf(m)
	if n.pres.Act == m.uid {
		n.pres.Act = 0
	}
	t.Router.Tell(m.uid.MeName(), &n)
}

// nameOf is what a member or reader calls the topic.
func (t *Topic) nameOf(m *member) string {
	if m.reader {
		return chat.ChannelName(t.name)
	}
	return t.kind.nameFor(m.uid)
}

// presMembers tells the me of all members with these rights in the topic.
func (t *Topic) presMembers(rights chat.Mode, n notice, but chat.UID) {
	t.countOnMe()
	for _, m := range t.members.list {
		if m.uid != but && m.mode().Has(rights) && t.elsewhere(m, n.unattached) {
			t.presMe(m, n)
		}
	}
}

// tellAccess tells everybody concerned that a member's modes changed
// (wire.md §9.3, §9.4, §9.5), and what else is to be told on the topic with it.
// except is the session that caused it.
func (t *Topic) tellAccess(m *member, oldWant, oldGiven chat.Mode, actor chat.UID, except Session, isNew bool, also ...news) {
	t.membersChanged()
	d := &wsproto.DAcs{Want: chat.Delta(oldWant, m.want), Given: chat.Delta(oldGiven, m.given)}
	if isNew {
		d = &wsproto.DAcs{Want: m.want.String(), Given: m.given.String()}
	}
	own := news{wsproto.Pres{What: "acs", DAcs: d}, func(a *Attachment) bool { return a.member == m }}
	if me, ok := t.kind.(*meTopic); ok {
		t.presTopics(except, own)
		me.visibility(oldWant & oldGiven)
		return
	}
	if m.reader { // nobody else's business
		t.presTopics(except, own)
	} else {
		t.presTopics(except, append([]news{own, {
			wsproto.Pres{What: "acs", Src: m.uid.String(), Act: actor, DAcs: d},
			func(a *Attachment) bool { return a.member != m && a.mode().IsSharer() },
		}}, also...)...)
	}
	onMe := notice{
		pres:   wsproto.Pres{What: "acs", Act: actor, DAcs: d},
		except: except, unattached: true, always: true,
	}
	if mode := m.mode(); !m.reader { // channels do not come and go for their readers
		onMe.mode = &mode
	}
	t.presMe(m, onMe)
	asked := !m.reader && actor == m.uid && (isNew || m.want&^oldWant&^m.given != 0)
	if !asked || chat.KindOf(t.name) != chat.KindGroup {
		return
	}
	t.countOnMe()
	for _, o := range t.members.list {
		if o != m && o.mode().IsSharer() && t.elsewhere(o, true) {
			t.presMe(o, notice{
				pres:   wsproto.Pres{What: "acs", Tgt: m.uid, Act: actor, DAcs: d},
				except: except, unattached: true, always: true,
			})
		}
	}
}

// tellRemoved tells that a member left or was removed; he is no member any more
// but may still be attached.
func (t *Topic) tellRemoved(m *member, actor chat.UID, except Session) {
	none := &wsproto.DAcs{Want: "N", Given: "N"}
	sharers := func(a *Attachment) bool { return a.member != m && a.mode().IsSharer() }
	acs := news{wsproto.Pres{What: "acs", Src: m.uid.String(), Act: actor, DAcs: none}, sharers}
	if m.reader {
		t.presTopics(except, acs)
	} else if chat.KindOf(t.name) == chat.KindGroup {
		t.presTopics(except, acs, news{wsproto.Pres{What: "off", Src: m.uid.String()}, sharers})
	} else if peer := chat.P2PPeer(t.name, m.uid); peer != 0 {
		t.Router.Tell(peer.MeName(), &online{src: t.name, seenAs: m.uid.String(), what: "off"})
	}
	t.presMe(m, notice{pres: wsproto.Pres{What: "gone"}, except: except, always: true, gone: true})
}

// tellGone tells all members that the topic is deleted; the session that asked
// for it too, as the reference does.
func (t *Topic) tellGone(members iter.Seq[*member]) {
	for m := range members {
		t.presMe(m, notice{pres: wsproto.Pres{What: "gone"}, always: true, gone: true})
	}
}

// countOnMe counts for each member those of his sessions here that are on me
// too. Those of others it leaves alone: detach has set them to zero.
func (t *Topic) countOnMe() {
	for _, a := range t.attached {
		a.member.onMe = 0
	}
	for _, a := range t.attached {
		if a.Session.OnMe() && !a.obo {
			a.member.onMe++
		}
	}
}

// elsewhere tells whether there is anybody to tell on a member's me: a session,
// or one that is not attached here. countOnMe must have been called.
func (t *Topic) elsewhere(m *member, unattached bool) bool {
	n := t.Router.OnMe(m.uid)
	return n > 0 && !(unattached && n <= int(m.onMe))
}
