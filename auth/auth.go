// Package auth answers who somebody is. The packages beneath it are the
// schemes that verify a secret (anon, basic, oidc, rest, token), the second
// factor (totp), and the validators that prove an address (validate). It knows
// neither topics nor connections.
package auth

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"parley/internal/chat"
	"parley/store"
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
	User      chat.UID // nobody: see New
	Level     chat.Level
	Expires   time.Time // of the secret; zero: never
	Validated bool      // required credentials, and the second factor, are known to be confirmed
	Factor    bool      // the second factor is known to be confirmed
	NoLogin   bool      // good for a single purpose, not for a session
	Purpose   Purpose
	// Session is the chain of tokens that the secret belongs to: a device gets a
	// new token at each login, and keeps the chain. Empty: it begins one.
	Session string
	Issued  time.Time // when the token was; zero for other secrets

	// Challenge, if not empty, says that this was only a step: the client is to
	// answer these bytes. The rest of the record is empty then.
	Challenge string
	// New is the account that is to be made, for somebody whom another authority
	// vouches for and who has none here yet: User is nobody then.
	New *Newcomer
}

// Purpose is the only thing that a secret may be used for. Most have none, and
// may be used for everything.
type Purpose string

// PurposeConfirm: to confirm an address with the code beside it. It was sent to
// an address that nobody has proven to be his, so it must be good for no more.
const PurposeConfirm Purpose = "confirm"

// Newcomer is what another authority says of somebody without an account.
type Newcomer struct {
	AccessAuth, AccessAnon   string // access modes; empty: the default
	Public, Trusted, Private json.RawMessage
	Tags                     []string
	Suspended                bool
	Email                    string       // belongs to him for certain; empty: none is known
	Login                    *store.Login // to be stored with the account, but for its User; nil: none
	// Also are more of them, stored once the account is there. They only make the
	// next login easier: who cannot have one does without.
	Also []store.Login
}

// Scheme verifies secrets. What else a scheme can do it tells by implementing
// Creator, Changer, Deleter, Linker or Tagger.
type Scheme interface {
	// Authenticate returns ErrMalformed, ErrFailed, ErrExpired, ErrUnsupported
	// or ErrBusy for what it refuses; an error of wsproto is for the client as it
	// is.
	Authenticate(ctx context.Context, secret []byte) (*Record, error)
}

// Draft is an account that is being made. A Creator changes it.
type Draft struct {
	User  chat.UID
	Level chat.Level
	Tags  []string     // all, sorted
	Login *store.Login // to be stored together with the account; nil: nothing
}

// Creator is a scheme with which people make accounts.
type Creator interface {
	// NewLevel is the level of new accounts.
	NewLevel() chat.Level
	// CheckNew tells early whether an account could be made with the secret:
	// ErrMalformed, ErrPolicy, ErrUnsupported, store.ErrDuplicate.
	CheckNew(ctx context.Context, secret []byte) error
	// Create adds to the draft what the scheme has to say. If the account is not
	// stored after all, a Deleter is asked to delete it.
	Create(ctx context.Context, d *Draft, secret []byte) error
}

// Changer is a scheme whose secrets can be replaced.
type Changer interface {
	// Change replaces the user's secret. Errors are those of CheckNew, and
	// store.ErrNotFound if he has nothing to be replaced.
	Change(ctx context.Context, u chat.UID, secret []byte) (Changed, error)
}

// Changed is what became of a secret.
type Changed struct {
	Effect           Effect
	OldName, NewName string // of his login; empty: it has none that people know
	OldTag, NewTag   string // that he had by the old secret, and has by the new one; empty: none
}

// Effect is what a change means for what somebody is logged in with.
type Effect int

// The effects.
const (
	Unchanged Effect = iota // there was nothing to be changed
	Replaced                // the old secret is void, and so are all logins by it
	Linked                  // there is one more way in, or another instead; who is in stays
)

// Deleter is a scheme with records of its own elsewhere.
type Deleter interface {
	// Delete forgets a user. ErrUnsupported: his account must stay.
	Delete(ctx context.Context, u chat.UID) error
}

// Linker is a scheme that is told of the accounts of newcomers.
type Linker interface {
	// Link is called with the record and the secret of a newcomer whose account,
	// r.User, has been made. After an error the account is deleted.
	Link(ctx context.Context, r *Record, secret []byte) error
}

// Tagger is a scheme that looks after tags.
type Tagger interface {
	// Namespaces are those of its tags; clients cannot change these.
	Namespaces() []string
	// TagFor is the tag that a search for a word without a namespace is for, too;
	// empty: none.
	TagFor(word string) string
}
