package session

import (
	"context"
	"slices"
	"strings"

	"parley/auth"
	"parley/internal/audit"
	"parley/store"
	"parley/wsproto"
)

// requestReset handles {login scheme:"reset"} (wire.md §12.6): the answer is the
// same for everybody, and what is sent is sent after it.
func (s *Session) requestReset(l *wsproto.Login) (*wsproto.Error, error) {
	if err := s.reg.Reset.Request(l.Secret, s.lang, s.country); err != nil {
		return nil, err
	}
	return wsproto.AuthReset, nil
}

// authenticateLogin is authenticate for {login}, where the token of a message that
// asks to confirm an address is good too, together with the code from it.
func (s *Session) authenticateLogin(ctx context.Context, l *wsproto.Login) (*auth.Record, error) {
	if len(s.answered(nil, l.Cred)) > 0 && s.reg.isToken(l.Scheme) {
		return s.reg.Token.AuthenticateFor(ctx, l.Secret, auth.PurposeConfirm)
	}
	return s.verify(ctx, l.Scheme, l.Secret)
}

// answered adds the methods in use that there are answers for.
func (s *Session) answered(methods []string, creds []wsproto.Cred) []string {
	for i := range creds {
		c := &creds[i]
		if c.Resp != "" && s.reg.Validators.Known(c.Meth) && !slices.Contains(methods, c.Meth) {
			methods = append(methods, c.Meth)
		}
	}
	return methods
}

// checkBeforeCode looks at the new password before the code that allows it is used
// up: somebody whose password is too short can try another. A code is for a
// password, and opens no other way in.
func (s *Session) checkBeforeCode(scheme string, a *wsproto.Acc) error {
	switch {
	case !s.reg.isCode(scheme):
		return nil
	case s.reg.isPassword(a.Scheme):
		return s.reg.Passwords.CheckPassword(a.Secret)
	case s.reg.Schemes.Get(a.Scheme) != nil:
		return auth.ErrUnsupported
	}
	return nil
}

// ResetPassword sets a new password for the owner of a code, which is
// "123456:email:ann@example.com" in its normal form, and logs him out everywhere:
// whoever knew the old password is out. remote is who says so: wrong codes make him
// wait as at a login. Errors are those of the schemes and of the wire.
func (r *Registry) ResetPassword(ctx context.Context, secret []byte, password, remote string) error {
	if r.Passwords == nil {
		return auth.ErrUnsupported
	}
	changed := []byte(":" + password) // keeps the login
	if err := r.Passwords.CheckPassword(changed); err != nil {
		return err
	}
	_, address, _ := strings.Cut(string(secret), ":")
	place := placeOf(remote)
	rec, act, err := r.limits.guarded(guessedCode(address), place, r.limits.exempt(place), func() (*auth.Record, error) {
		return r.Reset.Authenticate(ctx, secret)
	})
	if act != "" {
		r.Audit.Record(store.AuditEntry{Act: act, From: place.Addr().String(), Detail: "code"})
	}
	if err != nil {
		return err
	}
	if err := r.roster.mayLogin(rec.User); err != nil {
		return err
	}
	if _, err := r.Passwords.Change(ctx, rec.User, changed); err != nil {
		return err
	}
	r.Audit.Record(store.AuditEntry{Act: audit.PasswordReset, Actor: rec.User, User: rec.User, From: place.Addr().String()})
	return r.RevokeUser(ctx, rec.User, r.now())
}
