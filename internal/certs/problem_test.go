package certs

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/crypto/acme"
)

const kinds = "urn:ietf:params:acme:error:"

// TestExplain: each kind of failure names its cure, in one line.
func TestExplain(t *testing.T) {
	t.Parallel()
	vague := errors.New(`acme/autocert: unable to satisfy "x" for domain "a.b": no viable challenge type found`)
	for name, tc := range map[string]struct {
		answer string // of the authority, before
		err    error
		want   string
	}{
		"dns": {
			`{"identifier":{"value":"a.b"},"challenges":[{"type":"x"},{"error":{"type":"` + kinds + `dns","detail":"NXDOMAIN"}}]}`,
			vague, "DNS has no address for a.b: make an A or AAAA record that points to this machine (NXDOMAIN)",
		},
		"another name's": {`{"identifier":{"value":"c.d"},"challenges":[{"error":{"type":"` + kinds + `dns","detail":"NXDOMAIN"}}]}`, vague, "no viable challenge"},
		"rate limit":     {"", &acme.Error{ProblemType: kinds + "rateLimited", Detail: "until 5"}, "refuses for a while; until it works, try with its staging server (tls.autocert.directory) (until 5)"},
		"unknown kind":   {"", &acme.Error{ProblemType: kinds + "x", Detail: "why"}, "the authority says: why"},
		"not JSON":       {"<", errors.New("EOF"), "EOF; check that this machine can reach"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &problems{}
			p.read([]byte(tc.answer))
			if got := p.explain("a.b", tc.err); !strings.Contains(got, tc.want) || strings.Contains(got, "\n") {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
