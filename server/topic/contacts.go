package topic

import (
	"time"

	"parley/internal/chat"
	"parley/wsproto"
)

// contact is what a live me knows of a conversation (wire.md §9.7).
type contact struct {
	enabled bool // its presence is wanted: P in the own mode
	online  bool
}

// online tells a me that a contact came, went or changed, or asks whether the
// receiver is there.
type online struct {
	src    string // canonical name of the conversation
	seenAs string // what the receiver calls it
	what   string // "on", "off", "ua", "upd"; empty: only the answer is wanted
	ua     string
	answer chat.UID // whose me wants to know whether the receiver is online; nobody: none
}

func (e *online) apply(t *Topic) {
	me, ok := t.kind.(*meTopic)
	if !ok || t.loadErr != nil {
		return
	}
	if c := me.contacts[e.src]; c != nil && c.enabled {
		switch on := e.what == "on"; {
		case on || e.what == "off":
			if c.online != on {
				c.online = on
				me.tell(wsproto.Pres{Src: e.seenAs, What: e.what, UA: e.ua})
			}
		case e.what != "" && c.online:
			me.tell(wsproto.Pres{Src: e.seenAs, What: e.what, UA: e.ua})
		}
	}
	if e.answer != 0 && me.visible() {
		me.Router.Tell(e.answer.MeName(), &online{src: e.src, seenAs: me.user.ID.String(), what: "on"})
	}
}

// hello asks a group to tell a member's me whether it is online.
type hello struct{ from chat.UID }

func (e hello) apply(t *Topic) {
	if t.loadErr == nil && t.foreground > 0 {
		t.Router.Tell(e.from.MeName(), &online{src: t.name, seenAs: t.kind.nameFor(e.from), what: "on"})
	}
}

// memberNews tells a group that a member changed his profile or his client.
type memberNews struct {
	who      chat.UID
	what, ua string
}

func (e memberNews) apply(t *Topic) {
	if _, ok := t.kind.(*groupTopic); ok && t.loadErr == nil && t.members.of(e.who) != nil {
		t.presTopic(wsproto.Pres{What: e.what, Src: e.who.String(), UA: e.ua}, nil,
			func(a *Attachment) bool { return !a.member.reader && a.member.uid != e.who })
	}
}

// apply hands a notice to the sessions on this me.
func (n *notice) apply(t *Topic) {
	me, ok := t.kind.(*meTopic)
	if !ok || t.loadErr != nil {
		return
	}
	if n.info != nil || n.pres.What != "" {
		me.forward(n)
	}
	switch {
	case n.gone:
		delete(me.contacts, n.src)
	case n.mode != nil && me.live:
		me.track(n.src, *n.mode)
	}
}

func (t *meTopic) forward(n *notice) {
	if !n.always && !t.self.mode().Has(chat.ModePres) {
		return
	}
	var f wsproto.Frame
	for _, a := range t.Topic.attached {
		if a.Session == n.except || n.unattached && a.Session.Attachment(n.src) != nil {
			continue
		}
		if f == nil {
			if n.info != nil {
				f = n.info.Frame()
			} else {
				p := n.pres
				p.Topic = "me"
				f = p.Frame()
			}
		}
		a.Session.Later(f)
	}
}

// tell puts a presence on the sessions of this me.
func (t *meTopic) tell(p wsproto.Pres) { t.forward(&notice{pres: p}) }

// visible tells whether others may see that the user is online: he is, and has
// not asked to be left alone.
func (t *meTopic) visible() bool { return t.shown && t.self.mode().Has(chat.ModePres) }

// goLive reads the contacts.
func (t *meTopic) goLive() {
	ctx, cancel := t.storeCtx()
	defer cancel()
	places, err := t.Store.Places(ctx, t.user.ID)
	if err != nil {
		t.Log.Error("contacts not read: no presence", "topic", t.name, "err", err)
	}
	if len(places) > 0 {
		t.contacts = make(map[string]*contact, len(places))
	}
	for _, p := range places {
		if !p.Reader && presenceOf(p.Topic) {
			t.contacts[p.Topic] = &contact{enabled: p.Mode.Has(chat.ModePres | chat.ModeJoin)}
		}
	}
	t.live = true
}

// presenceOf tells topics that are seen to come and go.
func presenceOf(topic string) bool {
	k := chat.KindOf(topic)
	return k == chat.KindP2P || k == chat.KindGroup
}

