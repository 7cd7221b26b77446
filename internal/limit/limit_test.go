package limit

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestParseRate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Rate{
		"off":              {},
		"10/s":             {100 * time.Millisecond, 10},
		"10/s, burst 100":  {100 * time.Millisecond, 100},
		" 3 / MIN,burst 1": {20 * time.Second, 1},
		"60/h, burst 5":    {time.Minute, 5},
		"1/day, burst 2":   {24 * time.Hour, 2},
	} {
		got, err := ParseRate(text)
		if err != nil || got != want {
			t.Errorf("%q: got %+v, %v; want %+v", text, got, err, want)
		}
		if again, err := ParseRate(got.String()); err != nil || again != got {
			t.Errorf("%q: %q reads as %+v, %v", text, got, again, err)
		}
	}
	for _, text := range []string{"", "10", "10/x", "0/s", "-1/s", "10/s, 5", "10/s, burst 0", "10/s, burst x", "99999999/s", "a/s", "10/s,"} {
		if r, err := ParseRate(text); err == nil {
			t.Errorf("%q is taken: %v", text, r)
		}
	}
}

func TestBucket(t *testing.T) {
	t.Parallel()
	var b Bucket
	r := Rate{Every: time.Second, Burst: 3}
	at := func(s float64) int64 { return int64(1e18) + int64(s*1e9) }
	for i, c := range []struct {
		at   float64
		wait time.Duration
	}{
		{0, 0},
		{0, 0},
		{0, 0},
		{0, time.Second},
		{0.5, 500 * time.Millisecond},
		{1, 0},
		{1, time.Second},
		{100, 0},
		{100, 0},
		{100, 0},
		{100, time.Second},
		{5, 0}, // the clock was set back: nobody waits for it to come there again
	} {
		if got := b.Take(at(c.at), r); got != c.wait {
			t.Errorf("%d: at %v: wait %v, want %v", i, c.at, got, c.wait)
		}
	}
	if b.Full(at(5)) || !b.Full(at(7)) {
		t.Error("Full")
	}
	if b.Take(at(7), Rate{}) != 0 {
		t.Error("a limit where there is none")
	}
}

func TestTableIsBounded(t *testing.T) {
	t.Parallel()
	table := NewTable[int](10, func(v *int) bool { return *v == 0 })
	hold := table.Hold(-1)
	for i := range 1000 {
		e := table.Hold(i)
		e.Value = i % 7
		table.Release(e)
	}
	if n := table.Len(); n > 11 {
		t.Errorf("%d entries", n)
	}
	if e := table.Hold(999); e.Value != 999%7 {
		t.Errorf("the latest is forgotten: %d", e.Value)
	}
	if table.Hold(-1) != hold || table.Held(-1) != 2 || table.Held(5000) != 0 {
		t.Error("another entry for the same key")
	}
}

func place(i int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 32)
}

var rules = GuardConfig{PerAccount: 5, PerAddress: 20, MaxDelay: 15 * time.Minute}

// fail makes wrong attempts until one is refused, and returns how many there
// were and how long to wait.
func fail(g *Guard, account string, from netip.Prefix) (n int, wait time.Duration) {
	for {
		a, wait, _ := g.Begin(context.Background(), account, from, false)
		if a == nil {
			return n, wait
		}
		a.Failed()
		n++
	}
}

func TestGrowingDelays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGuard(rules, time.Now)
		n, wait := fail(g, "ann", place(1))
		if n != 5 || wait != time.Second {
			t.Errorf("%d tries, then %v", n, wait)
		}
		if _, _, news := g.Begin(t.Context(), "ann", place(1), false); news {
			t.Error("told twice")
		}
		for _, want := range []time.Duration{2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900} {
			time.Sleep(wait)
			if n, wait = fail(g, "ann", place(1)); n != 1 || wait != want*time.Second {
				t.Errorf("%d tries, then %v; want %v", n, wait, want*time.Second)
			}
		}
		time.Sleep(wait)
		a, _, _ := g.Begin(t.Context(), "ann", place(1), false)
		a.Succeeded()
		// The address remembers what it did; the account does not.
		if n, _ := fail(g, "ann", place(2)); n != 5 {
			t.Errorf("%d tries after a success", n)
		}
		time.Sleep(24 * time.Hour)
		if n, _ := fail(g, "ann", place(1)); n != 5 {
			t.Errorf("%d tries a day later", n)
		}
	})
}

// TestSpraying: one password for many accounts is slowed down by the address.
func TestSpraying(t *testing.T) {
	t.Parallel()
	g := NewGuard(rules, time.Now)
	n := 0
	for i := range 1000 {
		if a, _, _ := g.Begin(t.Context(), fmt.Sprint("user", i), place(1), false); a != nil {
			a.Failed()
			n++
		}
	}
	if n != 20 {
		t.Errorf("%d tries", n)
	}
	if a, _, _ := g.Begin(t.Context(), "user1", place(1), true); a == nil {
		t.Error("a trusted address is counted")
	}
}

