// Package limit counts how often somebody does something and says how long he
// must wait: buckets for what is allowed at a rate, and a Guard for wrong
// passwords. It knows neither who they are nor what becomes of those who are
// refused. What it remembers is bounded.
package limit

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Rate is how often something may happen in the long run, and how often at once
// after a while without. The zero value is no limit.
type Rate struct {
	Every time.Duration // from one to the next, in the long run
	Burst int           // at once; at least 1
}

// Off tells a rate that limits nothing.
func (r Rate) Off() bool { return r.Every <= 0 }

// String is the form that ParseRate reads.
func (r Rate) String() string {
	if r.Off() {
		return "off"
	}
	for _, u := range units {
		if n := u.span / r.Every; n > 0 && u.span/n == r.Every {
			return fmt.Sprintf("%d/%s, burst %d", n, u.name, r.Burst)
		}
	}
	return fmt.Sprintf("1 each %s, burst %d", r.Every, r.Burst)
}

var units = []struct {
	name string
	span time.Duration
}{{"s", time.Second}, {"min", time.Minute}, {"h", time.Hour}, {"day", 24 * time.Hour}}

const maxBurst = 1_000_000

var errRate = errors.New(`must be a rate such as "10/s, burst 100" (also per min, h or day), or "off"`)

// ParseRate reads "10/s, burst 100", "5/min" (a burst of 5) or "off".
func ParseRate(text string) (Rate, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "off" {
		return Rate{}, nil
	}
	rate, burst, both := strings.Cut(text, ",")
	count, unit, ok := strings.Cut(rate, "/")
	n, err := strconv.Atoi(strings.TrimSpace(count))
	if !ok || err != nil || n < 1 || n > maxBurst {
		return Rate{}, errRate
	}
	r := Rate{Burst: n}
	for _, u := range units {
		if u.name == strings.TrimSpace(unit) {
			r.Every = u.span / time.Duration(n)
		}
	}
	if both {
		digits, ok := strings.CutPrefix(strings.TrimSpace(burst), "burst")
		if r.Burst, err = strconv.Atoi(strings.TrimSpace(digits)); !ok || err != nil {
			return Rate{}, errRate
		}
	}
	if r.Every <= 0 || r.Burst < 1 || r.Burst > maxBurst {
		return Rate{}, errRate
	}
	return r, nil
}

// Bucket counts against a Rate. It is a token bucket in the form of the generic
// cell rate algorithm: one number, the time at which it is full again, so that a
// session pays eight bytes and no lock for each limit. The zero value is full.
// All methods are safe from any goroutine.
type Bucket struct{ full atomic.Int64 }

// Take notes one more at the time now, in Unix nanoseconds, and returns 0; or, if
// that is too many, it notes nothing and returns how long to wait.
func (b *Bucket) Take(now int64, r Rate) time.Duration {
	if r.Off() {
		return 0
	}
	depth := int64(r.Every) * int64(r.Burst)
	for {
		old := b.full.Load()
		full := old
		if full < now || full > now+depth { // full; or the clock was set back
			full = now
		}
		full += int64(r.Every)
		if wait := full - now - depth; wait > 0 {
			return time.Duration(wait)
		}
		if b.full.CompareAndSwap(old, full) {
			return 0
		}
	}
}

// Full tells a bucket that remembers nothing.
func (b *Bucket) Full(now int64) bool { return b.full.Load() <= now }
