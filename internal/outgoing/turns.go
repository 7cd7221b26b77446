package outgoing

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Turns keeps what is sent to one address to the pace of that address, whoever
// asked for it: what comes too early waits for its turn. All methods are safe
// from any goroutine. Nothing of it survives a restart.
//
// At a turn it goes to those first for whom, of all who wait, least was sent; a
// full line makes room at the cost of whoever has most in it. So somebody who
// asks for others, from one network, delays an owner who asks from another by one
// turn, and cannot push him out.
type Turns struct {
	pace *Pace
	now  func() time.Time

	mu      sync.Mutex // guards the following
	lines   map[string]*line
	waiting int // in all lines
	closed  bool
}

// line is of an address to which something is being sent, or waits to be.
type line struct {
	waiting []turn         // the oldest first
	served  map[string]int // by network, since the line began
	timer   *time.Timer
}

type turn struct {
	who     string
	network string
	since   time.Time
	send    func() bool
}

// Bounds of lines.
const (
	maxLine  = 8           // that wait for one address
	maxTurns = 10_000      // that wait in all
	lineLife = forgetAfter // whose turn has not come by then has asked again
)

// NewTurns makes turns by a pace, which nobody else may use.
func NewTurns(pace *Pace, now func() time.Time) *Turns {
	return &Turns{pace: pace, now: now, lines: make(map[string]*line)}
}

// Send calls now and returns its error, if the pace allows it. Otherwise it keeps
// later, which is called on a goroutine of its own, at most once, and says whether
// something was sent: a turn that was not used goes to the next one. What finds no
// room, or waits for more than lineLife, is dropped. key is the address, who it is
// for, which has one place in a line however often it asks, and network where it
// asks from.
func (t *Turns) Send(key, who, network string, now func() error, later func() bool) error {
	t.mu.Lock()
	l := t.lines[key]
	if l == nil {
		wait := t.pace.Take(key)
		if wait == 0 {
			t.mu.Unlock()
			return now()
		}
		if t.closed || t.waiting >= maxTurns {
			t.mu.Unlock()
			return nil
		}
		l = &line{served: make(map[string]int)}
		t.lines[key] = l
		l.timer = time.AfterFunc(wait, func() { t.next(key, l) })
	}
	defer t.mu.Unlock()
	if t.closed || t.waiting >= maxTurns {
		return nil
	}
	for i := range l.waiting {
		if w := &l.waiting[i]; w.who == who {
			w.since, w.send = t.now(), later
			return nil
		}
	}
	l.waiting = append(l.waiting, turn{who, network, t.now(), later})
	t.waiting++
	if len(l.waiting) > maxLine {
		l.waiting = l.without(l.crowded())
		t.waiting--
	}
	return nil
}

// crowded chooses who has to go: any of the network that has most in line.
func (l *line) crowded() int {
	count := make(map[string]int)
	most := 0
	for _, w := range l.waiting {
		count[w.network]++
		most = max(most, count[w.network])
	}
	var of []int
	for i, w := range l.waiting {
		if count[w.network] == most {
			of = append(of, i)
		}
	}
	return of[rand.IntN(len(of))]
}

func (l *line) without(i int) []turn {
	return append(l.waiting[:i:i], l.waiting[i+1:]...)
}

// take removes whose turn it is; nil: the line is empty.
func (t *Turns) take(l *line) func() bool {
	oldest := t.now().Add(-lineLife)
	best := -1
	kept := l.waiting[:0]
	for _, w := range l.waiting {
		if w.since.Before(oldest) {
			t.waiting--
			continue
		}
		kept = append(kept, w)
		if i := len(kept) - 1; best < 0 || l.served[w.network] < l.served[kept[best].network] {
			best = i
		}
	}
	l.waiting = kept
	if best < 0 {
		return nil
	}
	w := l.waiting[best]
	l.waiting = l.without(best)
	l.served[w.network]++
	t.waiting--
	return w.send
}

// next sends one of a line whose time has come.
func (t *Turns) next(key string, l *line) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if wait := t.pace.Wait(key); wait > 0 && !t.closed { // the clocks differ
		l.timer = time.AfterFunc(wait, func() { t.next(key, l) })
		return
	}
	for !t.closed {
		send := t.take(l)
		if send == nil {
			break
		}
		t.mu.Unlock()
		sent := send() // who comes meanwhile finds the line
		t.mu.Lock()
		if sent {
			t.pace.Take(key)
			if len(l.waiting) > 0 && !t.closed {
				l.timer = time.AfterFunc(t.pace.Wait(key), func() { t.next(key, l) })
				return
			}
			break
		}
	}
	t.waiting -= len(l.waiting)
	delete(t.lines, key)
}

// Close drops what waits, and waits for nothing.
func (t *Turns) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for _, l := range t.lines {
		l.timer.Stop()
	}
	clear(t.lines)
}
