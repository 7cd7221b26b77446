//go:build linux

package bench

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMarkdown(t *testing.T) {
	t.Parallel()
	// reports are of 3000 or 500 messages a second where the limit is 10000 or 5000.
	reports := func(d string, server, limit float64) []report {
		params := map[string]any{"pairs": 1, "both": false, "d": d}
		return []report{
			{Scenario: "p2p", Target: "server", Params: params, Median: metrics{
				{name: "acked_per_s", value: server}, {name: "ack_max_ms", value: 1}, {name: othersMetric, value: 12},
			}},
			{Scenario: "p2p", Target: hubName, Params: params, Median: metrics{{name: "acked_per_s", value: limit}}},
		}
	}
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var lines []byte
	for _, r := range reports("5s", 3000, 10000) {
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(append(lines, b...), '\n')
	}
	saved, err := json.Marshal(document{Reports: reports("2s", 500, 5000)})
	if err != nil {
		t.Fatal(err)
	}
	mine, theirs := write("lines", lines), write("saved", saved)

	code, out, stderr := runMain("table", "-base", theirs, mine)
	if code != exitOK {
		t.Fatal(stderr)
	}
	// 3000 of 10000 is three times 500 of 5000.
	if want := "| acked_per_s | 3000 |  | 10000 | 0.3000 | 500.0 | 3.000 |"; !strings.Contains(out, want) {
		t.Errorf("no %q in\n%s", want, out)
	}
	if strings.Contains(out, "ack_max_ms") || !strings.Contains(out, "`d=5s pairs=1`") || !strings.Contains(out, "others used 12 %") {
		t.Errorf("wrong selection in\n%s", out)
	}
	if _, out, _ := runMain("table", theirs); !strings.Contains(out, "| acked_per_s | 500.0 |  | 5000 | 0.1000 |\n") {
		t.Errorf("results of the table are not read:\n%s", out)
	}
	if code, _, stderr := runMain("table", write("broken", []byte("{]"))); code != exitFailed || !strings.Contains(stderr, "broken") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}
