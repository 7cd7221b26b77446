package session

import (
	"context"
	"errors"
	"strings"

	"parley/auth"
	"parley/auth/basic"
	"parley/auth/token"
	"parley/internal/audit"
	"parley/internal/chat"
	"parley/store"
)

// verify is authenticate for secrets of strangers, who may be guessing: wrong
// ones make the next try wait (wire.md §12.2). Whether the account exists makes
// no difference.
func (s *Session) verify(ctx context.Context, scheme string, secret []byte) (*auth.Record, error) {
	account := guessed(strings.ToLower(scheme), secret)
	if account == "" {
		return s.authenticate(ctx, scheme, secret)
	}
	try, wait, news := s.reg.limits.guard.Begin(account, s.place, s.addr == nil)
	if try == nil {
		if news {
			s.failures = append(s.failures, failure{audit.LoginLimited, scheme, secret})
		}
		return nil, TooMany(wait)
	}
	outcome := try.Void // of a panic, and of what tells nothing about the secret
	defer func() { outcome() }()
	rec, err := s.authenticate(ctx, scheme, secret)
	switch {
	case err == nil:
		outcome = try.Succeeded
	case errors.Is(err, auth.ErrFailed):
		outcome = try.Failed
		s.failures = append(s.failures, failure{audit.LoginFailed, scheme, secret})
	}
	return rec, err
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
		if name, _, _ := strings.Cut(string(f.secret), ":"); strings.EqualFold(f.scheme, basic.Name) {
			if l, err := s.reg.Store.Login(ctx, basic.Name, strings.ToLower(name)); err == nil {
				user = l.User
			}
		}
		s.reg.Audit.Record(store.AuditEntry{Act: f.act, User: user, From: s.host, Detail: strings.ToLower(f.scheme)})
	}
	s.failures = nil
}

// guessed is whose secret somebody may be guessing. Tokens cannot be guessed.
func guessed(scheme string, secret []byte) string {
	first, rest, _ := strings.Cut(string(secret), ":")
	switch scheme {
	case token.Name, anonymous:
		return ""
	case "code": // <digits>:<method>:<value>
		first = rest
	}
	return scheme + ":" + strings.ToLower(first)
}
