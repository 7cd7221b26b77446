package session

import (
	"context"
	"errors"
	"time"

	"parley/auth"
	"parley/auth/totp"
	"parley/internal/audit"
	"parley/store"
	"parley/wsproto"
)

// factorTime is how long the token is good that waits for the second factor:
// long enough to find the telephone, and no longer, because it proves that its
// holder knows the password.
const factorTime = 15 * time.Minute

// missing takes the answers that came with a login and returns what is still to
// be confirmed: the second factor first. As long as that is missing, nothing
// else is confirmed. It is told like a credential, so that clients which know
// nothing of it ask for the code all the same (wire.md §15.1 #4).
func (s *Session) missing(ctx context.Context, rec *auth.Record, creds []wsproto.Cred) ([]string, error) {
	if rec.Validated {
		return nil, nil
	}
	lacks, err := s.lacksFactor(ctx, rec, creds)
	switch {
	case err != nil:
		return nil, err
	case !lacks:
		return s.confirm(ctx, rec, creds)
	}
	others, err := s.reg.Validators.Missing(ctx, rec.User, rec.Level)
	if rec.Purpose == auth.PurposeConfirm { // the token of a message is good for both answers together
		others = s.answered(others, creds)
	}
	return append([]string{totp.Method}, others...), err
}

// lacksFactor tells whether the second factor is still to be proven, after what
// came with the login. A wrong code only leaves it missing.
func (s *Session) lacksFactor(ctx context.Context, rec *auth.Record, creds []wsproto.Cred) (bool, error) {
	if rec.Factor || rec.NoLogin {
		return false, nil
	}
	on, err := s.reg.Factor.On(ctx, rec.User)
	if err != nil || !on {
		return false, err
	}
	for i := range creds {
		if creds[i].Meth != totp.Method || creds[i].Resp == "" {
			continue
		}
		switch err := s.reg.Factor.Check(ctx, rec.User, creds[i].Resp); {
		case err == nil:
			rec.Factor = true
			return false, nil
		case !errors.Is(err, wsproto.ErrResponse):
			if l := (*totp.Limited)(nil); errors.As(err, &l) && l.News() {
				s.reg.Audit.Record(store.AuditEntry{Act: audit.LoginLimited, User: rec.User, From: s.host, Detail: totp.Method})
			}
			return false, err
		}
		// His password, or what stands for it, was right: somebody has that much.
		s.reg.Audit.Record(store.AuditEntry{Act: audit.LoginFailed, User: rec.User, From: s.host, Detail: totp.Method})
		break // one guess at a time
	}
	return true, nil
}

// withoutFactor refuses a secret that changes an account in passing
// (tmpscheme), if logging in with it would take a second factor: otherwise who
// knows the password could change it.
func (s *Session) withoutFactor(ctx context.Context, rec *auth.Record) error {
	if rec.Validated || rec.Factor || rec.NoLogin {
		return nil
	}
	on, err := s.reg.Factor.On(ctx, rec.User)
	if err == nil && on {
		err = wsproto.ErrDenied
	}
	return err
}
