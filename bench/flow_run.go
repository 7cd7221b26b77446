//go:build linux

package bench

import (
	"context"
	"time"
)

// maxBacklog is how many unanswered messages an open loop may pile up before it gives up.
const maxBacklog = 20000

// reapEvery is how often lost messages are looked for.
const reapEvery = 500 * time.Millisecond

// flowStats is what was measured in an interval.
type flowStats struct {
	counts         flowCounts
	usage          usage
	ack, one, last *hist
	lag            *hist
	saturated      bool // the open loop gave up
}

// start fills the windows of all publishers.
func (f *flow) start() {
	f.loop.do(func() {
		f.running = true
		for _, p := range f.pubs {
			f.fill(p)
		}
	})
}

// stop ends publishing and waits for the messages in flight.
func (f *flow) stop() {
	f.loop.do(func() { f.running = false })
	for end := time.Now().Add(lostAfter); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var busy bool
		f.loop.do(func() {
			busy = f.backlog > 0
			for _, p := range f.pubs {
				busy = busy || len(p.pending) > 0
			}
		})
		if !busy {
			break
		}
	}
	f.loop.do(func() {
		for _, p := range f.pubs {
			p.pending = nil
		}
		f.backlog = 0
	})
}

// wait lets time pass and reaps lost messages meanwhile.
func (f *flow) wait(ctx context.Context, d time.Duration) error {
	for end := time.Now().Add(d); ; {
		left := time.Until(end)
		if left <= 0 {
			return nil
		}
		if err := sleep(ctx, min(left, reapEvery)); err != nil {
			return err
		}
		f.loop.do(f.reap)
	}
}

// measure observes the running flow for a while.
func (f *flow) measure(ctx context.Context, t *target, d time.Duration) (flowStats, error) {
	return f.measureDuring(t, func() error { return f.wait(ctx, d) })
}

// measureDuring observes the running flow until something has ended.
func (f *flow) measureDuring(t *target, something func() error) (flowStats, error) {
	var before, after flowCounts
	meter := t.startMeter()
	f.loop.do(func() {
		f.resetTimes()
		f.from, before = f.loop.now, f.counts
	})
	err := something()
	f.loop.do(func() { f.to, after = f.loop.now, f.counts })
	return flowStats{counts: after.minus(before), usage: meter.lap(), ack: f.ack, one: f.one, last: f.last, lag: f.lag}, err
}

// runClosed publishes with a fixed number of messages in flight.
func (f *flow) runClosed(ctx context.Context, t *target, warm, d time.Duration) (flowStats, error) {
	f.start()
	defer f.stop()
	if err := f.wait(ctx, warm); err != nil {
		return flowStats{}, err
	}
	return f.measure(ctx, t, d)
}

// pace publishes at a fixed rate, whatever the server does, until end is called. Times count from
// when a message was due, so that a stall of the server, or of the generator, shows in all messages
// that it delays.
func (f *flow) pace(rate float64) (p *pacer, end func()) {
	p = &pacer{flow: f, gapNs: float64(time.Second) / rate}
	f.loop.do(func() {
		p.start = f.loop.now
		f.loop.pace(p.sendDue)
	})
	return p, func() {
		f.loop.do(func() { p.halt = true; f.loop.runPacer() })
		f.stop()
	}
}

// runOpen publishes at a fixed rate.
func (f *flow) runOpen(ctx context.Context, t *target, rate float64, warm, d time.Duration) (flowStats, error) {
	p, end := f.pace(rate)
	defer end()
	if err := f.wait(ctx, warm); err != nil {
		return flowStats{}, err
	}
	s, err := f.measure(ctx, t, d)
	f.loop.do(func() { s.saturated = p.saturated })
	return s, err
}

// pacer sends the messages of an open loop when they are due. It belongs to the loop's goroutine.
type pacer struct {
	flow      *flow
	gapNs     float64 // between two messages
	start     int64
	sent      int
	saturated bool
	halt      bool
}

// sendDue sends what is due and returns when the next message will be; zero ends the pacing.
func (p *pacer) sendDue(now int64) int64 {
	f := p.flow
	for !p.halt {
		due := p.start + int64(float64(p.sent)*p.gapNs)
		if due > now {
			return due
		}
		if f.backlog >= maxBacklog {
			p.saturated = true
			return 0
		}
		f.publish(f.pubs[p.sent%len(f.pubs)], due)
		if f.from > 0 {
			f.lag.record(now - due)
		}
		p.sent++
	}
	return 0
}
