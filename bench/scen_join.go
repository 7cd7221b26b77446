//go:build linux

package bench

import (
	"context"
	"flag"
	"fmt"
	"math"
	"time"
)

// joinRun are the flags of the scenario join.
type joinRun struct {
	members, colds, n int
	settle            time.Duration
}

func joinScenario(fs *flag.FlagSet) runFunc {
	o := &joinRun{}
	fs.IntVar(&o.members, "members", 10_000, "members of the group")
	fs.IntVar(&o.colds, "colds", 5, "times to subscribe right after a start of the server (needs -start)")
	fs.IntVar(&o.n, "n", 200, "times to subscribe while the group is loaded")
	fs.DurationVar(&o.settle, "settle", 4*time.Second, "time before the server is weighed")
	return o.run
}

func (o *joinRun) run(ctx context.Context, e *env) (result, error) {
	users, err := e.ensureUsers(ctx, o.members, true)
	if err != nil {
		return result{}, err
	}
	name, err := e.largeGroup(ctx, users, o.members)
	if err != nil {
		return result{}, err
	}
	var cold, bytes []float64
	if e.proc != nil {
		for range o.colds {
			ms, growth, err := o.cold(ctx, e, users[0], name)
			if err != nil {
				return result{}, err
			}
			cold, bytes = append(cold, ms), append(bytes, growth/float64(o.members))
		}
	}
	warm, u, err := o.warm(ctx, e, users, name)
	if err != nil {
		return result{}, err
	}
	var r result
	if len(cold) > 0 {
		worst := 0.0
		for _, ms := range cold {
			worst = math.Max(worst, ms)
		}
		r.add("cold_ms", middle(cold))
		r.quiet("cold_max_ms", worst)
		r.add("bytes_per_member", middle(bytes))
	}
	r.latency("warm", warm)
	r.cost(u, "join", float64(o.n))
	return r, nil
}

// subDesc is what a client sends who opens a conversation.
func subDesc(topic string) func(id string) []byte {
	return func(id string) []byte {
		return fmt.Appendf(nil, `{"sub":{"id":%q,"topic":%q,"get":{"what":"desc"}}}`, id, topic)
	}
}

// cold starts the server and subscribes. It returns how long that took, in milliseconds, and by how
// many bytes the server has grown since, once it has come to rest.
func (o *joinRun) cold(ctx context.Context, e *env, u *user, name string) (ms, growth float64, err error) {
	e.proc.stop()
	if err := e.startServer(ctx); err != nil {
		return 0, 0, err
	}
	defer e.settle()
	c, err := e.connect(ctx, u, nil)
	if err != nil {
		return 0, 0, err
	}
	defer c.close()
	if err := sleep(ctx, o.settle); err != nil {
		return 0, 0, err
	}
	before := memoryOf(e.pid).rss
	began := time.Now()
	r, err := c.call(ctx, subDesc(name))
	ms = sinceMs(began)
	if _, err := expect("sub "+name, r, err); err != nil {
		return 0, 0, err
	}
	if err := sleep(ctx, o.settle); err != nil {
		return 0, 0, err
	}
	return ms, float64(memoryOf(e.pid).rss - before), nil
}

// warm subscribes while somebody else is attached.
func (o *joinRun) warm(ctx context.Context, e *env, users []*user, name string) (*hist, usage, error) {
	times := newHist()
	defer e.settle()
	first, err := e.connect(ctx, users[0], nil)
	if err != nil {
		return nil, usage{}, err
	}
	defer first.close()
	if _, err := first.sub(ctx, name); err != nil {
		return nil, usage{}, err
	}
	c, err := e.connect(ctx, users[1], nil)
	if err != nil {
		return nil, usage{}, err
	}
	defer c.close()
	meter := e.startMeter()
	for range o.n {
		began := e.loop.nanotime()
		r, err := c.call(ctx, subDesc(name))
		if _, err := expect("sub "+name, r, err); err != nil {
			return nil, usage{}, err
		}
		times.record(e.loop.nanotime() - began)
		if err := c.leave(ctx, name); err != nil {
			return nil, usage{}, err
		}
	}
	return times, meter.lap(), nil
}

// largeGroup makes a group of the first n users, once, and returns its name. Nobody is attached to
// it when it returns.
func (e *env) largeGroup(ctx context.Context, users []*user, n int) (string, error) {
	key := fmt.Sprintf("group of %d", n)
	if names := e.pool.furnished(key); names != nil {
		return names[0], nil
	}
	defer e.settle()
	c, err := e.connect(ctx, users[0], nil)
	if err != nil {
		return "", err
	}
	defer c.close()
	name, err := c.newGroup(ctx, true)
	if err != nil {
		return "", err
	}
	err = each(n-1, 4*e.workers, func(i int) error {
		c, err := e.dial(ctx, dialOptions{})
		if err != nil {
			return err
		}
		defer c.close()
		if err := c.login(ctx, users[1+i], schemeToken); err != nil {
			return err
		}
		_, err = c.sub(ctx, name)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("a group of %d: %w", n, err)
	}
	e.pool.keep(key, name)
	return name, nil
}
