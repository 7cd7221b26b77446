package bridge

import (
	"sync"
	"time"

	"parley/internal/outbound"
)

// Rules of the breaker (bridges.md §E5).
const (
	breakAfter    = 5 // temporary failures in a row
	breakOf       = 20
	breakWindow   = 30 * time.Second // in which half of breakOf calls failed
	openFor       = 30 * time.Second
	maxOpen       = 5 * time.Minute
	misconfigured = 5 * time.Minute
	maxPause      = time.Minute // after being told to slow down, however often
)

// State of a breaker, as counters have it.
const (
	breakerClosed = iota
	breakerOpen
	breakerProbing
)

// breaker keeps requests from a service that does not answer. The zero value is
// closed.
type breaker struct {
	mu      sync.Mutex
	until   time.Time // no request before that; zero: closed
	width   time.Duration
	probing bool
	why     outbound.Kind

	inRow, slow int
	began       time.Time // of the window
	calls, bad  int
}

// allow tells whether a request may go out now; else how long not, and why.
func (b *breaker) allow(now time.Time) (ok bool, wait time.Duration, why outbound.Kind) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.until.IsZero():
		return true, 0, 0
	case now.Before(b.until):
		return false, b.until.Sub(now), b.why
	case b.probing:
		return false, time.Second, b.why
	}
	b.probing = true
	return true, 0, 0
}

// state is one of the constants.
func (b *breaker) state(now time.Time) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.until.IsZero():
		return breakerClosed
	case now.Before(b.until) && !b.probing:
		return breakerOpen
	}
	return breakerProbing
}

// done notes how a request that was allowed ended; nil is success. It returns
// whether the breaker opened because of it.
func (b *breaker) done(now time.Time, err error) (opened bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	probe := b.probing
	b.probing = false
	kind := outbound.KindOf(err)
	if err == nil || kind == outbound.Forbidden { // it answered
		b.until, b.width, b.inRow, b.slow = time.Time{}, 0, 0, 0
		b.count(now, false)
		return false
	}
	switch kind {
	case outbound.Misconfigured:
		b.until, b.why = now.Add(misconfigured), kind
		return true
	case outbound.RateLimited:
		pause := max(outbound.RetryAfter(err), time.Second) << min(b.slow, 6)
		b.slow++
		b.until, b.why = now.Add(min(pause, maxPause)), kind
		return true
	}
	b.inRow++
	b.count(now, true)
	if !b.until.IsZero() && !probe {
		return false // it was sent before the breaker opened, and says nothing new
	}
	if !probe && b.inRow < breakAfter && !(b.calls >= breakOf && 2*b.bad >= b.calls) {
		return false
	}
	if b.width = min(2*b.width, maxOpen); b.width == 0 {
		b.width = openFor
	}
	b.until, b.why = now.Add(b.width), outbound.Temporary
	return true
}

// cancelled notes that a request that was allowed came to nothing through no
// fault of the service.
func (b *breaker) cancelled() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
}

func (b *breaker) count(now time.Time, bad bool) {
	if now.Sub(b.began) > breakWindow {
		b.began, b.calls, b.bad = now, 0, 0
	}
	b.calls++
	if bad {
		b.bad++
	}
}
