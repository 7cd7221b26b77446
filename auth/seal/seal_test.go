package seal

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestSeal(t *testing.T) {
	t.Parallel()
	old, key := bytes.Repeat([]byte("o"), 32), bytes.Repeat([]byte("k"), 32)
	box := func(purpose string, keys ...[]byte) *Box {
		b, err := New(keys, purpose)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	sealed := box("x", old).Seal([]byte("secret"), "usr1")
	if again := box("x", old).Seal([]byte("secret"), "usr1"); bytes.Equal(sealed, again) || bytes.Contains(sealed, []byte("secret")) {
		t.Error("not hidden")
	}
	if got, err := box("x", key, old).Open(sealed, "usr1"); string(got) != "secret" || err != nil {
		t.Errorf("after a change of keys: %q, %v", got, err)
	}
	changed := bytes.Clone(sealed)
	changed[len(changed)-1] ^= 1
	for name, open := range map[string]func() ([]byte, error){
		"another purpose": func() ([]byte, error) { return box("y", old).Open(sealed, "usr1") },
		"another subject": func() ([]byte, error) { return box("x", old).Open(sealed, "usr2") },
		"another key":     func() ([]byte, error) { return box("x", key).Open(sealed, "usr1") },
		"changed":         func() ([]byte, error) { return box("x", old).Open(changed, "usr1") },
		"short":           func() ([]byte, error) { return box("x", old).Open(sealed[:5], "usr1") },
		"nothing":         func() ([]byte, error) { return box("x", old).Open(nil, "usr1") },
	} {
		if got, err := open(); got != nil || !errors.Is(err, ErrOpen) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, err := New(nil, "x"); err == nil {
		t.Error("no key is enough")
	}
	if a, b := Text(40), Text(40); len(a) != 40 || a == b || strings.ToUpper(a) != a {
		t.Error(a, b)
	}
}
