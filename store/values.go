package store

import (
	"context"
	"time"
)

// Value is a small thing kept under a name: a token of another service, a mark
// of how far a job has come, a lease. What must not be seen is sealed before it
// comes here (store/vault).
type Value struct {
	Key     string // at most 255 bytes; the part up to its last colon names a family
	Data    []byte // not empty
	Updated time.Time
	Expires time.Time // zero: never
}

// Values are kept by key. What has expired at the time that a caller names is
// not there for him; ExpireValues removes it.
type Values interface {
	// Value returns ErrNotFound if there is none, or none any more.
	Value(ctx context.Context, key string, at time.Time) (*Value, error)
	// PutValue stores a value, replacing another one of its key.
	PutValue(ctx context.Context, v *Value) error
	// SwapValue is PutValue if the data of its key are old, or for a nil old if
	// there is none at a time; else it changes nothing and returns ErrChanged.
	SwapValue(ctx context.Context, v *Value, old []byte, at time.Time) error
	// DropValue removes a value whose data are old, or whatever they are if old
	// is nil. Nothing to remove is no error.
	DropValue(ctx context.Context, key string, old []byte) error
	// DropValues removes values whose keys begin with prefix and which were
	// updated before a time, at most limit (0: all), and returns how many.
	DropValues(ctx context.Context, prefix string, before time.Time, limit int) (int, error)
	// ExpireValues removes those expired at a time, at most limit, and returns
	// how many.
	ExpireValues(ctx context.Context, at time.Time, limit int) (int, error)
	// ListValues returns those whose keys begin with prefix and come after a key,
	// in the order of the keys, at most limit.
	ListValues(ctx context.Context, prefix, after string, limit int) ([]Value, error)
}
