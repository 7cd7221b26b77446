package signin

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// FuzzOwnPath: where a browser goes that follows a path which was taken for our
// own, it stays here. Browsers drop tabs and line ends and read \ as /.
func FuzzOwnPath(f *testing.F) {
	for _, text := range []string{"/", "/a?b=c", "//x", "/\\x", "/\t/x", "/..//x", "/.//x", "/%2f/x", "/%5cx", "http://x", "/x#y", "/@x", "/:80", "/;//x"} {
		f.Add(text)
	}
	here, err := url.Parse("https://chat.example.com/v0/auth/oidc/x/callback")
	if err != nil {
		f.Fatal(err)
	}
	dropped := regexp.MustCompile(`[\t\r\n]`)
	f.Fuzz(func(t *testing.T, text string) {
		if !ownPath(text) {
			return
		}
		seen := strings.ReplaceAll(dropped.ReplaceAllString(text, ""), `\`, "/")
		there, err := here.Parse(seen)
		if err != nil || there.Host != here.Host || there.Scheme != here.Scheme || there.Fragment != "" || strings.HasPrefix(seen, "//") {
			t.Errorf("%q leads to %v, %v", text, there, err)
		}
		if strings.ContainsAny(text, "\r\n") {
			t.Errorf("%q breaks a header", text)
		}
	})
}

func TestCookieName(t *testing.T) {
	t.Parallel()
	d, err := New("oidc", [][]byte{[]byte(strings.Repeat("k", 32))}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for state, want := range map[string]string{
		strings.Repeat("A", 32): "parley-oidc-AAAAAAAAAAAA", strings.Repeat("A", 31): "", strings.Repeat("a", 32): "", strings.Repeat(";", 32): "",
	} {
		if got := d.CookieName(state); got != want {
			t.Errorf("%q: %q", state, got)
		}
	}
}
