package topic

import (
	"context"

	"parley/internal/chat"
	"parley/wsproto"
)

// Devices knows where users are logged in (docs/protocol.md). Errors are those
// of the wire and of the store.
type Devices interface {
	// Sessions lists them for a session, which is marked if it is one of them.
	Sessions(ctx context.Context, user chat.UID, by Session) ([]wsproto.MetaSession, error)
	// LogOut makes a session unable to come back, or with "*" all but the one
	// that asks. end then ends those that are connected; it is to be called once
	// the request has been answered.
	LogOut(ctx context.Context, user chat.UID, by Session, id string) (end func(), err error)
}

// getSessions answers with where the user is logged in.
func (t *Topic) getSessions(r *Request) error {
	if _, ok := t.kind.(*meTopic); !ok || t.Devices == nil {
		return wsproto.ErrNotAllowed
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	list, err := t.Devices.Sessions(ctx, r.User, r.Session)
	if err != nil {
		return err
	}
	if len(list) == 0 { // an administrator acts for a user
		return nothing("sessions")
	}
	t.meta(r, wsproto.Meta{Sessions: list})
	return nil
}

// delSession logs the user out elsewhere, or here.
func (t *Topic) delSession(r *Request, id string) error {
	if _, ok := t.kind.(*meTopic); !ok || t.Devices == nil {
		return wsproto.ErrDenied
	}
	if id == "" {
		return wsproto.ErrMalformed
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	end, err := t.Devices.LogOut(ctx, r.User, r.Session, id)
	if err != nil {
		return err
	}
	r.reply(wsproto.OK)
	r.flush()
	end()
	return nil
}
