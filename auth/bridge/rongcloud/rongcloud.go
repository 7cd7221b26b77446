// Package rongcloud gets credentials from RongCloud: a token asked for at the
// first login, which is good for as long as the console says (bridges.md §A10).
package rongcloud

import (
	"context"
	"time"

	"parley/auth/bridge"
	"parley/internal/rongcloud"
)

// Minter implements bridge.Minter.
type Minter struct {
	client *rongcloud.Client
	appKey string
	region string
	ttl    time.Duration
	now    func() time.Time
}

// New makes a minter. ttl is how long the vendor's tokens are valid: its answers
// do not say.
func New(client *rongcloud.Client, appKey, region string, ttl time.Duration, now func() time.Time) *Minter {
	return &Minter{client, appKey, region, ttl, now}
}

// Local implements bridge.Minter: there is nothing to compute.
func (m *Minter) Local(*bridge.Subject) (*bridge.Grant, bool) { return nil, false }

// Mint implements bridge.Minter.
func (m *Minter) Mint(ctx context.Context, s *bridge.Subject) (*bridge.Grant, error) {
	expires := m.now().UTC().Truncate(time.Millisecond).Add(m.ttl) // of before the request: never too late
	token, err := m.client.GetToken(ctx, s.ExtID, s.Name, s.Portrait)
	if err != nil {
		return nil, err
	}
	return &bridge.Grant{
		Public: map[string]any{
			"appKey": m.appKey, "userId": s.ExtID, "token": token, "region": m.region, "expires": bridge.Time(expires),
		},
		Expires: expires, Cacheable: true,
	}, nil
}

// rearm is how often a suspension is renewed: the longest is 30 days.
const rearm = 24 * time.Hour

// Rearm implements bridge.Rearmer.
func (m *Minter) Rearm() time.Duration { return rearm }

// Tell implements bridge.Minter.
func (m *Minter) Tell(ctx context.Context, s *bridge.Subject, c bridge.Change) error {
	revoked := c.Revoked
	if (c.Suspended || c.Deleted) && revoked.IsZero() {
		revoked = m.now()
	}
	for _, step := range []struct {
		due bool
		do  func() error
	}{
		{c.Resumed, func() error { return m.client.Unblock(ctx, s.ExtID) }},
		{c.Suspended, func() error { return m.client.Block(ctx, s.ExtID, rongcloud.MaxBlock) }},
		{!revoked.IsZero(), func() error { return m.client.Expire(ctx, s.ExtID, revoked) }},
		{c.Profile, func() error { return m.client.Refresh(ctx, s.ExtID, s.Name, s.Portrait) }},
		// A portrait can only be taken away by registering again, which overwrites what
		// was there (bridges.md §A4). The token that comes with it is given to nobody.
		{c.Profile && s.Pictured && s.Portrait == "" && !c.Suspended && !c.Deleted, func() error {
			_, err := m.client.GetToken(ctx, s.ExtID, s.Name, "")
			return err
		}},
		{c.Deleted, func() error { return m.client.Deactivate(ctx, s.ExtID) }},
	} {
		if step.due {
			if err := step.do(); err != nil {
				return err
			}
		}
	}
	return nil
}
