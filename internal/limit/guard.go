package limit

import (
	"context"
	"hash/maphash"
	"net/netip"
	"sync"
	"time"
)

// GuardConfig are the rules for wrong passwords.
type GuardConfig struct {
	PerAccount int           // wrong ones of an account from one address without a delay; 0: any number
	PerAddress int           // of all accounts from one address; 0: any number
	MaxDelay   time.Duration // the delay begins at firstDelay and doubles up to this
}

const (
	firstDelay = time.Second
	// An account that is attacked from everywhere is not locked: its owner would
	// be, too. But from then on each address has only one try without a delay.
	attackedAfter = 20 // × PerAccount
	// How many right passwords may be on their way at a time from one address.
	addressSlack = 256
	// One wrong password is forgotten after:
	pairDrain    = 4           // × MaxDelay; of an address, × MaxDelay
	accountDrain = time.Minute // of an account from everywhere
	keptGuarded  = 1 << 16     // of each: accounts, addresses, pairs of them
	// Who comes while as many are under way as there are tries left waits for
	// what becomes of them: with the right password he gets in.
	lineTime = 5 * time.Second
	maxLine  = 64   // that wait for the same ones
	maxLines = 1024 // that wait in all
)

// Guard slows down those who guess passwords. An account is whatever name was
// given: one that does not exist is counted like others, so that nobody learns
// which do. All methods are safe from any goroutine.
type Guard struct {
	cfg      GuardConfig
	now      func() time.Time
	seed     maphash.Seed
	pairs    *Table[pair, tries]
	accounts *Table[uint64, tries]
	places   *Table[netip.Prefix, tries]

	mu      sync.Mutex // guards all tries that are held, and the following
	waiting int        // in lines
}

type pair struct {
	account uint64
	place   netip.Prefix
}

// tries are the wrong passwords of late.
type tries struct {
	failed, pending int
	waiting         int           // in line for what becomes of those under way
	ended           chan struct{} // closed when one of these has ended; nil: nobody waits
	told            bool          // since the last one failed, somebody was refused
	last            time.Time     // when the last one failed
	drained         time.Time     // until then failed was drained
	drain           time.Duration // after which one is forgotten
	now             func() time.Time
}

// NewGuard makes a guard that has seen nothing yet.
func NewGuard(cfg GuardConfig, now func() time.Time) *Guard {
	g := &Guard{cfg: cfg, now: now, seed: maphash.MakeSeed()}
	// The functions look at tries that nobody holds, and so need no lock.
	forget := func(t *tries) bool { return t.pending == 0 && t.count() == 0 }
	g.pairs = NewTable[pair](keptGuarded, forget)
	g.accounts = NewTable[uint64](keptGuarded, forget)
	g.places = NewTable[netip.Prefix](keptGuarded, forget)
	return g
}

// count is how many are remembered.
func (t *tries) count() int {
	if t.failed == 0 {
		return 0
	}
	if n := t.now().Sub(t.drained) / t.drain; n > 0 {
		t.failed = max(t.failed-int(min(n, time.Duration(t.failed))), 0)
		t.drained = t.drained.Add(n * t.drain)
	}
	return t.failed
}

// Attempt is a password that is being checked. Exactly one of its methods is to
// be called, once.
type Attempt struct {
	guard   *Guard
	pair    *Entry[pair, tries]
	account *Entry[uint64, tries]
	place   *Entry[netip.Prefix, tries] // nil: not counted
}

// Begin asks for a try. It returns nil and how long to wait if there were too
// many wrong ones before; news tells the first of those who are refused in the
// same delay. trusted tells an address that may be that of many,
// such as a proxy: what it does to different accounts is not added up.
//
// If only those under way are too many it waits in line for them, until ctx ends
// or for lineTime, unless many wait already.
func (g *Guard) Begin(ctx context.Context, account string, place netip.Prefix, trusted bool) (a *Attempt, wait time.Duration, news bool) {
	id := maphash.String(g.seed, account)
	a = &Attempt{guard: g, pair: g.pairs.Hold(pair{id, place}), account: g.accounts.Hold(id)}
	if !trusted {
		a.place = g.places.Hold(place)
	}
	var patience *time.Timer
	for {
		var ended <-chan struct{}
		var leave func()
		if wait, news, ended, leave = a.enter(true); ended == nil {
			break
		}
		if patience == nil {
			patience = time.NewTimer(lineTime)
			defer patience.Stop()
		}
		done := false
		select {
		case <-ended:
		case <-patience.C:
			done = true
		case <-ctx.Done():
			done = true
		}
		leave()
		if done {
			wait, news, _, _ = a.enter(false)
			break
		}
	}
	if wait > 0 {
		a.release()
		return nil, wait, news
	}
	return a, 0, false
}

