package wsproto

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"parley/internal/chat"
)

// TestSubsAsEncodingJSON: what is written by hand equals what encoding/json
// writes, for every combination of fields.
func TestSubsAsEncodingJSON(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	maybe := func() bool { return rng.IntN(2) == 0 }
	when := func() Time {
		if maybe() {
			return Time{}
		}
		return Time{time.UnixMilli(rng.Int64N(2e12))}
	}
	number := func() int { return rng.IntN(3) * rng.IntN(1e6) }
	raw := func() json.RawMessage {
		return []json.RawMessage{nil, json.RawMessage(`null`), json.RawMessage(`{"fn":"Bob \u00e9 <&>"}`), json.RawMessage(`["a"]`)}[rng.IntN(4)]
	}
	text := func() string { return []string{"", "grpA", "quote\"s", "日本"}[rng.IntN(4)] }
	for range 2000 {
		s := MetaSub{
			User: chat.UID(rng.Uint64N(2) * rng.Uint64()), Topic: text(), Updated: when(), Deleted: when(), Touched: when(),
			Online: maybe(), Read: number(), Recv: number(), Clear: number(), Seq: number(), SubCnt: number(),
			Public: raw(), Trusted: raw(), Private: raw(),
		}
		if maybe() {
			s.Acs = &Acs{Want: text(), Given: text(), Mode: text()}
		}
		if maybe() {
			s.Seen = &Seen{When: Time{time.UnixMilli(rng.Int64N(2e12))}, UA: text()}
		}
		if maybe() {
			yes := maybe()
			s.Recovered = &yes
		}
		m := Meta{ID: text(), Topic: text(), TS: Time{time.UnixMilli(1e12)}, Sub: []MetaSub{s, s}}
		got, _ := m.Frame().Next()
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(map[string]*Meta{"meta": &m}); err != nil {
			t.Fatal(err)
		}
		if want := bytes.TrimSpace(b.Bytes()); !bytes.Equal(got, want) {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	}
}

func BenchmarkSubs(b *testing.B) {
	s := MetaSub{
		Topic: "usrAQAAAAAAAAA", Updated: Time{time.UnixMilli(1e12)}, Acs: &Acs{Mode: "JRWPAS"},
		Public: json.RawMessage(`{"fn":"Somebody"}`), Private: json.RawMessage(`["tag:one","tag:two"]`),
	}
	m := Meta{Topic: "fnd", Sub: make([]MetaSub, 1024)}
	for i := range m.Sub {
		m.Sub[i] = s
	}
	for b.Loop() {
		m.Frame()
	}
}
