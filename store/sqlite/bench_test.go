package sqlite

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/internal/chat"
	"parley/store"
)

func benchTime(n int) time.Time { return time.UnixMilli(1_700_000_000_000 + int64(n)).UTC() }

// benchGroup creates a group of members.
func benchGroup(tb testing.TB, s *Store, members ...chat.UID) string {
	tb.Helper()
	name := chat.NewGroupName()
	t := &store.Topic{
		Name: name, Created: benchTime(0), Updated: benchTime(0), Touched: benchTime(0),
		Public: json.RawMessage(`{"fn":"A group with a name of some length","note":"` + strings.Repeat("n", 100) + `"}`),
	}
	var subs []store.Sub
	for _, id := range members {
		subs = append(subs, store.Sub{Topic: name, User: id, Created: benchTime(0), Updated: benchTime(0), Want: chat.ModeGroup, Given: chat.ModeGroup})
	}
	if err := s.CreateTopic(tb.Context(), t, nil, subs...); err != nil {
		tb.Fatal(err)
	}
	return name
}

func benchGroups(tb testing.TB, s *Store, n int) []string {
	names := make([]string, n)
	var wg sync.WaitGroup
	for i := range names {
		wg.Go(func() { names[i] = benchGroup(tb, s) })
	}
	wg.Wait()
	return names
}

var benchContent = json.RawMessage(`"` + strings.Repeat("a message of some words ", 8) + `"`) // 194 bytes

func benchMessages(topic string, from, n int) []*store.Message {
	ms := make([]*store.Message, n)
	for i := range ms {
		ms[i] = &store.Message{Topic: topic, Seq: from + i, From: 77, At: benchTime(from + i), Content: benchContent}
	}
	return ms
}

