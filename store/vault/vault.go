// Package vault keeps small secrets of the server in the store, sealed, and
// hands out leases so that one of several nodes does a thing. It knows neither
// what the secrets are for nor how they are sealed.
package vault

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"parley/store"
)

// Box seals data and binds them to what they are about (auth/seal).
type Box interface {
	Seal(plain []byte, about string) []byte
	Open(sealed []byte, about string) ([]byte, error)
}

// Vault is safe for concurrent use.
type Vault struct {
	values store.Values
	box    Box
	now    func() time.Time
}

// New makes a vault.
func New(values store.Values, box Box, now func() time.Time) *Vault {
	return &Vault{values: values, box: box, now: now}
}

func (v *Vault) time() time.Time { return v.now().UTC().Truncate(time.Millisecond) }

// Get returns what was put, or store.ErrNotFound: never, expired, or sealed with
// a key that is gone or for another name.
func (v *Vault) Get(ctx context.Context, key string) ([]byte, error) {
	rec, err := v.values.Value(ctx, key, v.time())
	if err != nil {
		return nil, err
	}
	plain, err := v.box.Open(rec.Data, key)
	if err != nil {
		return nil, fmt.Errorf("vault %s: %w", key, store.ErrNotFound)
	}
	return plain, nil
}

// Put keeps data until they expire; the zero time is never.
func (v *Vault) Put(ctx context.Context, key string, data []byte, expires time.Time) error {
	return v.values.PutValue(ctx, &store.Value{Key: key, Data: v.box.Seal(data, key), Updated: v.time(), Expires: expires})
}

// Drop removes what is kept under a key, if anything.
func (v *Vault) Drop(ctx context.Context, key string) error {
	return v.values.DropValue(ctx, key, nil)
}

// dropBatch is how many rows one transaction removes, so that nobody waits for
// long.
const dropBatch = 1000

// DropAll removes what is kept under keys that begin with prefix and was put
// before a time.
func (v *Vault) DropAll(ctx context.Context, prefix string, before time.Time) error {
	for {
		n, err := v.values.DropValues(ctx, prefix, before, dropBatch)
		if err != nil || n < dropBatch {
			return err
		}
	}
}

// Lease makes the caller the only one who has the lease of that name, among all
// nodes, until release or for ttl. It does not wait: ok is false while somebody
// else has it.
func (v *Vault) Lease(ctx context.Context, name string, ttl time.Duration) (release func(), ok bool, err error) {
	owner, now := []byte(rand.Text()), v.time()
	key := "lease:" + name
	err = v.values.SwapValue(ctx, &store.Value{Key: key, Data: owner, Updated: now, Expires: now.Add(ttl)}, nil, now)
	switch {
	case errors.Is(err, store.ErrChanged):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	}
	return func() {
		// The caller's context may be over; if this fails the lease expires.
		ctx, cancel := context.WithTimeout(context.Background(), ttl)
		defer cancel()
		_ = v.values.DropValue(ctx, key, owner)
	}, true, nil
}
