package server

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/store/mem"
)

// device is a session whose frames are fed without waiting for answers.
type device struct {
	t    *testing.T
	user string
	link interface {
		Handle([]byte)
		Close()
	}
	mu     sync.Mutex
	got    []map[string]map[string]any
	closed bool
}

// device opens a session of somebody new and logs it in.
func (h *harness) device(t *testing.T, name string) *device {
	t.Helper()
	account, err := h.account(name, "device", "")
	if err != nil {
		t.Fatal(err)
	}
	return h.deviceOf(t, account.User, account.Token)
}

func (h *harness) deviceOf(t *testing.T, user, token string) *device {
	d := &device{t: t, user: user}
	d.link = h.sessions.OpenMemory(func(m []byte) {
		var v map[string]map[string]any
		if err := json.Unmarshal(m, &v); err != nil {
			t.Errorf("not JSON: %s", m)
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		d.got = append(d.got, v)
	}, func(int, string) { d.closed = true })
	d.send(`{"hi":{"id":"hi","ver":"0.25"}}`, `{"login":{"id":"login","scheme":"token","secret":"`+token+`"}}`)
	return d
}

func (d *device) send(frames ...string) {
	for _, f := range frames {
		d.link.Handle([]byte(f))
	}
}

// codes are those of the answers to a request.
func (d *device) codes(id string) []int {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []int
	for _, m := range d.got {
		if c := m["ctrl"]; c != nil && c["id"] == id {
			out = append(out, int(c["code"].(float64)))
		}
	}
	return out
}

// count is how many messages of a kind came that fit.
func (d *device) count(kind string, fits func(map[string]any) bool) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, m := range d.got {
		if v := m[kind]; v != nil && fits(v) {
			n++
		}
	}
	return n
}

func atOnce(t *testing.T, config string, test func(t *testing.T, h *harness)) {
	t.Parallel()
	cfg := testConfig(t, config)
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, cfg, mem.New())
		test(t, h)
		if err := h.end(); err != nil {
			t.Error(err)
		}
	})
}

// TestMeetAtOnce: two people open one chat at the same moment, again and again;
// both are let in, and there is one conversation.
func TestMeetAtOnce(t *testing.T) {
	atOnce(t, "", func(t *testing.T, h *harness) {
		for i := range 20 {
			a, b := h.device(t, fmt.Sprint("ann", i)), h.device(t, fmt.Sprint("bob", i))
			var both sync.WaitGroup
			both.Go(func() {
				a.send(`{"sub":{"id":"s","topic":"`+b.user+`"}}`, `{"pub":{"id":"p","topic":"`+b.user+`","content":1}}`)
			})
			both.Go(func() {
				b.send(`{"sub":{"id":"s","topic":"`+a.user+`"}}`, `{"pub":{"id":"p","topic":"`+a.user+`","content":2}}`)
			})
			both.Wait()
			settled()
			for _, d := range []*device{a, b} {
				if got := append(d.codes("s"), d.codes("p")...); !slices.Equal(got, []int{200, 202}) {
					t.Fatalf("round %d: sub and pub are answered %v", i, got)
				}
			}
			seqs := map[any]bool{}
			a.send(`{"get":{"id":"g","topic":"` + b.user + `","what":"data"}}`)
			settled()
			a.count("data", func(m map[string]any) bool { seqs[m["seq"]] = true; return true })
			if len(seqs) != 2 {
				t.Fatalf("round %d: %d messages, want 2", i, len(seqs))
			}
		}
	})
}

// TestRemovedWhileWriting: a member is thrown out while he publishes: each {pub}
// is answered, by 202 or by a refusal, and what was accepted is in the history.
func TestRemovedWhileWriting(t *testing.T) {
	atOnce(t, "", func(t *testing.T, h *harness) {
		owner, writer := h.device(t, "owner"), h.device(t, "writer")
		owner.send(`{"sub":{"id":"s","topic":"new1"}}`)
		settled()
		group := owner.topicOf("s")
		writer.send(`{"sub":{"id":"s","topic":"` + group + `"}}`)
		settled()
		var both sync.WaitGroup
		both.Go(func() {
			for i := range 200 {
				writer.send(fmt.Sprintf(`{"pub":{"id":"p%d","topic":"%s","content":%d,"noecho":true}}`, i, group, i))
			}
		})
		both.Go(func() {
			owner.send(`{"del":{"id":"d","topic":"` + group + `","what":"sub","user":"` + writer.user + `"}}`)
		})
		both.Wait()
		settled()
		accepted := 0
		for i := range 200 {
			switch got := writer.codes(fmt.Sprint("p", i)); {
			case len(got) != 1:
				t.Fatalf("pub %d is answered %v", i, got)
			case got[0] == 202:
				accepted++
			case got[0] != 409:
				t.Fatalf("pub %d is answered %v", i, got)
			}
		}
		if got := owner.codes("d"); !slices.Equal(got, []int{200}) {
			t.Errorf("del is answered %v", got)
		}
		if seen := owner.count("data", func(m map[string]any) bool { return m["topic"] == group }); seen != accepted {
			t.Errorf("%d messages were accepted, the owner saw %d", accepted, seen)
		}
	})
}

