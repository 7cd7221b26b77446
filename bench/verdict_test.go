//go:build linux

package bench

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
)

// outcomeOf has one metric, by target and run.
func outcomeOf(name string, byTarget ...[]float64) outcome {
	var o outcome
	for _, runs := range byTarget {
		var all []result
		for _, v := range runs {
			var r result
			r.add(name, v)
			r.add("db_"+name, v)
			r.quiet(othersMetric, 7)
			all = append(all, r)
		}
		o.results = append(o.results, all)
	}
	return o
}

func TestJudge(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	for _, c := range []struct {
		name   string
		check  check
		out    outcome
		value  float64
		span   string
		target string
		ok     bool
		err    bool
	}{
		{
			"ratio of medians", atMost("m", "", " ms", 10), outcomeOf("m", []float64{9, 30, 6}, []float64{3, 3, 2}),
			3, "3–10", "≤ 10 ×", true, false,
		},
		{"over", atMost("m", "", "", 2.5), outcomeOf("m", []float64{9}, []float64{3}), 3, "", "≤ 2.5 ×", false, false},
		{"exactly", atMost("m", "", "", 3), outcomeOf("m", []float64{9}, []float64{3}), 3, "", "≤ 3 ×", true, false},
		{"at least", atLeast("m", "", 0.25), outcomeOf("m", []float64{3}, []float64{10}), 0.3, "", "≥ 0.25 ×", true, false},
		{"too little", atLeast("m", "", 0.25), outcomeOf("m", []float64{2}, []float64{10}), 0.2, "", "≥ 0.25 ×", false, false},
		{
			"sum",
			check{metrics: []string{"m", "db_m"}, ratio: true, most: true, target: 4},
			outcomeOf("m", []float64{9}, []float64{3}), 3, "", "≤ 4 ×", true, false,
		},
		{
			"plain beside a hub", plain("m", "", " KB", 12), outcomeOf("m", []float64{11}, []float64{30}),
			11, "", "≤ 12 KB", true, false,
		},
		{"plain", plain("m", "", "", 0), outcomeOf("m", []float64{1}), 1, "", "≤ 0", false, false},
		{"no such metric", plain("other", "", "", 1), outcomeOf("m", []float64{1}), nan, "", "≤ 1", false, true},
		{"nothing happened", atMost("m", "", "", 1), outcomeOf("m", []float64{nan}, []float64{1}), nan, "", "≤ 1 ×", false, true},
		{"limit of zero", atMost("m", "", "", 1), outcomeOf("m", []float64{1}, []float64{0}), nan, "", "≤ 1 ×", false, true},
		{"no hub", atMost("m", "", "", 1), outcomeOf("m", []float64{1}), nan, "", "≤ 1 ×", false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := c.check.judge(row{key: "k", brief: "b"}, c.out)
			if v.Target != c.target || v.OK != c.ok || (v.Error != "") != c.err {
				t.Errorf("got %+v", v)
			}
			if c.err {
				return
			}
			if math.Abs(float64(v.Value)-c.value) > 1e-9 || v.cells()[2] != c.span || v.Others != 7 {
				t.Errorf("got %v, span %q, others %v, want %v, %q, 7", v.Value, v.cells()[2], v.Others, c.value, c.span)
			}
		})
	}
}

// The targets are those of the issue, whatever the length of the table.
func TestTargets(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"p2p": "≤ 4 ×, ≥ 0.25 ×", "pair16": "≥ 0.15 ×", "pair1": "≤ 10 ×",
		"group10": "≤ 2.5 ×", "group100": "≤ 1.3 ×", "group1000": "≤ 1.2 ×, ≤ 4 ×",
		"history": "≤ 2 ×", "login": "≤ 2 ×", "storm": "≤ 2 ×", "churn": "≤ 3 ×", "idle": "≤ 12 KB",
		"crash": "≤ 300 ms, ≤ 0, ≤ 0", "startup": "≤ 300 ms, ≤ 40 MB",
		"search": "≤ 20 ms", "join": "≤ 50 ms, ≤ 50 ms, ≤ 400 B", "crowd": "≤ 1.2 ×", "sync": "≤ 100 ms",
		"reconnect": "≤ 4 ×, ≥ 0.25 ×, ≤ 5000 ms",
	}
	for _, o := range []options{{}, {quick: true}, {full: true}} {
		seen := 0
		for _, r := range rows(o.scale()) {
			var got []string
			for _, c := range r.checks {
				got = append(got, c.newVerdict(r).Target)
			}
			if s := strings.Join(got, ", "); s != want[r.key] {
				t.Errorf("%s: got %s, want %s", r.key, s, want[r.key])
			}
			seen++
			if s, ok := findScenario(r.command[0]); !ok {
				t.Errorf("%s: no scenario %s", r.key, r.command[0])
			} else if _, err := (&bench{stderr: t.Output()}).newContest(s, r.command[1:], &o); err != nil {
				t.Errorf("%s: %v", r.key, r.command)
			}
		}
		if least := len(want); seen < least {
			t.Errorf("%d rows of %d", seen, least)
		}
	}
}

func TestWriteTable(t *testing.T) {
	t.Parallel()
	r := row{key: "k", brief: "pairs"}
	verdicts := []verdict{
		costs("message", "CPU", 4).judge(r, outcome{results: [][]result{
			costResults(80, 100), costResults(20, 25),
		}}),
		atLeast("acked_per_s", "acks", 0.25).judge(r, outcomeOf("acked_per_s", []float64{2000}, []float64{40000})),
		plain("m", "gaps", "", 0).judge(r, outcomeOf("m", []float64{3})),
		plain("m", "memory", " MB", 40).newVerdict(r).failed(errors.New("out of order")),
	}
	var b strings.Builder
	writeTable(&b, verdicts)
	want := `what           measured  from–to  target            server / bare hub
pairs: CPU          4 ×           ≤ 4 ×     ok      90 / 22.5 µs
pairs: acks      0.05 ×           ≥ 0.25 ×  under   2000 / 40,000
pairs: gaps           3           ≤ 0       over
pairs: memory         –           ≤ 40 MB   failed  out of order
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
	j, err := json.Marshal(verdicts)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{`"target":"≤ 4 ×"`, `"value":0.05000`, `"error":"out of order"`, `"limit":null`} {
		if !strings.Contains(string(j), s) {
			t.Errorf("no %s in %s", s, j)
		}
	}
}

func TestTroubles(t *testing.T) {
	t.Parallel()
	r := row{brief: "pairs"}
	out := outcomeOf("lost", []float64{0, 3}, []float64{0, 0})
	out.names = []string{"server", hubName}
	if got, want := troubles(r, out), "pairs: 3 lost by the server in a run"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := troubles(r, outcomeOf("acked_per_s", []float64{7})); got != "" {
		t.Errorf("got %q", got)
	}
}

func costResults(us ...float64) []result {
	var out []result
	for _, v := range us {
		var r result
		r.add("server_cpu_us_per_message", v)
		r.add("db_cpu_us_per_message", 0)
		out = append(out, r)
	}
	return out
}
