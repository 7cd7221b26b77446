//go:build linux

package bench

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func resultOf(v float64) result {
	var r result
	r.add("x", v)
	r.quiet("y", 2*v)
	return r
}

func TestSummarise(t *testing.T) {
	t.Parallel()
	mid, lo, hi := summarise([]result{resultOf(3), resultOf(math.NaN()), resultOf(1), resultOf(2)})
	if mid.get("x") != 2 || lo.get("x") != 1 || hi.get("y") != 6 {
		t.Errorf("median %v, lowest %v, highest %v", mid, lo, hi)
	}
	if q := ratios(mid, hi); len(q) != 2 || math.Abs(q.get("x")-2.0/3) > 1e-9 {
		t.Errorf("ratios %v", q)
	}
	if q := ratios(mid, metrics{{name: "x"}}); len(q) != 0 {
		t.Errorf("a ratio to zero: %v", q)
	}
}

func TestRound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		v                 float64
		json, text, table string
	}{
		{0, "0", "0", "0"},
		{12345.678, "12346", "12,346", "12346"},
		{1.23456, "1.235", "1.23", "1.235"},
		{0.012345, "0.01235", "0.01", "0.01235"},
		{4, "4.000", "4", "4"},
		{2.5, "2.500", "2.50", "2.5"},
		{math.NaN(), "null", "–", "NaN"},
	} {
		if got := jsonNumber(c.v); got != c.json {
			t.Errorf("JSON of %v: got %s, want %s", c.v, got, c.json)
		}
		if got := short(number(c.v)); got != c.text {
			t.Errorf("text of %v: got %s, want %s", c.v, got, c.text)
		}
		if got := round4(c.v); !math.IsNaN(c.v) && got != c.table {
			t.Errorf("target %v: got %s, want %s", c.v, got, c.table)
		}
	}
}

func TestMetricsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	in := metrics{{name: "z", value: 1}, {name: "none", value: math.NaN()}, {name: "a", value: 2.5}}
	b, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"z":1.000,"none":null,"a":2.500}`; string(b) != want {
		t.Errorf("got %s, want %s", b, want)
	}
	var out metrics
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	want := metrics{{name: "z", value: 1}, {name: "a", value: 2.5}}
	if diff := cmp.Diff(want, out, cmp.AllowUnexported(metric{})); diff != "" {
		t.Error(diff)
	}
}

func TestCost(t *testing.T) {
	t.Parallel()
	var r result
	r.cost(usage{wall: 2 * time.Second, server: time.Second, db: 500 * time.Millisecond, other: time.Second}, "op", 1000)
	for name, want := range map[string]float64{
		"server_cpu_us_per_op": 1000, "db_cpu_us_per_op": 500, "server_cpu_pct": 50, othersMetric: 50,
	} {
		if got := r.metrics.get(name); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

func TestHist(t *testing.T) {
	t.Parallel()
	h := newHist()
	if !math.IsNaN(h.percentile(50)) {
		t.Error("an empty histogram has a median")
	}
	for _, d := range []time.Duration{0, 2 * time.Millisecond, time.Hour} {
		h.record(int64(d))
	}
	if got := h.percentile(50); got < 1.99 || got > 2.01 || h.count() != 3 || h.percentile(100) < 119e3 {
		t.Errorf("median %v, most %v, %d values", got, h.percentile(100), h.count())
	}
}