// TestDeletedWhileLoading: a group is deleted while people subscribe and write:
// everything is answered, no session hangs, and no topic stays live.
func TestDeletedWhileLoading(t *testing.T) {
	atOnce(t, `{"max_subscriber_count": 50}`, func(t *testing.T, h *harness) {
		for round := range 10 {
			owner := h.device(t, fmt.Sprint("owner", round))
			owner.send(`{"sub":{"id":"s","topic":"new1"}}`)
			settled()
			group := owner.topicOf("s")
			owner.send(`{"leave":{"id":"l","topic":"` + group + `"}}`)
			settled()
			if round%2 == 1 { // not live any more
				asleep()
			}
			var all sync.WaitGroup
			var guests []*device
			for i := range 10 {
				guests = append(guests, h.device(t, fmt.Sprintf("guest%d_%d", round, i)))
			}
			settled()
			for _, g := range guests {
				all.Go(func() {
					g.send(`{"sub":{"id":"s","topic":"`+group+`","get":{"what":"desc sub data"}}}`, `{"pub":{"id":"p","topic":"`+group+`","content":1}}`)
				})
			}
			all.Go(func() { owner.send(`{"del":{"id":"d","topic":"` + group + `","what":"topic","hard":true}}`) })
			all.Wait()
			settled()
			if got := owner.codes("d"); !slices.Equal(got, []int{200}) {
				t.Fatalf("del is answered %v", got)
			}
			for _, g := range guests {
				sub, pub := g.codes("s"), g.codes("p")
				if len(sub) == 0 || sub[0] != 200 && sub[0] != 404 || len(pub) != 1 || pub[0] != 202 && pub[0] != 409 && pub[0] != 404 {
					t.Fatalf("round %d: sub and pub are answered %v and %v", round, sub, pub)
				}
				g.send(`{"sub":{"id":"again","topic":"` + group + `"}}`)
				settled()
				if got := g.codes("again"); !slices.Equal(got, []int{404}) {
					t.Fatalf("round %d: the deleted group answers %v", round, got)
				}
				g.link.Close()
			}
			owner.link.Close()
		}
		asleep()
		if n := h.hub.Len(); n != 0 {
			t.Errorf("%d topics are live", n)
		}
	})
}

// TestFloods: thousands of notes and subscriptions from one session leave the
// others unharmed.
func TestFloods(t *testing.T) {
	atOnce(t, "", func(t *testing.T, h *harness) {
		a, b := h.device(t, "ann"), h.device(t, "bob")
		a.send(`{"sub":{"id":"s","topic":"` + b.user + `"}}`)
		b.send(`{"sub":{"id":"s","topic":"` + a.user + `"}}`)
		settled()
		for i := range 3000 {
			a.send(`{"note":{"topic":"`+b.user+`","what":"kp"}}`, fmt.Sprintf(`{"sub":{"id":"f%d","topic":"grpUnknown%d"}}`, i, i))
		}
		b.send(`{"pub":{"id":"p","topic":"` + a.user + `","content":"still there"}}`)
		settled()
		if got := b.codes("p"); !slices.Equal(got, []int{202}) {
			t.Errorf("pub is answered %v", got)
		}
		for i := range 3000 {
			if got := a.codes(fmt.Sprint("f", i)); !slices.Equal(got, []int{404}) {
				t.Fatalf("sub %d is answered %v", i, got)
			}
		}
		if n := b.count("info", func(map[string]any) bool { return true }); n == 0 {
			t.Error("no typing was told")
		}
		if a.closed || b.closed {
			t.Error("a session was closed")
		}
		a.link.Close()
		b.link.Close()
		asleep()
		if n := h.hub.Len(); n != 0 {
			t.Errorf("%d topics are live", n)
		}
	})
}

// asleep waits until topics that nobody is attached to have gone.
func asleep() {
	time.Sleep(idleAfter + time.Second)
	synctest.Wait()
}

// topicOf is the topic that the answer to a request names.
func (d *device) topicOf(id string) string {
	name := ""
	d.count("ctrl", func(m map[string]any) bool {
		if m["id"] == id {
			name, _ = m["topic"].(string)
		}
		return false
	})
	return name
}