// announce tells all contacts that the user came or went; who is online answers.
func (t *meTopic) announce(on bool, ua string) {
	if !t.shown || on && !t.visible() {
		return
	}
	for name := range t.contacts {
		t.greet(name, on, ua)
	}
}

// greet tells one contact. Groups are only asked whether they are online.
func (t *meTopic) greet(name string, on bool, ua string) {
	e := &online{src: name, seenAs: t.user.ID.String(), what: "off", ua: ua}
	if on {
		e.what, e.answer = "on", t.user.ID
	}
	switch peer := chat.P2PPeer(name, t.user.ID); {
	case peer != 0:
		t.Router.Tell(peer.MeName(), e)
	case on:
		t.Router.Tell(name, hello{t.user.ID})
	}
}

// ask has a contact tell whether it is online, and tells it nothing.
func (t *meTopic) ask(name string) {
	if peer := chat.P2PPeer(name, t.user.ID); peer != 0 {
		t.Router.Tell(peer.MeName(), &online{src: name, answer: t.user.ID})
	} else {
		t.Router.Tell(name, hello{t.user.ID})
	}
}

// track follows a change of the user's access to a conversation.
func (t *meTopic) track(name string, mode chat.Mode) {
	if !presenceOf(name) {
		return
	}
	enabled := mode.Has(chat.ModePres | chat.ModeJoin)
	c := t.contacts[name]
	switch {
	case c == nil:
		if t.contacts == nil {
			t.contacts = make(map[string]*contact, 1)
		}
		t.contacts[name] = &contact{enabled: enabled}
		if t.visible() {
			t.greet(name, true, "")
		} else if t.self.mode().Has(chat.ModePres) { // in the background
			t.ask(name)
		}
	case c.enabled && !enabled: // muted
		c.enabled = false
		if c.online {
			c.online = false
			t.tell(wsproto.Pres{Src: t.seenAs(name), What: "off"})
		}
	case !c.enabled && enabled: // heard again: how does it stand?
		c.enabled = true
		t.ask(name)
	}
}

// seenAs is what the user calls a conversation.
func (t *meTopic) seenAs(name string) string {
	if peer := chat.P2PPeer(name, t.user.ID); peer != 0 {
		return peer.String()
	}
	if chat.KindOf(name) == chat.KindSlf {
		return "slf"
	}
	return name
}

// visibility follows a change of the access to me itself: without P the user is
// not seen.
func (t *meTopic) visibility(old chat.Mode) {
	was, is := old.Has(chat.ModePres), t.self.mode().Has(chat.ModePres)
	if was == is {
		return
	}
	for name := range t.contacts {
		if t.shown {
			t.greet(name, is, t.ua)
		} else if is {
			t.ask(name)
		}
	}
}

// tellContacts hands news of the user to contacts that see him online.
func (t *meTopic) tellContacts(what, ua string) {
	if !t.visible() {
		return
	}
	for name := range t.contacts {
		if peer := chat.P2PPeer(name, t.user.ID); peer != 0 {
			t.Router.Tell(peer.MeName(), &online{src: name, seenAs: t.user.ID.String(), what: what, ua: ua})
		} else {
			t.Router.Tell(name, memberNews{t.user.ID, what, ua})
		}
	}
}

// activeUA is the user agent of the session that was active last; those in the
// background don't count.
func (t *meTopic) activeUA() string {
	var best *Attachment
	var when time.Time
	for _, a := range t.Topic.attached {
		if at := a.Session.LastActive(); !a.background && (best == nil || at.After(when)) {
			best, when = a, at
		}
	}
	if best == nil {
		return ""
	}
	return best.Session.UserAgent()
}

// noticeUA has a change of the user agent told, but not too often.
func (t *meTopic) noticeUA() {
	if t.uaTimer == nil && t.activeUA() != t.ua {
		t.uaTimer = time.AfterFunc(t.Config.UADelay, func() { _ = t.Urge(uaEvent{}) })
	}
}

type uaEvent struct{}

func (uaEvent) apply(t *Topic) {
	me, ok := t.kind.(*meTopic)
	if !ok || me.uaTimer == nil {
		return
	}
	me.uaTimer = nil
	if ua := me.activeUA(); ua != "" && ua != me.ua {
		me.ua = ua
		me.tellContacts("ua", ua)
	}
}
