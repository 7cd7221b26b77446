package topic

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parley/internal/chat"
	"parley/store"
	"parley/store/mem"
	"parley/wsproto"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sink is a session that remembers the last frame.
type sink struct {
	last wsproto.Frame
	n    int
}

func (s *sink) Send(f wsproto.Frame)                   { s.last = f; s.n++ }
func (s *sink) Later(f wsproto.Frame)                  { s.Send(f) }
func (s *sink) Reply(f wsproto.Frame)                  { s.Send(f) }
func (s *sink) Attachment(string) *Attachment          { return nil }
func (s *sink) SetAttachment(string, *Attachment) bool { return true }
func (s *sink) OnMe() bool                             { return false }
func (s *sink) Background() bool                       { return false }
func (s *sink) UserAgent() string                      { return "" }
func (s *sink) LastActive() time.Time                  { return time.Time{} }
func (s *sink) SetInCall(string, bool) bool            { return true }
func (s *sink) Answered()                              {}

// alone is a router without other topics.
type alone struct{}

func (alone) Tell(string, Event)    {}
func (alone) OnMe(chat.UID) int     { return 0 }
func (alone) AddOnMe(chat.UID, int) {}
func (alone) Forget(*Topic)         {}

func testDeps() *Deps {
	return &Deps{
		Store: mem.New(), Router: alone{}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now,
		Config: Config{MaxSubscribers: 2000, MaxResults: 100, MaxPage: 100, MailboxLimit: 4096, IdleAfter: time.Minute, StoreTimeout: time.Second},
	}
}

// crowd is a group with n attached members.
func crowd(n int) (*Topic, []*sink) {
	t := New(testDeps(), "grpCrowd")
	t.loaded, t.exists = true, true
	t.rec = &store.Topic{Name: t.name}
	sinks := make([]*sink, n)
	for i := range n {
		sinks[i] = new(sink)
		m := t.members.add(&store.Sub{User: chat.UID(i + 1), Want: chat.ModeGroup, Given: chat.ModeGroup})
		t.attach(&Request{Session: sinks[i], Level: chat.LevelAuth}, m)
	}
	return t, sinks
}

func message(t *Topic, seq int) []pub {
	return []pub{{
		r:   &Request{Msg: &wsproto.ClientMsg{Pub: &wsproto.Pub{}}},
		a:   t.attached[0],
		msg: &store.Message{Topic: t.name, Seq: seq, From: 1, Content: json.RawMessage(`"hello"`)},
	}}
}

// TestBroadcastEncodesOncePerAlias: all members of a group share the bytes; the
// two sides of a p2p topic have two.
func TestBroadcastEncodesOncePerAlias(t *testing.T) {
	t.Parallel()
	count := func(sinks []*sink) int {
		frames := make(map[*byte]bool)
		for _, s := range sinks {
			if s.n != 1 {
				t.Errorf("%d frames", s.n)
			}
			frames[&s.last[0]] = true
		}
		return len(frames)
	}
	group, sinks := crowd(1000)
	group.broadcast(message(group, 1))
	if got := count(sinks); got != 1 {
		t.Errorf("a group: %d encodings", got)
	}
	p2p := New(testDeps(), chat.P2PName(1, 2))
	p2p.rec = &store.Topic{Name: p2p.name}
	sinks = nil
	for uid := chat.UID(1); uid <= 2; uid++ {
		m := &member{uid: uid, want: chat.ModeP2P, given: chat.ModeP2P}
		for range 5 {
			s := new(sink)
			sinks = append(sinks, s)
			p2p.attach(&Request{Session: s}, m)
		}
	}
	p2p.broadcast(message(p2p, 1))
	if got := count(sinks); got != 2 {
		t.Errorf("p2p: %d encodings", got)
	}
}

