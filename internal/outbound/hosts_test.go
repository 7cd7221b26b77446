package outbound

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestHosts(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1_700_000_000_000)
	h := NewHosts([]string{"a", "b"}, func() time.Time { return at })
	is := func(want string) {
		t.Helper()
		if got := h.Current(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	is("a")
	h.Failed("b") // not in use
	is("a")
	h.Failed("a")
	is("b")
	h.Failed("a") // a late answer
	is("b")
	at = at.Add(minStay - 1)
	h.Failed("b")
	is("b")
	at = at.Add(1)
	h.Failed("b")
	is("a")
	if next, ok := h.After("a"); next != "b" || !ok {
		t.Errorf("got %s, %t", next, ok)
	}
	if _, ok := NewHosts([]string{"a"}, nil).After("a"); ok {
		t.Error("there is no other")
	}
}

func TestFailure(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("mint: %w", &Failure{Service: "x", Kind: RateLimited, Code: 1008, Text: "slow down", RetryAfter: time.Second})
	if KindOf(err) != RateLimited || RetryAfter(err) != time.Second || err.Error() != "mint: x: code 1008 (rate_limited): slow down" {
		t.Errorf("got %v, %v, %v", KindOf(err), RetryAfter(err), err)
	}
	if KindOf(errors.New("x")) != Temporary || RetryAfter(errors.New("x")) != 0 {
		t.Error("anything else is temporary")
	}
}
