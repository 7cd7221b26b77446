package topic

import (
	"time"

	"parley/wsproto"
)

// attach adds a session; false if it is closed.
func (t *Topic) attach(r *Request, m *member) *Attachment {
	a := &Attachment{Session: r.Session, name: t.nameOf(m), member: m, level: r.Level, obo: r.Sender != 0, index: len(t.attached)}
	if !r.Session.SetAttachment(t.name, a) {
		return nil
	}
	t.attached = append(t.attached, a)
	t.generation++
	t.fresh = false
	if t.idle != nil {
		t.idle.Stop()
		t.idle = nil
	}
	m.sessions++
	// The session is asked after it knows of the attachment, so that one of the
	// two notices when the time in the background ends just now.
	a.background = r.Background && r.Session.Background()
	t.count(a, 1)
	return a
}

// count counts an attachment that others may see, or that ends.
func (t *Topic) count(a *Attachment, by int) {
	if a.background {
		return
	}
	a.member.online += int32(by)
	if !a.member.reader {
		t.foreground += by
	}
}

// detach removes an attachment from the topic and from its session.
func (t *Topic) detach(a *Attachment) {
	if a.index >= len(t.attached) || t.attached[a.index] != a {
		return // already gone
	}
	last := len(t.attached) - 1
	t.attached[a.index] = t.attached[last]
	t.attached[a.index].index = a.index
	t.attached[last] = nil
	t.attached = t.attached[:last]
	a.Session.SetAttachment(t.name, nil)
	a.member.sessions--
	a.member.onMe = 0
	t.count(a, -1)
}

// evict detaches the user's sessions, telling all but one of them.
func (t *Topic) evict(m *member, unsub bool, except Session) {
	now := t.now()
	for i := len(t.attached) - 1; i >= 0; i-- {
		a := t.attached[i]
		if a.member != m {
			continue
		}
		t.detach(a)
		t.kind.detached(a, false)
		if a.Session != except {
			a.Session.Send(evictedFrame(a.name, unsub, now))
		}
	}
	t.userGone(m.uid)
}

func evictedFrame(name string, unsub bool, ts time.Time) wsproto.Frame {
	return wsproto.Evicted.With("unsub", unsub).Reply("", name, ts).Frame()
}