// TestBroadcastAllocs: the number of receivers costs no memory. Not parallel: it
// counts.
func TestBroadcastAllocs(t *testing.T) {
	small, _ := crowd(10)
	large, _ := crowd(1000)
	few, many := message(small, 1), message(large, 1)
	a := testing.AllocsPerRun(50, func() { small.broadcast(few) })
	b := testing.AllocsPerRun(50, func() { large.broadcast(many) })
	if a != b || b > 10 {
		t.Errorf("10 receivers: %v allocations, 1000: %v", a, b)
	}
}

// TestIdleTopicBytes: a loaded topic without subscriptions is at most 1 KB. Not
// parallel: it measures the heap.
func TestIdleTopicBytes(t *testing.T) {
	const n = 5000
	d := testDeps()
	all := make([]*Topic, n)
	before := heap()
	for i := range all {
		x := New(d, fmt.Sprintf("grp%011d", i))
		x.loaded, x.exists, x.rec = true, true, &store.Topic{Name: x.name}
		all[i] = x
	}
	each := (heap() - before) / n
	runtime.KeepAlive(all)
	if each > 1024 {
		t.Errorf("%d bytes", each)
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestMerge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct { // wire.md §1.7
		old, with, want string
		changed         bool
	}{
		{``, `null`, ``, false},
		{`{"a":1}`, `null`, `{"a":1}`, false},
		{`{"a":1}`, ``, `{"a":1}`, false},
		{`{"a":1}`, `"␡"`, ``, true},
		{`{"a":1}`, `"\u2421"`, ``, true},
		{``, `"text"`, `"text"`, true},
		{`{"a":1}`, `{"b":2}`, `{"a":1,"b":2}`, true},
		{`{"a":1}`, `{"a":"␡"}`, ``, true},
		{`{"a":1}`, `{}`, `{"a":1}`, false},
		{`"text"`, `{"a":1}`, `{"a":1}`, true},
		{`{"a":{"b":1}}`, `{"a":{"c":2}}`, `{"a":{"b":1,"c":2}}`, true},
		{`{"a":{"b":1}}`, `{"a":[1]}`, `{"a":[1]}`, true},
		{``, `{"a":null,"b":"␡","c":1}`, `{"c":1}`, true},
		{`{"a":1}`, `{"a":1}`, `{"a":1}`, true},
		{`{"a":1}`, `{"b":null}`, `{"a":1}`, false},
		{`[1]`, `[2]`, `[2]`, true},
	} {
		got, changed := merge(raw(c.old), raw(c.with))
		if string(got) != c.want || changed != c.changed {
			t.Errorf("%s + %s = %s, %v; want %s, %v", c.old, c.with, got, changed, c.want, c.changed)
		}
	}
}

func raw(s string) json.RawMessage {
	if s == "" {
		return nil
	}
	return json.RawMessage(s)
}

func TestDeleteRanges(t *testing.T) {
	t.Parallel()
	type r = wsproto.SeqRange
	for _, c := range []struct { // wire.md §7.8
		list []r
		last int
		want []chat.Range
	}{
		{nil, 9, nil},
		{[]r{{}}, 9, nil},
		{[]r{{Low: 10}}, 9, nil},
		{[]r{{Low: -1, Hi: 2}}, 9, nil},
		{[]r{{Low: 3, Hi: 2}}, 9, nil},
		{[]r{{Low: 1, Hi: -2}}, 9, nil},
		{[]r{{Low: 1}}, 0, nil},
		{[]r{{Low: 3, Hi: 3}}, 9, nil},
		{[]r{{Low: 1, Hi: 3}, {Low: 4}}, 9, []chat.Range{{Low: 1, Hi: 3}, {Low: 4, Hi: 5}}},
		{[]r{{Low: 8, Hi: 1000}}, 9, []chat.Range{{Low: 8, Hi: 10}}},
		{[]r{{Hi: 3}}, 9, []chat.Range{{Low: 1, Hi: 3}}},
		{[]r{{Low: 1, Hi: 5000}}, 9000, []chat.Range{{Low: 1, Hi: 5000}}},
		{[]r{{Low: 1, Hi: 1025}, {Low: 2000}}, 9000, nil},
	} {
		got, err := deleteRanges(c.list, c.last)
		if !slices.Equal(got, c.want) || (err == nil) != (c.want != nil) {
			t.Errorf("%v of %d: %v, %v", c.list, c.last, got, err)
		}
	}
}

func FuzzMerge(f *testing.F) {
	for _, s := range [][2]string{
		{`{"a":{"b":1}}`, `{"a":{"b":"␡","c":null}}`}, {`"x"`, `{"a":1}`}, {``, `"␡"`}, {`{}`, `{"":{"":[]}}`}, {`[1]`, `{"a":"\u2421"}`},
	} {
		f.Add([]byte(s[0]), []byte(s[1]))
	}
	f.Fuzz(func(t *testing.T, old, with []byte) {
		if len(old) > 0 && !json.Valid(old) || !json.Valid(with) {
			return
		}
		got, changed := merge(old, with)
		if len(got) > 0 && !json.Valid(got) {
			t.Fatalf("%s + %s = %s", old, with, got)
		}
		if !changed && string(got) != string(old) && len(old) > 0 {
			t.Fatalf("%s + %s = %s without a change", old, with, got)
		}
		var before, update, after any
		_ = json.Unmarshal(old, &before)
		if json.Unmarshal(with, &update) != nil {
			return
		}
		_ = json.Unmarshal(got, &after)
		if want := model(before, update); changed && !equal(after, want) {
			t.Fatalf("%s + %s = %s, want %v", old, with, got, want)
		}
	})
}

// model is merge on decoded values.
func model(old, with any) any {
	if with == chat.Clear {
		return nil
	}
	fields, ok := with.(map[string]any)
	if !ok {
		return with
	}
	into := map[string]any{}
	if m, ok := old.(map[string]any); ok {
		for k, v := range m {
			into[k] = v
		}
	}
	for k, v := range fields {
		if v == nil {
			continue
		}
		if sub, ok := v.(map[string]any); ok && len(sub) == 0 {
			continue // an empty object is no change
		}
		into[k] = model(into[k], v)
	}
	return into
}

// equal compares values, where nothing, null and an empty object are the same.
func equal(a, b any) bool {
	x, xok := a.(map[string]any)
	y, yok := b.(map[string]any)
	if xok || yok {
		if a != nil && !xok || b != nil && !yok {
			return false
		}
		for _, m := range []map[string]any{x, y} {
			for k := range m {
				if !equal(x[k], y[k]) {
					return false
				}
			}
		}
		return true
	}
	p, _ := json.Marshal(a)
	q, _ := json.Marshal(b)
	return string(p) == string(q)
}

func FuzzDeleteRanges(f *testing.F) {
	f.Add([]byte{1, 3, 4, 0}, 9)
	f.Add([]byte{0, 0, 200, 1}, 20)
	f.Fuzz(func(t *testing.T, b []byte, last int) {
		last = max(0, last%200)
		var list []wsproto.SeqRange
		want := make(map[int]bool)
		valid := true
		for ; len(b) >= 2; b = b[2:] {
			q := wsproto.SeqRange{Low: int(int8(b[0])), Hi: int(int8(b[1]))}
			list = append(list, q)
			if q.Low < 0 || q.Hi < 0 || q.Low > last || q.Low == 0 && q.Hi == 0 || q.Hi > 0 && q.Low > q.Hi {
				valid = false
			}
			hi := q.Hi
			if hi == 0 {
				hi = q.Low + 1
			}
			for i := max(q.Low, 1); i < min(hi, last+1); i++ {
				want[i] = true
			}
		}
		got, err := deleteRanges(list, last)
		if (err == nil) != (valid && len(want) > 0) {
			t.Fatalf("%v of %d: %v", list, last, err)
		}
		if err != nil {
			return
		}
		n := 0
		for _, r := range got {
			for i := r.Low; i < r.Hi; i++ {
				if n++; !want[i] {
					t.Fatalf("%v of %d: %v has %d", list, last, got, i)
				}
			}
		}
		if n != len(want) {
			t.Fatalf("%v of %d: %v", list, last, got)
		}
	})
}
