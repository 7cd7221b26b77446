//go:build linux

package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// pairing is the report of a server with that of the limit, if there is one.
type pairing struct {
	server report
	limit  *report
}

// readReports reads what a scenario printed, or what the table saved by -json.
func readReports(name string) ([]pairing, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []report
	for dec := json.NewDecoder(f); ; {
		var v struct {
			report
			Reports []report `json:"reports"`
		}
		err := dec.Decode(&v)
		if errors.Is(err, io.EOF) {
			return pairUp(all), nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(append(all, v.report), v.Reports...)
	}
}

// pairUp joins each report of a server with the report of the limit behind it.
func pairUp(reports []report) []pairing {
	var out []pairing
	for _, r := range reports {
		switch n := len(out); {
		case r.Target == "server":
			out = append(out, pairing{server: r})
		case r.Target == hubName && n > 0 && out[n-1].server.Scenario == r.Scenario:
			out[n-1].limit = &r
		}
	}
	return out
}

// paramLine lists the parameters of a report, without those which are off and those which are left out.
func (r report) paramLine(without ...string) string {
	var names, out []string
	for name := range r.Params {
		if !slices.Contains(without, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if v := r.Params[name]; v != false {
			out = append(out, fmt.Sprintf("%s=%v", name, v))
		}
	}
	return strings.Join(out, " ")
}

// match is the last pairing which measured the same as p, if only for another time; nil if there is
// none.
func match(p pairing, in []pairing) *pairing {
	times := []string{"d", "hold", "warm", "settle", "rounds"}
	for i, q := range slices.Backward(in) {
		if q.server.Scenario == p.server.Scenario && q.server.paramLine(times...) == p.server.paramLine(times...) {
			return &in[i]
		}
	}
	return nil
}
