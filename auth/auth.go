// Package auth answers who somebody is. The packages beneath it are the
// schemes that verify a secret (basic, token) and the validators that prove an
// address (validate). It knows neither topics nor connections.
package auth

import (
	"context"
	"errors"
	"time"

	"parley/internal/chat"
)

// Why a secret is refused. Callers translate them for the wire.
var (
	ErrMalformed   = errors.New("auth: malformed secret")
	ErrFailed      = errors.New("auth: wrong secret")
	ErrExpired     = errors.New("auth: expired")
	ErrPolicy      = errors.New("auth: login or password against the rules")
	ErrUnsupported = errors.New("auth: not supported by the scheme")
	ErrBusy        = errors.New("auth: too many logins at a time")
)

// Record is what a scheme knows of somebody who proved himself.
type Record struct {
	User      chat.UID
	Level     chat.Level
	Expires   time.Time // of the secret; zero: never
	Validated bool      // required credentials are known to be confirmed
	NoLogin   bool      // good for a single purpose, not for a session
	Purpose   Purpose
	// Session is the chain of tokens that the secret belongs to: a device gets a
	// new token at each login, and keeps the chain. Empty: it begins one.
	Session string
	Issued  time.Time // when the token was; zero for other secrets
}

// Purpose is the only thing that a secret may be used for. Most have none, and
// may be used for everything.
type Purpose string

// PurposeConfirm: to confirm an address with the code beside it. It was sent to
// an address that nobody has proven to be his, so it must be good for no more.
const PurposeConfirm Purpose = "confirm"

// Scheme verifies secrets.
type Scheme interface {
	// Authenticate returns ErrMalformed, ErrFailed, ErrExpired, ErrUnsupported
	// or ErrBusy for what it refuses.
	Authenticate(ctx context.Context, secret []byte) (*Record, error)
}
