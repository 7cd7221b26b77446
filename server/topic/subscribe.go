package topic

import (
	"context"
	"errors"

	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// subscribe handles {sub}: subscribe if needed, attach, answer the {get} that
// came along (wire.md §2.6).
func (t *Topic) subscribe(r *Request, q *wsproto.Sub) {
	if r.Session.Attachment(t.name) != nil {
		r.reply(wsproto.AlreadySubscribed)
		return
	}
	if q.Set != nil && q.Set.Sub != nil && q.Set.Sub.User != "" {
		r.reply(wsproto.ErrMalformed)
		return
	}
	j, err := t.kind.join(r, q)
	if err == nil && !j.isNew {
		err = t.setPrivateBySub(r, j.member, q)
	}
	if err != nil {
		t.refuse(r, err)
		return
	}
	t.subscribed(r, q, j)
}

// subscribed attaches the requester, who is a member now, and answers.
func (t *Topic) subscribed(r *Request, q *wsproto.Sub, j joined) {
	m := j.member
	r.name = t.nameOf(m)
	ok := wsproto.OK
	if j.changed() || m.reader {
		ok = ok.With("acs", wsproto.NewAcs(m.want, m.given))
	}
	if j.tmpName != "" {
		ok = ok.With("tmpname", j.tmpName)
	}
	if !m.want.Has(chat.ModeJoin) { // he bans himself: not attached any more
		r.reply(ok)
		r.flush()
		t.evict(m, false, nil)
		t.tellAccess(m, j.oldWant, j.oldGiven, r.User, r.Session, j.isNew)
		return
	}
	a := t.attach(r, m)
	if a == nil {
		return // the session has closed meanwhile
	}
	r.reply(ok)
	if q.Get != nil {
		t.answer(r, a, q.Get, subOrder)
	}
	t.kind.attached(a, j)
}

// wantedMode is the mode that a {sub} asks for, if any.
func wantedMode(q *wsproto.Sub) string {
	if q.Set == nil || q.Set.Sub == nil {
		return ""
	}
	return q.Set.Sub.Mode
}

// leave handles {leave} (wire.md §2.7).
func (t *Topic) leave(r *Request, l *wsproto.Leave) {
	a := t.attachment(r)
	switch {
	case a == nil && t.otherwise(r):
		r.reply(wsproto.ErrNotFound)
	case a == nil && l.Unsub:
		r.reply(wsproto.ErrAttachFirst)
	case a == nil:
		r.reply(wsproto.NotJoined)
	case l.Unsub:
		if err := t.unsubscribe(r, a.member); err != nil {
			t.refuse(r, err)
			return
		}
		r.reply(wsproto.OK)
	default:
		t.detach(a)
		r.reply(wsproto.OK)
		t.kind.detached(a, false)
	}
}

// unsubscribe ends the subscription of the requester: {leave unsub}, or {del
// topic} by somebody who does not own it.
func (t *Topic) unsubscribe(r *Request, m *member) error {
	if k := chat.KindOf(t.name); k == chat.KindMe || k == chat.KindFnd || m.uid == t.owner() && !m.reader {
		return wsproto.ErrDenied
	}
	err := t.endSub(m)
	if errors.Is(err, store.ErrNotFound) {
		return wsproto.NoAction
	}
	if err != nil {
		return err
	}
	t.tellRemoved(m, r.User, r.Session)
	t.evict(m, true, r.Session)
	if t.members.len() == 0 && t.exists && chat.KindOf(t.name) != chat.KindSys {
		return t.purge(true)
	}
	return nil
}

// endSub removes a subscription from the store and from the members.
func (t *Topic) endSub(m *member) error {
	ctx, cancel := t.storeCtx()
	defer cancel()
	if err := t.Store.DeleteSub(ctx, t.name, m.uid, t.now()); err != nil {
		return err
	}
	t.forget(m)
	return nil
}

// forget takes note that a subscription has ended.
func (t *Topic) forget(m *member) {
	if m.reader {
		delete(t.readers, m.uid)
	} else {
		t.members.remove(m)
	}
	t.rec.SubCount--
	t.membersChanged()
}

// membersChanged tells who carries messages elsewhere.
func (t *Topic) membersChanged() {
	if t.Members != nil {
		t.Members(t.name)
	}
}

// purge deletes the topic from the store and lets nobody in any more.
func (t *Topic) purge(hard bool) error {
	ctx, cancel := t.storeCtx()
	defer cancel()
	if err := t.Store.DeleteTopic(ctx, t.name, hard, t.now()); err != nil {
		return err
	}
	for i := len(t.attached) - 1; i >= 0; i-- {
		t.detach(t.attached[i])
	}
	t.drop()
	t.membersChanged()
	return nil
}

// addSub stores a new subscription, or revives a deleted one, and makes the
// member.
func (t *Topic) addSub(ctx context.Context, s store.Sub) (*member, error) {
	if err := t.Store.PutSubs(ctx, s); err != nil {
		return nil, err
	}
	t.rec.SubCount++
	return t.members.add(&s), nil
}

// formerSub is the subscription that the user once had and gave up, or nil.
func (t *Topic) formerSub(ctx context.Context, u chat.UID) (*store.Sub, error) {
	s, err := t.Store.Sub(ctx, t.name, u)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return s, err
}
