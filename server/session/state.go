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
	if err := s.reg.SetState(ctx, uid, state); err != nil {
		return err
	}
	act := audit.AccountResumed
	if state != store.StateOK {
		act = audit.AccountSuspended
	}
	s.audit(act, uid, "")
	return nil
}

// delUser handles {del user} (wire.md §12.8).
func (s *Session) delUser(d *wsproto.Del, who actor) {
	ctx, cancel := s.context()
	defer cancel()
	uid, err := s.whomToDelete(d, who)
	if err == nil {
		err = s.reg.leaveSchemes(ctx, uid, s.level == chat.LevelRoot)
	}
	if err == nil {
		// In the log before his topics learn of it: what these say must not come
		// before the end of a session that deletes its own account.
		err = s.reg.delete(ctx, uid, d.Hard, s, func() { s.audit(audit.AccountDeleted, uid, audit.HowDeleted(d.Hard)) })
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

// leaveSchemes has the schemes forget a user. One of them may keep people from
// deleting their accounts (surfaces.md §2.7), but not those who insist:
// administrators and operators.
func (r *Registry) leaveSchemes(ctx context.Context, uid chat.UID, insist bool) error {
	for name, scheme := range r.Schemes.All() {
		del, ok := scheme.(auth.Deleter)
		if !ok {
			continue
		}
		err := del.Delete(ctx, uid)
		switch {
		case err == nil:
		case insist:
			r.Log.Warn("a scheme keeps the record of a deleted account", "scheme", name, "user", uid.String(), "err", err)
		case errors.Is(err, auth.ErrUnsupported):
			return wsproto.ErrNotAllowed
		default:
			return err
		}
	}
	return nil
}
