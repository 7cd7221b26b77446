package sqlite
import ("testing";"path/filepath";"fmt";"sync";"parley/store";"parley/internal/chat")
func BenchmarkX(b *testing.B) {
	const topics, each = 200, 100
	s := openTest(b, filepath.Join(b.TempDir(), "parley.db"))
	names := benchGroups(b, s, topics)
	for seq := 1; seq <= each; seq++ {
		var wg sync.WaitGroup
		for _, name := range names {
			wg.Go(func() { s.Append(b.Context(), benchMessages(name, seq, 1)...) })
		}
		wg.Wait()
	}
	for _, n := range []int{1, 24, 96} {
		b.Run(fmt.Sprintf("hist=%d", n), func(b *testing.B) {
			cpu := cpuTime()
			for i := range b.N {
				s.History(b.Context(), names[i%topics], store.HistoryQuery{Limit: n})
			}
			b.ReportMetric(float64(cpuTime()-cpu)/1e3/float64(b.N), "cpu-µs/op")
		})
	}
	for _, q := range []string{"SELECT seq FROM messages WHERE topic = 5 ORDER BY seq DESC LIMIT 96",
		"SELECT seq, at FROM messages WHERE topic = 5 ORDER BY seq DESC LIMIT 96",
		"SELECT seq, sender, at, head, content FROM messages WHERE topic = 5 ORDER BY seq DESC LIMIT 96",
		"SELECT id FROM topics WHERE name = ?",
	} {
		b.Run(q, func(b *testing.B) {
			cpu := cpuTime()
			for i := range b.N {
				s.readers.with(b.Context(), func(c *conn) error { 
					if q[7]=='i' { return c.query(q, func(*row) error { return nil }, names[i%topics])}
					return c.query(q, func(*row) error { return nil }) })
			}
			b.ReportMetric(float64(cpuTime()-cpu)/1e3/float64(b.N), "cpu-µs/op")
		})
	}
	_ = chat.UID(0)
}
