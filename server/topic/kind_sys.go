package topic

import (
	"context"
	"errors"

	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// sysTopic takes what users report to administrators (wire.md §4.9): everybody
// may publish, only root reads.
type sysTopic struct{ *Topic }

// load makes the topic if the installation has none yet.
func (t *sysTopic) load(ctx context.Context) error {
	rec, err := t.Store.Topic(ctx, t.name)
	if errors.Is(err, store.ErrNotFound) {
		now := t.now()
		rec = &store.Topic{Name: t.name, Created: now, Updated: now, Touched: now, Access: chat.Access{Auth: chat.ModeWrite}}
		err = t.Store.CreateTopic(ctx, rec, nil)
	}
	if err != nil {
		return err
	}
	t.exists, t.rec = true, rec
	return t.loadMembers(ctx)
}

func (t *sysTopic) nameFor(chat.UID) string { return t.name }

func (t *sysTopic) join(r *Request, q *wsproto.Sub) (joined, error) {
	if r.Level != chat.LevelRoot {
		return joined{}, wsproto.ErrDenied
	}
	want, ok, err := parseMode(wantedMode(q))
	if err != nil {
		return joined{}, err
	}
	m := t.members.of(r.User)
	if m == nil {
		return t.enter(r, q, want, ok)
	}
	if !ok {
		if want = m.want; !want.Has(chat.ModeJoin) { // back from a self-ban
			want = m.given
		}
	}
	return t.rejoin(r, m, want)
}

func (t *sysTopic) enter(r *Request, q *wsproto.Sub, want chat.Mode, explicit bool) (joined, error) {
	if t.members.len() >= t.Config.MaxSubscribers {
		return joined{}, wsproto.ErrPolicy
	}
	if !explicit {
		want = chat.ModeSys
	}
	s := store.Sub{
		Topic: t.name, User: r.User, Created: r.TS, Updated: r.TS, Want: sysWant(want), Given: chat.ModeSys,
	}
	if q.Set != nil && q.Set.Desc != nil {
		s.Private, _ = merge(nil, q.Set.Desc.Private)
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	m, err := t.addSub(ctx, s)
	return joined{member: m, isNew: true}, err
}

// sysWant brings a mode into the bounds of sys (wire.md §5.5).
func sysWant(m chat.Mode) chat.Mode { return m&chat.ModeSys | chat.ModeWrite }

func (t *sysTopic) attached(a *Attachment, j joined) {
	if j.changed() {
		t.tellAccess(a.member, j.oldWant, j.oldGiven, a.member.uid, a.Session, j.isNew)
	}
}

func (t *sysTopic) detached(*Attachment, bool) {}

func (t *sysTopic) sleep() {}

func (t *sysTopic) describe(_ *Request, a *Attachment, o *wsproto.GetOpts) (*wsproto.MetaDesc, error) {
	return t.describeFor(a.member, o)
}

func (t *sysTopic) list(*Request, *Attachment, *wsproto.GetOpts) ([]wsproto.MetaSub, error) {
	return nil, nil
}

func (t *sysTopic) glance(r *Request) (*wsproto.MetaDesc, error) {
	mode := t.rec.Access.For(r.Level)
	if r.Level == chat.LevelRoot {
		mode = chat.ModeSys
	}
	d := &wsproto.MetaDesc{
		Created: wsproto.Time{Time: t.rec.Created}, Updated: wsproto.Time{Time: t.rec.Updated},
		Acs: &wsproto.Acs{Mode: mode.String()}, Public: t.rec.Public, Trusted: t.rec.Trusted,
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	return d, t.glanceMember(ctx, r, d)
}

func (t *sysTopic) setDesc(r *Request, a *Attachment, d *wsproto.SetDesc) error {
	return t.setPrivate(r, a.member, d)
}

func (t *sysTopic) setOther(*Request, *Attachment, *wsproto.SetSub) error { return wsproto.ErrDenied }

func (t *sysTopic) tags(*Attachment) ([]string, error) { return nil, wsproto.ErrNotAllowed }

func (t *sysTopic) setTags(context.Context, []string, []string) error { return wsproto.ErrNotAllowed }

// remove only unsubscribes.
func (t *sysTopic) remove(r *Request, _ bool) error {
	m := t.members.of(r.User)
	if m == nil {
		return wsproto.NoAction
	}
	return t.unsubscribe(r, m)
}
