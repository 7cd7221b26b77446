//go:build linux

package bench

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"time"
)

// contest is a scenario which runs against its targets in turns.
type contest struct {
	scenario scenario
	once     runFunc
	params   map[string]any // values of the scenario's flags
	runs     int
	fresh    bool // restart the server before each run
	timeout  time.Duration
}

// newContest reads the flags of a scenario.
func (b *bench) newContest(s scenario, args []string, o *options) (*contest, error) {
	fs := flag.NewFlagSet("parley bench "+s.name, flag.ContinueOnError)
	once := s.setup(fs)
	help := func() {
		fmt.Fprintf(b.stdout, "parley bench %s: %s\n", s.name, s.brief)
		fs.PrintDefaults()
	}
	if err := b.parse(fs, args, help); err != nil {
		return nil, err
	}
	return &contest{
		scenario: s, once: once, params: params(fs),
		runs: max(1, o.runs), fresh: o.fresh, timeout: o.timeout,
	}, nil
}

// outcome is what a contest measured, by target and run.
type outcome struct {
	began   time.Time
	names   []string // of the targets
	results [][]result
}

// run does all runs, in turns.
func (c *contest) run(ctx context.Context, envs []*env) (outcome, error) {
	o := outcome{began: time.Now(), results: make([][]result, len(envs))}
	for _, e := range envs {
		o.names = append(o.names, e.name)
	}
	for range c.runs {
		for i, e := range envs {
			if c.fresh && e.proc != nil && !c.scenario.needsStart {
				e.proc.stop()
				if err := e.startServer(ctx); err != nil {
					return o, err
				}
			}
			r, err := c.runOnce(ctx, e)
			if err != nil {
				return o, fmt.Errorf("%s on %s: %w", c.scenario.name, e.name, err)
			}
			o.results[i] = append(o.results[i], r)
		}
	}
	return o, nil
}

func (c *contest) runOnce(ctx context.Context, e *env) (result, error) {
	tooLong := fmt.Errorf("the run took longer than %v (-timeout)", c.timeout)
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, tooLong)
	defer cancel()
	return c.once(ctx, e)
}

// reports are one for each target, and one of their ratio if there are two.
func (c *contest) reports(o outcome) []report {
	var out []report
	blank := report{
		Scenario: c.scenario.name, Time: o.began.UTC().Format(time.RFC3339), Load: loadAverage(),
		Params: c.params, Runs: c.runs,
	}
	for i, name := range o.names {
		r := blank
		r.Target = name
		r.Median, r.Min, r.Max = summarise(o.results[i])
		if c.runs == 1 {
			r.Min, r.Max = nil, nil
		}
		out = append(out, r)
	}
	if len(out) == 2 {
		r := blank
		r.Target, r.Median = out[0].Target+"/"+out[1].Target, ratios(out[0].Median, out[1].Median)
		out = append(out, r)
	}
	return out
}

// runScenario runs a scenario against what the flags name and prints the reports: JSON for programs
// to stdout, a line for people to stderr.
func (b *bench) runScenario(ctx context.Context, s scenario, o *options, args []string) error {
	c, err := b.newContest(s, args, o)
	if err != nil {
		return err
	}
	if o.limitOnly && (s.noHub || s.needsStart) {
		return fmt.Errorf("%s makes no sense for the bare hub", s.name)
	}
	var sub *subject
	if !o.limitOnly {
		if sub, err = o.subject(); err != nil {
			return err
		}
	}
	l, err := newLoop(o.sources)
	if err != nil {
		return err
	}
	defer l.close()
	a := &arena{bench: b, loop: l, workers: o.workers}
	t, err := a.open(ctx, s, sub, o.limit || o.limitOnly)
	if err != nil {
		return err
	}
	defer t.close()
	out, err := c.run(ctx, t.envs)
	if err != nil {
		return err
	}
	for i, r := range c.reports(out) {
		j, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("report: %w", err)
		}
		name := r.Target
		if i == len(t.envs) {
			name = "ratio"
		}
		fmt.Fprintf(b.stdout, "%s\n", j)
		fmt.Fprintln(b.stderr, line(s.name, name, r.Median))
	}
	return nil
}
