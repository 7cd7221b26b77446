//go:build linux

package bench

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// target is a server under test.
type target struct {
	name   string
	addr   endpoint
	apiKey string
	pid    int
	db     int // first process of the database server; zero if it has none
	pool   *pool
	proc   *process // set if the generator itself starts the server

	filled time.Duration // what filling the history took; zero until it was done
}

// env is what a scenario runs in.
type env struct {
	loop    *loop
	workers int // goroutines which prepare a scenario
	*target
}

// sleep waits for d or for the end of ctx, whose cause it returns.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// each calls fn for 0 ≤ i < n with the given concurrency and returns the first error, after which
// no further calls are made.
func each(n, concurrency int, fn func(i int) error) error {
	var next atomic.Int64
	var failed atomic.Bool
	var first error
	var once sync.Once
	var wg sync.WaitGroup
	for range min(n, concurrency) {
		wg.Go(func() {
			for !failed.Load() {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := fn(i); err != nil {
					once.Do(func() { first = err })
					failed.Store(true)
				}
			}
		})
	}
	wg.Wait()
	return first
}

// repeat calls fn with running numbers until the time is over, and returns how often it did. A few
// failures are left out; many are an error.
func (e *env) repeat(ctx context.Context, concurrency int, d time.Duration, fn func(i int) error) (usage, int64, error) {
	const tolerated = 20
	var next, good, bad atomic.Int64
	var lastErr atomic.Pointer[error]
	meter := e.startMeter()
	end := time.Now().Add(d)
	var wg sync.WaitGroup
	for range concurrency {
		wg.Go(func() {
			for time.Now().Before(end) && ctx.Err() == nil {
				if err := fn(int(next.Add(1)) - 1); err != nil {
					lastErr.Store(&err)
					if bad.Add(1) > tolerated {
						return
					}
					continue
				}
				good.Add(1)
			}
		})
	}
	wg.Wait()
	u := meter.lap()
	e.settle()
	if ctx.Err() != nil {
		return u, 0, context.Cause(ctx)
	}
	if p := lastErr.Load(); p != nil && (bad.Load() > tolerated || good.Load() == 0) {
		return u, 0, *p
	}
	return u, good.Load(), nil
}

// dial opens a connection and introduces the client.
func (e *env) dial(ctx context.Context, opt dialOptions) (*conn, error) {
	opt.apiKey = e.apiKey
	c, err := e.loop.dial(ctx, &e.addr, opt)
	if err != nil {
		return nil, err
	}
	if err := c.hi(ctx); err != nil {
		c.abort()
		return nil, err
	}
	return c, nil
}

// connect opens a session of u, attached to its topic me, which h receives the messages of.
func (e *env) connect(ctx context.Context, u *user, h handler) (*conn, error) {
	return e.connectWith(ctx, u, h, dialOptions{})
}

// connectWith is connect with options.
func (e *env) connectWith(ctx context.Context, u *user, h handler, opt dialOptions) (*conn, error) {
	c, err := e.dial(ctx, opt)
	if err != nil {
		return nil, err
	}
	if h != nil {
		c.handle(h)
	}
	if err = c.login(ctx, u, schemeToken); err == nil {
		_, err = c.sub(ctx, "me")
	}
	if err != nil {
		c.handle(nil)
		c.abort()
		return nil, err
	}
	return c, nil
}

// ensureUsers makes accounts if the pool is short and this is cheap, as it is at the hub.
func (e *env) ensureUsers(ctx context.Context, n int, anonymous bool) ([]*user, error) {
	users, err := e.pool.take(n, anonymous)
	if err == nil || e.name != hubName {
		return users, err
	}
	if err := e.makeUsers(ctx, n, schemeBasic, e.workers, nil); err != nil {
		return nil, err
	}
	return e.pool.take(n, anonymous)
}

// spareUsers returns the last n named accounts of the pool, whose common topics the scenarios which
// publish have not filled.
func (e *env) spareUsers(ctx context.Context, n int) ([]*user, error) {
	if _, err := e.ensureUsers(ctx, n, false); err != nil {
		return nil, err
	}
	all := e.pool.fitting(false)
	return all[len(all)-n:], nil
}

// makeUsers registers n accounts, each on a connection of its own, and adds them to the pool.
// Unless timing is nil, it gets the time of each registration.
func (e *env) makeUsers(ctx context.Context, n int, scheme string, concurrency int, timing *hist) error {
	users := make([]*user, n)
	stamp := time.Now().UnixMicro()
	var mu sync.Mutex
	err := each(n, concurrency, func(i int) error {
		u := &user{}
		if scheme == schemeBasic {
			u.Login, u.Pass = fmt.Sprintf("l%x_%d", stamp, i), fmt.Sprintf("pw%x%d", stamp, i)
		}
		c, err := e.dial(ctx, dialOptions{})
		if err != nil {
			return err
		}
		defer c.close()
		began := e.loop.nanotime()
		if err := c.newAccount(ctx, u); err != nil {
			return err
		}
		if timing != nil {
			mu.Lock()
			timing.record(e.loop.nanotime() - began)
			mu.Unlock()
		}
		users[i] = u
		return nil
	})
	if err != nil {
		return err
	}
	return e.pool.add(users)
}

// settle waits until the closed connections are gone.
func (e *env) settle() {
	for end := time.Now().Add(5 * time.Second); e.loop.open.Load() > 0 && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
}
