// Package seal hides small pieces of data where others keep them: in the store,
// in a cookie, in an address. Its keys are derived from those that sign tokens,
// so that there is nothing more to look after.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

// ErrOpen is the error of data that no key opens: it was changed, is about
// something else, or its key is gone.
var ErrOpen = errors.New("seal: cannot be opened")

const keyLen = 32 // AES-256

// Box seals and opens data for one purpose.
type Box struct{ keys []cipher.AEAD }

// New makes a box for a purpose, a text that never changes. The first key
// seals, all of them open.
func New(keys [][]byte, purpose string) (*Box, error) {
	if len(keys) == 0 {
		return nil, errors.New("seal: no key")
	}
	b := &Box{}
	for _, key := range keys {
		derived, err := hkdf.Key(sha256.New, key, nil, "parley "+purpose, keyLen)
		if err != nil {
			return nil, fmt.Errorf("seal: %w", err)
		}
		block, err := aes.NewCipher(derived)
		if err != nil {
			return nil, fmt.Errorf("seal: %w", err)
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, fmt.Errorf("seal: %w", err)
		}
		b.keys = append(b.keys, aead)
	}
	return b, nil
}

// Seal encrypts data, and binds it to what it is about: Open must be told the
// same.
func (b *Box) Seal(plain []byte, about string) []byte {
	return b.keys[0].Seal(nil, nil, plain, []byte(about))
}

// Open is the inverse of Seal, or ErrOpen.
func (b *Box) Open(sealed []byte, about string) ([]byte, error) {
	for _, key := range b.keys {
		if plain, err := key.Open(nil, nil, sealed, []byte(about)); err == nil {
			return plain, nil
		}
	}
	return nil, ErrOpen
}

// Text is n random characters out of 32: 5 bits each.
func Text(n int) string {
	var s string
	for len(s) < n {
		s += rand.Text()
	}
	return s[:n]
}