// BenchmarkAppend has senders that each wait for their own answer; sender i
// writes to topic i. An iteration is a message.
func BenchmarkAppend(b *testing.B) {
	for _, c := range []struct {
		senders, batch int
		once           string
	}{{1, 1, ""}, {1, 10, ""}, {1, 100, ""}, {2, 1, ""}, {16, 1, ""}, {50, 1, ""}, {50, 1, "/once"}, {50, 2, ""}, {256, 1, ""}} {
		b.Run(fmt.Sprintf("senders=%d/batch=%d%s", c.senders, c.batch, c.once), func(b *testing.B) {
			s := openTest(b, filepath.Join(b.TempDir(), "parley.db"))
			names := benchGroups(b, s, c.senders)
			var left atomic.Int64
			left.Store(int64(b.N))
			commits := s.writer.commits
			cpu := cpuTime()
			b.ResetTimer()
			var wg sync.WaitGroup
			for _, name := range names {
				wg.Go(func() {
					for seq := 1; left.Add(int64(-c.batch)) > int64(-c.batch); seq += c.batch {
						ms := benchMessages(name, seq, c.batch)
						if c.once != "" {
							ms[0].Once = fmt.Sprintf("%036d", seq) // as long as a UUID
						}
						if err := s.Append(b.Context(), ms...); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64(cpuTime()-cpu)/1e3/float64(b.N), "cpu-µs/op")
			b.ReportMetric(float64(b.N)/float64(s.writer.commits-commits), "msgs/commit")
		})
	}
}

// BenchmarkBare is the limit: write and fdatasync of 8 KB.
func BenchmarkBare(b *testing.B) {
	for _, grow := range []bool{true, false} {
		b.Run(fmt.Sprintf("grow=%v", grow), func(b *testing.B) {
			f, err := os.Create(filepath.Join(b.TempDir(), "bare"))
			if err != nil {
				b.Fatal(err)
			}
			defer f.Close()
			page := make([]byte, 8192)
			if !grow {
				if _, err := f.Write(make([]byte, 16<<20)); err != nil {
					b.Fatal(err)
				}
				if err := f.Sync(); err != nil {
					b.Fatal(err)
				}
			}
			cpu := cpuTime()
			b.ResetTimer()
			for i := range b.N {
				off := int64(i) * 8192
				if !grow {
					off %= 16 << 20
				}
				if _, err := f.WriteAt(page, off); err != nil {
					b.Fatal(err)
				}
				if err := dataSync(f); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(cpuTime()-cpu)/1e3/float64(b.N), "cpu-µs/op")
		})
	}
}

// BenchmarkHistory reads the newest 24 messages of one of many topics.
func BenchmarkHistory(b *testing.B) {
	const topics, each = 200, 100
	s := openTest(b, filepath.Join(b.TempDir(), "parley.db"))
	names := benchGroups(b, s, topics)
	for seq := 1; seq <= each; seq++ { // in turn, as life does
		var wg sync.WaitGroup
		for _, name := range names {
			wg.Go(func() {
				if err := s.Append(b.Context(), benchMessages(name, seq, 1)...); err != nil {
					b.Error(err)
				}
			})
		}
		wg.Wait()
	}
	for _, who := range []chat.UID{0, 5} {
		b.Run(fmt.Sprintf("limit=24/for=%d", who), func(b *testing.B) {
			b.ReportAllocs()
			cpu := cpuTime()
			for i := range b.N {
				ms, err := s.History(b.Context(), names[i%topics], store.HistoryQuery{For: who, Limit: 24})
				if err != nil || len(ms) != 24 {
					b.Fatal(len(ms), err)
				}
			}
			b.ReportMetric(float64(cpuTime()-cpu)/1e3/float64(b.N), "cpu-µs/op")
		})
	}
}

// BenchmarkContacts lists the contacts of a user, half p2p and half groups.
func BenchmarkContacts(b *testing.B) {
	for _, n := range []int{20, 200} {
		b.Run(fmt.Sprintf("contacts=%d", n), func(b *testing.B) {
			s := openTest(b, filepath.Join(b.TempDir(), "parley.db"))
			me := benchUser(b, s)
			var wg sync.WaitGroup
			for range n / 2 {
				wg.Go(func() {
					benchGroup(b, s, me)
					benchP2P(b, s, me, benchUser(b, s))
				})
			}
			wg.Wait()
			for _, since := range []time.Time{{}, benchTime(1000)} {
				b.Run(fmt.Sprintf("since=%v", !since.IsZero()), func(b *testing.B) {
					b.ReportAllocs()
					cpu := cpuTime()
					for range b.N {
						if _, err := s.Contacts(b.Context(), me, store.ContactQuery{Since: since}); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(float64(cpuTime()-cpu)/1e3/float64(b.N), "cpu-µs/op")
				})
			}
		})
	}
}

func benchUser(tb testing.TB, s *Store) chat.UID {
	id := chat.NewUID()
	err := s.CreateUser(tb.Context(), &store.NewUser{
		User: store.User{ID: id, Created: benchTime(0), Updated: benchTime(0), Public: json.RawMessage(`{"fn":"Somebody"}`)},
		Me:   store.Sub{Topic: id.MeName(), User: id, Created: benchTime(0), Updated: benchTime(0)},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return id
}

func benchP2P(tb testing.TB, s *Store, a, b chat.UID) string {
	name := chat.P2PName(a, b)
	t := &store.Topic{Name: name, Created: benchTime(0), Updated: benchTime(0), Touched: benchTime(0)}
	sub := store.Sub{Topic: name, User: a, Created: benchTime(0), Updated: benchTime(0), Want: chat.ModeP2P, Given: chat.ModeP2P}
	peer := sub
	peer.User = b
	if err := s.CreateTopic(tb.Context(), t, nil, sub, peer); err != nil {
		tb.Fatal(err)
	}
	return name
}

// BenchmarkOpen opens and closes a file that is there.
func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "parley.db")
	for range b.N {
		s, err := Open(b.Context(), path, Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
