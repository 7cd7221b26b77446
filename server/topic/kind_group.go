package topic

import (
	"context"
	"errors"
	"maps"
	"slices"

	"parley/internal/audit"
	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// groupTopic is a conversation of many (wire.md §4.6).
type groupTopic struct{ *Topic }

func (t *groupTopic) load(ctx context.Context) error {
	rec, err := t.Store.Topic(ctx, t.name)
	if errors.Is(err, store.ErrNotFound) || err == nil && rec.State == store.StateDeleted {
		return wsproto.ErrTopicNotFound
	}
	if err != nil {
		return err
	}
	t.exists, t.rec = true, rec
	if err := t.freeze(ctx); err != nil {
		return err
	}
	return t.loadMembers(ctx)
}

func (t *groupTopic) nameFor(chat.UID) string { return t.name }

func (t *groupTopic) join(r *Request, q *wsproto.Sub) (joined, error) {
	switch {
	case r.Create:
		return t.create(r, q)
	case r.Channel:
		return t.joinReader(r, q)
	}
	want, ok, err := parseMode(wantedMode(q))
	if err != nil {
		return joined{}, err
	}
	m := t.members.of(r.User)
	if m == nil {
		ctx, cancel := t.storeCtx()
		defer cancel()
		return t.enter(ctx, r, q, want, ok)
	}
	switch {
	case !ok && m.want.Has(chat.ModeJoin): // asks for nothing: nothing changes
		return still(m), t.admits(m)
	case !ok: // back from a self-ban
		want = (m.given | t.rec.Access.For(r.Level)) &^ chat.ModeOwner // which he must ask for
	}
	return t.rejoin(r, m, want)
}

// attached tells members of the newcomer, and of the group's coming to life.
func (t *groupTopic) attached(a *Attachment, j joined) {
	m := a.member
	if m.reader {
		if t.readers == nil {
			t.readers = make(map[chat.UID]*member, 1)
		}
		t.readers[m.uid] = m
		if j.changed() {
			t.tellAccess(m, j.oldWant, j.oldGiven, m.uid, a.Session, j.isNew)
		}
		return
	}
	if j.changed() {
		t.tellAccess(m, j.oldWant, j.oldGiven, m.uid, a.Session, j.isNew, t.arrival(a)...)
	} else if on := t.arrival(a); on != nil {
		t.presTopics(a.Session, on...)
	}
	if t.foreground == 1 && !a.background {
		t.presOnline("on")
	}
}

// arrived implements announcer.
func (t *groupTopic) arrived(a *Attachment) {
	m := a.member
	t.attached(a, still(m)) // but nothing changes
}

// arrival is what others in the group are told of a member's first session.
func (t *groupTopic) arrival(a *Attachment) []news {
	if a.background || a.member.online != 1 || t.foreground == 1 {
		return nil
	}
	return []news{{wsproto.Pres{What: "on", Src: a.member.uid.String()}, reads}}
}

func (t *groupTopic) detached(a *Attachment, _ bool) {
	m := a.member
	if m.reader && m.sessions == 0 {
		delete(t.readers, m.uid)
	}
	if m.online == 0 && !a.background && t.members.of(m.uid) == m {
		t.presTopic(wsproto.Pres{What: "off", Src: m.uid.String()}, nil, reads)
	}
}

func (t *groupTopic) sleep() { t.presOnline("off") }

// presOnline tells the me of all members that the group comes or goes.
func (t *groupTopic) presOnline(what string) {
	for _, m := range t.members.list {
		if t.Router.OnMe(m.uid) > 0 {
			t.Router.Tell(m.uid.MeName(), &online{src: t.name, seenAs: t.name, what: what})
		}
	}
}

func (t *groupTopic) describe(_ *Request, a *Attachment, o *wsproto.GetOpts) (*wsproto.MetaDesc, error) {
	d, err := t.describeFor(a.member, o)
	if err != nil {
		return nil, err
	}
	d.Chan, d.SubCnt = t.rec.Channel, t.rec.SubCount
	d.Online = t.foreground > 0 && a.mode().Has(chat.ModePres)
	if a.mode().IsSharer() {
		d.DefAcs = wsproto.NewDefAcs(t.rec.Access)
	}
	if changedSince(o, t.rec.Updated) {
		d.Public, d.Trusted = t.rec.Public, t.rec.Trusted
	}
	return d, nil
}

func (t *groupTopic) list(_ *Request, a *Attachment, o *wsproto.GetOpts) ([]wsproto.MetaSub, error) {
	return t.listMembers(a, o, true)
}

func (t *groupTopic) glance(r *Request) (*wsproto.MetaDesc, error) {
	d := &wsproto.MetaDesc{
		Created: wsproto.Time{Time: t.rec.Created}, Updated: wsproto.Time{Time: t.rec.Updated},
		Chan: t.rec.Channel, SubCnt: t.rec.SubCount, Public: t.rec.Public, Trusted: t.rec.Trusted,
		Acs: &wsproto.Acs{Mode: t.defaultFor(r.Level).String()},
	}
	if r.Channel {
		d.Acs.Mode = chat.ModeReader.String()
	}
	if r.User == t.rec.Owner { // wire.md App. B 17
		d.DefAcs = wsproto.NewDefAcs(t.rec.Access)
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	return d, t.glanceMember(ctx, r, d)
}

func (t *groupTopic) setDesc(r *Request, a *Attachment, d *wsproto.SetDesc) error {
	if a.member.reader {
		return t.setReaderDesc(r, a, d)
	}
	hasTrusted := !wsproto.IsNull(d.Trusted)
	hasPublic := !wsproto.IsNull(d.Public) || d.DefAcs != nil
	if (hasPublic || hasTrusted) && t.rec.Owner != r.User || hasTrusted && !r.Root {
		return wsproto.ErrDenied
	}
	rec := *t.rec
	up := store.TopicUpdate{}
	if d.DefAcs != nil {
		access, err := newAccess(rec.Access, d.DefAcs)
		if err != nil {
			return err
		}
		if access != rec.Access {
			rec.Access, up.Access = access, &access
		}
	}
	var err error
	if up.Public, up.Trusted, err = t.Config.mergeProfile(&rec.Public, &rec.Trusted, d); err != nil {
		return err
	}
	profile := up.Public != nil || up.Trusted != nil
	if !profile && up.Access == nil {
		return t.setPrivate(r, a.member, d)
	}
	if profile {
		rec.Updated, up.Updated = r.TS, &r.TS
		up.Avatar = t.avatar(r, up.Public)
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	if err := t.Store.UpdateTopic(ctx, t.name, up); err != nil {
		return err
	}
	t.rec = &rec
	if profile {
		upd := notice{pres: wsproto.Pres{What: "upd"}, always: false, except: r.Session}
		t.presMembers(chat.ModeJoin, upd, r.User)
		for _, m := range t.readers {
			t.presMe(m, upd)
		}
		t.presMe(a.member, upd)
	}
	if err := t.setPrivate(r, a.member, d); err != nil && !errors.Is(err, wsproto.NotModified) {
		return err
	}
	return nil
}

// newAccess is the default access of a group after d; absent parts stay.
func newAccess(old chat.Access, d *wsproto.DefAcs) (chat.Access, error) {
	for _, f := range []struct {
		mode *chat.Mode
		text string
	}{{&old.Auth, d.Auth}, {&old.Anon, d.Anon}} {
		m, ok, err := parseMode(f.text)
		if err != nil || m.Has(chat.ModeOwner) {
			return old, wsproto.ErrMalformed
		}
		if ok {
			*f.mode = m
		}
	}
	return old, nil
}

func (t *groupTopic) tags(a *Attachment) ([]string, error) {
	if a.member.uid != t.rec.Owner {
		return nil, wsproto.ErrDenied
	}
	return t.rec.Tags, nil
}

func (t *groupTopic) setTags(ctx context.Context, tags, unique []string) error {
	if err := t.Store.UpdateTopic(ctx, t.name, store.TopicUpdate{Tags: &tags, Unique: unique}); err != nil {
		return err
	}
	t.rec.Tags = slices.Clone(tags)
	return nil
}

// remove deletes the group if the owner asks; others only leave.
func (t *groupTopic) remove(r *Request, hard bool) error {
	m, err := t.subscriber(r)
	switch {
	case err != nil:
		return err
	case m == nil:
		return wsproto.NoAction
	case r.Channel || r.User != t.rec.Owner:
		return t.unsubscribe(r, m)
	}
	members, readers := t.members, t.readers
	if err := t.purge(hard); err != nil {
		return err
	}
	t.record(r, audit.GroupDeleted, 0, "")
	t.tellGone(slices.Values(members.list))
	t.tellGone(maps.Values(readers))
	return nil
}
