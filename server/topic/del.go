package topic

import (
	"errors"

	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// maxDelete bounds the messages of a {del} with several ranges.
const maxDelete = 1024

// del handles {del} of everything but users (wire.md §7.7).
func (t *Topic) del(r *Request, d *wsproto.Del) {
	a := t.attachment(r)
	if a == nil && d.What != "topic" {
		r.reply(wsproto.ErrAttachFirst)
		return
	}
	if a != nil {
		r.name = a.name
	}
	var err error
	switch d.What {
	case "", "msg":
		err = t.delMessages(r, a, d)
	case "sub":
		err = t.delSub(r, a, d.User)
	case "cred":
		err = t.delCred(r, a, d.Cred)
	case "session":
		err = t.delSession(r, d.Session)
	case "topic":
		if err = t.kind.remove(r, d.Hard); err == nil {
			r.reply(wsproto.OK)
		}
	default:
		err = wsproto.ErrMalformed
	}
	if err != nil {
		t.refuse(r, err)
	}
}

// deleteRanges checks what is to be deleted and brings it into order.
func deleteRanges(list []wsproto.SeqRange, last int) ([]chat.Range, error) {
	var out []chat.Range
	for _, q := range list {
		if q.Low < 0 || q.Hi < 0 || q.Low > last || q.Hi != 0 && q.Low > q.Hi || q.Low == 0 && q.Hi == 0 {
			return nil, wsproto.ErrMalformed
		}
		rg := q.Range()
		rg.Low, rg.Hi = max(rg.Low, 1), min(rg.Hi, last+1)
		out = append(out, rg)
	}
	out = chat.MergeRanges(out)
	total := 0
	for _, rg := range out { // what several ranges have in common counts once
		total += rg.Len()
	}
	if len(out) == 0 || len(list) > 1 && total > maxDelete {
		return nil, wsproto.ErrMalformed
	}
	return out, nil
}

// delMessages deletes messages for everybody or for the requester alone
// (wire.md §7.8).
func (t *Topic) delMessages(r *Request, a *Attachment, q *wsproto.Del) error {
	mode := a.mode()
	if a.member.reader {
		return wsproto.ErrNotAllowed
	}
	if !mode.Has(chat.ModeDelete) && !mode.Has(chat.ModeRead) {
		return wsproto.ErrDenied
	}
	ranges, err := deleteRanges(q.DelSeq, t.rec.Seq)
	if err != nil {
		return err
	}
	d := store.NewDeletion{ID: t.rec.Del + 1, Ranges: ranges}
	hard := q.Hard && mode.Has(chat.ModeDelete)
	if !hard {
		d.User = r.User
	} else if age := t.Config.DeleteAge; age > 0 {
		d.After = r.TS.Add(-age)
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	deleted, err := t.Store.DeleteMessages(ctx, t.name, d)
	if err != nil {
		return err
	}
	if len(deleted) == 0 { // all of them too old or gone: nothing to tell
		r.reply(wsproto.OK.With("del", t.rec.Del))
		return nil
	}
	t.rec.Del = d.ID
	r.reply(wsproto.OK.With("del", d.ID))
	t.tellDeleted(r, a, hard, deleted)
	return nil
}

func (t *Topic) tellDeleted(r *Request, a *Attachment, hard bool, deleted []chat.Range) {
	onTopic := wsproto.Pres{What: "del", Src: r.User.String(), Clear: t.rec.Del, DelSeq: wsproto.SeqRanges(deleted)}
	onMe := notice{pres: wsproto.Pres{What: "del", Clear: t.rec.Del}, except: r.Session, unattached: true}
	if !hard {
		a.member.del = t.rec.Del
		t.presTopic(onTopic, r.Session, func(b *Attachment) bool { return b.member == a.member })
		if a.mode().Has(chat.ModePres) {
			t.presMe(a.member, onMe)
		}
		return
	}
	for _, m := range t.members.list {
		m.del = t.rec.Del
	}
	forReaders := onTopic
	forReaders.Src = ""
	t.presTopics(r.Session, news{onTopic, reads}, news{forReaders, func(b *Attachment) bool { return b.member.reader }})
	onMe.pres.Act = r.User
	t.presMembers(chat.ModeRead|chat.ModePres, onMe, 0)
}

// delSub removes a member (wire.md §7.9).
func (t *Topic) delSub(r *Request, a *Attachment, user string) error {
	if chat.KindOf(t.name) != chat.KindGroup || !a.mode().IsAdmin() {
		return wsproto.ErrDenied
	}
	if user == "" {
		return wsproto.ErrDenied
	}
	uid, err := chat.ParseUID(user)
	if err != nil {
		return wsproto.ErrMalformed
	}
	m := t.members.of(uid)
	switch {
	case uid == r.User:
		return wsproto.ErrDenied
	case m == nil:
		return wsproto.NoAction
	case uid == t.rec.Owner, !m.want.Has(chat.ModeJoin):
		return wsproto.ErrDenied
	}
	if err := t.endSub(m); errors.Is(err, store.ErrNotFound) {
		return wsproto.NoAction
	} else if err != nil {
		return err
	}
	r.reply(wsproto.OK)
	t.tellRemoved(m, r.User, r.Session)
	r.flush()
	t.evict(m, true, nil)
	return nil
}
