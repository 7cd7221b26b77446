// Package chat is the vocabulary that every other package may use: user IDs,
// topic names, access modes, authentication levels and ranges of sequence
// numbers, with their text forms. It knows no behaviour and imports nothing of
// ours.
package chat

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
)

// UID identifies a user: 64 random bits. Zero is nobody.
type UID uint64

// ErrUID is returned for a text that is no user ID.
var ErrUID = fmt.Errorf("not a user ID")

const (
	userPrefix = "usr"
	idTextLen  = 11 // 8 bytes in unpadded base64
)

// NewUID draws a random UID. The store refuses the rare duplicate.
func NewUID() UID {
	for {
		var b [8]byte
		rand.Read(b[:]) // never fails since Go 1.24
		if u := UID(binary.LittleEndian.Uint64(b[:])); u != 0 {
			return u
		}
	}
}

// text is the ID without its prefix: 11 characters of URL-safe base64
// (wire.md §1.7).
func (u UID) text() string {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(u))
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// String is "usr" and 11 characters; empty for nobody.
func (u UID) String() string {
	if u == 0 {
		return ""
	}
	return userPrefix + u.text()
}

// MarshalText writes String.
func (u UID) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// UnmarshalText reads what MarshalText wrote; the empty text is nobody.
func (u *UID) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*u = 0
		return nil
	}
	v, err := ParseUID(string(b))
	*u = v
	return err
}

// ParseUID reads "usr" and 11 characters; anything else is ErrUID.
func ParseUID(s string) (UID, error) {
	if len(s) != len(userPrefix)+idTextLen || s[:len(userPrefix)] != userPrefix {
		return 0, ErrUID
	}
	return parseID(s[len(userPrefix):])
}

func parseID(s string) (UID, error) {
	var b [8]byte
	n, err := base64.RawURLEncoding.Strict().Decode(b[:], []byte(s))
	if err != nil || n != len(b) {
		return 0, ErrUID
	}
	u := UID(binary.LittleEndian.Uint64(b[:]))
	if u == 0 {
		return 0, ErrUID
	}
	return u, nil
}
