package linkpreview

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A token is the base64url of: end of validity (8 bytes, Unix seconds), the first
// 16 bytes of an HMAC-SHA256, the address of a picture. Only pictures of pages
// that somebody asked for have one: whoever can ask for pictures cannot make us
// fetch what he likes.
const (
	endBytes = 8
	macBytes = 16
)

// signer makes and checks tokens.
type signer [][]byte

func newSigner(keys [][]byte) (signer, error) {
	if len(keys) == 0 {
		return nil, errors.New("linkpreview: no key")
	}
	var s signer
	for _, key := range keys {
		derived, err := hkdf.Key(sha256.New, key, nil, "parley link preview image", sha256.Size)
		if err != nil {
			return nil, fmt.Errorf("linkpreview: %w", err)
		}
		s = append(s, derived)
	}
	return s, nil
}

func mac(key, end []byte, address string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(end)
	h.Write([]byte(address))
	return h.Sum(nil)[:macBytes]
}

// sign makes the token of an address. It is the same for a whole day, so that
// browsers recognise the picture.
func (s signer) sign(address string, now time.Time) string {
	day := now.Truncate(24 * time.Hour).Add(24*time.Hour + imageValidFor)
	end := binary.BigEndian.AppendUint64(nil, uint64(day.Unix()))
	return base64.RawURLEncoding.EncodeToString(slices.Concat(end, mac(s[0], end, address), []byte(address)))
}

// open is the address of a token; or ErrToken.
func (s signer) open(token string, now time.Time) (string, error) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) <= endBytes+macBytes {
		return "", ErrToken
	}
	end, given, address := b[:endBytes], b[endBytes:endBytes+macBytes], string(b[endBytes+macBytes:])
	good := slices.ContainsFunc(s, func(key []byte) bool { return hmac.Equal(given, mac(key, end, address)) })
	if !good || now.Unix() >= int64(binary.BigEndian.Uint64(end)) {
		return "", ErrToken
	}
	return address, nil
}
