package topic

import (
	"context"

	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// meet makes the requester's side, the peer's if that is missing too, and the
// topic if it is.
func (t *p2pTopic) meet(ctx context.Context, r *Request, q *wsproto.Sub, peer chat.UID) (joined, error) {
	mine, theirs, err := t.firstSubs(ctx, r, q, peer)
	if err != nil {
		return joined{}, err
	}
	if t.exists && !t.fresh { // while the topic is loaded, what he was given is not forgotten
		former, err := t.formerSub(ctx, r.User)
		if err != nil {
			return joined{}, err
		}
		if former != nil {
			mine.Given = former.Given
			if _, ok, err := chat.ParseMode(wantedMode(q)); !ok || err != nil {
				mine.Want = t.normP2P(former.Want) | chat.ModeJoin
			}
		}
	}
	if !mine.Given.Has(chat.ModeJoin) {
		return joined{}, wsproto.ErrDenied
	}
	if !t.exists {
		t.rec = &store.Topic{Name: t.name, Created: r.TS, Updated: r.TS, Touched: r.TS}
		if err := t.Store.CreateTopic(ctx, t.rec, nil, mine, theirs); err != nil {
			return joined{}, err
		}
		t.exists = true
		t.members = members{}
		t.members.reserve(2)
		m, other := t.members.add(&mine), t.members.add(&theirs)
		t.rec.SubCount = 2
		return joined{member: m, isNew: true, created: true, peerNew: other}, nil
	}
	j := joined{isNew: true}
	if j.member, err = t.addSub(ctx, mine); err != nil {
		return j, err
	}
	if t.members.of(peer) == nil && t.fresh {
		j.peerNew, err = t.addSub(ctx, theirs)
	}
	return j, err
}

// firstSubs are the subscriptions of two users who meet.
func (t *p2pTopic) firstSubs(ctx context.Context, r *Request, q *wsproto.Sub, peer chat.UID) (mine, theirs store.Sub, err error) {
	users, err := t.Store.UsersByID(ctx, r.User, peer)
	if err != nil {
		return mine, theirs, err
	}
	var me, other *store.User
	for i := range users {
		if users[i].ID == peer && users[i].State != store.StateDeleted {
			other = &users[i]
		} else if users[i].ID == r.User {
			me = &users[i]
		}
	}
	if me == nil || other == nil {
		return mine, theirs, wsproto.ErrUserNotFound
	}
	t.readOnly = me.State != store.StateOK || other.State != store.StateOK
	mine, theirs = t.firstModes(r, q, me, other)
	return mine, theirs, nil
}

// firstModes works them out (wire.md §4.5).
func (t *p2pTopic) firstModes(r *Request, q *wsproto.Sub, me, peer *store.User) (mine, theirs store.Sub) {
	grant := me.Access.Auth
	var private wsproto.SetDesc
	if q.Set != nil && q.Set.Desc != nil {
		private = *q.Set.Desc
		if d := private.DefAcs; d != nil {
			if m, ok, err := chat.ParseMode(d.Auth); ok && err == nil {
				grant = m
			}
		}
	}
	theirDefault := peer.Access.For(r.Level)
	if r.Level == chat.LevelRoot {
		theirDefault = t.maskP2P()
	}
	theirs = store.Sub{
		Topic: t.name, User: peer.ID, Created: r.TS, Updated: r.TS,
		Given: t.normP2P(grant), Want: t.normP2P(theirDefault),
	}
	mine = store.Sub{
		Topic: t.name, User: me.ID, Created: r.TS, Updated: r.TS,
		Given: theirDefault, Want: theirs.Given,
	}
	if m, ok, err := chat.ParseMode(wantedMode(q)); ok && err == nil {
		mine.Want = t.normP2P(m) | chat.ModeJoin
	}
	mine.Private, _ = merge(nil, private.Private)
	return mine, theirs
}

// setOther changes what the peer is granted, or brings him back.
func (t *p2pTopic) setOther(r *Request, a *Attachment, s *wsproto.SetSub) error {
	uid, err := chat.ParseUID(s.User)
	if err != nil {
		return wsproto.ErrMalformed
	}
	peer := chat.P2PPeer(t.name, r.User)
	mode, ok, err := parseMode(s.Mode)
	switch {
	case uid != peer || t.readOnly || !a.mode().IsSharer():
		return wsproto.ErrDenied
	case err != nil:
		return err
	case ok && !a.mode().IsAdmin() || mode.Has(chat.ModeOwner):
		return wsproto.ErrDenied
	}
	if m := t.members.of(peer); m != nil {
		if !ok {
			return wsproto.NotModified
		}
		return t.setGiven(r, m, t.normP2P(mode))
	}
	return t.recall(r, peer, mode, ok)
}

// recall invites a peer who had left.
func (t *p2pTopic) recall(r *Request, peer chat.UID, mode chat.Mode, explicit bool) error {
	ctx, cancel := t.storeCtx()
	defer cancel()
	users, err := t.Store.UsersByID(ctx, r.User, peer)
	if err != nil {
		return err
	}
	var grant, want chat.Mode
	known := false
	for i := range users {
		if users[i].ID == peer && users[i].State != store.StateDeleted {
			want, known = users[i].Access.Auth, true
		} else if users[i].ID == r.User {
			grant = users[i].Access.Auth
		}
	}
	if !known {
		return wsproto.ErrUserNotFound
	}
	if explicit {
		grant = mode
	}
	m, err := t.addSub(ctx, store.Sub{
		Topic: t.name, User: peer, Created: r.TS, Updated: r.TS, Given: t.normP2P(grant), Want: t.normP2P(want),
	})
	if err != nil {
		return err
	}
	t.replyGranted(r, m)
	t.tellAccess(m, 0, 0, r.User, r.Session, true)
	t.pushInvited(r.User, m)
	return nil
}
