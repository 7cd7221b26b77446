package mailbox

import "sync"

// Workers are goroutines that drain boxes, kept for the next box when one is
// empty: a goroutine that has been deep in the store has a stack of the right
// size, and a fresh one would have to grow it again, copying, for every batch.
// There are never more idle ones than the number given to NewWorkers.
type Workers struct {
	jobs chan drainer // unbuffered: a send succeeds if somebody is idle
	idle chan struct{}
	quit chan struct{}
	once sync.Once
}

type drainer interface{ drain() }

// NewWorkers makes a pool that keeps up to so many idle goroutines. It starts
// none.
func NewWorkers(kept int) *Workers {
	return &Workers{jobs: make(chan drainer), idle: make(chan struct{}, kept), quit: make(chan struct{})}
}

// Close ends the idle goroutines. Boxes go on being drained.
func (w *Workers) Close() { w.once.Do(func() { close(w.quit) }) }

// run drains d soon; a nil pool does so too.
func (w *Workers) run(d drainer) {
	if w == nil {
		go d.drain()
		return
	}
	select {
	case w.jobs <- d:
	default:
		go w.work(d)
	}
}

func (w *Workers) work(d drainer) {
	for {
		d.drain()
		select {
		case w.idle <- struct{}{}:
		default:
			return // there are enough of us
		}
		select {
		case d = <-w.jobs:
			<-w.idle
		case <-w.quit:
			<-w.idle
			return
		}
	}
}
