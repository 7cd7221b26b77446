package store

import (
	"context"
	"time"

	"parley/internal/chat"
)

// Login is what a user proves himself with in one authentication scheme.
type Login struct {
	Scheme  string
	Name    string // unique in the scheme
	User    chat.UID
	Level   chat.Level
	Secret  []byte    // a hash
	Expires time.Time // zero: never
}

// Logins are the authentication records. A user has at most one in a scheme.
type Logins interface {
	// Login finds a record by its name; ErrNotFound.
	Login(ctx context.Context, scheme, name string) (*Login, error)
	// LoginOf finds a user's record; ErrNotFound.
	LoginOf(ctx context.Context, scheme string, id chat.UID) (*Login, error)
	// PutLogin replaces the user's record in the scheme or adds one;
	// ErrDuplicate if another user has the name.
	PutLogin(ctx context.Context, l *Login) error
	// LoginsOf lists a user's records in all schemes, by scheme.
	LoginsOf(ctx context.Context, id chat.UID) ([]Login, error)
	// DeleteLogin removes a user's record in a scheme; ErrNotFound.
	DeleteLogin(ctx context.Context, scheme string, id chat.UID) error
}
