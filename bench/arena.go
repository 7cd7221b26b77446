//go:build linux

package bench

import (
	"context"
	"fmt"
	"time"
)

// subject is the server to be measured: one which runs, or one to start.
type subject struct {
	url, key string
	pid, db  int
	pool     *pool
	proc     *process // nil: it runs already
}

// subject is the server which the flags name.
func (o *options) subject() (*subject, error) {
	p, err := loadPool(o.users)
	if err != nil {
		return nil, err
	}
	s := &subject{url: o.url, key: o.key, pid: o.pid, db: o.db, pool: p}
	if o.start != "" {
		s.proc = shellProcess(o.start, o.startDir, o.startLog)
	}
	return s, nil
}

// arena is what all contests have in common.
type arena struct {
	*bench
	loop    *loop
	workers int
}

// targets are what a contest runs against.
type targets struct {
	envs    []*env
	cleanup []func()
}

// close ends what open started.
func (t *targets) close() {
	for _, fn := range t.cleanup {
		fn()
	}
	t.cleanup = nil
}

// open prepares the targets of a scenario: the subject unless it is nil, and the hub if it is wanted
// and makes sense. The caller closes them.
func (a *arena) open(ctx context.Context, s scenario, sub *subject, hub bool) (*targets, error) {
	t := &targets{}
	if sub != nil {
		if err := a.openSubject(ctx, s, sub, t); err != nil {
			t.close()
			return nil, err
		}
	}
	if hub && !s.noHub && !s.needsStart {
		if err := a.openHub(t); err != nil {
			t.close()
			return nil, err
		}
	}
	return t, nil
}

func (a *arena) openSubject(ctx context.Context, s scenario, sub *subject, t *targets) error {
	addr, err := parseEndpoint(sub.url)
	if err != nil {
		return err
	}
	e := &env{loop: a.loop, workers: a.workers, target: &target{
		name: "server", addr: addr, apiKey: sub.key, pid: sub.pid, db: sub.db, pool: sub.pool, proc: sub.proc,
	}}
	t.envs = append(t.envs, e)
	if sub.proc == nil {
		if s.needsStart {
			return fmt.Errorf("%s needs -start", s.name)
		}
		return nil
	}
	t.cleanup = append(t.cleanup, sub.proc.stop)
	if s.needsStart {
		return nil
	}
	return e.startServer(ctx)
}

func (a *arena) openHub(t *targets) error {
	h, err := startHub(a.self, a.stderr)
	if err != nil {
		return err
	}
	t.cleanup = append(t.cleanup, h.stop)
	addr, err := parseEndpoint(h.addr)
	if err != nil {
		return err
	}
	t.envs = append(t.envs, &env{loop: a.loop, workers: a.workers, target: &target{
		name: hubName, addr: addr, pid: h.cmd.Process.Pid, pool: &pool{},
	}})
	return nil
}

// furnish makes the accounts which the subject's pool lacks, on a server started for that alone.
func (a *arena) furnish(ctx context.Context, sub *subject, named, nameless int) error {
	have := len(sub.pool.fitting(false))
	nameless = max(0, nameless-(len(sub.pool.fitting(true))-have))
	named = max(0, named-have)
	if named+nameless == 0 {
		return nil
	}
	fmt.Fprintf(a.stderr, "accounts: %d with a password, %d anonymous … ", named, nameless)
	defer fmt.Fprintln(a.stderr)
	began := time.Now()
	t, err := a.open(ctx, scenario{}, sub, false)
	if err != nil {
		return err
	}
	defer t.close()
	e := t.envs[0]
	if err := e.makeUsers(ctx, named, schemeBasic, a.workers, nil); err != nil {
		return fmt.Errorf("make %d accounts with a password: %w", named, err)
	}
	if err := e.makeUsers(ctx, nameless, schemeAnonymous, 2*a.workers, nil); err != nil {
		return fmt.Errorf("make %d anonymous accounts: %w", nameless, err)
	}
	e.settle()
	fmt.Fprintf(a.stderr, "%.0f s", time.Since(began).Seconds())
	return nil
}
