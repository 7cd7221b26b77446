//go:build linux

package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// rowTimeout is the least bound of a single run: storing the messages of the row crash takes long on
// a slow disk.
const rowTimeout = 5 * time.Minute

// table measures its rows one after the other.
type table struct {
	arena
	opts  *options
	rows  []row
	homes map[place]*subject

	began    time.Time
	verdicts []verdict
	reports  []report
	troubles []string // for the reader of the table
}

// document is what -json writes.
type document struct {
	Time    string    `json:"time"` // when it began, RFC 3339
	Machine machine   `json:"machine"`
	Rows    []verdict `json:"rows"`
	Reports []report  `json:"reports"` // what `parley bench SCENARIO` would have printed
}

// runTable measures the whole table, by default against servers of its own.
func (b *bench) runTable(ctx context.Context, o *options) error {
	plan, err := o.plan()
	if err != nil {
		fmt.Fprintln(b.stderr, "parley bench:", err)
		return errUsage
	}
	if err := pin(o.cpus); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(o.dir, "parley-bench-")
	if err != nil {
		return fmt.Errorf("folder for the data: %w", err)
	}
	if o.keep {
		defer fmt.Fprintln(b.stderr, "data and logs are kept in", dir)
	} else {
		defer os.RemoveAll(dir)
	}
	l, err := newLoop(o.sources)
	if err != nil {
		return err
	}
	defer l.close()
	t := &table{arena: arena{bench: b, loop: l, workers: o.workers}, opts: o, rows: plan, began: time.Now()}
	if err := t.settleIn(dir); err != nil {
		return err
	}
	m, err := describe(dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(b.stderr, "%v\n%s\n", m, o.scale().about)
	failed := t.measure(ctx)
	if len(t.verdicts) > 0 { // an interrupt may come before the first
		writeTable(b.stdout, t.verdicts)
		t.comment()
	}
	if err := t.save(m); err != nil {
		return err
	}
	return failed
}

// plan is the rows which the flags leave.
func (o *options) plan() ([]row, error) {
	all := rows(o.scale())
	if o.only == "" {
		return all, nil
	}
	var out []row
	for key := range strings.SplitSeq(o.only, ",") {
		n := len(out)
		for _, r := range all {
			if r.key == key {
				out = append(out, r)
			}
		}
		if len(out) == n {
			return nil, fmt.Errorf("-only: no row %q", key)
		}
	}
	return out, nil
}

// settleIn says where servers live. Another server than our own, named by -start or -pid, has one
// place, and rows that would have to empty it, or to start what is running, are left out.
func (t *table) settleIn(dir string) error {
	if t.opts.start != "" || t.opts.pid != 0 {
		sub, err := t.opts.subject()
		if err != nil {
			return err
		}
		t.homes = map[place]*subject{shared: sub}
		if sub.proc != nil {
			t.homes[apart], t.homes[peopled] = sub, sub
		}
		t.rows = slices.DeleteFunc(t.rows, func(r row) bool {
			if t.homes[r.at] == nil {
				fmt.Fprintf(t.stderr, "left out with another server: %s\n", r.brief)
				return true
			}
			return false
		})
		return nil
	}
	program := t.self
	if t.opts.server != "" {
		var err error
		if program, err = filepath.Abs(t.opts.server); err != nil {
			return err
		}
	}
	t.homes = map[place]*subject{}
	for at, name := range map[place]string{shared: "shared", apart: "apart", peopled: "peopled", emptied: "emptied"} {
		h, err := newHome(program, filepath.Join(dir, name), t.opts.key, at != emptied)
		if err != nil {
			return err
		}
		t.homes[at] = h
	}
	return nil
}

// measure goes through the rows and judges them. What fails does not keep the rest from running.
func (t *table) measure(ctx context.Context) error {
	var failed error
	for i, r := range t.rows {
		err := t.furnishFor(ctx, r.at)
		fmt.Fprintf(t.stderr, "%2d/%d  %s … ", i+1, len(t.rows), r.brief)
		began := time.Now()
		if err == nil {
			err = t.row(ctx, r)
		}
		if ctx.Err() != nil {
			fmt.Fprintln(t.stderr, "interrupted")
			return context.Cause(ctx)
		}
		if err != nil {
			fmt.Fprintf(t.stderr, "failed: %v\n", err)
			failed = errShown
			for _, c := range r.checks {
				t.verdicts = append(t.verdicts, c.newVerdict(r).failed(err))
			}
			continue
		}
		fmt.Fprintf(t.stderr, "%.0f s", time.Since(began).Seconds())
		for _, v := range t.verdicts[len(t.verdicts)-len(r.checks):] {
			fmt.Fprintf(t.stderr, "   %s %s", short(v.Value), v.Unit)
			if v.Error != "" {
				failed = errShown
			}
		}
		fmt.Fprintln(t.stderr)
	}
	over := slices.ContainsFunc(t.verdicts, func(v verdict) bool { return v.Error == "" && !v.OK })
	if failed == nil && over && t.opts.strict {
		return errMissed
	}
	return failed
}

// row measures one row and judges it.
func (t *table) row(ctx context.Context, r row) error {
	s, ok := findScenario(r.command[0])
	if !ok {
		return fmt.Errorf("no scenario %q", r.command[0])
	}
	c, err := t.newContest(s, r.command[1:], t.opts)
	if err != nil {
		return err
	}
	c.runs, c.timeout = max(1, r.runs), max(c.timeout, rowTimeout)
	targets, err := t.open(ctx, s, t.homes[r.at], true)
	if err != nil {
		return err
	}
	defer targets.close()
	out, err := c.run(ctx, targets.envs)
	if err != nil {
		return err
	}
	t.reports = append(t.reports, c.reports(out)...)
	if s := troubles(r, out); s != "" {
		t.troubles = append(t.troubles, s)
	}
	for _, check := range r.checks {
		t.verdicts = append(t.verdicts, check.judge(r, out))
	}
	return nil
}

// furnishFor makes the accounts of all rows in a place at once; the first row there pays for it.
func (t *table) furnishFor(ctx context.Context, at place) error {
	named, nameless := 0, 0
	for _, r := range t.rows {
		if r.at == at {
			named, nameless = max(named, r.named), max(nameless, r.nameless)
		}
	}
	return t.furnish(ctx, t.homes[at], named, nameless)
}

// comment says below the table what the reader must know about it.
func (t *table) comment() {
	for _, s := range t.troubles {
		fmt.Fprintln(t.stdout, s)
	}
	const noisy = 20 // percent of a processor
	worst := 0.0
	for _, v := range t.verdicts {
		if o := float64(v.Others); o > worst { // false for NaN
			worst = o
		}
	}
	if worst > noisy {
		fmt.Fprintf(t.stdout, "Other programs used up to %.0f %% of a processor meanwhile: measure again on a quiet machine.\n", worst)
	}
}

// save writes the results for scripts, if they are wanted.
func (t *table) save(m machine) error {
	if t.opts.json == "" {
		return nil
	}
	b, err := json.MarshalIndent(document{
		Time: t.began.UTC().Format(time.RFC3339), Machine: m, Rows: t.verdicts, Reports: t.reports,
	}, "", "  ")
	if err != nil {
		return fmt.Errorf("results: %w", err)
	}
	if err := os.WriteFile(t.opts.json, append(b, '\n'), 0o644); err != nil {
		return errors.Join(errors.New("the results are not saved"), err)
	}
	return nil
}
