package topic

import (
	"parley/internal/chat"
	"parley/wsproto"
)

// ValidNote tells whether a note to the topic of that canonical name makes
// sense at all; others are dropped without a word (wire.md §8.1).
func ValidNote(n *wsproto.Note, topic string) bool {
	switch n.What {
	case "kp", "kpa", "kpv":
		return n.Seq == 0
	case "read", "recv":
		return n.Seq > 0
	case "data":
		return !wsproto.IsNull(n.Payload)
	case "call":
		return n.Seq > 0 && chat.KindOf(topic) == chat.KindP2P
	}
	return false
}

// note handles {note}: it is relayed, or dropped without a word.
func (t *Topic) note(r *Request, n *wsproto.Note) {
	if !ValidNote(n, t.name) {
		return
	}
	a := t.attachment(r)
	m := t.members.of(r.User)
	if r.Channel {
		m = t.readers[r.User]
	}
	switch {
	case a == nil && n.What != "recv" && !fromOutside(n):
		r.reply(wsproto.ErrAttachFirst)
		return
	case m == nil || n.Seq > t.rec.Seq:
		return
	case m.reader:
		t.readerNote(r, m, n)
		return
	}
	switch n.What {
	case "call":
		t.callNote(r, m, n)
		return
	case "kp", "kpa", "kpv":
		if !m.mode().Has(chat.ModeWrite) || t.readOnly {
			return
		}
	case "read", "recv":
		if !m.mode().Has(chat.ModeRead) || !t.mark(m, n) {
			return
		}
		if n.What == "read" {
			t.pushRead(r, m)
		}
	}
	t.relay(r, m, n)
}

// mark moves a member's marks; they only grow, and read <= recv.
func (t *Topic) mark(m *member, n *wsproto.Note) bool {
	switch {
	case n.What == "read" && n.Seq > m.read:
		m.read = n.Seq
		if !m.reader { // the reference does not raise it for readers
			m.recv = max(m.recv, m.read)
		}
	case n.What == "recv" && n.Seq > m.recv:
		m.recv = n.Seq
	default:
		return false
	}
	t.Store.SetMarks(t.name, m.uid, m.read, m.recv)
	return true
}

// relay hands a note to those whom it concerns (wire.md §8.3).
func (t *Topic) relay(r *Request, from *member, n *wsproto.Note) {
	frames := make(map[string]wsproto.Frame, 2)
	for _, a := range t.attached {
		if a.Session == r.Session || !reads(a) || n.What == "kp" && a.member == from {
			continue
		}
		f, ok := frames[a.name]
		if !ok {
			info := wsproto.Info{Topic: a.name, From: from.uid, What: n.What, Seq: n.Seq, Payload: n.Payload}
			f = info.Frame()
			frames[a.name] = f
		}
		a.Session.Later(f)
	}
	t.countOnMe()
	for _, m := range t.members.list {
		if !m.mode().Has(chat.ModeRead|chat.ModePres) || !t.elsewhere(m, true) {
			continue
		}
		if n.What == "kp" && m == from {
			continue
		}
		if m == from && (n.What == "read" || n.What == "recv") {
			t.presMe(m, notice{pres: wsproto.Pres{What: n.What, Seq: n.Seq}, except: r.Session, unattached: true})
		}
		t.presMe(m, notice{
			info: &wsproto.Info{
				Topic: "me", Src: t.nameOf(m), From: from.uid, What: n.What, Seq: n.Seq, Payload: n.Payload,
			},
			except: r.Session, unattached: true,
		})
	}
}
