package config

import (
	"fmt"
	"io"
)

// Secret is a text that must not be seen. Whatever prints or encodes it writes
// "***"; string(s) is the text itself, for the one place that needs it.
type Secret string

// Key is a decoded binary key, hidden like a Secret; []byte(k) are its bytes.
type Key []byte

const hidden = "***"

// String hides the secret; the empty one is empty.
func (s Secret) String() string { return hide(len(s)) }

// Format hides the secret from every verb of fmt.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText hides the secret from encoders and slog.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// String hides the key; the empty one is empty.
func (k Key) String() string { return hide(len(k)) }

// Format hides the key from every verb of fmt.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// MarshalText hides the key from encoders and slog.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

func hide(n int) string {
	if n == 0 {
		return ""
	}
	return hidden
}
