package chat

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"strings"
)

// Services of others have rules of their own for IDs; some fold them to lower
// case. These forms are letters and digits in lower case, which all of them take
// (bridges.md §E3).
var external = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

const externalLen = 13 // 8 bytes in base32

// External is the user's ID for services of others: "u" and 13 characters of
// 0-9a-v; empty for nobody.
func (u UID) External() string {
	if u == 0 {
		return ""
	}
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(u))
	return "u" + external.EncodeToString(b[:])
}

// ParseExternal is the inverse of External; anything else is ErrUID.
func ParseExternal(s string) (UID, error) {
	text, ok := strings.CutPrefix(s, "u")
	if !ok || len(text) != externalLen {
		return 0, ErrUID
	}
	b, err := external.DecodeString(text)
	if err != nil || len(b) != 8 || external.EncodeToString(b) != text {
		return 0, ErrUID
	}
	u := UID(binary.LittleEndian.Uint64(b))
	if u == 0 {
		return 0, ErrUID
	}
	return u, nil
}

// ExternalGroup is the ID of a conversation for services of others, from its
// canonical name: "g" and at most 52 characters of 0-9a-v. It is no secret and
// cannot be turned back.
func ExternalGroup(canonical string) string {
	id := strings.TrimPrefix(canonical, groupPrefix)
	b, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil || len(b) > 16 || base64.RawURLEncoding.EncodeToString(b) != id { // taken over from another server
		sum := sha256.Sum256([]byte(canonical))
		b = sum[:]
	}
	return "g" + external.EncodeToString(b)
}
