package session

import (
	"context"
	"slices"
	"strings"

	"parley/auth"
	"parley/auth/basic"
	"parley/auth/code"
	"parley/auth/token"
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
	s.audit(audit.LoginReset, 0, "") // whose, is found out later
	return wsproto.AuthReset, nil
}

// authenticateLogin is authenticate for {login}, where the token of a message that
// asks to confirm an address is good too, together with the code from it.
func (s *Session) authenticateLogin(ctx context.Context, l *wsproto.Login) (*auth.Record, error) {
	if len(s.answered(nil, l.Cred)) > 0 && strings.EqualFold(l.Scheme, token.Name) {
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
// up: somebody whose password is too short can try another.
func (s *Session) checkBeforeCode(scheme string, a *wsproto.Acc) error {
	if !strings.EqualFold(scheme, code.Name) || !strings.EqualFold(a.Scheme, basic.Name) {
		return nil
	}
	return s.reg.Basic.CheckPassword(a.Secret)
}

// ResetPassword sets a new password for the owner of a code, which is
// "123456:email:ann@example.com" in its normal form, and logs him out everywhere:
// whoever knew the old password is out. Errors are those of the schemes and of the
// wire.
func (r *Registry) ResetPassword(ctx context.Context, secret []byte, password string) error {
	changed := []byte(":" + password) // keeps the login
	if err := r.Basic.CheckPassword(changed); err != nil {
		return err
	}
	rec, err := r.Reset.Authenticate(ctx, secret)
	if err != nil {
		return err
	}
	if err := r.roster.mayLogin(rec.User); err != nil {
		return err
	}
	if _, _, err := r.Basic.Change(ctx, rec.User, changed); err != nil {
		return err
	}
	r.Audit.Record(store.AuditEntry{Act: audit.PasswordReset, Actor: rec.User, User: rec.User})
	return r.RevokeUser(ctx, rec.User, r.now())
}
