//go:build linux

package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// metric is one number of a result. Quiet metrics are left out of the line for people.
type metric struct {
	name  string
	value float64
	quiet bool
}

// metrics are the numbers of a result in the order they are to be shown. In JSON they are an object
// which keeps that order; what is not a number is null.
type metrics []metric

// result is what one run of a scenario measured.
type result struct{ metrics metrics }

// add appends a metric.
func (r *result) add(name string, value float64) {
	r.metrics = append(r.metrics, metric{name: name, value: value})
}

// quiet appends a metric which is of interest only to programs.
func (r *result) quiet(name string, value float64) {
	r.metrics = append(r.metrics, metric{name: name, value: value, quiet: true})
}

// latency appends the usual percentiles of a histogram, in milliseconds.
func (r *result) latency(name string, h *hist) {
	for _, q := range []struct {
		suffix  string
		percent float64
	}{{"p50", 50}, {"p95", 95}, {"p99", 99}, {"p99.9", 99.9}} {
		r.add(fmt.Sprintf("%s_%s_ms", name, q.suffix), h.percentile(q.percent))
	}
	r.quiet(name+"_max_ms", h.percentile(100))
	r.quiet(name+"_count", float64(h.count()))
}

// cost appends the CPU time per operation and the context that it was measured in.
func (r *result) cost(u usage, unit string, operations float64) {
	per := func(d time.Duration) float64 { return float64(d.Microseconds()) / operations }
	r.add("server_cpu_us_per_"+unit, per(u.server))
	r.add("db_cpu_us_per_"+unit, per(u.db))
	r.quiet("generator_cpu_us_per_"+unit, per(u.self))
	r.context(u)
}

// context appends how busy the processes and the rest of the machine were, in percent of one
// processor.
func (r *result) context(u usage) {
	r.add("server_cpu_pct", u.percent(u.server))
	r.add("db_cpu_pct", u.percent(u.db))
	r.quiet("generator_cpu_pct", u.percent(u.self))
	r.quiet(othersMetric, u.percent(u.other))
}

// othersMetric is the noise of the machine.
const othersMetric = "others_cpu_pct"

// get returns the metric of the given name, NaN if there is none.
func (v metrics) get(name string) float64 {
	for _, m := range v {
		if m.name == name {
			return m.value
		}
	}
	return math.NaN()
}

// MarshalJSON writes the numbers with four significant digits.
func (v metrics) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range v {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:%s", m.name, jsonNumber(m.value))
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UnmarshalJSON keeps the order of the numbers and leaves out nulls.
func (v *metrics) UnmarshalJSON(b []byte) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	if t, err := dec.Token(); err != nil || t == nil {
		return err
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		var n *float64
		if err := dec.Decode(&n); err != nil {
			return err
		}
		if name, ok := key.(string); ok && n != nil {
			*v = append(*v, metric{name: name, value: *n})
		}
	}
	return nil
}

// jsonNumber is v rounded, or null when JSON has no such number.
func jsonNumber(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "null"
	}
	return round(v)
}

// round formats a number with four significant digits, but never drops those before the point.
func round(v float64) string {
	if v == 0 {
		return "0"
	}
	digits := 3 - int(math.Floor(math.Log10(math.Max(math.Abs(v), 1e-3))))
	return strconv.FormatFloat(v, 'f', min(max(digits, 0), 6), 64)
}

// report is the JSON object printed for a scenario and a target.
type report struct {
	Scenario string         `json:"scenario"`
	Target   string         `json:"target"`
	Time     string         `json:"time"` // when it began, RFC 3339
	Load     float64        `json:"load_average"`
	Params   map[string]any `json:"params"`
	Runs     int            `json:"runs"`
	Median   metrics        `json:"median"`
	Min      metrics        `json:"min,omitempty"` // absent after a single run
	Max      metrics        `json:"max,omitempty"`
}

// summarise reduces the runs to their median, minimum and maximum by metric.
func summarise(runs []result) (median, lowest, highest metrics) {
	for i, m := range runs[0].metrics {
		var all []float64
		for _, r := range runs {
			if i < len(r.metrics) && r.metrics[i].name == m.name && !math.IsNaN(r.metrics[i].value) {
				all = append(all, r.metrics[i].value)
			}
		}
		mid, lo, hi := math.NaN(), math.NaN(), math.NaN()
		if len(all) > 0 {
			mid, lo, hi = middle(all), slices.Min(all), slices.Max(all)
		}
		median = append(median, metric{m.name, mid, m.quiet})
		lowest = append(lowest, metric{m.name, lo, m.quiet})
		highest = append(highest, metric{m.name, hi, m.quiet})
	}
	return median, lowest, highest
}

// middle is the median; v must not be empty, and is sorted.
func middle(v []float64) float64 {
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// ratios divides the metrics of a by those of b which bear the same names.
func ratios(a, b metrics) metrics {
	var out metrics
	for _, x := range a {
		y := b.get(x.name)
		if y != 0 && !math.IsNaN(x.value) && !math.IsNaN(y) {
			out = append(out, metric{x.name, x.value / y, x.quiet})
		}
	}
	return out
}

// line is the summary for people.
func line(scenario, target string, v metrics) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-9s %-7s", scenario, target)
	for _, m := range v {
		if !m.quiet {
			fmt.Fprintf(&b, " %s=%s", m.name, round(m.value))
		}
	}
	return b.String()
}
