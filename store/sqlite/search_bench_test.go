package sqlite

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"parley/internal/chat"
	"parley/store"
)

const searchUsers, searchGroups = 100_000, 20_000

// searchTags are five of user i: two of his own, and three shared with others.
// Every user has one of common0 and common1; half0 to half4 are independent
// coins, young belongs to the last 20,000 and late to the last 1000.
func searchTags(i int) []string {
	h := uint32(i) * 2654435761
	tags := []string{
		fmt.Sprintf("basic:user%d", i), fmt.Sprintf("email:user%d@example.com", i),
		fmt.Sprintf("common%d", i&1), fmt.Sprintf("rare%d", i/20),
	}
	for n := range 5 { // one in five each, but user i/1000 of each thousand has them all
		if h>>20%5 == uint32(n) || i%1000 == 7 {
			tags = append(tags, fmt.Sprintf("fifth%d", n))
		}
	}
	switch {
	case h>>8&1 == 1:
		tags = append(tags, "half")
	case i >= searchUsers-20_000:
		tags = append(tags, "young")
	}
	if i%2 == 0 && i%500 == 0 || i%2 == 1 && h>>8&1 == 0 {
		tags = append(tags, "odd") // 25,000, with nearly nobody of common0
	}
	return tags
}

func searchStore(b *testing.B) *Store {
	s := openTest(b, filepath.Join(b.TempDir(), "parley.db"))
	fill := func(n int, put func(c *conn, i int) error) {
		for from := 0; from < n; from += 5000 {
			err := s.write(b.Context(), "fill", func(c *conn) error {
				for i := from; i < min(from+5000, n); i++ {
					if err := put(c, i); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	public := func(i int) json.RawMessage {
		return json.RawMessage(fmt.Sprintf(`{"fn":"Somebody number %d","photo":{"ref":"/v0/file/s/%036d.jpeg","type":"jpeg"},"note":"about"}`, i, i))
	}
	fill(searchUsers, func(c *conn, i int) error {
		return insertUser(c, &store.User{
			ID: chat.NewUID(), Created: benchTime(i * 1000), Updated: benchTime(0), Public: public(i), Tags: searchTags(i),
		}, nil)
	})
	fill(searchGroups, func(c *conn, i int) error {
		tags := sortedTags([]string{fmt.Sprintf("group%d", i%2), fmt.Sprintf("topic%d", i%100), "common0", "half"}[:2+i%3])
		r, err := c.exec(`INSERT INTO topics (name, created, updated, state, channel, owner, auth, anon, subs, public, tags)
			VALUES (?, ?, 0, 0, 0, 0, 0, 0, ?, ?, ?)`, chat.NewGroupName(), benchTime(i), i*7919%1000/(1+i%50), public(i), tagList(tags))
		if err != nil || r != 1 {
			return err
		}
		return (owner{kind: kindTopic, slot: int64(i + 1)}).enter(c, tags)
	})
	return s
}

// BenchmarkSearch reports percentiles of single searches, after a first one.
func BenchmarkSearch(b *testing.B) {
	s := searchStore(b)
	one := func(tags ...string) (groups [][]string) {
		for _, tag := range tags {
			groups = append(groups, []string{tag})
		}
		return groups
	}
	fifths := []string{"fifth0", "fifth1", "fifth2", "fifth3", "fifth4"}
	for _, c := range []struct {
		name string
		q    store.Search
	}{
		{"own", store.Search{All: [][]string{{"user777@example.com", "email:user777@example.com"}}}},
		{"rare", store.Search{All: one("rare77")}},
		{"common", store.Search{All: one("common1")}},
		{"common-with-groups", store.Search{All: one("common0")}},
		{"young", store.Search{All: one("young")}},
		{"common-and-rare", store.Search{All: one("common0", "rare77")}},
		{"two-common-large", store.Search{All: one("common1", "half")}},
		{"two-common-small", store.Search{All: one("common0", "odd")}},
		{"two-common-none", store.Search{All: one("common0", "common1")}},
		{"common-any-rare", store.Search{All: one("common0"), Any: []string{"rare77"}}},
		{"or-two", store.Search{Any: []string{"common0", "common1"}}},
		{"or-many", store.Search{Any: append([]string{"common0", "common1", "half", "odd", "young"}, fifths...)}},
		{"groups", store.Search{All: one("group1")}},
		{"groups-some", store.Search{Any: []string{"topic1", "topic11", "topic21", "topic31", "topic41", "topic51", "topic61", "topic71", "topic81", "topic91"}}},
	} {
		for _, limit := range []int{20, 1024} {
			b.Run(fmt.Sprintf("%s/limit=%d", c.name, limit), func(b *testing.B) {
				c.q.Limit = limit
				b.ReportAllocs()
				found, took := 0, make([]time.Duration, 0, b.N)
				cpu := cpuTime()
				for range b.N {
					start := time.Now()
					list, err := s.Search(b.Context(), c.q)
					took = append(took, time.Since(start))
					if err != nil {
						b.Fatal(err)
					}
					found = len(list)
				}
				b.ReportMetric(float64(cpuTime()-cpu)/1e6/float64(b.N), "cpu-ms/op")
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2])/1e6, "p50-ms")
				b.ReportMetric(float64(took[len(took)*99/100])/1e6, "p99-ms")
				b.ReportMetric(float64(found), "found")
			})
		}
	}
}
