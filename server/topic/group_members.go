package topic

import (
	"context"
	"errors"

	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// enter makes the requester a member, if the group is open to him.
func (t *groupTopic) enter(ctx context.Context, r *Request, q *wsproto.Sub, want chat.Mode, explicit bool) (joined, error) {
	s, former, err := t.draft(ctx, r, q, want, explicit)
	if err != nil {
		return joined{}, err
	}
	m, err := t.addMember(ctx, s, former)
	return joined{member: m, isNew: true}, err
}

// addMember stores a subscription; who read the channel until now reads it no
// more, but takes part.
func (t *groupTopic) addMember(ctx context.Context, s store.Sub, former *store.Sub) (*member, error) {
	if liveReader(former) {
		if err := t.endReader(ctx, former); err != nil {
			return nil, err
		}
	}
	return t.addSub(ctx, s)
}

// draft is the subscription of a newcomer, yet to be stored, and the one that he
// had before.
func (t *groupTopic) draft(ctx context.Context, r *Request, q *wsproto.Sub, want chat.Mode, explicit bool) (store.Sub, *store.Sub, error) {
	s := store.Sub{Topic: t.name, User: r.User, Created: r.TS, Updated: r.TS, Given: t.defaultFor(r.Level)}
	former, err := t.formerSub(ctx, r.User)
	if err != nil {
		return s, nil, err
	}
	if former != nil && !former.Reader { // leaving does not lift a ban
		s.Given = former.Given &^ chat.ModeOwner
	}
	if s.Want = want; !explicit {
		s.Want = t.defaultFor(r.Level)
	}
	switch {
	case !s.Given.Has(chat.ModeJoin), s.Want.Has(chat.ModeOwner):
		return s, nil, wsproto.ErrDenied
	case t.members.len()+len(t.joins) >= t.Config.MaxSubscribers:
		return s, nil, wsproto.ErrPolicy
	}
	if q.Set != nil && q.Set.Desc != nil {
		s.Private, _ = merge(nil, q.Set.Desc.Private)
	}
	return s, former, nil
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
		Access: chat.Access{Auth: chat.ModeGroup}, Channel: r.Channel,
	}
	if rec.Channel {
		rec.Access.Auth = chat.ModeChannel
	}
	r.Channel = false // its owner is a member like others
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
	if f := t.avatar(r, &rec.Public); f != nil && *f != 0 {
		if err := t.Store.UpdateTopic(ctx, t.name, store.TopicUpdate{Avatar: f}); err != nil {
			t.Log.Warn("the avatar of a new group was not linked", "topic", t.name, "err", err)
		}
	}
	rec.SubCount = 1
	t.exists, t.rec = true, &rec
	t.members = members{}
	m := t.members.add(&s)
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
	m := t.members.of(uid)
	switch {
	case m == nil:
		return t.invite(r, uid, mode, explicit)
	case !explicit:
		return wsproto.NotModified
	}
	return t.setGiven(r, m, mode)
}

func (t *groupTopic) invite(r *Request, uid chat.UID, given chat.Mode, explicit bool) error {
	if t.members.len() >= t.Config.MaxSubscribers {
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
	if former != nil && !former.Reader {
		want = former.Want &^ chat.ModeOwner
	}
	if !want.Has(chat.ModeJoin) {
		return wsproto.ErrDenied
	}
	s := store.Sub{Topic: t.name, User: uid, Created: r.TS, Updated: r.TS, Want: want, Given: given}
	m, err := t.addMember(ctx, s, former)
	if err != nil {
		return err
	}
	t.replyGranted(r, m)
	t.tellAccess(m, 0, 0, r.User, r.Session, true)
	return nil
}
