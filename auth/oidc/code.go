package oidc

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"parley/auth"
	"parley/auth/seal"
)

const (
	codeTime   = 60 * time.Second // how long a one-time code is good
	maxCodeLen = 8 << 10          // characters
	codeAbout  = "code"           // what the sealed data is about, in contrast to a flow
)

// code is what a one-time code says: all of it is in its text, sealed, so that
// nothing has to be remembered of codes that nobody gives back.
type code struct {
	person
	ID        string `json:"i"`
	Expires   int64  `json:"x"`           // Unix
	Challenge string `json:"c,omitempty"` // base64url of the SHA-256 of what the client must know; empty: nothing
}

var b64 = base64.RawURLEncoding

func (s *Scheme) newCode(who *person, challenge string) (string, error) {
	b, err := json.Marshal(&code{
		person: *who, ID: seal.Text(16), Expires: s.now().Add(codeTime).Unix(), Challenge: challenge,
	})
	if err != nil {
		return "", err
	}
	return b64.EncodeToString(s.box.Seal(b, codeAbout)), nil
}

// redeem takes a one-time code, once. If the client named a challenge when it
// began, the code is followed by a colon and the verifier; a verifier that was
// not asked for is refused, because then somebody else began.
func (s *Scheme) redeem(secret []byte) (*person, error) {
	text, verifier, _ := strings.Cut(string(secret), ":")
	sealed, err := b64.DecodeString(text)
	if err != nil || len(text) == 0 || len(text) > maxCodeLen {
		return nil, auth.ErrMalformed
	}
	plain, err := s.box.Open(sealed, codeAbout)
	if err != nil {
		return nil, auth.ErrFailed
	}
	var c code
	if err := json.Unmarshal(plain, &c); err != nil {
		return nil, err
	}
	until := time.Unix(c.Expires, 0)
	if !s.now().Before(until) {
		return nil, auth.ErrExpired
	}
	challenge := ""
	if verifier != "" {
		sum := sha256.Sum256([]byte(verifier))
		challenge = b64.EncodeToString(sum[:])
	}
	if subtle.ConstantTimeCompare([]byte(challenge), []byte(c.Challenge)) != 1 || !s.useUp(c.ID, until) {
		return nil, auth.ErrFailed
	}
	return &c.person, nil
}

// useUp notes that a code was given back; false if it was before.
func (s *Scheme) useUp(id string, until time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for other, t := range s.used { // few: only real sign-ins of the last minute
		if !now.Before(t) {
			delete(s.used, other)
		}
	}
	if _, twice := s.used[id]; twice {
		return false
	}
	s.used[id] = until
	return true
}
