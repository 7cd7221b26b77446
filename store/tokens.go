package store

import (
	"context"
	"time"

	"parley/internal/chat"
)

// Token is a chain of login tokens: what a device got when it logged in with a
// secret, and renews with each login by token. People call it a session.
type Token struct {
	ID             string
	User           chat.UID
	Created, Seen  time.Time
	Expires        time.Time // of the newest token
	UserAgent      string
	Platform, Lang string
	Addr           string // that it was last seen from
}

// MaxTokens is how many records of a user are kept: those seen last.
const MaxTokens = 100

// Tokens are records of them, for people to see where they are logged in. No
// token depends on its record.
type Tokens interface {
	// NoteToken stores a record, or replaces all but Created of the one with its
	// ID. It returns at once, is visible to reads at once, and durable within a
	// second.
	NoteToken(t *Token)
	// Tokens lists those of a user that expire after a time, the one seen last
	// first.
	Tokens(ctx context.Context, id chat.UID, at time.Time) ([]Token, error)
	// ExpireTokens removes those expired at a time, at most limit, and returns
	// how many.
	ExpireTokens(ctx context.Context, at time.Time, limit int) (int, error)
}

// Revocation makes tokens void before they expire: one chain by its ID, or all
// of a user's that were issued before a time.
type Revocation struct {
	Token  string   // Token.ID; empty: all of User's
	User   chat.UID // whose
	Before time.Time
	Except string // Token.ID of a chain that Before does not concern; empty: none
	// Until is when the last token concerned expires; then the revocation is
	// forgotten.
	Until time.Time
}

// Revocations are few and small: every node keeps them all in memory.
type Revocations interface {
	// Revoke adds revocations. One with a later Before replaces one of the same
	// user, Except included; Until is the later of both. What was void stays void
	// but for Except. The records of the tokens concerned are removed.
	Revoke(ctx context.Context, rs ...Revocation) error
	// Revocations lists those that are in force at a time and removes others.
	Revocations(ctx context.Context, at time.Time) ([]Revocation, error)
}
