package topic

import (
	"context"
	"errors"

	"parley/internal/audit"
	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// SecondFactor is a code that is asked for beside the password. Errors are those
// of the wire, or store.ErrNotFound.
type SecondFactor interface {
	// On tells whether a user has to give a code.
	On(ctx context.Context, u chat.UID) (bool, error)
	// Enrol makes a secret, without effect until it is confirmed.
	Enrol(ctx context.Context, u chat.UID) (secret, link string, err error)
	// Confirm takes the first code and returns the recovery codes.
	Confirm(ctx context.Context, u chat.UID, code string) ([]string, error)
	// Remove ends it, for a code; Clear without one. An error of Remove with a
	// method News says of a refusal after too many wrong codes whether it is the
	// first in its delay.
	Remove(ctx context.Context, u chat.UID, code string) error
	Clear(ctx context.Context, u chat.UID) error
}

// factorMethod is how clients name it, among credentials.
const factorMethod = "totp"

// setFactor begins the second factor or, with a code, confirms it. An
// administrator can do neither for somebody else: he would know the secret.
func (t *Topic) setFactor(r *Request, c *wsproto.Cred) error {
	if r.Sender != 0 {
		return wsproto.ErrDenied
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	if c.Resp == "" {
		secret, link, err := t.Factor.Enrol(ctx, r.User)
		if err != nil {
			return err
		}
		r.reply(wsproto.OK.With("secret", secret).With("url", link))
		return nil
	}
	recovery, err := t.Factor.Confirm(ctx, r.User, c.Resp)
	if err != nil {
		return err
	}
	t.record(r, audit.SecondFactorOn, r.User, "")
	r.reply(wsproto.OK.With("recovery", recovery))
	return nil
}

// delFactor ends the second factor, for a code in c.Val. An administrator who
// acts for the user needs none.
func (t *Topic) delFactor(r *Request, c *wsproto.Cred) error {
	ctx, cancel := t.storeCtx()
	defer cancel()
	on, err := t.Factor.On(ctx, r.User) // what was not confirmed yet goes without a trace
	if err != nil {
		if !r.Root {
			return err
		}
		on = true // it cannot be read any more: an administrator may remove it all the same
	}
	switch {
	case r.Root && r.Sender != 0:
		err = t.Factor.Clear(ctx, r.User)
	case c.Val == "":
		return wsproto.ErrMalformed
	default:
		err = t.Factor.Remove(ctx, r.User, c.Val)
	}
	if errors.Is(err, store.ErrNotFound) {
		return wsproto.NoAction
	}
	if err != nil {
		if l := (interface{ News() bool })(nil); errors.As(err, &l) && l.News() {
			t.record(r, audit.LoginLimited, r.User, factorMethod)
		}
		return err
	}
	if on {
		t.record(r, audit.SecondFactorOff, r.User, "")
	}
	r.reply(wsproto.OK)
	return nil
}

// factorCred is how the second factor is listed among the credentials; nil if
// there is none.
func (t *Topic) factorCred(ctx context.Context, u chat.UID) ([]wsproto.MetaCred, error) {
	if t.Factor == nil {
		return nil, nil
	}
	on, err := t.Factor.On(ctx, u)
	if err != nil || !on {
		return nil, err
	}
	return []wsproto.MetaCred{{Meth: factorMethod, Val: "on", Done: true}}, nil
}
