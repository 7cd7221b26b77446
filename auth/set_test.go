package auth_test

import (
	"context"
	"strings"
	"testing"

	"parley/auth"
	"parley/auth/anon"
)

type tagger struct{ name string }

func (tagger) Authenticate(context.Context, []byte) (*auth.Record, error) { return nil, nil }
func (t tagger) Namespaces() []string                                     { return []string{t.name, "both"} }

func (t tagger) TagFor(word string) string {
	if word == "unknown" {
		return ""
	}
	return t.name + ":" + word
}

func TestSet(t *testing.T) {
	t.Parallel()
	s := auth.NewSet(map[string]auth.Scheme{"b": tagger{"staff"}, "a": tagger{"guest"}, "anonymous": anon.Scheme{}})
	if s.Get("ANONYMOUS") != (anon.Scheme{}) || s.Get("x") != nil || s.Get("") != nil || len(s.All()) != 3 {
		t.Error("names")
	}
	if got := strings.Join(s.Namespaces(), " "); got != "both guest staff" {
		t.Error(got)
	}
	if got := strings.Join(s.TagsFor("ann"), " "); got != "guest:ann staff:ann" || s.TagsFor("unknown") != nil {
		t.Error(got)
	}
	if c := auth.ClientOf(t.Context()); c != (auth.Client{}) {
		t.Error(c)
	}
}
