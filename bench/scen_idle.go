//go:build linux

package bench

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"
)

// idleRun are the flags of the scenario idle.
type idleRun struct {
	n, users     int
	settle, hold time.Duration
}

func idleScenario(fs *flag.FlagSet) runFunc {
	o := &idleRun{}
	fs.IntVar(&o.n, "n", 1000, "connections")
	fs.IntVar(&o.users, "users", 0, "accounts to take in turns; 0 is one for each connection")
	fs.DurationVar(&o.settle, "settle", 5*time.Second, "time between connecting and idling")
	fs.DurationVar(&o.hold, "hold", 20*time.Second, "how long to hold them")
	return o.run
}

func (o *idleRun) run(ctx context.Context, e *env) (result, error) {
	if o.n > e.loop.maxConns() {
		return result{}, fmt.Errorf("the limit of open files (ulimit -n) leaves room for %d connections", e.loop.maxConns())
	}
	distinct := o.users
	if distinct == 0 {
		distinct = o.n
	}
	users, err := e.ensureUsers(ctx, distinct, true)
	if err != nil {
		return result{}, err
	}
	if err := sleep(ctx, min(o.settle, time.Second)); err != nil {
		return result{}, err
	}
	before := memoryOf(e.pid)
	conns := make([]*conn, o.n)
	defer func() {
		for _, c := range conns {
			if c != nil {
				c.abort()
			}
		}
		e.settle()
	}()
	meter := e.startMeter()
	err = each(o.n, e.workers, func(i int) (err error) {
		conns[i], err = e.connect(ctx, users[i%distinct], nil)
		return err
	})
	opened := meter.lap()
	if err != nil {
		return result{}, err
	}
	if err := sleep(ctx, o.settle); err != nil { // what connecting left behind is none of the idling
		return result{}, err
	}
	meter.lap()
	if err := sleep(ctx, o.hold); err != nil {
		return result{}, err
	}
	return o.report(e, before, opened, meter.lap()), nil
}

func (o *idleRun) report(e *env, before memory, opened, idle usage) result {
	after := memoryOf(e.pid)
	perConn := func(a, b int64) float64 { return float64(a-b) / float64(o.n) / 1024 }
	var r result
	r.add("rss_per_conn_kb", perConn(after.rss, before.rss))
	r.add("pss_per_conn_kb", perConn(after.pss, before.pss))
	r.add("rss_before_mb", mb(before.rss))
	r.add("rss_mb", mb(after.rss))
	r.quiet("pss_mb", mb(after.pss))
	r.quiet("rss_peak_mb", mb(after.peak))
	open := float64(e.loop.open.Load())
	r.add("still_open", open)
	r.quiet("dropped_connections", float64(o.n)-open)
	r.add("idle_cpu_pct", idle.percent(idle.server))
	r.add("idle_db_cpu_pct", idle.percent(idle.db))
	r.add("opened_per_s", float64(o.n)/opened.wall.Seconds())
	r.cost(opened, "open", float64(o.n))
	return r
}

// startupRun are the flags of the scenario startup.
type startupRun struct {
	n      int
	settle time.Duration
}

func startupScenario(fs *flag.FlagSet) runFunc {
	o := &startupRun{}
	fs.IntVar(&o.n, "n", 5, "starts")
	fs.DurationVar(&o.settle, "settle", 2*time.Second, "time between the first hi and the weighing")
	return o.run
}

func (o *startupRun) run(ctx context.Context, e *env) (result, error) {
	defer e.proc.stop()
	var times, rss, pss, cpu []float64
	var sizeBytes int64
	for range max(1, o.n) {
		began := time.Now()
		if err := e.startServer(ctx); err != nil {
			return result{}, err
		}
		times = append(times, float64(time.Since(began).Microseconds())/1000)
		if err := sleep(ctx, o.settle); err != nil {
			return result{}, err
		}
		m := memoryOf(e.pid)
		rss, pss = append(rss, mb(m.rss)), append(pss, mb(m.pss))
		cpu = append(cpu, float64(cpuOf(e.pid).Milliseconds()))
		if fi, err := os.Stat(fmt.Sprintf("/proc/%d/exe", e.pid)); err == nil {
			sizeBytes = fi.Size()
		}
		e.proc.stop()
	}
	var r result
	r.add("binary_mb", mb(sizeBytes))
	r.add("first_hi_ms", middle(times))
	r.add("rss_mb", middle(rss))
	r.add("pss_mb", middle(pss))
	r.add("cpu_ms", middle(cpu))
	return r, nil
}
