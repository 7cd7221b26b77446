package outbound

import (
	"slices"
	"sync"
	"time"
)

// minStay is the shortest time between two changes of the preferred host.
const minStay = 30 * time.Second

// Hosts are base URLs that do the same. The one in use stays until it fails.
type Hosts struct {
	urls []string
	now  func() time.Time

	mu      sync.Mutex
	current int
	changed time.Time
}

// NewHosts makes a list of at least one URL; the first is used first.
func NewHosts(urls []string, now func() time.Time) *Hosts {
	return &Hosts{urls: slices.Clone(urls), now: now}
}

// Current is the one in use.
func (h *Hosts) Current() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.urls[h.current]
}

// Failed notes that a host did not do its work. If it is the one in use, and not
// only just so, the next one is from now on.
func (h *Hosts) Failed(base string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	if h.urls[h.current] != base || !h.changed.IsZero() && now.Sub(h.changed) < minStay {
		return
	}
	h.current, h.changed = (h.current+1)%len(h.urls), now
}

// After is the one to repeat a request on that failed on base; false if there is
// none.
func (h *Hosts) After(base string) (string, bool) {
	i := slices.Index(h.urls, base)
	next := h.urls[(i+1)%len(h.urls)]
	return next, next != base
}
