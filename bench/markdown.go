//go:build linux

package bench

import (
	"flag"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// briefMetrics are the metrics that the tables show of a scenario; empty stands for all which are
// not hidden.
func briefMetrics(scenario string) []string {
	var names string
	switch scenario {
	case "startup":
		names = "binary_mb first_hi_ms rss_mb pss_mb cpu_ms"
	case "accounts":
		names = "accounts_per_s acc_p50_ms acc_p99_ms server_cpu_us_per_account db_cpu_us_per_account"
	case "login":
		names = "logins_per_s connect_p50_ms connect_p99_ms login_p50_ms login_p99_ms server_cpu_us_per_login db_cpu_us_per_login"
	case "churn":
		names = `cycles_per_s cycle_p50_ms cycle_p99_ms server_cpu_us_per_cycle db_cpu_us_per_cycle subs_put_off_pct
			rss_before_mb rss_after_mb`
	case "idle":
		names = `rss_per_conn_kb pss_per_conn_kb rss_mb still_open idle_cpu_pct opened_per_s server_cpu_us_per_open
			db_cpu_us_per_open`
	case "p2p":
		names = `acked_per_s ack_p50_ms ack_p99_ms ack_p99.9_ms data_p50_ms data_p99_ms data_p99.9_ms
			server_cpu_us_per_message db_cpu_us_per_message lost dropped_connections`
	case "group":
		names = `acked_per_s delivered_per_s data_p50_ms data_p99_ms last_p50_ms last_p99_ms server_cpu_us_per_delivery
			db_cpu_us_per_delivery prepare_s rss_mb lost dropped_connections`
	case "history":
		names = "pages_per_s page_p50_ms page_p99_ms server_cpu_us_per_page db_cpu_us_per_page fill_messages_per_s"
	case "slow":
		names = `without_delivered_per_s with_delivered_per_s without_data_p50_ms with_data_p50_ms
			without_data_p99_ms with_data_p99_ms without_cpu_us_per_delivery with_cpu_us_per_delivery
			rss_before_mb rss_after_mb others_dropped lost slow_dropped_after_s slow_still_connected`
	}
	return strings.Fields(names)
}

// shown says whether the tables show a metric.
func shown(scenario, name string) bool {
	if brief := briefMetrics(scenario); len(brief) > 0 {
		return slices.Contains(brief, name)
	}
	hidden := []string{"_max_ms", "_count", "_p95_ms", "_lag_p99_ms", "_cpu_pct"}
	return !slices.ContainsFunc(hidden, func(suffix string) bool { return strings.HasSuffix(name, suffix) })
}

// markdown is the subcommand table: it writes a Markdown table for each report in the named files.
func (b *bench) markdown(args []string) error {
	fs := flag.NewFlagSet("parley bench table", flag.ContinueOnError)
	base := fs.String("base", "", "file of results of another server to compare with")
	if err := b.parse(fs, args, fs.PrintDefaults); err != nil {
		return err
	}
	if fs.NArg() == 0 {
		fmt.Fprintln(b.stderr, "parley bench table: name a file of results")
		return errUsage
	}
	var baseline []pairing
	if *base != "" {
		var err error
		if baseline, err = readReports(*base); err != nil {
			return err
		}
	}
	last := ""
	for _, name := range fs.Args() {
		pairs, err := readReports(name)
		if err != nil {
			return err
		}
		slices.SortStableFunc(pairs, func(p, q pairing) int {
			return scenarioIndex(p.server.Scenario) - scenarioIndex(q.server.Scenario)
		})
		for _, p := range pairs {
			if p.server.Scenario != last {
				last = p.server.Scenario
				fmt.Fprintf(b.stdout, "## %s\n\n", last)
			}
			writeMarkdown(b.stdout, p, match(p, baseline))
		}
	}
	return nil
}

func scenarioIndex(name string) int {
	return slices.IndexFunc(scenarios(), func(s scenario) bool { return s.name == name })
}

// writeMarkdown writes one table. With a baseline, the last column is the quotient of the two ratios
// to the limit, in which the state of the machine at both times cancels out; without limits it is
// the quotient of the plain values.
func writeMarkdown(w io.Writer, p pairing, base *pairing) {
	r := p.server
	fmt.Fprintf(w, "`%s` — %s, %d run(s), load average %.1f", r.paramLine(), r.Time, r.Runs, r.Load)
	if v := r.Median.get(othersMetric); !math.IsNaN(v) {
		fmt.Fprintf(w, ", others used %.0f %% of a processor", v)
	}
	fmt.Fprintf(w, "\n\n| metric | server | min–max | limit | server/limit |")
	if base != nil {
		fmt.Fprintf(w, " baseline | server/baseline |\n|---|---:|---:|---:|---:|---:|---:|\n")
	} else {
		fmt.Fprintf(w, "\n|---|---:|---:|---:|---:|\n")
	}
	for _, m := range r.Median {
		if shown(r.Scenario, m.name) {
			writeMetric(w, m, p, base)
		}
	}
	fmt.Fprintln(w)
}

// writeMetric writes one line of a table.
func writeMetric(w io.Writer, m metric, p pairing, base *pairing) {
	span, bound, ratio := "", "", ""
	if lo, hi := p.server.Min.get(m.name), p.server.Max.get(m.name); lo < hi {
		span = round(lo) + "–" + round(hi)
	}
	limit := p.limited(m.name)
	if !math.IsNaN(limit) {
		bound = round(limit)
	}
	limited := !math.IsNaN(limit) && limit != 0
	if limited {
		ratio = round(m.value / limit)
	}
	fmt.Fprintf(w, "| %s | %s | %s | %s | %s |", m.name, round(m.value), span, bound, ratio)
	if base != nil {
		old := base.server.Median.get(m.name)
		quotient := m.value / old
		if bl := base.limited(m.name); limited && !math.IsNaN(bl) && bl != 0 {
			quotient = (m.value / limit) / (old / bl)
		}
		fmt.Fprintf(w, " %s | %s |", cell(old), cell(quotient))
	}
	fmt.Fprintln(w)
}

// limited is the figure of the limit for a metric; NaN if there is none.
func (p pairing) limited(name string) float64 {
	if p.limit == nil {
		return math.NaN()
	}
	return p.limit.Median.get(name)
}

// cell is a number in a table; empty if there is none.
func cell(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	return round(v)
}
