package topic

import (
	"context"
	"errors"
	"slices"

	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// slfTopic is a user's notes to himself (wire.md §4.8): a topic with one member,
// who owns it. Nothing of it is told on me, because its mode lacks P.
type slfTopic struct{ *Topic }

func (t *slfTopic) load(ctx context.Context) error {
	rec, err := t.Store.Topic(ctx, t.name)
	if errors.Is(err, store.ErrNotFound) || err == nil && rec.State == store.StateDeleted {
		return nil // made by the first {sub}
	}
	if err != nil {
		return err
	}
	t.exists, t.rec = true, rec
	return t.loadMembers(ctx)
}

func (t *slfTopic) nameFor(chat.UID) string { return "slf" }

func (t *slfTopic) join(r *Request, q *wsproto.Sub) (joined, error) {
	want, ok, err := parseMode(wantedMode(q))
	if err != nil {
		return joined{}, err
	}
	if !t.exists {
		return t.create(r, q)
	}
	m := t.members.of(r.User)
	if m == nil {
		return joined{}, wsproto.ErrDenied
	}
	if !ok {
		return still(m), nil
	}
	return t.rejoin(r, m, want)
}

// create makes the topic. Tags are checked like those of groups and then left
// out: nobody but the user may find it.
func (t *slfTopic) create(r *Request, q *wsproto.Sub) (joined, error) {
	s := store.Sub{
		Topic: t.name, User: r.User, Created: r.TS, Updated: r.TS, Want: chat.ModeSelf, Given: chat.ModeSelf,
	}
	if q.Set != nil {
		if q.Set.Desc != nil {
			s.Private, _ = merge(nil, q.Set.Desc.Private)
		}
		if _, _, err := t.Config.NewTags(nil, q.Set.Tags); err != nil && !errors.Is(err, wsproto.NotModified) {
			return joined{}, err
		}
	}
	rec := store.Topic{Name: t.name, Created: r.TS, Updated: r.TS, Touched: r.TS, Owner: r.User}
	ctx, cancel := t.storeCtx()
	defer cancel()
	if err := t.Store.CreateTopic(ctx, &rec, nil, s); err != nil {
		return joined{}, err
	}
	rec.SubCount = 1
	t.exists, t.rec = true, &rec
	t.members = members{}
	m := t.members.add(&s)
	return joined{member: m, isNew: true, created: true}, nil
}

func (t *slfTopic) attached(a *Attachment, j joined) {
	if j.changed() {
		t.tellAccess(a.member, j.oldWant, j.oldGiven, a.member.uid, a.Session, j.isNew)
	}
}

func (t *slfTopic) detached(*Attachment, bool) {}

func (t *slfTopic) sleep() {}

func (t *slfTopic) describe(_ *Request, a *Attachment, o *wsproto.GetOpts) (*wsproto.MetaDesc, error) {
	d, err := t.describeFor(a.member, o)
	if err == nil {
		d.DefAcs = wsproto.NewDefAcs(t.rec.Access)
	}
	return d, err
}

func (t *slfTopic) list(*Request, *Attachment, *wsproto.GetOpts) ([]wsproto.MetaSub, error) {
	return nil, nil
}

func (t *slfTopic) glance(*Request) (*wsproto.MetaDesc, error) { return nil, wsproto.ErrMalformed }

func (t *slfTopic) setDesc(r *Request, a *Attachment, d *wsproto.SetDesc) error {
	if !wsproto.IsNull(d.Trusted) && !r.Root {
		return wsproto.ErrDenied
	}
	return t.setPrivate(r, a.member, d)
}

func (t *slfTopic) setOther(*Request, *Attachment, *wsproto.SetSub) error { return wsproto.ErrDenied }

func (t *slfTopic) tags(*Attachment) ([]string, error) { return nil, wsproto.ErrNotAllowed }

func (t *slfTopic) setTags(context.Context, []string, []string) error { return wsproto.ErrNotAllowed }

// remove purges the topic; the next {sub} makes an empty one.
func (t *slfTopic) remove(r *Request, _ bool) error {
	if t.members.of(r.User) == nil {
		return wsproto.NoAction
	}
	members := t.members
	if err := t.purge(true); err != nil {
		return err
	}
	t.tellGone(slices.Values(members.list))
	return nil
}
