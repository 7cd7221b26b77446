//go:build linux

package bench

import (
	"context"
	"errors"
	"flag"
	"sync"
	"time"
)

// stormRun are the flags of the scenario storm.
type stormRun struct {
	flowFlags
	rate          float64
	logins, users int
}

func stormScenario(fs *flag.FlagSet) runFunc {
	o := &stormRun{}
	o.define(fs, kindP2P)
	fs.Float64Var(&o.rate, "rate", 200, "messages per second of all pairs")
	fs.IntVar(&o.logins, "logins", 200, "logins by password, all at once")
	fs.IntVar(&o.users, "users", 50, "accounts that log in, in turns")
	return o.run
}

// run measures messages at a fixed rate, first alone and then for as long as the logins take.
func (o *stormRun) run(ctx context.Context, e *env) (result, error) {
	users, err := e.ensureUsers(ctx, 2*o.pairs+o.users, false)
	if err != nil {
		return result{}, err
	}
	f, err := o.build(ctx, e, users)
	if err != nil {
		return result{}, err
	}
	defer e.hangUp(f)
	crowd, err := o.connect(ctx, e)
	defer func() {
		for _, c := range crowd {
			c.close()
		}
	}()
	if err != nil {
		return result{}, err
	}
	_, end := f.pace(o.rate)
	defer end()
	if err := f.wait(ctx, o.warm); err != nil {
		return result{}, err
	}
	quiet, err := f.measure(ctx, e.target, o.d)
	if err != nil {
		return result{}, err
	}
	times := newHist()
	storm, err := f.measureDuring(e.target, func() error {
		least := time.Now().Add(leastStorm)
		err := o.logIn(ctx, f, crowd, users[2*o.pairs:], times)
		return errors.Join(err, f.wait(ctx, time.Until(least)))
	})
	if err != nil {
		return result{}, err
	}
	return o.reportStorm(quiet, storm, times), nil
}

// leastStorm is how long messages are measured however fast the logins are.
const leastStorm = 200 * time.Millisecond

// connect opens the connections that will log in.
func (o *stormRun) connect(ctx context.Context, e *env) (crowd []*conn, err error) {
	for range o.logins {
		c, err := e.dial(ctx, dialOptions{})
		if err != nil {
			return crowd, err
		}
		crowd = append(crowd, c)
	}
	return crowd, nil
}

// logIn logs everybody in at once and returns when all have their answers.
func (o *stormRun) logIn(ctx context.Context, f *flow, crowd []*conn, users []*user, times *hist) error {
	var mu sync.Mutex
	var first error
	var wg sync.WaitGroup
	began := f.loop.nanotime()
	for i, c := range crowd {
		wg.Go(func() {
			err := c.login(ctx, users[i%len(users)], schemeBasic)
			mu.Lock()
			defer mu.Unlock()
			if times.record(f.loop.nanotime() - began); err != nil && first == nil {
				first = err
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for {
		select {
		case <-done:
			return first
		case <-time.After(reapEvery):
			f.loop.do(f.reap)
		}
	}
}

func (o *stormRun) reportStorm(quiet, storm flowStats, logins *hist) result {
	var r result
	r.latency("quiet_data", quiet.one)
	r.latency("storm_data", storm.one)
	r.add("storm_to_quiet_p99", storm.one.percentile(99)/quiet.one.percentile(99))
	r.add("storm_s", storm.usage.wall.Seconds())
	r.latency("login", logins)
	r.cost(storm.usage, "login", float64(o.logins))
	r.add("lost", float64(quiet.counts.lost+storm.counts.lost))
	r.add("dropped_connections", float64(storm.counts.closed))
	return r
}
