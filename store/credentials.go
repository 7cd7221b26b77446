package store

import (
	"context"
	"time"

	"parley/internal/chat"
)

// Credential is an address of a user and where its confirmation stands
// (surfaces.md §3.4). It is confirmed (Done), pending (a code was sent), or
// neither: deactivated, kept only for its Failed count.
type Credential struct {
	User             chat.UID
	Method, Value    string // "email", "ann@example.com"
	Created, Updated time.Time
	Code             string // what the expected response is made of; forgotten when it is confirmed
	Done             bool
	Failed           int // wrong responses so far
}

// Credentials are e-mail addresses, phone numbers and the like.
type Credentials interface {
	// PutCredential makes c the user's pending credential of the method; an
	// earlier pending one of other value is deactivated. If c's value was
	// there already its Failed count is kept. ErrDuplicate: somebody, the user
	// included, has confirmed the value.
	PutCredential(ctx context.Context, c *Credential) error
	// PendingCredential returns the user's pending credential of the method,
	// or ErrNotFound.
	PendingCredential(ctx context.Context, id chat.UID, method string) (*Credential, error)
	// Credentials lists a user's confirmed and pending credentials, oldest
	// first, of one method or, for "", of all.
	Credentials(ctx context.Context, id chat.UID, method string) ([]Credential, error)
	// ConfirmCredential turns the pending credential into a confirmed one and
	// returns it. ErrNotFound; ErrDuplicate if somebody was faster.
	ConfirmCredential(ctx context.Context, id chat.UID, method string, at time.Time) (*Credential, error)
	// FailCredential counts a wrong response against every credential of the
	// method that is not confirmed. ErrNotFound if none is pending.
	FailCredential(ctx context.Context, id chat.UID, method string, at time.Time) error
	// ForgiveCredential sets the Failed count of the pending credential to 0;
	// ErrNotFound if none is pending.
	ForgiveCredential(ctx context.Context, id chat.UID, method string) error
	// CredentialHolder returns who has confirmed a value; ErrNotFound if nobody.
	CredentialHolder(ctx context.Context, method, value string) (chat.UID, error)
	// DeleteCredential removes a confirmed or pending credential, or
	// ErrNotFound. One that is not confirmed but has failures is only
	// deactivated, so that the count cannot be reset.
	DeleteCredential(ctx context.Context, id chat.UID, method, value string) error
}
