//go:build linux

package bench

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"sync"
)

// reconnectRun are the flags of the scenario reconnect.
type reconnectRun struct {
	n, topics, size, dials int
}

func reconnectScenario(fs *flag.FlagSet) runFunc {
	o := &reconnectRun{}
	fs.IntVar(&o.n, "n", 5000, "sessions")
	fs.IntVar(&o.topics, "topics", 3, "groups of each user")
	fs.IntVar(&o.size, "size", 10, "members of a group")
	fs.IntVar(&o.dials, "dials", 500, "connections being made at a time; what follows is not held back")
	return o.run
}

// groups is how many groups there are for each k.
func (o *reconnectRun) groups() int { return (o.n + o.size - 1) / o.size }

// group is the number of the user's k-th group. All groups are of the same size, and few users share
// more than one.
func (o *reconnectRun) group(user, k int) int {
	if k == 0 {
		return user / o.size
	}
	n := o.groups()
	return k*n + (user+(k-1)*(user/n))%n
}

func (o *reconnectRun) run(ctx context.Context, e *env) (result, error) {
	if o.n > e.loop.maxConns() {
		return result{}, fmt.Errorf("the limit of open files (ulimit -n) leaves room for %d connections", e.loop.maxConns())
	}
	users, err := e.ensureUsers(ctx, o.n, true)
	if err != nil {
		return result{}, err
	}
	key := fmt.Sprintf("reconnect %d %d %d", o.n, o.topics, o.size)
	names := e.pool.furnished(key)
	if names == nil {
		if names, err = o.furnish(ctx, e, users); err != nil {
			return result{}, fmt.Errorf("make groups: %w", err)
		}
		e.pool.keep(key, names...)
	}
	if e.proc != nil { // as after the restart that made everybody connect again
		e.proc.stop()
		if err := e.startServer(ctx); err != nil {
			return result{}, err
		}
	}
	return o.storm(ctx, e, users, names)
}

// furnish makes the groups and has everybody join his.
func (o *reconnectRun) furnish(ctx context.Context, e *env, users []*user) ([]string, error) {
	defer e.settle()
	names := make([]string, o.topics*o.groups())
	err := e.eachOn(ctx, users[0], len(names), func(c *conn, i int) (err error) {
		if names[i], err = c.newGroup(ctx, true); err != nil {
			return err
		}
		return c.leave(ctx, names[i])
	})
	if err != nil {
		return nil, err
	}
	err = each(o.n, 4*e.workers, func(i int) error {
		c, err := e.dial(ctx, dialOptions{})
		if err != nil {
			return err
		}
		defer c.close()
		if err := c.login(ctx, users[i], schemeToken); err != nil {
			return err
		}
		for k := range o.topics {
			if _, err := c.sub(ctx, names[o.group(i, k)]); err != nil {
				return err
			}
		}
		return nil
	})
	return names, err
}

// storm connects everybody at once.
func (o *reconnectRun) storm(ctx context.Context, e *env, users []*user, names []string) (result, error) {
	conns := make([]*conn, o.n)
	defer func() {
		for _, c := range conns {
			if c != nil {
				c.abort()
			}
		}
		e.settle()
	}()
	gate := make(chan struct{}, o.dials)
	t := &stepTimes{}
	meter := e.startMeter()
	err := each(o.n, o.n, func(i int) (err error) {
		var topics []string
		for k := range o.topics {
			topics = append(topics, names[o.group(i, k)])
		}
		conns[i], err = e.comeBack(ctx, users[i], topics, gate, t)
		return err
	})
	u := meter.lap()
	if err != nil {
		return result{}, err
	}
	var r result
	r.add("sessions_per_s", float64(o.n)/u.wall.Seconds())
	t.report(&r)
	r.cost(u, "session", float64(o.n))
	r.add("rss_mb", mb(memoryOf(e.pid).rss))
	r.add("dropped_connections", float64(o.n)-float64(e.loop.open.Load()))
	return r, nil
}

// comeBack is what one client does.
func (e *env) comeBack(ctx context.Context, u *user, topics []string, gate chan struct{}, t *stepTimes) (*conn, error) {
	gate <- struct{}{}
	began := e.loop.nanotime()
	c, err := e.loop.dial(ctx, &e.addr, dialOptions{apiKey: e.apiKey})
	<-gate
	if err != nil {
		return nil, err
	}
	t.record("connect", e.loop.nanotime()-began)
	steps := []step{
		{"hi", func() error { return c.hi(ctx) }},
		{"login", func() error { return c.login(ctx, u, schemeToken) }},
		{"me", func() error { _, err := c.sub(ctx, "me"); return err }},
	}
	for _, name := range topics {
		steps = append(steps, step{"sub", func() error { _, err := c.sub(ctx, name); return err }})
	}
	for _, s := range steps {
		began := e.loop.nanotime()
		if err := s.do(); err != nil {
			return c, err
		}
		t.record(s.name, e.loop.nanotime()-began)
	}
	return c, nil
}

// step is a request of a client that comes back.
type step struct {
	name string
	do   func() error
}

// stepTimes are how long the steps took. Safe from any goroutine.
type stepTimes struct {
	mu    sync.Mutex
	names []string // guarded by mu, as is times
	times map[string]*hist
}

func (t *stepTimes) record(name string, ns int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.times == nil {
		t.times = map[string]*hist{}
	}
	for _, key := range []string{name, "any"} {
		if t.times[key] == nil {
			t.times[key] = newHist()
			t.names = append(t.names, key)
		}
		t.times[key].record(ns)
	}
}

// report lists each step, and the slowest of all.
func (t *stepTimes) report(r *result) {
	slices.Sort(t.names)
	for _, name := range t.names {
		r.quiet(name+"_p50_ms", t.times[name].percentile(50))
		r.quiet(name+"_p99_ms", t.times[name].percentile(99))
		r.add(name+"_max_ms", t.times[name].percentile(100))
	}
}
