package topic

import (
	"encoding/json"
	"strconv"
	"time"

	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// fromOutside tells the notes of a call that a session may send without being
// attached: a phone answers from its lock screen.
func fromOutside(n *wsproto.Note) bool {
	return n.What == "call" && (n.Event == "ringing" || n.Event == "accept" || n.Event == "hang-up")
}

// callNote handles {note what:"call"} (wire.md §13.2). What does not fit the
// state of the call is dropped.
func (t *Topic) callNote(r *Request, m *member, n *wsproto.Note) {
	c := t.call
	if c == nil || n.Seq != c.seq || !m.mode().Has(chat.ModeJoin) {
		return
	}
	from := party{r.Session, m.uid}
	calledHere := !c.isAccepted() && m.uid != c.caller.uid
	switch n.Event {
	case "ringing":
		if calledHere {
			t.tellParty(&c.caller, m.uid, n.Event, nil)
		}
	case "accept":
		if calledHere {
			t.acceptCall(from)
		}
	case "offer", "answer", "ice-candidate":
		if to := c.peer(from); to != nil {
			t.tellParty(to, m.uid, n.Event, n.Payload)
		}
	case "hang-up":
		switch {
		case c.peer(from) != nil:
			t.endCall(callFinished, m.uid)
		case calledHere:
			t.endCall(callDeclined, m.uid)
		case !c.isAccepted() && from == c.caller:
			t.endCall(callMissed, m.uid)
		}
	}
}

// acceptCall makes a session of the callee the second party.
func (t *Topic) acceptCall(by party) {
	if !by.session.SetInCall(t.name, true) {
		return // it has closed meanwhile: let others answer
	}
	c := t.call
	c.timer.Stop()
	c.callee, c.accepted = by, t.Now()
	t.tellCall(c, callAccepted, by.uid)
	if m := t.members.of(by.uid); m != nil {
		t.presMe(m, notice{ // whatever else he asked not to hear: his other devices must stop ringing
			info:   &wsproto.Info{Topic: "me", Src: t.nameOf(m), From: by.uid, What: "call", Seq: c.seq, Event: "accept"},
			except: by.session, always: true,
		})
	}
	t.tellParty(&c.caller, by.uid, "accept", nil)
}

// tellParty tells one end of the call. A callee who accepted from outside need
// not be attached.
func (t *Topic) tellParty(to *party, from chat.UID, event string, payload json.RawMessage) {
	info := wsproto.Info{
		Topic: t.kind.nameFor(to.uid), From: from, What: "call", Seq: t.call.seq, Event: event, Payload: payload,
	}
	to.session.Send(info.Frame())
}

// tellCall publishes that the state of a call has changed: a message of its own
// which replaces the one that started it (wire.md §13.4). Those who look at the
// call now are told by notes, so a failing store does not keep it from ending.
func (t *Topic) tellCall(c *call, state string, by chat.UID) {
	head := map[string]json.RawMessage{
		"replace": json.RawMessage(`":` + strconv.Itoa(c.seq) + `"`),
		"webrtc":  json.RawMessage(`"` + state + `"`),
	}
	if !wsproto.IsNull(c.mime) {
		head["mime"] = c.mime
	}
	if state == callFinished {
		ms := max(0, t.Now().Sub(c.accepted)/time.Millisecond)
		head["webrtc-duration"] = strconv.AppendInt(nil, int64(ms), 10)
	}
	if by == c.caller.uid {
		by = 0 // "sender" only where it is not "from"
	}
	var err error = wsproto.ErrPolicy
	if t.rec.Seq < chat.MaxSeq {
		err = t.publish([]pub{{from: t.members.of(c.caller.uid), msg: &store.Message{
			Topic: t.name, Seq: t.rec.Seq + 1, From: c.caller.uid, At: t.now(), Head: messageHead(head, by), Content: c.content,
		}}})
	}
	if err != nil {
		t.Log.Error("state of a call not stored", "topic", t.name, "seq", c.seq, "state", state, "err", err)
	}
}

// tellHungUp tells everybody that the call is over, whoever took part in it. On
// the topic nobody is named, on me whoever hung up.
func (t *Topic) tellHungUp(c *call, by chat.UID) {
	frames := make(map[string]wsproto.Frame, 2)
	for _, a := range t.attached {
		if !reads(a) {
			continue
		}
		f, ok := frames[a.name]
		if !ok {
			info := wsproto.Info{Topic: a.name, What: "call", Seq: c.seq, Event: "hang-up"}
			f = info.Frame()
			frames[a.name] = f
		}
		a.Session.Send(f)
	}
	t.countOnMe()
	for _, m := range t.members.list {
		if m.mode().Has(chat.ModeRead) && t.elsewhere(m, true) {
			t.presMe(m, notice{
				info:       &wsproto.Info{Topic: "me", Src: t.nameOf(m), From: by, What: "call", Seq: c.seq, Event: "hang-up"},
				unattached: true, always: true,
			})
		}
	}
}
