package session

import (
	"context"
	"errors"

	"parley/auth"
	"parley/internal/audit"
	"parley/internal/chat"
	"parley/server/topic"
	"parley/store"
	"parley/wsproto"
)

// changeState suspends a user or lets him in again (wire.md §12.7, §4.10).
func (s *Session) changeState(ctx context.Context, uid chat.UID, status string) error {
	if s.level != chat.LevelRoot || uid == s.uid { // nobody locks himself out
		return wsproto.ErrDenied
	}
	var state store.State
	switch status {
	case "ok":
	case "susp":
		state = store.StateSuspended
	default:
		return wsproto.ErrMalformed
	}
	u, err := s.reg.Store.User(ctx, uid)
	switch {
	case err != nil:
		return err
	case u.State == store.StateDeleted:
		return wsproto.ErrUserNotFound
	case u.State == state:
		return wsproto.NotModified
	}
	if err := s.reg.Store.UpdateUser(ctx, uid, store.UserUpdate{State: &state}); err != nil {
		return err
	}
	s.reg.roster.set(uid, state)
	if state == store.StateOK {
		s.audit(audit.AccountResumed, uid, "")
	} else {
		s.audit(audit.AccountSuspended, uid, "")
		s.reg.evict(uid, nil)
	}
	places, err := s.reg.Store.Places(ctx, uid)
	if err != nil {
		return err
	}
	for _, p := range places {
		s.reg.hub.Urge(p.Topic, topic.UserState{})
	}
	return nil
}

// delUser handles {del user} (wire.md §12.8).
func (s *Session) delUser(d *wsproto.Del, who actor) {
	ctx, cancel := s.context()
	defer cancel()
	uid, err := s.whomToDelete(d, who)
	if err == nil {
		err = s.deleteAccount(ctx, uid, d.Hard)
	}
	if err != nil {
		s.ctrl(topic.ErrorFor(err, s.log()), d.ID, "")
		return
	}
	s.ctrl(wsproto.OK, d.ID, "")
	if uid == s.uid {
		s.close(reasonEvicted, wsproto.Evicted.Reply("", "", s.reg.now()).Frame(), closeNormal)
	}
}

func (s *Session) whomToDelete(d *wsproto.Del, who actor) (chat.UID, error) {
	uid := who.uid
	if d.User != "" {
		var err error
		if uid, err = chat.ParseUID(d.User); err != nil {
			return 0, wsproto.ErrMalformed
		}
	}
	switch root := s.level == chat.LevelRoot; {
	case uid != s.uid && !root:
		return 0, wsproto.ErrDenied
	case s.reg.Config.Permanent && !root:
		return 0, wsproto.ErrPolicy
	}
	return uid, nil
}

// deleteAccount deletes first and tells then: nobody hears of a deletion that a
// restart takes back.
func (s *Session) deleteAccount(ctx context.Context, uid chat.UID, hard bool) error {
	places, err := s.reg.Store.Places(ctx, uid)
	if err != nil {
		return err
	}
	members := make(map[string][]chat.UID) // of the groups that end with the account
	for _, p := range places {
		if chat.KindOf(p.Topic) == chat.KindGroup && p.Mode.Has(chat.ModeOwner) {
			err := s.reg.Store.EachSub(ctx, p.Topic, func(m *store.Sub) error {
				members[p.Topic] = append(members[p.Topic], m.User)
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	if err := s.leaveSchemes(ctx, uid); err != nil {
		return err
	}
	switch err := s.reg.Store.DeleteUser(ctx, uid, hard, s.reg.now()); {
	case errors.Is(err, store.ErrNotFound):
		return wsproto.ErrUserNotFound
	case err != nil:
		return err
	}
	s.reg.roster.set(uid, store.StateDeleted)
	s.audit(audit.AccountDeleted, uid, map[bool]string{true: "erased", false: "marked as deleted"}[hard])
	s.reg.evict(uid, s)
	for _, p := range places {
		s.tellDeleted(uid, p, members[p.Topic])
	}
	return nil
}

// leaveSchemes has the schemes forget a user. One of them may keep people from
// deleting their accounts (surfaces.md §2.7), but not an administrator.
func (s *Session) leaveSchemes(ctx context.Context, uid chat.UID) error {
	for name, scheme := range s.reg.Schemes.All() {
		del, ok := scheme.(auth.Deleter)
		if !ok {
			continue
		}
		err := del.Delete(ctx, uid)
		switch {
		case err == nil:
		case s.level == chat.LevelRoot:
			s.log().Warn("a scheme keeps the record of a deleted account", "scheme", name, "user", uid.String(), "err", err)
		case errors.Is(err, auth.ErrUnsupported):
			return wsproto.ErrNotAllowed
		default:
			return err
		}
	}
	return nil
}

// tellDeleted tells a conversation of a deleted account, and those who had part
// in it.
func (s *Session) tellDeleted(uid chat.UID, p store.Place, members []chat.UID) {
	hub := s.reg.hub
	switch peer := chat.P2PPeer(p.Topic, uid); {
	case peer != 0:
		hub.Urge(p.Topic, topic.Removed{})
		hub.Urge(peer.MeName(), topic.Gone(p.Topic, uid.String()))
	case members != nil:
		hub.Urge(p.Topic, topic.Removed{})
		for _, u := range members {
			if u != uid {
				hub.Urge(u.MeName(), topic.Gone(p.Topic, p.Topic))
			}
		}
	case chat.KindOf(p.Topic) == chat.KindSlf:
		hub.Urge(p.Topic, topic.Removed{})
	default:
		hub.Urge(p.Topic, topic.Left{User: uid})
	}
}
