// Package netease gets credentials from NetEase Yunxin: tokens for messages,
// which need an account there, and for calls (bridges.md §B11).
package netease

import (
	"context"
	"errors"
	"time"

	"parley/auth/bridge"
	"parley/internal/netease"
)

// Options of both minters.
type Options struct {
	Client            *netease.Client
	AppKey, AppSecret string
	PermSecret        string        // of permission keys; empty: there are none
	TTL               time.Duration // of tokens that expire; less than a day
	Now               func() time.Time
}

func (o *Options) now() time.Time { return o.Now().UTC().Truncate(time.Millisecond) }

// IM gets tokens for messages. It implements bridge.Minter.
type IM struct {
	Options
	dynamic bool
}

// NewIM makes one: with tokens that are computed here, or else with those that
// NetEase keeps for each account.
func NewIM(o Options, dynamic bool) *IM { return &IM{o, dynamic} }

// Types of tokens, as the client SDK is told (authType).
const (
	authStatic  = 0
	authDynamic = 1
)

// Local implements bridge.Minter: a dynamic token for an account that exists.
func (m *IM) Local(s *bridge.Subject) (*bridge.Grant, bool) {
	if !m.dynamic || !s.Created {
		return nil, false
	}
	return m.computed(s), true
}

func (m *IM) computed(s *bridge.Subject) *bridge.Grant {
	now := m.now()
	expires := now.Add(m.TTL)
	return &bridge.Grant{
		Public: map[string]any{
			"appKey": m.AppKey, "accid": s.ExtID, "authType": authDynamic,
			"token": netease.IMToken(m.AppKey, m.AppSecret, s.ExtID, now, m.TTL), "expires": bridge.Time(expires),
		},
		Expires: expires,
	}
}

// Mint implements bridge.Minter: it makes the account. A static token of an
// account that exists and is kept nowhere is replaced by a new one.
func (m *IM) Mint(ctx context.Context, s *bridge.Subject) (*bridge.Grant, error) {
	token, err := m.account(ctx, s)
	if err != nil {
		return nil, err
	}
	if m.dynamic {
		return m.computed(s), nil
	}
	return &bridge.Grant{
		Public:    map[string]any{"appKey": m.AppKey, "accid": s.ExtID, "authType": authStatic, "token": token},
		Cacheable: true,
	}, nil
}

// account makes the account or renews its static token.
func (m *IM) account(ctx context.Context, s *bridge.Subject) (token string, err error) {
	if s.Created && !m.dynamic {
		token, err = m.Client.RefreshToken(ctx, s.ExtID)
		if !netease.NotFound(err) {
			return token, err
		}
	}
	token, err = m.Client.Create(ctx, s.ExtID, s.Name, s.Portrait)
	switch {
	case errors.Is(err, netease.ErrExists) && m.dynamic:
		return "", nil
	case errors.Is(err, netease.ErrExists):
		return m.Client.RefreshToken(ctx, s.ExtID)
	}
	return token, err
}

// Tell implements bridge.Minter. A dynamic token cannot be taken back; it
// expires. Accounts cannot be deleted: they are blocked.
func (m *IM) Tell(ctx context.Context, s *bridge.Subject, c bridge.Change) error {
	for _, step := range []struct {
		due bool
		do  func() error
	}{
		{c.Resumed, func() error { return m.Client.Unblock(ctx, s.ExtID) }},
		{c.Suspended || c.Deleted, func() error { return m.Client.Block(ctx, s.ExtID) }},
		{!c.Revoked.IsZero() && !m.dynamic, func() error {
			_, err := m.Client.RefreshToken(ctx, s.ExtID)
			return err
		}},
		{c.Profile, func() error { return m.Client.UpdateUser(ctx, s.ExtID, s.Name, s.Portrait) }},
	} {
		if !step.due {
			continue
		}
		if err := step.do(); netease.NotFound(err) && !c.Profile {
			return nil // no account, nothing to take back
		} else if err != nil {
			return err
		}
	}
	return nil
}

// RTC gets tokens for calls. It implements bridge.Minter and bridge.RoomMinter.
type RTC struct {
	Options
	local bool
}

// NewRTC makes one: with tokens that are computed here, or asked for.
func NewRTC(o Options, local bool) *RTC { return &RTC{o, local} }

// Local implements bridge.Minter.
func (m *RTC) Local(s *bridge.Subject) (*bridge.Grant, bool) {
	if !m.local {
		return nil, false
	}
	now := m.now()
	return m.grant(s, netease.RTCToken(m.AppKey, m.AppSecret, int64(s.Num), "", now, m.TTL), now), true
}

// Mint implements bridge.Minter.
func (m *RTC) Mint(ctx context.Context, s *bridge.Subject) (*bridge.Grant, error) {
	now := m.now()
	token, err := m.Client.RTCToken(ctx, int64(s.Num), "", m.TTL)
	if err != nil {
		return nil, err
	}
	g := m.grant(s, token, now)
	g.Cacheable = true
	return g, nil
}

func (m *RTC) grant(s *bridge.Subject, token string, now time.Time) *bridge.Grant {
	expires := now.Add(m.TTL)
	return &bridge.Grant{
		Public:  map[string]any{"uid": s.Num, "token": token, "expires": bridge.Time(expires)},
		Expires: expires,
	}
}

// Room implements bridge.RoomMinter: a token for one room, and with a permission
// secret a key that says what the user may do there.
func (m *RTC) Room(ctx context.Context, s *bridge.Subject, room string, write bool) (*bridge.Grant, error) {
	now := m.now()
	token := ""
	if m.local {
		token = netease.RTCToken(m.AppKey, m.AppSecret, int64(s.Num), room, now, m.TTL)
	} else {
		var err error
		if token, err = m.Client.RTCToken(ctx, int64(s.Num), room, m.TTL); err != nil {
			return nil, err
		}
	}
	g := m.grant(s, token, now)
	g.Public["room"] = room
	if m.PermSecret == "" {
		return g, nil
	}
	privilege := netease.ListenOnly
	if write {
		privilege = netease.AllPrivileges
	}
	key, err := netease.PermissionKey(m.AppKey, m.PermSecret, int64(s.Num), room, privilege, now, m.TTL)
	if err != nil {
		return nil, err
	}
	g.Public["permKey"] = key
	return g, nil
}

// Tell implements bridge.Minter: calls have no accounts.
func (m *RTC) Tell(context.Context, *bridge.Subject, bridge.Change) error { return nil }
