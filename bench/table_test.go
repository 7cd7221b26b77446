//go:build linux

package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// small is the whole table in a few seconds.
func small() scale {
	return scale{
		runs: 1, warm: 10 * time.Millisecond, d: 120 * time.Millisecond, pairs: 2,
		groups: []groupTarget{{2, 3, 2.5}, {1, 5, 1.2}}, page: 200, users: 4, idle: []int{20},
		settle: 10 * time.Millisecond, hold: 10 * time.Millisecond, stored: 500, rounds: 1, starts: 2,
		rest: 10 * time.Millisecond, people: 1000, crowd: 30, online: 20, storm: 20, logins: 10,
	}
}

// smallRows are its rows, but for those that make no sense for a hub.
func smallRows() []row {
	return slices.DeleteFunc(rows(small()), func(r row) bool {
		s, _ := findScenario(r.command[0])
		return s.noHub
	})
}

// smallTable is that table with the test's own program, a hub, in the place of the server.
func smallTable(t *testing.T, o *options) (tb *table, stdout, stderr *bytes.Buffer) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	l, err := newLoop(3)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.close)
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	o.timeout, o.workers = time.Minute, 4
	tb = &table{
		arena: arena{bench: &bench{self: exe, stdout: stdout, stderr: stderr}, loop: l, workers: o.workers},
		opts:  o, rows: smallRows(), began: time.Now(),
	}
	if err := tb.settleIn(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	return tb, stdout, stderr
}

func TestTable(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "results.json")
	tb, _, stderr := smallTable(t, &options{strict: true, json: path})
	// A hub loses everything when it is killed, so that a target is missed for certain; and in so
	// short a time, on a busy machine, the CPU time of a row may stay below the tick of /proc.
	if err := tb.measure(t.Context()); !errors.Is(err, errMissed) && !errors.Is(err, errShown) {
		t.Errorf("got %v\n%s", err, stderr)
	}
	want := 0
	for _, r := range tb.rows {
		want += len(r.checks)
	}
	if len(tb.verdicts) != want {
		t.Errorf("%d verdicts of %d", len(tb.verdicts), want)
	}
	for _, v := range tb.verdicts {
		if v.Error != "" && !strings.Contains(v.Metric, "cpu") {
			t.Errorf("%s: %s", v.What, v.Error)
		}
		if strings.Contains(v.What, "lost") && (v.OK || v.Value <= 0) {
			t.Errorf("a server which forgets everything passes: %+v", v)
		}
	}
	if err := tb.save(machine{}); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Rows    []struct{ Row, Target string }
		Reports []report
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Rows) != want || len(doc.Reports) != 3*11+2 || doc.Rows[0].Target != "≤ 4 ×" {
		t.Errorf("%d rows, %d reports in %s", len(doc.Rows), len(doc.Reports), b)
	}
}

// A row which fails is shown as such and does not stop the others.
func TestTableGoesOn(t *testing.T) {
	t.Parallel()
	tb, stdout, stderr := smallTable(t, &options{})
	tb.rows = []row{
		{key: "bad", brief: "bad", command: command("idle", "-n", 1<<30), checks: []check{plain("rss_mb", "memory", " MB", 1)}},
		{key: "good", brief: "good", command: command("accounts", "-n", 1), checks: []check{plain("accounts_per_s", "speed", "", 1e9)}},
	}
	if err := tb.measure(t.Context()); !errors.Is(err, errShown) {
		t.Errorf("got %v", err)
	}
	writeTable(stdout, tb.verdicts)
	if out := stdout.String(); !strings.Contains(out, "failed  idle on server: the limit of open files") || !strings.Contains(out, "ok") {
		t.Errorf("got\n%s\n%s", out, stderr)
	}
}

func TestStrict(t *testing.T) {
	t.Parallel()
	for _, strict := range []bool{false, true} {
		tb, _, stderr := smallTable(t, &options{strict: strict})
		tb.rows = []row{{key: "k", brief: "b", command: command("accounts", "-n", 1), checks: []check{plain("accounts_per_s", "speed", "", 0)}}}
		err := tb.measure(t.Context())
		if got := errors.Is(err, errMissed); got != strict || !strict && err != nil {
			t.Errorf("strict %v: got %v\n%s", strict, err, stderr)
		}
	}
}

func TestTableIsInterrupted(t *testing.T) {
	t.Parallel()
	tb, _, _ := smallTable(t, &options{})
	tb.rows = []row{{key: "long", command: command("idle", "-n", 1, "-hold", time.Hour), nameless: 1}}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := tb.measure(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// With a server which is not ours, what needs an empty folder or a restart is left out.
func TestOtherServer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		opts options
		left string
	}{
		{options{pid: 1}, "p2p pair16 pair1 group3 group5 history login churn idle"},
		{options{start: "true"}, "p2p pair16 pair1 group3 group5 history login churn idle crowd reconnect crash"},
	} {
		tb, _, _ := smallTable(t, &c.opts)
		var keys []string
		for _, r := range tb.rows {
			keys = append(keys, r.key)
		}
		if got := strings.Join(keys, " "); got != c.left {
			t.Errorf("%+v: got %s, want %s", c.opts, got, c.left)
		}
	}
}

func TestMachine(t *testing.T) {
	t.Parallel()
	m, err := describe(t.TempDir())
	if err != nil || m.Processors < 1 || m.DurableWrite <= 0 || !strings.Contains(m.String(), " ms in ") {
		t.Errorf("%+v, %v", m, err)
	}
	m.dataOnMemory = true
	if !strings.Contains(m.String(), "-dir") {
		t.Errorf("no warning in %s", m)
	}
	if _, err := describe("/nonexistent"); err == nil {
		t.Error("no error without a folder")
	}
}

func TestRunTimesOut(t *testing.T) {
	t.Parallel()
	s, _ := findScenario("idle")
	c, err := (&bench{}).newContest(s, []string{"-n", "1", "-hold", "1h"}, &options{timeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.run(t.Context(), []*env{hubEnv(t)}); err == nil || !strings.Contains(err.Error(), "-timeout") {
		t.Errorf("got %v", err)
	}
}
