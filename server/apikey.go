package server

import (
	"crypto/hmac"
	"crypto/md5"
	"encoding/base64"
	"net/http"
)

// The API key names an app and protects nothing (wire.md §1.2): 8 bytes of
// facts, signed with HMAC-MD5 because the published apps carry such keys.
const (
	keyFacts   = 8
	keyLen     = keyFacts + md5.Size
	keyVersion = 1
)

// NewAPIKey makes a key; sequence and root are carried along for the operator.
func NewAPIKey(salt []byte, sequence uint16, root bool) string {
	b := make([]byte, keyFacts, keyLen)
	b[0], b[5], b[6] = keyVersion, byte(sequence), byte(sequence>>8)
	if root {
		b[7] = 1
	}
	return base64.URLEncoding.EncodeToString(append(b, keySignature(salt, b)...))
}

func keySignature(salt, facts []byte) []byte {
	h := hmac.New(md5.New, salt)
	h.Write(facts)
	return h.Sum(nil)
}

// validAPIKey checks version and signature.
func validAPIKey(salt []byte, key string) bool {
	b, err := base64.URLEncoding.DecodeString(key)
	return err == nil && len(b) == keyLen && b[0] == keyVersion &&
		hmac.Equal(keySignature(salt, b[:keyFacts]), b[keyFacts:])
}

// requestAPIKey finds the key of a request: header, query, form, cookie; the
// first that is not empty (wire.md §1.2).
func requestAPIKey(r *http.Request) string {
	if k := r.Header.Get("X-Tinode-APIKey"); k != "" {
		return k
	}
	if k := r.URL.Query().Get("apikey"); k != "" {
		return k
	}
	if k := r.PostFormValue("apikey"); k != "" {
		return k
	}
	if c, err := r.Cookie("apikey"); err == nil {
		return c.Value
	}
	return ""
}
