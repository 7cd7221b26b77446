package chat

import (
	"regexp"
	"strings"
	"testing"
)

func TestExternal(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^u[0-9a-v]{13}$`)
	for range 1000 {
		u := NewUID()
		s := u.External()
		if back, err := ParseExternal(s); !form.MatchString(s) || back != u || err != nil {
			t.Fatalf("%v is %s, and back %v, %v", u, s, back, err)
		}
	}
	if s := UID(1).External(); s != "u0400000000000" {
		t.Errorf("got %s", s)
	}
	for _, s := range []string{"", "u", UID(0).External(), "u0000000000000", "U0400000000000", "u040000000000", "u0400000000001", "g0400000000000", "u040000000000w", UID(1).String()} {
		if u, err := ParseExternal(s); err == nil {
			t.Errorf("%q is %v", s, u)
		}
	}
}

func TestExternalGroup(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^g[0-9a-v]{1,52}$`)
	seen := map[string]bool{}
	for _, name := range []string{"grpAAAAAAAAAAA", "grpAAAAAAAAAAE", "grpA", "grp" + strings.Repeat("A", 48), "grp" + strings.Repeat("A", 47), P2PName(1, 2)} {
		s := ExternalGroup(name)
		if !form.MatchString(s) || seen[s] {
			t.Errorf("%s is %s", name, s)
		}
		seen[s] = true
	}
}
