package session

import (
	"context"
	"errors"
	"strings"

	"parley/auth"
	"parley/auth/token"
)

// verify is authenticate for secrets of strangers, who may be guessing: wrong
// ones make the next try wait (wire.md §12.2). Whether the account exists makes
// no difference.
func (s *Session) verify(ctx context.Context, scheme string, secret []byte) (*auth.Record, error) {
	account := guessed(strings.ToLower(scheme), secret)
	if account == "" {
		return s.authenticate(ctx, scheme, secret)
	}
	try, wait := s.reg.limits.guard.Begin(account, s.place, s.addr == nil)
	if try == nil {
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
	}
	return rec, err
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
