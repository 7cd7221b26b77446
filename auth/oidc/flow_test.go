package oidc

import (
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	t.Parallel()
	if got := loginName("https://a.b", "1"); got != "https://a.b|1" {
		t.Error(got)
	}
	long := loginName("https://a.b", strings.Repeat("x", 255))
	if len(long) > 60 || long == loginName("https://a.b", strings.Repeat("x", 254)) {
		t.Error(long)
	}
	if got := tidy(" a\x00b\xff\n" + strings.Repeat("c", 100)); got != "a b "[:3]+" "+strings.Repeat("c", 56) {
		t.Errorf("%q", got)
	}
}
