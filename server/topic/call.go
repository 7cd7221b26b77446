package topic

import (
	"encoding/json"
	"time"

	"parley/internal/chat"
	"parley/wsproto"
)

// call is the one call of a p2p topic (wire.md §13), from the message that
// starts it until one of the final states. Its identity is the seq of that
// message. The caller's session is attached for all of that time; the callee's
// may have accepted without being so.
type call struct {
	seq      int
	content  json.RawMessage // of the message, which each change repeats
	mime     json.RawMessage // from its head; may be null
	caller   party
	callee   party       // nobody until the call is accepted
	accepted time.Time   // zero until then
	timer    *time.Timer // runs until then
}

// party is one end of a call: a session, and whom it acts for.
type party struct {
	session Session
	uid     chat.UID
}

// States of a call, as head.webrtc of its messages tells them.
const (
	callAccepted     = "accepted"
	callFinished     = "finished"
	callMissed       = "missed"
	callDeclined     = "declined"
	callDisconnected = "disconnected"
)

func (c *call) isAccepted() bool { return !c.accepted.IsZero() }

// peer is the other end; nil if p is no party of an accepted call.
func (c *call) peer(p party) *party {
	switch {
	case !c.isAccepted():
		return nil
	case p == c.caller:
		return &c.callee
	case p == c.callee:
		return &c.caller
	}
	return nil
}

// startsCall tells whether a message is the start of a call: the client need not
// have written "started".
func startsCall(p *wsproto.Pub) bool { return !wsproto.IsNull(p.Head["webrtc"]) }

// mayCall checks what a {pub} that starts a call needs besides the usual.
func (t *Topic) mayCall() error {
	switch {
	case !t.Config.CallsEnabled:
		return wsproto.ErrUnsupported
	case chat.KindOf(t.name) != chat.KindP2P:
		return wsproto.ErrDenied
	case t.call != nil:
		return wsproto.ErrBusy
	}
	return nil
}

// startCall follows the message that starts a call, which is stored.
func (t *Topic) startCall(p *pub) {
	c := &call{
		seq: p.msg.Seq, content: p.msg.Content, mime: p.r.Msg.Pub.Head["mime"],
		caller: party{p.a.Session, p.a.member.uid},
	}
	c.timer = time.AfterFunc(t.Config.CallTimeout, func() { _ = t.Urge(callTimeout{c}) })
	t.call = c
}

// callTimeout comes from the timer of a call.
type callTimeout struct{ c *call }

func (e callTimeout) apply(t *Topic) {
	if t.call == e.c && !e.c.isAccepted() { // else it comes too late
		t.endCall(callMissed, 0)
	}
}

// Lost is the event of a closed session that took part in a call here. A session
// that was attached has ended the call with Detached.
type Lost struct{ S Session }

func (e Lost) apply(t *Topic) {
	if c := t.call; c != nil && (c.caller.session == e.S || c.callee.session == e.S) {
		t.endCall(callDisconnected, 0)
	}
}

// partyGone ends the call if the session that detaches was in it.
func (t *Topic) partyGone(p party) {
	if c := t.call; c != nil && (c.caller == p || c.callee == p) {
		t.endCall(callDisconnected, 0)
	}
}

// userGone ends the call if one of the two is no member any more or banned, even
// if no session of his was in it yet: nobody is left who could accept.
func (t *Topic) userGone(u chat.UID) {
	if t.call != nil && (t.call.caller.uid == u || chat.P2PPeer(t.name, t.call.caller.uid) == u) {
		t.endCall(callDisconnected, 0)
	}
}

// endCall ends the call with a final state. by is who hung up; nobody: the
// server noticed.
func (t *Topic) endCall(state string, by chat.UID) {
	c := t.call
	t.dropCall()
	t.tellCall(c, state, by)
	t.tellHungUp(c, by)
}

// dropCall forgets the call without a word.
func (t *Topic) dropCall() {
	c := t.call
	if c == nil {
		return
	}
	t.call = nil
	c.timer.Stop()
	if c.isAccepted() {
		c.callee.session.SetInCall(t.name, false)
	}
}
