package signin

import (
	"crypto/sha256"
	"crypto/subtle"
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
	Person    json.RawMessage `json:"w"`
	ID        string          `json:"i"`
	Expires   int64           `json:"x"`           // Unix
	Challenge string          `json:"c,omitempty"` // base64url of the SHA-256 of what the client must know; empty: nothing
}

func (d *Desk) newCode(person any, challenge string) (string, error) {
	who, err := json.Marshal(person)
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(&code{Person: who, ID: seal.Text(16), Expires: d.now().Add(codeTime).Unix(), Challenge: challenge})
	if err != nil {
		return "", err
	}
	return b64.EncodeToString(d.box.Seal(b, codeAbout)), nil
}

// Redeem takes a one-time code, once, and decodes into person what Finish was
// told. If the client named a challenge when it began, the code is followed by a
// colon and the verifier; a verifier that was not asked for is refused, because
// then somebody else began. Errors are those of auth.Scheme.
func (d *Desk) Redeem(secret []byte, person any) error {
	text, verifier, _ := strings.Cut(string(secret), ":")
	sealed, err := b64.DecodeString(text)
	if err != nil || len(text) == 0 || len(text) > maxCodeLen {
		return auth.ErrMalformed
	}
	plain, err := d.box.Open(sealed, codeAbout)
	if err != nil {
		return auth.ErrFailed
	}
	var c code
	if err := json.Unmarshal(plain, &c); err != nil {
		return err
	}
	until := time.Unix(c.Expires, 0)
	if !d.now().Before(until) {
		return auth.ErrExpired
	}
	challenge := ""
	if verifier != "" {
		sum := sha256.Sum256([]byte(verifier))
		challenge = b64.EncodeToString(sum[:])
	}
	if subtle.ConstantTimeCompare([]byte(challenge), []byte(c.Challenge)) != 1 || !d.useUp(c.ID, until) {
		return auth.ErrFailed
	}
	return json.Unmarshal(c.Person, person)
}

// useUp notes that a code was given back; false if it was before.
func (d *Desk) useUp(id string, until time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.now()
	for other, t := range d.used { // few: only real sign-ins of the last minute
		if !now.Before(t) {
			delete(d.used, other)
		}
	}
	if _, twice := d.used[id]; twice {
		return false
	}
	d.used[id] = until
	return true
}
