package store

import (
	"context"
	"time"

	"parley/internal/chat"
)

// BridgeID is how a user is known to a service of somebody else.
type BridgeID struct {
	Bridge  string // name of the service
	User    chat.UID
	Num     int  // from 1 upwards, never given twice
	Created bool // the service has the account
	Profile string
	Updated time.Time
}

// BridgeIDs map users to what services of others call them. They stay when an
// account is marked as deleted, and go when it is purged; the numbers of those
// who are gone are not given again.
type BridgeIDs interface {
	// BridgeID returns the one of a user, and makes it with the next number if
	// there is none.
	BridgeID(ctx context.Context, bridge string, id chat.UID, at time.Time) (*BridgeID, error)
	// FindBridgeID is BridgeID that makes none: ErrNotFound.
	FindBridgeID(ctx context.Context, bridge string, id chat.UID) (*BridgeID, error)
	// UpdateBridgeID stores Created, Profile and Updated. ErrNotFound.
	UpdateBridgeID(ctx context.Context, b *BridgeID) error
}
