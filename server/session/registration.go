package session

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// Registration says who may make an account. Administrators always may.
type Registration struct {
	Closed   bool // nobody else
	Invite   bool // only with the code of an invitation
	ByDomain bool // only with an e-mail address, whose domain the validators check
}

// inviteTag is how a client gives the code of an invitation: as a tag of the
// new account, because every client library can send tags with {acc}. It never
// becomes one: whoever read it could use it (docs/protocol/registration.md).
const inviteTag = "invite:"

// takeInvite takes the code out of the tags of a request; empty: there is none.
func takeInvite(a *wsproto.Acc) (code string) {
	is := func(tag string) bool {
		tag = strings.TrimSpace(tag)
		return len(tag) >= len(inviteTag) && strings.EqualFold(tag[:len(inviteTag)], inviteTag)
	}
	if i := slices.IndexFunc(a.Tags, is); i >= 0 {
		code = strings.ToLower(strings.TrimSpace(strings.TrimSpace(a.Tags[i])[len(inviteTag):]))
		a.Tags = slices.DeleteFunc(a.Tags, is)
	}
	return code
}

// InviteCookie carries the code of an invitation from the link that somebody
// was sent to the sessions of his browser: the stock web client has no field
// for it.
const InviteCookie = "parley-invite"

// inviteOf is the code that came with the request for a connection.
func (r *Registry) inviteOf(req *http.Request) string {
	if !r.Config.Registration.Invite {
		return ""
	}
	c, err := req.Cookie(InviteCookie)
	if err != nil {
		return ""
	}
	return strings.ToLower(c.Value)
}

// invited tells whether the session needs an invitation to make an account.
func (s *Session) invited() bool {
	return s.reg.Config.Registration.Invite && s.level != chat.LevelRoot
}

// mayRegister refuses strangers before anything else is looked at: a closed
// server does not tell which logins it has.
func (s *Session) mayRegister(code string) error {
	switch {
	case s.level == chat.LevelRoot:
		return nil
	case s.reg.Config.Registration.Closed:
		return wsproto.ErrDenied.With("what", "registration")
	case s.invited() && code == "":
		return wsproto.ErrDenied.With("what", "invite")
	}
	return nil
}

// hasDomain refuses accounts without an address where the address decides:
// anonymous ones, of which none is required.
func (s *Session) hasDomain(d *draft) error {
	isEmail := func(c store.Credential) bool { return c.Method == "email" }
	if !s.reg.Config.Registration.ByDomain || s.level == chat.LevelRoot || slices.ContainsFunc(d.Creds, isEmail) {
		return nil
	}
	return wsproto.ErrDenied.With("what", "email")
}

// withInvite runs create, and uses up the invitation for it where one is needed.
// The use is counted first, so that of two who have the same code for one
// account one wins, and taken back if there is no account in the end.
func (s *Session) withInvite(ctx context.Context, code string, create func() error) error {
	if !s.invited() {
		return create()
	}
	switch err := s.reg.Store.UseInvite(ctx, code, s.reg.now()); {
	case errors.Is(err, store.ErrNotFound):
		return wsproto.ErrDenied.With("what", "invite")
	case err != nil:
		return err
	}
	err := create()
	if err != nil {
		// The request may have ended for lack of time.
		back, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTime)
		defer cancel()
		if uerr := s.reg.Store.UnuseInvite(back, code); uerr != nil && !errors.Is(uerr, store.ErrNotFound) {
			s.log().Error("a use of an invitation is not taken back", "err", uerr)
		}
	}
	return err
}
