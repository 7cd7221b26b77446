//go:build linux

package bench

import (
	"context"
	"flag"
	"sync"
	"time"
)

// accountsRun are the flags of the scenario accounts.
type accountsRun struct {
	n, conc int
	scheme  string
}

func accountsScenario(fs *flag.FlagSet) runFunc {
	o := &accountsRun{}
	fs.IntVar(&o.n, "n", 200, "accounts to create")
	fs.IntVar(&o.conc, "c", 8, "concurrency")
	fs.StringVar(&o.scheme, "scheme", schemeBasic, "basic or anonymous")
	return o.run
}

func (o *accountsRun) run(ctx context.Context, e *env) (result, error) {
	timing := newHist()
	meter := e.startMeter()
	if err := e.makeUsers(ctx, o.n, o.scheme, o.conc, timing); err != nil {
		return result{}, err
	}
	u := meter.lap()
	var r result
	r.add("accounts_per_s", float64(o.n)/u.wall.Seconds())
	r.latency("acc", timing)
	r.cost(u, "account", float64(o.n))
	e.settle()
	return r, nil
}

// loginRun are the flags of the scenario login.
type loginRun struct {
	conc, users int
	scheme      string
	d           time.Duration
}

func loginScenario(fs *flag.FlagSet) runFunc {
	o := &loginRun{}
	fs.IntVar(&o.conc, "c", 8, "concurrency")
	fs.StringVar(&o.scheme, "scheme", schemeToken, "token or basic")
	fs.IntVar(&o.users, "users", 100, "accounts to take in turns")
	fs.DurationVar(&o.d, "d", 8*time.Second, "duration")
	return o.run
}

func (o *loginRun) run(ctx context.Context, e *env) (result, error) {
	users, err := e.ensureUsers(ctx, o.users, false)
	if err != nil {
		return result{}, err
	}
	connect, login := newHist(), newHist()
	var mu sync.Mutex
	u, n, err := e.repeat(ctx, o.conc, o.d, func(i int) error {
		began := e.loop.nanotime()
		c, err := e.dial(ctx, dialOptions{})
		if err != nil {
			return err
		}
		defer c.close()
		ready := e.loop.nanotime()
		if err := c.login(ctx, users[i%len(users)], o.scheme); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		connect.record(ready - began)
		login.record(e.loop.nanotime() - ready)
		return nil
	})
	if err != nil {
		return result{}, err
	}
	var r result
	r.add("logins_per_s", float64(n)/u.wall.Seconds())
	r.latency("connect", connect)
	r.latency("login", login)
	r.cost(u, "login", float64(n))
	return r, nil
}

// churnRun are the flags of the scenario churn.
type churnRun struct {
	conc, users int
	d, settle   time.Duration
}

func churnScenario(fs *flag.FlagSet) runFunc {
	o := &churnRun{}
	fs.IntVar(&o.conc, "c", 16, "concurrency")
	fs.IntVar(&o.users, "users", 200, "accounts to take in turns")
	fs.DurationVar(&o.d, "d", 10*time.Second, "duration")
	fs.DurationVar(&o.settle, "settle", 2*time.Second, "time to let go of what the closed sessions held")
	return o.run
}

func (o *churnRun) run(ctx context.Context, e *env) (result, error) {
	users, err := e.ensureUsers(ctx, o.users, false)
	if err != nil {
		return result{}, err
	}
	before := memoryOf(e.pid)
	cycle := newHist()
	var retries int
	var mu sync.Mutex
	u, n, err := e.repeat(ctx, o.conc, o.d, func(i int) error {
		began := e.loop.nanotime()
		tries, err := e.cycle(ctx, users[i%len(users)], users[(i^1)%len(users)])
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		cycle.record(e.loop.nanotime() - began)
		retries += tries
		return nil
	})
	if err != nil {
		return result{}, err
	}
	if err := sleep(ctx, o.settle); err != nil {
		return result{}, err
	}
	after := memoryOf(e.pid)
	var r result
	r.add("cycles_per_s", float64(n)/u.wall.Seconds())
	r.latency("cycle", cycle)
	r.cost(u, "cycle", float64(n))
	r.add("subs_put_off_pct", 100*float64(retries)/float64(2*n))
	r.add("rss_before_mb", mb(before.rss))
	r.add("rss_after_mb", mb(after.rss))
	return r, nil
}

// cycle is what a user does who looks in: it returns how often a {sub} was put off.
func (e *env) cycle(ctx context.Context, u, peer *user) (int, error) {
	c, err := e.connect(ctx, u, nil)
	if err != nil {
		return 0, err
	}
	defer c.close()
	name, err := c.sub(ctx, peer.UID)
	if err != nil {
		return 0, err
	}
	return c.retries, c.leave(ctx, name)
}