// enter counts the attempt as pending, unless it has to wait. If mayLine and it
// is only for those under way, it is put in line instead: ended is closed when
// one of them has ended, and leave is to be called after that.
func (a *Attempt) enter(mayLine bool) (wait time.Duration, news bool, ended <-chan struct{}, leave func()) {
	g := a.guard
	cause := &a.pair.Value
	underWay := false
	g.mu.Lock()
	defer g.mu.Unlock()
	g.prepare(&a.pair.Value, pairDrain*g.cfg.MaxDelay)
	g.prepare(&a.account.Value, accountDrain)
	if free := g.cfg.PerAccount; free > 0 {
		if a.account.Value.count() >= attackedAfter*free {
			free = 1
		}
		wait, underWay = g.wait(&a.pair.Value, free, 0)
	}
	if a.place != nil && g.cfg.PerAddress > 0 {
		g.prepare(&a.place.Value, g.cfg.MaxDelay)
		// The longer wait counts, and one that is no line.
		if w, line := g.wait(&a.place.Value, g.cfg.PerAddress, addressSlack); w > 0 && (wait == 0 || underWay && !line || underWay == line && w > wait) {
			wait, underWay, cause = w, line, &a.place.Value
		}
	}
	switch {
	case wait == 0:
		a.each(func(t *tries) { t.pending++ })
		return 0, false, nil, nil
	case underWay && mayLine && cause.waiting < maxLine && g.waiting < maxLines:
		ended, leave = g.line(cause)
		return wait, false, ended, leave
	}
	news, cause.told = !cause.told, true
	return wait, news, nil, nil
}

// line puts somebody in line for those under way. mu is held.
func (g *Guard) line(t *tries) (ended <-chan struct{}, leave func()) {
	if t.ended == nil {
		t.ended = make(chan struct{})
	}
	t.waiting++
	g.waiting++
	return t.ended, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		t.waiting--
		g.waiting--
	}
}

func (g *Guard) prepare(t *tries, drain time.Duration) {
	t.now, t.drain = g.now, max(drain, firstDelay)
}

// wait is how long there is no try; underWay: because of those that are. They
// count as wrong ones, but for slack of them: somebody who sends many at once
// gains nothing.
func (g *Guard) wait(t *tries, free, slack int) (wait time.Duration, underWay bool) {
	failed := t.count()
	if failed < free {
		if failed+t.pending < free+slack {
			return 0, false
		}
		return firstDelay, true
	}
	if t.pending > 0 {
		return firstDelay, true
	}
	return max(g.delay(failed-free)-g.now().Sub(t.last), 0), false
}

// delay is that after so many wrong ones more than are free.
func (g *Guard) delay(over int) time.Duration {
	if over > 30 {
		return g.cfg.MaxDelay
	}
	return min(firstDelay<<over, g.cfg.MaxDelay)
}

func (a *Attempt) each(f func(*tries)) {
	f(&a.pair.Value)
	f(&a.account.Value)
	if a.place != nil {
		f(&a.place.Value)
	}
}

// Failed is to be called when the password was wrong.
func (a *Attempt) Failed() {
	g := a.guard
	most := 2 * attackedAfter * max(g.cfg.PerAccount, g.cfg.PerAddress, 1) // more mean nothing more
	a.end(func(t *tries) {
		if t.last = g.now(); t.count() == 0 {
			t.drained = t.last
		}
		t.failed, t.told = min(t.failed+1, most), false
	})
}

// Succeeded is to be called when it was right: what was wrong before, at this
// account, is forgotten. The address is not forgiven, because who guesses the
// passwords of others may well have an account of his own.
func (a *Attempt) Succeeded() {
	a.end(nil, &a.pair.Value, &a.account.Value)
}

// Void is to be called when nothing was found out.
func (a *Attempt) Void() { a.end(nil) }

func (a *Attempt) end(failed func(*tries), forgiven ...*tries) {
	a.guard.mu.Lock()
	a.each(func(t *tries) {
		t.pending--
		if failed != nil {
			failed(t)
		}
		if t.ended != nil {
			close(t.ended)
			t.ended = nil
		}
	})
	for _, t := range forgiven {
		t.failed = 0
	}
	a.guard.mu.Unlock()
	a.release()
}

func (a *Attempt) release() {
	g := a.guard
	g.pairs.Release(a.pair)
	g.accounts.Release(a.account)
	g.places.Release(a.place)
}
