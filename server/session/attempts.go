package session

import (
	"context"
	"errors"
	"net/netip"
	"strings"

	"parley/auth"
	"parley/auth/anon"
	"parley/internal/audit"
	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// verify asks a scheme about a secret. Those who bring it may be guessing: wrong
// ones make the next try wait (wire.md §12.2). Whether the account exists makes
// no difference.
func (s *Session) verify(ctx context.Context, scheme string, secret []byte) (*auth.Record, error) {
	sc := s.reg.Schemes.Get(scheme)
	if sc == nil {
		return nil, wsproto.ErrAuthUnknown
	}
	account := s.reg.guessed(scheme, secret)
	if account == "" {
		return sc.Authenticate(ctx, secret)
	}
	rec, act, err := s.reg.limits.guarded(account, s.place, s.addr == nil, func() (*auth.Record, error) {
		return sc.Authenticate(ctx, secret)
	})
	if act != "" {
		s.failures = append(s.failures, failure{act, scheme, secret})
	}
	return rec, err
}

// guarded lets somebody try a secret of an account, unless there were too many
// wrong ones before; act is for the audit log, mostly empty. trusted: see
// limit.Guard.Begin.
func (l *limiter) guarded(account string, place netip.Prefix, trusted bool, verify func() (*auth.Record, error)) (rec *auth.Record, act string, err error) {
	try, wait, news := l.guard.Begin(account, place, trusted)
	if try == nil {
		if news {
			act = audit.LoginLimited
		}
		return nil, act, wsproto.TooMany(wait)
	}
	outcome := try.Void // of a panic, and of what tells nothing about the secret
	defer func() { outcome() }()
	rec, err = verify()
	switch {
	case err == nil && rec.Challenge != "": // a step, which forgives nothing
	case err == nil:
		outcome = try.Succeeded
	case isWrong(err):
		outcome, act = try.Failed, audit.LoginFailed
	}
	return rec, act, err
}

// isWrong tells refusals of wrong secrets; the last two are of an authority
// elsewhere.
func isWrong(err error) bool {
	return errors.Is(err, auth.ErrFailed) || errors.Is(err, wsproto.ErrUserNotFound) || errors.Is(err, wsproto.ErrResponse)
}

// failure is a refused secret that is to be in the audit log.
type failure struct {
	act, scheme string
	secret      []byte
}

// auditFailures writes them down, once the client has its answer: finding out
// whose account it was must not tell, by the time that it takes, whether there
// is one.
func (s *Session) auditFailures(ctx context.Context) {
	for _, f := range s.failures {
		var user chat.UID
		if name, _, _ := strings.Cut(string(f.secret), ":"); s.reg.isPassword(f.scheme) {
			if l, err := s.reg.Store.Login(ctx, strings.ToLower(f.scheme), strings.ToLower(name)); err == nil {
				user = l.User
			}
		}
		s.reg.Audit.Record(store.AuditEntry{Act: f.act, User: user, From: s.host, Detail: strings.ToLower(f.scheme)})
	}
	s.failures = nil
}

// guessed is whose secret somebody may be guessing; empty: tokens cannot be
// guessed, and who has no secret cannot log in.
func (r *Registry) guessed(scheme string, secret []byte) string {
	first, rest, _ := strings.Cut(string(secret), ":")
	switch {
	case r.isToken(scheme), r.is(scheme, anon.Scheme{}):
		return ""
	case r.isCode(scheme): // <digits>:<method>:<value>
		return guessedCode(rest)
	}
	return strings.ToLower(scheme + ":" + first)
}

// guessedCode is the account whose code somebody may be guessing, by its address,
// "<method>:<value>".
func guessedCode(address string) string {
	return strings.ToLower("code:" + address)
}
