package store

import (
	"context"
	"time"

	"parley/internal/chat"
)

// Code is a short secret that was sent to somebody, to be given back once.
type Code struct {
	Key     string // what it is for: "reset:email:ann@example.com"
	User    chat.UID
	Hash    []byte // of the secret
	Created time.Time
	Expires time.Time
	Failed  int // wrong attempts
}

// Codes are the secrets outstanding.
type Codes interface {
	// PutCode stores a code. ErrDuplicate if there is one with that key that
	// has not expired at c.Created; one that has is replaced.
	PutCode(ctx context.Context, c *Code) error
	// Code returns ErrNotFound; an expired code is returned like others.
	Code(ctx context.Context, key string) (*Code, error)
	// FailCode counts a wrong attempt and returns how many there were now;
	// ErrNotFound.
	FailCode(ctx context.Context, key string) (int, error)
	// DeleteCode returns ErrNotFound, so that of two who use a code at the same
	// moment one wins.
	DeleteCode(ctx context.Context, key string) error
	// ExpireCodes removes those expired at that time, at most limit (0: all),
	// and returns how many. What expires has expired at the moment of Expires.
	ExpireCodes(ctx context.Context, at time.Time, limit int) (int, error)
}

// Invite lets people register where registration is by invitation.
type Invite struct {
	Code    string
	By      chat.UID // nobody: the operator
	Note    string
	Created time.Time
	Expires time.Time // zero: never
	Max     int       // uses in all; 0: any number
	Used    int
}

// Invites are the invitations to register.
type Invites interface {
	// PutInvite returns ErrDuplicate if the code is taken.
	PutInvite(ctx context.Context, i *Invite) error
	// Invites lists all, the newest first.
	Invites(ctx context.Context) ([]Invite, error)
	// UseInvite counts one use. ErrNotFound: unknown, expired at that time, or
	// used up.
	UseInvite(ctx context.Context, code string, at time.Time) error
	// UnuseInvite takes a use back, if the account was not made after all. It
	// does nothing if there is none; ErrNotFound for an unknown code.
	UnuseInvite(ctx context.Context, code string) error
	// DeleteInvite returns ErrNotFound.
	DeleteInvite(ctx context.Context, code string) error
}
