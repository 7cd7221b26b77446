// Package outbound is what all clients of foreign HTTP services share: a client
// with limits, errors without secrets, and a list of the secrets that must never
// be seen in a text. It knows no service.
package outbound

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"sync"
	"unicode/utf8"
)

// Hidden is what stands in the place of a secret.
const Hidden = "***"

const (
	maxText   = 200 // bytes of a text of somebody else that are passed on
	minSecret = 4   // bytes; something shorter would be found everywhere
)

// Redactor knows secrets and takes them out of texts. The zero value knows none.
// It is safe for concurrent use.
type Redactor struct {
	mu    sync.RWMutex
	forms map[string][]string // name → the forms of its secrets
}

// Set makes secrets known under a name, in the place of those that it had: what
// is renewed, such as an access token, keeps its name. Empty ones are ignored.
func (r *Redactor) Set(name string, secrets ...string) {
	var forms []string
	for _, s := range secrets {
		if len(s) < minSecret {
			continue
		}
		forms = append(forms, s)
		for _, f := range []string{
			url.QueryEscape(s), base64.StdEncoding.EncodeToString([]byte(s)), base64.RawURLEncoding.EncodeToString([]byte(s)),
			hex.EncodeToString([]byte(s)),
		} {
			if f != s {
				forms = append(forms, f)
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.forms == nil {
		r.forms = make(map[string][]string)
	}
	r.forms[name] = forms
}

// Clean is the text without the secrets, without what would break a line of the
// log, and no longer than 200 bytes.
func (r *Redactor) Clean(text string) string {
	text = r.Hide(text)
	text = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c == utf8.RuneError {
			return ' '
		}
		return c
	}, text)
	if len(text) > maxText {
		n := maxText
		for n > 0 && !utf8.RuneStart(text[n]) {
			n--
		}
		text = text[:n] + "…"
	}
	return text
}

// Hide is the text without the secrets.
func (r *Redactor) Hide(text string) string {
	if r == nil {
		return text
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, forms := range r.forms {
		for _, f := range forms {
			text = strings.ReplaceAll(text, f, Hidden)
		}
	}
	return text
}
