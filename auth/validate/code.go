package validate

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"math/big"

	"parley/store"
)

// The code that somebody is sent is made of what the store has, a random text,
// and a key that it has not: a copy of the store has no codes in it, and the same
// code can be sent later.

func sum(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// codeOf is the code of a pending credential, so many digits.
func codeOf(key []byte, c *store.Credential, length int) string {
	n := new(big.Int).SetBytes(sum(key, c.User.String()+"\x00"+c.Method+"\x00"+c.Value+"\x00"+c.Code))
	n.Mod(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(length)), nil))
	return fmt.Sprintf("%0*d", length, n)
}

// accepts tells whether a response is the code of a pending credential, or the one
// for tests.
func (s *Set) accepts(m *Method, c *store.Credential, response string) bool {
	ok := m.DebugResponse != "" && subtle.ConstantTimeCompare([]byte(m.DebugResponse), []byte(response)) == 1
	for _, k := range s.keys {
		ok = c.Code != "" && subtle.ConstantTimeCompare([]byte(codeOf(k, c, m.CodeLength)), []byte(response)) == 1 || ok
	}
	return ok
}
