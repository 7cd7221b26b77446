package bridge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"parley/store"
)

// Vault keeps grants, sealed (store/vault).
type Vault interface {
	Get(ctx context.Context, key string) ([]byte, error)
	Put(ctx context.Context, key string, data []byte, expires time.Time) error
	Drop(ctx context.Context, key string) error
}

// kept is a grant as it is kept.
type kept struct {
	V       int            `json:"v"`
	Public  map[string]any `json:"g"`
	Issued  time.Time      `json:"iat"`
	Expires time.Time      `json:"exp"`
	Profile string         `json:"ph"` // what it was issued for
}

const (
	keptVersion = 1
	// unlimited is how long a grant is kept that does not say when it expires.
	unlimited = 10 * 365 * 24 * time.Hour
	minMargin = time.Minute
)

// fresh tells a grant that need not be renewed yet: more than a tenth of its
// life, and than a minute, is left.
func (k *kept) fresh(now time.Time, profile string) bool {
	margin := max(k.Expires.Sub(k.Issued)/10, minMargin)
	return k.Profile == profile && now.Before(k.Expires.Add(-margin))
}

func (s *service) key(sub *Subject) string { return "br:" + s.Name + s.Part + ":" + sub.ExtID }

// pictured is at the end of the profile of a user with a portrait.
const pictured = "+"

// profile is a hash of all that a grant depends on: what the service is told of
// the user, and how we are known to it.
func (s *service) profile(sub *Subject) string {
	h := sha256.New()
	for _, part := range []string{s.Fingerprint, sub.Name, sub.Portrait} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	sum := hex.EncodeToString(h.Sum(nil)[:16])
	if sub.Portrait != "" {
		sum += pictured
	}
	return sum
}

// look finds the grant that is kept; nil if there is none that is still good.
func (s *service) look(ctx context.Context, sub *Subject, now time.Time) (*kept, error) {
	b, err := s.m.Vault.Get(ctx, s.key(sub))
	if err != nil {
		if errors.Is(err, store.ErrNotFound) {
			err = nil
		}
		return nil, err
	}
	var k kept
	if err := json.Unmarshal(b, &k); err != nil || k.V != keptVersion || !now.Before(k.Expires) {
		return nil, nil // of another version
	}
	return &k, nil
}

// keep stores a grant.
func (s *service) keep(ctx context.Context, sub *Subject, g *Grant, now time.Time) error {
	k := kept{V: keptVersion, Public: g.Public, Issued: now, Expires: g.Expires, Profile: s.profile(sub)}
	if k.Expires.IsZero() {
		k.Expires = now.Add(unlimited)
	}
	b, err := json.Marshal(&k)
	if err != nil {
		return err
	}
	return s.m.Vault.Put(ctx, s.key(sub), b, k.Expires)
}
