package topic

import (
	"context"
	"errors"

	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// Readers of a channel (wire.md §4.7) have a subscription in the store but are
// no members: the topic knows those who are attached, and loads the others when
// they ask for something.

// readerWant brings a mode into the bounds of readers: only P is their choice.
func readerWant(m chat.Mode) chat.Mode { return m&chat.ModeReader | chat.ModeRead | chat.ModeJoin }

func liveReader(s *store.Sub) bool { return s != nil && s.Reader && s.Deleted.IsZero() }

// joinReader makes the requester a reader, if he is none yet.
func (t *groupTopic) joinReader(r *Request, q *wsproto.Sub) (joined, error) {
	if t.members.of(r.User) != nil {
		return joined{}, wsproto.UseOther.With("topic", t.name)
	}
	mode, explicit, err := parseMode(wantedMode(q))
	if err != nil {
		return joined{}, err
	}
	want := chat.ModeReader
	if explicit {
		want = readerWant(mode)
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	former, err := t.formerSub(ctx, r.User)
	if err != nil {
		return joined{}, err
	}
	if liveReader(former) {
		return t.rejoinReader(ctx, r, former, want, explicit)
	}
	if former != nil && !former.Reader && !former.Given.Has(chat.ModeJoin) { // banned
		return joined{}, wsproto.ErrDenied
	}
	s := store.Sub{
		Topic: t.name, User: r.User, Created: r.TS, Updated: r.TS, Reader: true, Want: want, Given: chat.ModeReader,
	}
	if q.Set != nil && q.Set.Desc != nil {
		s.Private, _ = merge(nil, q.Set.Desc.Private)
	}
	if err := t.Store.PutSubs(ctx, s); err != nil {
		return joined{}, err
	}
	t.rec.SubCount++
	return joined{member: newMember(&s), isNew: true}, nil
}

func (t *groupTopic) rejoinReader(ctx context.Context, r *Request, s *store.Sub, want chat.Mode, explicit bool) (joined, error) {
	m := t.readers[r.User] // another session of his may be attached
	if m == nil {
		m = newMember(s)
	}
	j := still(m)
	if !explicit {
		return j, nil
	}
	_, err := t.setWant(ctx, r, m, want, m.given)
	return j, err
}

// subscriber is the subscription that a request is about, whether a session of
// the user is attached or not; nil if there is none.
func (t *Topic) subscriber(r *Request) (*member, error) {
	if !r.Channel {
		return t.memberOf(r.User), nil
	}
	if m := t.readers[r.User]; m != nil {
		return m, nil
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	s, err := t.Store.Sub(ctx, t.name, r.User)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && !liveReader(s):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return newMember(s), nil
}

// endReader ends the subscription of a reader who becomes a member.
func (t *groupTopic) endReader(ctx context.Context, s *store.Sub) error {
	if err := t.Store.DeleteSub(ctx, t.name, s.User, t.now()); err != nil {
		return err
	}
	t.rec.SubCount--
	m := t.readers[s.User]
	if m == nil {
		m = newMember(s)
	}
	t.presMe(m, notice{pres: wsproto.Pres{What: "gone"}, always: true, gone: true})
	t.evict(m, true, nil)
	return nil
}

// readerNote takes the marks of a reader; they concern nobody but himself.
func (t *Topic) readerNote(r *Request, m *member, n *wsproto.Note) {
	if n.What != "read" && n.What != "recv" || !t.mark(m, n) {
		return
	}
	if m.mode().Has(chat.ModePres) && t.Router.OnMe(m.uid) > 0 {
		t.presMe(m, notice{pres: wsproto.Pres{What: n.What, Seq: n.Seq}, except: r.Session, unattached: true})
	}
}

// setReaderDesc changes what a reader keeps about the channel for himself.
func (t *groupTopic) setReaderDesc(r *Request, a *Attachment, d *wsproto.SetDesc) error {
	if !wsproto.IsNull(d.Public) || !wsproto.IsNull(d.Trusted) || d.DefAcs != nil {
		return wsproto.ErrDenied
	}
	return t.setPrivate(r, a.member, d)
}
