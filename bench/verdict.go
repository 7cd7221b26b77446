//go:build linux

package bench

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// check is a figure which is read off a row, with its target.
type check struct {
	what    string
	metrics []string // added up
	ratio   bool     // as a ratio to the bare hub, else as it is
	most    bool     // the target is an upper bound, else a lower one
	target  float64
	unit    string // of the metrics, with a blank before it
}

// costs is a check of the CPU time of the server and its database per operation.
func costs(unit, what string, most float64) check {
	return check{
		what: what, metrics: []string{"server_cpu_us_per_" + unit, "db_cpu_us_per_" + unit},
		ratio: true, most: true, target: most, unit: " µs",
	}
}

// atMost is a check of a ratio to the hub.
func atMost(metric, what, unit string, most float64) check {
	return check{what: what, metrics: []string{metric}, ratio: true, most: true, target: most, unit: unit}
}

// atLeast is a check of a ratio to the hub.
func atLeast(metric, what string, least float64) check {
	return check{what: what, metrics: []string{metric}, ratio: true, target: least}
}

// plain is a check of a figure by itself.
func plain(metric, what, unit string, most float64) check {
	return check{what: what, metrics: []string{metric}, most: true, target: most, unit: unit}
}

// verdict is a line of the table.
type verdict struct {
	Row    string `json:"row"`
	What   string `json:"what"`
	Metric string `json:"metric"` // of the scenario's report
	Value  number `json:"value"`  // the ratio, or the figure itself
	Low    number `json:"min"`    // over the turns
	High   number `json:"max"`
	Unit   string `json:"unit"`   // of value
	Target string `json:"target"` // such as "≤ 4 ×"
	OK     bool   `json:"ok"`
	Server number `json:"server"` // the figures themselves
	Limit  number `json:"limit"`
	Others number `json:"others_cpu_pct"` // the noise of the machine meanwhile
	Error  string `json:"error,omitempty"`

	figureUnit string
}

// number is a float64 which is null in JSON if it is none, and rounded.
type number float64

// MarshalJSON implements json.Marshaler.
func (n number) MarshalJSON() ([]byte, error) { return []byte(jsonNumber(float64(n))), nil }

var errNothing = errors.New("not measured")

// troubles says what went wrong in a row beside its figures, which may flatter a server that did less
// than it was asked for; empty if nothing did.
func troubles(r row, out outcome) string {
	var found []string
	for i, runs := range out.results {
		for _, name := range []string{"refused", "lost", "dropped_connections", "wrong_answers"} {
			worst := slices.Max(check{metrics: []string{name}}.values(runs))
			if worst > 0 { // false for NaN: many scenarios have no such metric
				found = append(found, fmt.Sprintf("%s %s by the %s", short(number(worst)), strings.ReplaceAll(name, "_", " "), out.names[i]))
			}
		}
	}
	if len(found) == 0 {
		return ""
	}
	return r.brief + ": " + strings.Join(found, ", ") + " in a run"
}

// newVerdict is a line without a figure yet.
func (c check) newVerdict(r row) verdict {
	nan := number(math.NaN())
	v := verdict{
		Row: r.key, What: r.brief + ": " + c.what, Metric: strings.Join(c.metrics, "+"),
		Value: nan, Low: nan, High: nan, Server: nan, Limit: nan, Others: nan,
		Unit: strings.TrimSpace(c.unit), figureUnit: c.unit,
	}
	sign := "≥ "
	if c.most {
		sign = "≤ "
	}
	if c.ratio {
		v.Unit = "×"
	}
	v.Target = strings.TrimSpace(sign + round4(c.target) + " " + v.Unit)
	return v
}

// judge compares what the contest measured with the target. The server's results come first, then
// those of the hub, if it took part.
func (c check) judge(r row, out outcome) verdict {
	v := c.newVerdict(r)
	server := c.values(out.results[0])
	figure := median(server)
	v.Server, v.Value = number(figure), number(figure)
	low, high := server, server
	if len(out.results) > 1 {
		v.Limit = number(median(c.values(out.results[1])))
	}
	if c.ratio && len(out.results) > 1 {
		v.Value = v.Server / v.Limit
		hub := c.values(out.results[1])
		turns := make([]float64, min(len(server), len(hub)))
		for i := range turns {
			turns[i] = server[i] / hub[i]
		}
		low, high = turns, turns
	}
	if math.IsNaN(float64(v.Value)) || math.IsInf(float64(v.Value), 0) || c.ratio && len(out.results) < 2 {
		return v.failed(errNothing)
	}
	v.Low, v.High = number(slices.Min(low)), number(slices.Max(high))
	v.Others = number(median(check{metrics: []string{othersMetric}}.values(out.results[0])))
	if c.most {
		v.OK = float64(v.Value) <= c.target
	} else {
		v.OK = float64(v.Value) >= c.target
	}
	return v
}

// failed is the verdict on what could not be measured.
func (v verdict) failed(err error) verdict {
	v.Error = err.Error()
	return v
}

// values are the sums of the check's metrics by run.
func (c check) values(runs []result) []float64 {
	out := make([]float64, len(runs))
	for i, r := range runs {
		for _, name := range c.metrics {
			out[i] += r.metrics.get(name)
		}
	}
	return out
}

// median leaves v as it is; it is NaN if there is nothing.
func median(v []float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	return middle(slices.Clone(v))
}

// round4 is round without zeros at the end.
func round4(v float64) string {
	s := round(v)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// short is a figure for people, with three significant digits.
func short(n number) string {
	v := float64(n)
	switch a := math.Abs(v); {
	case math.IsNaN(v):
		return "–"
	case v == math.Trunc(v) && a < 1e4:
		return fmt.Sprintf("%.0f", v)
	case a >= 1e4:
		return thousands(int(math.Round(v)))
	case a >= 100:
		return fmt.Sprintf("%.0f", v)
	case a >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// cells are the columns of a line.
func (v verdict) cells() []string {
	if v.Error != "" {
		return []string{v.What, "–", "", v.Target, "failed", v.Error}
	}
	span := ""
	if v.Low < v.High {
		span = short(v.Low) + "–" + short(v.High)
	}
	state := "over"
	if v.OK {
		state = "ok"
	} else if strings.HasPrefix(v.Target, "≥") {
		state = "under"
	}
	figures := ""
	if !math.IsNaN(float64(v.Limit)) {
		figures = short(v.Server) + " / " + short(v.Limit) + v.figureUnit
	}
	return []string{v.What, strings.TrimSpace(short(v.Value) + " " + v.Unit), span, v.Target, state, figures}
}

// writeTable writes the lines for people, in columns.
func writeTable(w io.Writer, verdicts []verdict) {
	lines := [][]string{{"what", "measured", "from–to", "target", "", "server / bare hub"}}
	for _, v := range verdicts {
		lines = append(lines, v.cells())
	}
	widths := make([]int, len(lines[0]))
	for _, l := range lines {
		for i, s := range l {
			widths[i] = max(widths[i], utf8.RuneCountInString(s))
		}
	}
	for _, l := range lines {
		var b strings.Builder
		for i, s := range l {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(s))
			if i == 1 || i == 2 { // figures to the right
				b.WriteString(pad + s + "  ")
			} else {
				b.WriteString(s + pad + "  ")
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}
