package outgoing

import (
	"fmt"
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	begin := now
	p := NewPace(2, 15*time.Minute, func() time.Time { return now })
	var taken []time.Duration
	for now.Before(begin.Add(90 * time.Minute)) {
		if p.Take("a") == 0 {
			taken = append(taken, now.Sub(begin))
		}
		now = now.Add(10 * time.Second)
	}
	// Two at once (10 s is how often we look), then with growing intervals.
	if got, want := fmt.Sprint(taken), "[0s 10s 1m10s 3m10s 7m10s 15m10s 30m10s 45m10s 1h0m10s 1h15m10s]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if p.Take("b") > 0 {
		t.Error("others are concerned")
	}
	three := func(what string) {
		t.Helper()
		var got []bool
		for range 3 {
			got = append(got, p.Take("a") == 0)
		}
		if fmt.Sprint(got) != "[true true false]" {
			t.Errorf("%s: %v", what, got)
		}
	}
	if wait := p.Take("a"); wait != 10*time.Second {
		t.Errorf("wait %v", wait)
	}
	p.Forget("a")
	three("begun anew")
	now = now.Add(time.Hour)
	three("after an hour")
	for i := range 3 * paceKeys {
		p.Take(fmt.Sprint(i))
	}
	if n := len(p.seen); n > paceKeys {
		t.Errorf("%d keys are kept", n)
	}
}
