//go:build linux

package bench

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"time"
)

// crashRun are the flags of the scenario crash.
type crashRun struct {
	flowFlags
	rounds, stored int
}

func crashScenario(fs *flag.FlagSet) runFunc {
	o := &crashRun{}
	o.define(fs, kindP2P)
	fs.IntVar(&o.rounds, "rounds", 3, "kills")
	fs.IntVar(&o.stored, "stored", 0, "messages to store before the first round")
	return o.run
}

func (o *crashRun) run(ctx context.Context, e *env) (result, error) {
	if err := e.startServer(ctx); err != nil {
		return result{}, err
	}
	defer e.proc.stop()
	users, err := e.ensureUsers(ctx, o.users(), false)
	if err != nil {
		return result{}, err
	}
	c := &crash{env: e, ff: &o.flowFlags, users: users[:o.users()], next: 1, base: make([]int, o.pairs)}
	if o.stored > 0 {
		const window = 32
		opt := pairOptions{sizeBytes: o.sizeBytes, noecho: true}
		if err := e.publishMany(ctx, c.users, opt, window, o.stored); err != nil {
			return result{}, fmt.Errorf("before the first round: %w", err)
		}
	}
	if err := c.findBase(ctx); err != nil {
		return result{}, fmt.Errorf("before the first round: %w", err)
	}
	for i := range o.rounds {
		if err := c.round(ctx); err != nil {
			return result{}, fmt.Errorf("round %d: %w", i+1, err)
		}
	}
	return c.result(), nil
}

// crash follows the messages of all rounds.
type crash struct {
	*env
	ff    *flowFlags
	users []*user
	next  uint32 // number of the next message
	base  []int  // by pair: the highest seq before the round

	acked, unacked                   int64
	missing, wrongSeq, duplicates    int64
	sameSeq, gaps, deliveredMissing  int64
	unackedPresent, presentMessages  int64
	untilListen, untilPublish, check []float64 // milliseconds
}

// sentMessage is what the generator knows of a message when the server dies.
type sentMessage struct {
	acked     bool
	delivered bool
	seq       int
}

// sentMessages are the messages of a round by their number. They belong to the loop's goroutine as
// long as the flow runs.
type sentMessages map[uint32]*sentMessage

func (s sentMessages) get(n uint32) *sentMessage {
	m := s[n]
	if m == nil {
		m = &sentMessage{}
		s[n] = m
	}
	return m
}

// round publishes, kills, restarts and compares.
func (c *crash) round(ctx context.Context) error {
	sent := sentMessages{}
	f, err := c.pairs(ctx, c.users, c.ff.pairOptions(), flowConfig{
		window: c.ff.window,
		onAck:  func(_ *publisher, n uint32, seq int) { m := sent.get(n); m.acked, m.seq = true, seq },
		onData: func(_ *publisher, n uint32) { sent.get(n).delivered = true },
	})
	if err != nil {
		return err
	}
	c.loop.do(func() { f.next = c.next })
	f.start()
	err = f.wait(ctx, c.ff.warm+time.Duration(rand.Int64N(int64(max(1, c.ff.d)))))
	if err == nil {
		err = c.killAndReturn(ctx)
	}
	c.settle()
	c.loop.do(func() {
		f.running = false
		c.next = f.next
		for _, p := range f.pubs {
			for _, n := range p.pending {
				sent.get(n)
			}
		}
	})
	c.hangUp(f)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := c.compare(ctx, sent); err != nil {
		return err
	}
	c.check = append(c.check, sinceMs(began))
	return nil
}

func sinceMs(t time.Time) float64 { return time.Since(t).Seconds() * 1000 }

// killAndReturn kills the server and measures how long it is away.
func (c *crash) killAndReturn(ctx context.Context) error {
	killed := time.Now()
	c.proc.kill()
	if err := c.startServer(ctx); err != nil {
		return err
	}
	c.untilListen = append(c.untilListen, sinceMs(killed))
	if err := c.firstPublish(ctx); err != nil {
		return err
	}
	c.untilPublish = append(c.untilPublish, sinceMs(killed))
	return nil
}

// firstPublish publishes one message as soon as the server lets it.
func (c *crash) firstPublish(ctx context.Context) error {
	var err error
	for end := time.Now().Add(startTimeout); time.Now().Before(end); {
		if err = c.publishOnce(ctx); err == nil {
			return nil
		}
		if err := sleep(ctx, pollEvery); err != nil {
			return err
		}
	}
	return fmt.Errorf("no publishing after the restart: %w", err)
}

func (c *crash) publishOnce(ctx context.Context) error {
	cn, err := c.connect(ctx, c.users[0], nil)
	if err != nil {
		return err
	}
	defer cn.close()
	topic, err := cn.sub(ctx, c.users[1].UID)
	if err != nil {
		return err
	}
	return cn.publish(ctx, topic, "probe")
}

func (c *crash) result() result {
	var r result
	r.add("rounds", float64(len(c.untilListen)))
	r.add("acked", float64(c.acked))
	r.add("unacked_in_flight", float64(c.unacked))
	r.add("acked_but_missing", float64(c.missing))
	r.add("delivered_but_missing", float64(c.deliveredMissing))
	r.add("acked_with_other_seq", float64(c.wrongSeq))
	r.add("duplicates", float64(c.duplicates))
	r.add("messages_with_same_seq", float64(c.sameSeq))
	r.add("gaps_in_seq", float64(c.gaps))
	r.add("unacked_but_present", float64(c.unackedPresent))
	r.quiet("messages_read_back", float64(c.presentMessages))
	if len(c.untilPublish) > 0 {
		r.add("kill_to_listen_ms", middle(c.untilListen))
		r.add("kill_to_first_publish_ms", middle(c.untilPublish))
		r.quiet("read_back_ms", middle(c.check))
	}
	return r
}
