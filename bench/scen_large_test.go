//go:build linux

package bench

import (
	"slices"
	"strings"
	"testing"
)

// The scenario search knows how many users each of its queries finds.
func TestSearchKinds(t *testing.T) {
	t.Parallel()
	const n = 2 * teamSize * cities
	has := func(user int, query string) bool {
		tags := strings.Split(strings.Trim(searchTags(user), `[]`), ",")
		if any, all := strings.Split(query, ","), strings.Fields(query); len(all) == 1 {
			return slices.ContainsFunc(any, func(tag string) bool { return slices.Contains(tags, `"`+tag+`"`) })
		} else {
			return !slices.ContainsFunc(all, func(tag string) bool { return !slices.Contains(tags, `"`+tag+`"`) })
		}
	}
	for _, k := range searchKinds() {
		for range 20 {
			query, want := k.query(n)
			got := 0
			for user := range n {
				if has(user, query) {
					got++
				}
			}
			if got != want {
				t.Errorf("%s: %q finds %d, want %d", k.name, query, got, want)
			}
		}
	}
}

// The groups of the scenario reconnect are of one size, and a user is in each of his only once.
func TestReconnectGroups(t *testing.T) {
	t.Parallel()
	o := reconnectRun{n: 200, topics: 4, size: 10}
	size := make([]int, o.topics*o.groups())
	for user := range o.n {
		mine := map[int]bool{}
		for k := range o.topics {
			g := o.group(user, k)
			size[g]++
			mine[g] = true
		}
		if len(mine) != o.topics {
			t.Errorf("user %d is in %d groups", user, len(mine))
		}
	}
	for g, n := range size {
		if n != o.size {
			t.Errorf("group %d has %d members", g, n)
		}
	}
}

// A sync is asked for with all names, and what answers it is counted.
func TestSyncReader(t *testing.T) {
	t.Parallel()
	o := syncRun{}
	got := string(o.request([]string{"grpA", "grpB"})("c1"))
	want := `{"get":{"id":"c1","topic":"me","what":"sync","sync":{"topics":{"grpA":{"seq":1},"grpB":{"seq":1}}}}}`
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var h syncReader
	for _, p := range []string{
		`{"meta":{"id":"c1","topic":"me","sub":[{"topic":"grpA","seq":6},{"topic":"grpB"}]}}`,
		`{"data":{"topic":"grpA","seq":2,"content":"x"}}`, `{"pres":{"topic":"me","what":"on","src":"grpA"}}`,
	} {
		h.message(nil, []byte(p))
	}
	if h.topics != 2 || h.messages != 1 {
		t.Errorf("got %+v", h)
	}
}
