//go:build linux

package bench

import (
	"context"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Kinds of flows.
const (
	kindP2P   = "p2p"
	kindGroup = "group"
)

// flowFlags are the flags of the scenarios which publish.
type flowFlags struct {
	kind      string // kindP2P or kindGroup
	pair      pairOptions
	pairs     int
	group     groupOptions
	window    int
	sizeBytes int
	notes     bool
	warm, d   time.Duration
}

// define adds the flags of a kind, or of both when kind is empty.
func (ff *flowFlags) define(fs *flag.FlagSet, kind string) {
	ff.kind = kind
	if kind != kindGroup {
		fs.IntVar(&ff.pairs, "pairs", 50, "pairs of users")
		fs.BoolVar(&ff.pair.both, "both", false, "both users of a pair publish")
		fs.BoolVar(&ff.pair.noecho, "noecho", false, "publish with noecho")
		fs.BoolVar(&ff.notes, "notes", false, "receivers confirm each message with a {note}")
	}
	if kind != kindP2P {
		fs.IntVar(&ff.group.groups, "groups", 10, "groups")
		fs.IntVar(&ff.group.subs, "subs", 100, "online subscribers of each group")
		fs.IntVar(&ff.group.pubs, "pubs", 1, "subscribers of each group who publish")
		fs.BoolVar(&ff.group.anonymous, "anonymous", false, "take anonymous accounts first, and let them into the groups")
	}
	ff.defineFlow(fs)
}

// defineFlow adds the flags of all kinds.
func (ff *flowFlags) defineFlow(fs *flag.FlagSet) {
	fs.IntVar(&ff.window, "window", 4, "messages in flight of each publisher")
	fs.IntVar(&ff.sizeBytes, "bytes", 128, "size of the content")
	fs.DurationVar(&ff.warm, "warm", 2*time.Second, "time before measuring")
	fs.DurationVar(&ff.d, "d", 10*time.Second, "time of measuring")
}

// users is how many accounts take part.
func (ff *flowFlags) users() int {
	if ff.kind == kindGroup {
		return ff.group.groups * ff.group.subs
	}
	return 2 * ff.pairs
}

// build connects everybody; users must be as many as ff.users says, or more.
func (ff *flowFlags) build(ctx context.Context, e *env, users []*user) (*flow, error) {
	cfg := flowConfig{window: ff.window, notes: ff.notes}
	if ff.kind == kindGroup {
		cfg.awaitAll = true
		opt := ff.group
		opt.sizeBytes = ff.sizeBytes
		return e.groups(ctx, users, opt, cfg)
	}
	return e.pairs(ctx, users[:2*ff.pairs], ff.pairOptions(), cfg)
}

func (ff *flowFlags) pairOptions() pairOptions {
	opt := ff.pair
	opt.sizeBytes = ff.sizeBytes
	return opt
}

// report lists what was measured of a flow.
func (ff *flowFlags) report(s flowStats) result {
	var r result
	secs := s.usage.wall.Seconds()
	r.add("acked_per_s", float64(s.counts.acks)/secs)
	r.add("delivered_per_s", float64(s.counts.deliveries)/secs)
	r.latency("ack", s.ack)
	r.latency("data", s.one)
	if ff.kind == kindGroup {
		r.latency("last", s.last)
		r.cost(s.usage, "delivery", float64(s.counts.deliveries))
	} else {
		r.cost(s.usage, "message", float64(s.counts.acks))
	}
	r.quiet("echoed_per_s", float64(s.counts.echoes)/secs)
	r.quiet("other_frames_per_s", float64(s.counts.others)/secs)
	r.add("refused", float64(s.counts.refused))
	r.add("lost", float64(s.counts.lost))
	r.add("dropped_connections", float64(s.counts.closed))
	return r
}

func p2pScenario(fs *flag.FlagSet) runFunc   { return closedLoop(fs, kindP2P) }
func groupScenario(fs *flag.FlagSet) runFunc { return closedLoop(fs, kindGroup) }

func closedLoop(fs *flag.FlagSet, kind string) runFunc {
	ff := &flowFlags{}
	ff.define(fs, kind)
	return ff.runClosed
}

// runClosed connects everybody and publishes with a fixed number of messages in flight.
func (ff *flowFlags) runClosed(ctx context.Context, e *env) (result, error) {
	users, err := e.ensureUsers(ctx, ff.users(), ff.group.anonymous) // its time is none of prepare_s
	if err != nil {
		return result{}, err
	}
	began := time.Now()
	f, err := ff.build(ctx, e, users)
	if err != nil {
		return result{}, err
	}
	defer e.hangUp(f)
	prepared := time.Since(began)
	s, err := f.runClosed(ctx, e.target, ff.warm, ff.d)
	if err != nil {
		return result{}, err
	}
	r := ff.report(s)
	r.quiet("prepare_s", prepared.Seconds())
	r.add("rss_mb", mb(memoryOf(e.pid).rss))
	return r, nil
}

// rateRun are the flags of the scenario rate.
type rateRun struct {
	flowFlags
	levels string
	most   float64
}

func rateScenario(fs *flag.FlagSet) runFunc {
	o := &rateRun{}
	o.define(fs, "")
	fs.StringVar(&o.kind, "kind", kindP2P, "p2p or group")
	fs.StringVar(&o.levels, "levels", "20,50,80", "rates in percent of the maximum")
	fs.Float64Var(&o.most, "max", 0, "maximum of messages per second; 0 finds it by a closed loop first")
	return o.run
}

func (o *rateRun) run(ctx context.Context, e *env) (result, error) {
	users, err := e.ensureUsers(ctx, o.users(), o.group.anonymous)
	if err != nil {
		return result{}, err
	}
	f, err := o.build(ctx, e, users)
	if err != nil {
		return result{}, err
	}
	defer e.hangUp(f)
	top := o.most
	if top == 0 {
		s, err := f.runClosed(ctx, e.target, o.warm, o.d)
		if err != nil {
			return result{}, err
		}
		top = float64(s.counts.acks) / s.usage.wall.Seconds()
	}
	var r result
	r.add("max_per_s", top)
	for level := range strings.SplitSeq(o.levels, ",") {
		pct, err := strconv.ParseFloat(level, 64)
		if err != nil {
			return r, fmt.Errorf("level %q: %w", level, err)
		}
		s, err := f.runOpen(ctx, e.target, top*pct/100, o.warm, o.d)
		if err != nil {
			return r, err
		}
		o.reportLevel(&r, level, s)
	}
	return r, nil
}

// reportLevel lists what was measured at one rate.
func (o *rateRun) reportLevel(r *result, level string, s flowStats) {
	name := func(what string) string { return fmt.Sprintf("at%s%%_%s", level, what) }
	r.add(name("acked_per_s"), float64(s.counts.acks)/s.usage.wall.Seconds())
	r.latency(name("ack"), s.ack)
	if o.kind == kindGroup {
		r.latency(name("last"), s.last)
	} else {
		r.latency(name("data"), s.one)
	}
	r.quiet(name("send_lag_p99_ms"), s.lag.percentile(99))
	r.quiet(name("server_cpu_pct"), s.usage.percent(s.usage.server))
	r.quiet(name("db_cpu_pct"), s.usage.percent(s.usage.db))
	r.quiet(name(othersMetric), s.usage.percent(s.usage.other))
	if s.saturated {
		r.add(name("saturated"), 1)
	}
}
