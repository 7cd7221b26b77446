// Package anon is the scheme of accounts without a secret: they can be made,
// but only their token leads back to them (surfaces.md §2.4).
package anon

import (
	"context"

	"parley/auth"
	"parley/internal/chat"
)

// Name is the name of the scheme.
const Name = "anonymous"

// Scheme implements auth.Scheme, auth.Creator and auth.Changer.
type Scheme struct{}

// Authenticate refuses: there is nothing to log in with.
func (Scheme) Authenticate(context.Context, []byte) (*auth.Record, error) {
	return nil, auth.ErrUnsupported
}

// NewLevel implements auth.Creator.
func (Scheme) NewLevel() chat.Level { return chat.LevelAnon }

// CheckNew implements auth.Creator; the secret is ignored.
func (Scheme) CheckNew(context.Context, []byte) error { return nil }

// Create implements auth.Creator.
func (Scheme) Create(context.Context, *auth.Draft, []byte) error { return nil }

// Change implements auth.Changer: there is nothing to be changed, and that works.
func (Scheme) Change(context.Context, chat.UID, []byte) (auth.Changed, error) {
	return auth.Changed{}, nil
}
