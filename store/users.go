package store

import (
	"context"
	"encoding/json"
	"time"

	"parley/internal/chat"
)

// User is an account.
type User struct {
	ID               chat.UID
	Created, Updated time.Time // Updated: of Public or Trusted
	State            State
	Access           chat.Access // granted to peers of new conversations
	LastSeen         time.Time   // zero: never
	UserAgent        string      // at LastSeen
	Public, Trusted  json.RawMessage
	Tags             []string // sorted
}

// UserUpdate changes the fields that are not nil.
type UserUpdate struct {
	Updated         *time.Time
	State           *State
	Access          *chat.Access
	Public, Trusted *json.RawMessage // a pointer to nil clears
	Tags            *[]string
	// Unique are those of Tags that no other user or topic may have, else
	// ErrDuplicate (aliases).
	Unique []string
	Avatar *chat.FileID // the user's picture, instead of the one before; a pointer to zero: none
}

// NewUser is an account with everything that is made together with it.
type NewUser struct {
	User   User
	Me     Sub    // the subscription to the user's own topic me
	Login  *Login // nil: the account has no secret (anonymous)
	Creds  []Credential
	Unique []string    // see UserUpdate
	Avatar chat.FileID // see Files; zero: none
}

// UserQuery selects accounts.
type UserQuery struct {
	After chat.UID // only those with a greater ID
	State *State   // nil: any
	Limit int      // 0: all
}

// Users are the accounts.
type Users interface {
	// CreateUser stores all of it or nothing. ErrDuplicate: the ID, the login,
	// a tag of Unique, or a credential that somebody has confirmed is taken.
	CreateUser(ctx context.Context, u *NewUser) error
	// User returns ErrNotFound for an unknown ID. Users with StateDeleted are
	// returned like others.
	User(ctx context.Context, id chat.UID) (*User, error)
	// UsersByID returns those that exist, in no particular order.
	UsersByID(ctx context.Context, ids ...chat.UID) ([]User, error)
	// UsersNotOK returns all users whose state is not StateOK: few, so that a
	// login by token need not ask the store.
	UsersNotOK(ctx context.Context) (map[chat.UID]State, error)
	// UpdateUser returns ErrNotFound or ErrDuplicate (Unique).
	UpdateUser(ctx context.Context, id chat.UID, up UserUpdate) error
	// DeleteUser deletes an account. Marked (not hard): its state becomes
	// StateDeleted; the groups that it owns, its p2p topics and its slf are
	// marked as deleted with all their subscriptions, and so are its own
	// subscriptions elsewhere (me and fnd stay); its devices are gone. Logins,
	// credentials and tags stay, so that a login can be told what happened.
	// Hard: all of that is purged with everything that belongs to the user, and
	// his messages in other topics lose their sender; the ID stays in
	// UsersNotOK for ever as StateDeleted, so that tokens which are still valid
	// lead nowhere. His revocations, invitations and entries of the audit log
	// stay too. ErrNotFound: unknown, or purged already; marking again does
	// nothing, purging somebody who was marked before works.
	DeleteUser(ctx context.Context, id chat.UID, hard bool, at time.Time) error
	// Users lists accounts in the order of their IDs, for administrators.
	Users(ctx context.Context, q UserQuery) ([]User, error)
	// StaleUsers lists accounts that nobody uses: never seen, without a
	// confirmed credential, made before that time, not StateDeleted; the oldest
	// first, at most limit (0: all). Accounts with a login of LevelRoot are
	// never stale.
	StaleUsers(ctx context.Context, before time.Time, limit int) ([]chat.UID, error)
	// Seen notes when and with what a user was last online. It returns at
	// once, is visible to reads at once, and durable within a second.
	Seen(id chat.UID, at time.Time, userAgent string)
	// TagHolder returns who has a tag: the text of a user ID or the name of a
	// topic, of those whose state is StateOK. ErrNotFound if nobody has it.
	TagHolder(ctx context.Context, tag string) (string, error)
}