// TestManyAtOnce: sending attempts in parallel gains nothing, and right
// passwords are not in each other's way.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	g := NewGuard(rules, time.Now)
	hurry, cancel := context.WithCancel(t.Context())
	cancel() // nobody waits in line
	var under []*Attempt
	for range 100 {
		if a, _, _ := g.Begin(hurry, "ann", place(1), false); a != nil {
			under = append(under, a)
		}
	}
	if len(under) != 5 {
		t.Errorf("%d at once", len(under))
	}
	for _, a := range under {
		a.Void()
	}
	under = nil
	for i := range 200 {
		a, wait, _ := g.Begin(t.Context(), fmt.Sprint("user", i), place(2), false)
		if a == nil {
			t.Fatalf("the login %d waits %v", i, wait)
		}
		under = append(under, a)
	}
	for _, a := range under {
		a.Succeeded()
	}
	if n, _ := fail(g, "ann", place(1)); n != 5 {
		t.Errorf("%d tries", n)
	}
}

// storm makes n attempts at the same moment, each of which takes so long, and
// counts those that were looked at and the longest wait of the others.
func storm(g *Guard, n int, takes time.Duration, end func(*Attempt)) (looked int, longest time.Duration) {
	var all sync.WaitGroup
	var mu sync.Mutex
	for range n {
		all.Go(func() {
			begun := time.Now()
			a, _, _ := g.Begin(context.Background(), "ann", place(1), false)
			mu.Lock()
			longest = max(longest, time.Since(begun))
			if a != nil {
				looked++
			}
			mu.Unlock()
			if a != nil {
				time.Sleep(takes)
				end(a)
			}
		})
	}
	all.Wait()
	return looked, longest
}

// TestLine: right passwords that come at once all get in, those that come above
// the tries wait for the others; wrong ones get no more tries by it.
func TestLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGuard(rules, time.Now)
		if n, wait := storm(g, 40, 100*time.Millisecond, (*Attempt).Succeeded); n != 40 || wait > time.Second {
			t.Errorf("%d of 40 right ones, after at most %v", n, wait)
		}
		if n, wait := storm(g, 40, 100*time.Millisecond, (*Attempt).Failed); n != 5 || wait > 200*time.Millisecond {
			t.Errorf("%d of 40 wrong ones, told after at most %v", n, wait)
		}
		time.Sleep(2 * time.Second) // one try: who comes beside it waits for it
		if n, _ := storm(g, 10, 100*time.Millisecond, (*Attempt).Failed); n != 1 {
			t.Errorf("%d of 10 wrong ones after the delay", n)
		}
		time.Sleep(3 * time.Second)
		if n, _ := storm(g, 10, 100*time.Millisecond, (*Attempt).Succeeded); n != 10 {
			t.Errorf("%d of 10 right ones after the delay", n)
		}
		// Nobody waits for ever, nor do more than a few.
		if n, wait := storm(g, 200, time.Minute, (*Attempt).Void); n != 5 || wait != lineTime {
			t.Errorf("%d of 200 slow ones, after at most %v", n, wait)
		}
		if g.waiting != 0 || g.pairs.Len() > 1 {
			t.Errorf("%d in line, %d pairs known", g.waiting, g.pairs.Len())
		}
	})
}

// TestLineIsBounded: above maxLine the answer comes at once.
func TestLineIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGuard(rules, time.Now)
		done := make(chan struct{})
		go func() {
			defer close(done)
			storm(g, 5+maxLine, 2*time.Second, (*Attempt).Void)
		}()
		synctest.Wait()
		begun := time.Now()
		if a, wait, news := g.Begin(t.Context(), "ann", place(1), false); a != nil || wait != firstDelay || !news || time.Since(begun) != 0 {
			t.Errorf("%v, wait %v, news %t, after %v", a, wait, news, time.Since(begun))
		}
		a, _, _ := g.Begin(t.Context(), "bob", place(1), false) // others are not concerned
		if a == nil || time.Since(begun) != 0 {
			t.Fatalf("somebody else waited %v", time.Since(begun))
		}
		a.Succeeded()
		<-done
	})
}

// TestOwnerIsNotLockedOut: 10,000 wrong passwords from 1,000 addresses leave the
// owner of the account his try, and get no more tries than addresses and a bit.
func TestOwnerIsNotLockedOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGuard(rules, time.Now)
		tried := 0
		for i := range 10_000 {
			if a, _, _ := g.Begin(t.Context(), "ann", place(i%1000), false); a != nil {
				a.Failed()
				tried++
			}
			time.Sleep(time.Millisecond)
		}
		if tried > 6000 {
			t.Errorf("%d of 10,000 were tried", tried)
		}
		t.Logf("%d of 10,000 were tried", tried)
		a, wait, _ := g.Begin(t.Context(), "ann", place(5000), false)
		if a == nil {
			t.Fatalf("the owner waits %v", wait)
		}
		a.Succeeded()
	})
}

func TestGuardIsBounded(t *testing.T) {
	t.Parallel()
	g := NewGuard(rules, time.Now)
	for i := range keptGuarded + 5000 {
		if a, _, _ := g.Begin(t.Context(), fmt.Sprint(i), place(i), false); a != nil {
			a.Failed()
		}
	}
	if n := max(g.pairs.Len(), g.accounts.Len(), g.places.Len()); n > keptGuarded {
		t.Errorf("%d entries", n)
	}
}

func BenchmarkBucket(b *testing.B) {
	var one Bucket
	r := Rate{Every: 1, Burst: 1000}
	b.RunParallel(func(p *testing.PB) {
		now := time.Now().UnixNano()
		for p.Next() {
			now += 10
			one.Take(now, r)
		}
	})
}
