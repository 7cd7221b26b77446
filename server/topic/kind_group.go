package topic

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

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
	t.readOnly = rec.State == store.StateSuspended
	if rec.Owner != 0 {
		u, err := t.Store.User(ctx, rec.Owner)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		t.readOnly = t.readOnly || u != nil && u.State == store.StateSuspended
	}
	return t.loadMembers(ctx)
}

func (t *groupTopic) nameFor(chat.UID) string { return t.name }

func (t *groupTopic) join(r *Request, q *wsproto.Sub) (joined, error) {
	if r.Create {
		return t.create(r, q)
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	want, ok, err := parseMode(wantedMode(q))
	if err != nil {
		return joined{}, err
	}
	m := t.members[r.User]
	if m == nil {
		return t.enter(ctx, r, q, want, ok)
	}
	j := joined{member: m, oldWant: m.want, oldGiven: m.given}
	if !ok {
		want = m.want
		if !want.Has(chat.ModeJoin) { // back from a self-ban
			want = m.given | t.rec.Access.For(r.Level)
		}
	}
	want, given, err := t.newWant(m, want)
	if err != nil {
		return j, err
	}
	_, err = t.setWant(ctx, r, m, want, given)
	return j, err
}

// enter makes the requester a member, if the group is open to him.
func (t *groupTopic) enter(ctx context.Context, r *Request, q *wsproto.Sub, want chat.Mode, explicit bool) (joined, error) {
	s := store.Sub{Topic: t.name, User: r.User, Created: r.TS, Updated: r.TS, Given: t.defaultFor(r.Level)}
	former, err := t.formerSub(ctx, r.User)
	if err != nil {
		return joined{}, err
	}
	if former != nil { // leaving does not lift a ban
		s.Given = former.Given &^ chat.ModeOwner
	}
	if s.Want = want; !explicit {
		s.Want = t.defaultFor(r.Level)
	}
	switch {
	case !s.Given.Has(chat.ModeJoin), s.Want.Has(chat.ModeOwner):
		return joined{}, wsproto.ErrDenied
	case len(t.members) >= t.Config.MaxSubscribers:
		return joined{}, wsproto.ErrPolicy
	}
	if q.Set != nil && q.Set.Desc != nil {
		s.Private, _ = merge(nil, q.Set.Desc.Private)
	}
	m, err := t.addSub(ctx, s)
	return joined{member: m, isNew: true}, err
}

// defaultFor is what the group grants by default to a level.
func (t *groupTopic) defaultFor(l chat.Level) chat.Mode {
	if l == chat.LevelRoot {
		return chat.ModeGroup
	}
	return t.rec.Access.For(l)
}

// create makes the group with its owner.
func (t *groupTopic) create(r *Request, q *wsproto.Sub) (joined, error) {
	rec := store.Topic{
		Name: t.name, Created: r.TS, Updated: r.TS, Touched: r.TS, Owner: r.User,
		Access: chat.Access{Auth: chat.ModeGroup},
	}
	s := store.Sub{
		Topic: t.name, User: r.User, Created: r.TS, Updated: r.TS, Want: chat.ModeFull, Given: chat.ModeFull,
	}
	var unique []string
	if q.Set != nil {
		if err := t.firstDesc(r, q.Set.Desc, &rec, &s); err != nil {
			return joined{}, err
		}
		if q.Set.Sub != nil {
			if m, ok, err := parseMode(q.Set.Sub.Mode); err != nil {
				return joined{}, err
			} else if ok {
				s.Want = m | chat.ModeJoin | chat.ModeOwner
			}
		}
		tags, aliases, err := t.Config.NewTags(nil, q.Set.Tags)
		if err != nil && !errors.Is(err, wsproto.NotModified) { // that is: nothing usable among them
			return joined{}, err
		}
		rec.Tags, unique = tags, aliases
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	if err := t.Store.CreateTopic(ctx, &rec, unique, s); err != nil {
		if errors.Is(err, store.ErrDuplicate) && len(unique) > 0 {
			err = wsproto.ErrMalformed // the alias is taken
		}
		return joined{}, err
	}
	rec.SubCount = 1
	t.exists, t.rec = true, &rec
	m := newMember(&s)
	t.members = map[chat.UID]*member{r.User: m}
	return joined{member: m, isNew: true, created: true, tmpName: r.Name}, nil
}

func (t *groupTopic) firstDesc(r *Request, d *wsproto.SetDesc, rec *store.Topic, s *store.Sub) error {
	if d == nil {
		return nil
	}
	if !wsproto.IsNull(d.Trusted) && !r.Root {
		return wsproto.ErrDenied
	}
	rec.Public, _ = merge(nil, d.Public)
	rec.Trusted, _ = merge(nil, d.Trusted)
	s.Private, _ = merge(nil, d.Private)
	if d.DefAcs == nil {
		return nil
	}
	if m, ok, err := chat.ParseMode(d.DefAcs.Auth); ok && err == nil {
		rec.Access.Auth = m &^ chat.ModeOwner
	}
	if m, ok, err := chat.ParseMode(d.DefAcs.Anon); ok && err == nil {
		rec.Access.Anon = m &^ chat.ModeOwner
	}
	return nil
}

// attached tells members of the newcomer, and of the group's coming to life.
func (t *groupTopic) attached(a *Attachment, j joined) {
	m := a.member
	if j.changed() {
		t.tellAccess(m, j.oldWant, j.oldGiven, m.uid, a.Session, j.isNew)
	}
	if t.foreground == 1 {
		t.presOnline("on")
	}
	if m.online == 1 && t.foreground > 1 {
		t.presTopic(wsproto.Pres{What: "on", Src: m.uid.String()}, a.Session, reads)
	}
}

func (t *groupTopic) detached(a *Attachment, _ bool) {
	if m := a.member; m.online == 0 && t.members[m.uid] == m {
		t.presTopic(wsproto.Pres{What: "off", Src: m.uid.String()}, nil, reads)
	}
}

func (t *groupTopic) sleep() { t.presOnline("off") }

// presOnline tells the me of all members that the group comes or goes.
func (t *groupTopic) presOnline(what string) {
	for u := range t.members {
		if t.Router.OnMe(u) > 0 {
			t.Router.Tell(u.MeName(), &online{src: t.name, seenAs: t.name, what: what})
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
	ctx, cancel := t.storeCtx()
	defer cancel()
	return d, t.glanceMember(ctx, r, d)
}

func (t *groupTopic) setDesc(r *Request, a *Attachment, d *wsproto.SetDesc) error {
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
	profile := false
	for _, f := range []struct {
		value *json.RawMessage
		with  json.RawMessage
		store **json.RawMessage
	}{{&rec.Public, d.Public, &up.Public}, {&rec.Trusted, d.Trusted, &up.Trusted}} {
		if v, changed := merge(*f.value, f.with); changed {
			*f.value, profile = v, true
			*f.store = &v
		}
	}
	if !profile && up.Access == nil {
		return t.setPrivate(r, a.member, d)
	}
	if profile {
		rec.Updated, up.Updated = r.TS, &r.TS
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
		t.presMe(r.User, upd)
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

// setOther invites a user, or changes what a member is granted (wire.md §5.6).
func (t *groupTopic) setOther(r *Request, a *Attachment, s *wsproto.SetSub) error {
	uid, err := chat.ParseUID(s.User)
	if err != nil {
		return wsproto.ErrMalformed
	}
	if !a.mode().IsSharer() || t.readOnly {
		return wsproto.ErrDenied
	}
	mode, explicit, err := parseMode(s.Mode)
	isOwner := r.User == t.rec.Owner
	switch {
	case err != nil:
		return err
	case explicit && !a.mode().IsAdmin(), mode.Has(chat.ModeOwner) && !isOwner:
		return wsproto.ErrDenied
	case uid == t.rec.Owner && explicit && !mode.Has(chat.ModeOwner|chat.ModeJoin):
		return wsproto.ErrDenied
	}
	m := t.members[uid]
	switch {
	case m == nil:
		return t.invite(r, uid, mode, explicit)
	case !explicit:
		return wsproto.NotModified
	}
	return t.setGiven(r, m, mode)
}

func (t *groupTopic) invite(r *Request, uid chat.UID, given chat.Mode, explicit bool) error {
	if len(t.members) >= t.Config.MaxSubscribers {
		return wsproto.ErrPolicy
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	u, err := t.Store.User(ctx, uid)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && u.State == store.StateDeleted:
		return wsproto.ErrUserNotFound
	case err != nil:
		return err
	case u.State == store.StateSuspended:
		return wsproto.ErrDenied
	}
	if !explicit {
		given = t.rec.Access.Auth | chat.ModeJoin
	}
	want := u.Access.Auth & given
	former, err := t.formerSub(ctx, uid)
	if err != nil {
		return err
	}
	if former != nil {
		want = former.Want &^ chat.ModeOwner
	}
	if !want.Has(chat.ModeJoin) {
		return wsproto.ErrDenied
	}
	m, err := t.addSub(ctx, store.Sub{Topic: t.name, User: uid, Created: r.TS, Updated: r.TS, Want: want, Given: given})
	if err != nil {
		return err
	}
	t.replyGranted(r, m)
	t.tellAccess(m, 0, 0, r.User, r.Session, true)
	return nil
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
	m := t.members[r.User]
	switch {
	case m == nil:
		return wsproto.NoAction
	case r.User != t.rec.Owner:
		return t.unsubscribe(r, m)
	}
	members := t.members
	if err := t.purge(hard); err != nil {
		return err
	}
	t.tellGone(members)
	return nil
}
