// Package token is the scheme of login tokens: JWTs signed with HS256 by the
// server's token.key (design.md §5). They are stored nowhere; verifying one
// touches no database.
package token

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"parley/auth"
	"parley/internal/chat"
)

// Name is the name of the scheme.
const Name = "token"

// MinKeyLen is the least length of a key in bytes.
const MinKeyLen = 32

// Scheme makes and verifies tokens.
type Scheme struct {
	keys     [][]byte
	serial   int
	lifetime time.Duration
	now      func() time.Time
	parser   *jwt.Parser
	revoked  Revoked
}

// Revoked tells whether a token is void though it has not expired: session is
// its chain (auth.Record). It is called for every token and must not block.
type Revoked func(session string, user chat.UID, issued time.Time) bool

// foreignLen is the length of a token that another server has issued
// (surfaces.md §2.3): well-formed, but not ours.
const foreignLen = 50

// New makes the scheme. The first key signs, all of them verify. A changed
// serial makes all earlier tokens void.
func New(keys [][]byte, serial int, lifetime time.Duration, now func() time.Time) (*Scheme, error) {
	if len(keys) == 0 {
		return nil, errors.New("token: no key")
	}
	for _, k := range keys {
		if len(k) < MinKeyLen {
			return nil, fmt.Errorf("token: a key has %d bytes, %d are needed", len(k), MinKeyLen)
		}
	}
	s := &Scheme{keys: keys, serial: serial, lifetime: lifetime, now: now}
	s.parser = jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(now), jwt.WithStrictDecoding())
	return s, nil
}

// claims are the contents of a token.
type claims struct {
	jwt.RegisteredClaims
	Level     int          `json:"lvl"`
	Serial    int          `json:"ser"`
	Validated bool         `json:"val,omitempty"` // required credentials are confirmed
	Factor    bool         `json:"otp,omitempty"` // the second factor is
	NoLogin   bool         `json:"nol,omitempty"` // not good for a session
	Purpose   auth.Purpose `json:"pur,omitempty"` // the only one that it is good for
	// Session is the chain; the first of it, and those issued before there were
	// chains, have none: it is their own ID.
	Session string `json:"sid,omitempty"`
	// Millis is iat with milliseconds: a password may be changed and used within
	// one second.
	Millis int64 `json:"iam,omitempty"`
}

// session is the chain that a token belongs to.
func (c *claims) session() string { return cmp.Or(c.Session, c.ID) }

func (c *claims) issued() time.Time {
	switch {
	case c.Millis != 0:
		return time.UnixMilli(c.Millis).UTC()
	case c.IssuedAt != nil:
		return c.IssuedAt.UTC()
	}
	return time.Time{}
}

// SetRevoked has every token checked. Call it before the first use.
func (s *Scheme) SetRevoked(f Revoked) { s.revoked = f }

// NewSession is the ID of a new chain of tokens.
func NewSession() string {
	var id [9]byte
	rand.Read(id[:])
	return base64.RawURLEncoding.EncodeToString(id[:])
}

// Lifetime is how long a token is good for.
func (s *Scheme) Lifetime() time.Duration { return s.lifetime }

// Issue makes a token for rec that is good until expires. rec.Issued does not
// matter.
func (s *Scheme) Issue(rec *auth.Record, expires time.Time) ([]byte, error) {
	now := s.now()
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, &claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Subject:   rec.User.String(),
			ExpiresAt: jwt.NewNumericDate(expires),
			IssuedAt:  jwt.NewNumericDate(now),
			ID:        NewSession(),
		},
		Session: rec.Session, Millis: now.UnixMilli(),
		Level: int(rec.Level), Serial: s.serial, Validated: rec.Validated, Factor: rec.Factor, NoLogin: rec.NoLogin,
		Purpose: rec.Purpose,
	})
	text, err := t.SignedString(s.keys[0])
	if err != nil {
		return nil, fmt.Errorf("sign token: %w", err)
	}
	return []byte(text), nil
}

// damaged tells what begins as a token of ours does: if it is none, it was one.
func damaged(secret []byte) bool { return bytes.HasPrefix(secret, []byte("eyJ")) }

// Authenticate implements auth.Scheme. A token that is for one purpose only is
// refused.
func (s *Scheme) Authenticate(ctx context.Context, secret []byte) (*auth.Record, error) {
	return s.AuthenticateFor(ctx, secret, "")
}

// AuthenticateFor is Authenticate for callers who use the token for that purpose
// only.
func (s *Scheme) AuthenticateFor(_ context.Context, secret []byte, purpose auth.Purpose) (*auth.Record, error) {
	var c claims
	var err error
	if damaged(secret) && bytes.ContainsAny(secret, "\r\n") { // which decoders of base64 pass over, strict ones too
		return nil, auth.ErrFailed
	}
	for _, key := range s.keys {
		c = claims{}
		_, err = s.parser.ParseWithClaims(string(secret), &c, func(*jwt.Token) (any, error) { return key, nil })
		if !errors.Is(err, jwt.ErrTokenSignatureInvalid) {
			break
		}
	}
	switch {
	case errors.Is(err, jwt.ErrTokenMalformed) && (len(secret) == foreignLen || damaged(secret)):
		return nil, auth.ErrFailed // clients forget it and ask for the password (wire.md §15.1 #31)
	case errors.Is(err, jwt.ErrTokenMalformed):
		return nil, auth.ErrMalformed
	case errors.Is(err, jwt.ErrTokenExpired):
		return nil, auth.ErrExpired
	case err != nil, c.Serial != s.serial, c.Purpose != "" && c.Purpose != purpose:
		return nil, auth.ErrFailed
	}
	u, err := chat.ParseUID(c.Subject)
	if err != nil {
		return nil, auth.ErrMalformed
	}
	level := chat.Level(c.Level)
	if int(level) != c.Level || level.String() == "" && !(level == chat.LevelNone && c.NoLogin) {
		return nil, auth.ErrMalformed
	}
	if s.revoked != nil && s.revoked(c.session(), u, c.issued()) {
		return nil, auth.ErrFailed
	}
	return &auth.Record{
		User: u, Level: level, Expires: c.ExpiresAt.Time, Validated: c.Validated, Factor: c.Factor,
		NoLogin: c.NoLogin, Purpose: c.Purpose, Session: c.session(), Issued: c.issued(),
	}, nil
}
