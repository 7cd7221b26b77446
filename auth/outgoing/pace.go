package outgoing

import (
	"sync"
	"time"
)

// Pace bounds how often something is sent to one address or for one user: the
// first few times at once, then after a minute, two minutes, four … An hour of
// silence and all is forgotten. It keeps this in memory.
type Pace struct {
	free int           // that are sent at once
	most time.Duration // the longest interval
	now  func() time.Time

	mu   sync.Mutex // guards the following
	seen map[string]sent
}

type sent struct {
	times int
	last  time.Time
}

// Bounds of a Pace.
const (
	firstInterval = time.Minute
	forgetAfter   = time.Hour
	paceKeys      = 20_000 // remembered; above that those that were forgotten anyway are removed
)

// NewPace makes a pace of which so many are free, with intervals of at most most.
func NewPace(free int, most time.Duration, now func() time.Time) *Pace {
	return &Pace{free: free, most: min(most, forgetAfter), now: now, seen: make(map[string]sent)}
}

// Take counts another one and returns 0, or how long it is too early for it.
func (p *Pace) Take(key string) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	s := p.seen[key]
	if now.Sub(s.last) >= forgetAfter {
		s = sent{}
	}
	if s.times >= p.free {
		if wait := p.interval(s.times-p.free) - now.Sub(s.last); wait > 0 {
			return wait
		}
	}
	if len(p.seen) >= paceKeys {
		p.prune(now)
	}
	p.seen[key] = sent{s.times + 1, now}
	return 0
}

func (p *Pace) interval(n int) time.Duration {
	return min(firstInterval<<min(n, 10), p.most)
}

// prune makes room: first what has been forgotten, then anything.
func (p *Pace) prune(now time.Time) {
	for k, s := range p.seen {
		if now.Sub(s.last) >= forgetAfter {
			delete(p.seen, k)
		}
	}
	for k := range p.seen {
		if len(p.seen) < paceKeys/2 {
			return
		}
		delete(p.seen, k)
	}
}

// Forget begins anew for a key.
func (p *Pace) Forget(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.seen, key)
}
