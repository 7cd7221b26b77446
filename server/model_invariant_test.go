package server

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"parley/internal/chat"
	"parley/store"
	"parley/store/storetest"
)

// check looks whether all that must hold in any order does.
func (c *crowd) check() {
	answered := map[string]int{}
	for s := range c.clients {
		c.checkSession(s, answered)
	}
	for id, o := range c.sent {
		switch n := answered[id]; {
		case n == 0 && !c.ended[id]:
			c.fail("never answered: %s", o)
		case n > 1 && o.do != "get" && o.do != "sub":
			c.fail("answered %d times: %s", n, o)
		}
	}
	for _, t := range c.m.all() {
		name := c.names[t.name]
		if t.isPair() {
			a, errA := chat.ParseUID(c.names[userName(t.pair[0])])
			b, errB := chat.ParseUID(c.names[userName(t.pair[1])])
			if errA != nil || errB != nil {
				c.fail("%v %v", errA, errB)
				continue
			}
			name = chat.P2PName(a, b)
		}
		c.checkTopic(t, name)
	}
}

// key names a topic as a session calls it, for all sessions alike.
func key(s int, topic string) string {
	if len(topic) > 1 && topic[1] == 'u' {
		a, b := s/devices, number(topic)
		return fmt.Sprint(min(a, b), "-", max(a, b))
	}
	return topic
}

func (t *mTopic) key() string {
	if t.isPair() {
		return fmt.Sprint(t.pair[0], "-", t.pair[1])
	}
	return t.name
}

// checkSession looks at what one session was sent: messages at most once and in
// order, answers about a topic in the order of the requests, marks that only grow.
func (c *crowd) checkSession(s int, answered map[string]int) {
	last, turn := map[string]int{}, map[string]int{}
	for _, text := range c.seen[s] {
		kind, f := frameOf(text)
		topic, _ := f["topic"].(string)
		seq, _ := f["seq"].(float64)
		switch id, _ := f["id"].(string); kind {
		case "":
			c.fail("U%d.%d: %s", s/devices, s%devices, text)
		case "ctrl", "meta":
			if n, err := strconv.Atoi(id); err == nil {
				answered[id]++
				if n < turn[topic] {
					c.fail("U%d.%d: after the answer to %d: %s", s/devices, s%devices, turn[topic], text)
				}
				turn[topic] = n
			}
			if f["code"] == 202.0 {
				c.ack(key(s, topic), id, int(f["params"].(map[string]any)["seq"].(float64)))
			} else if code, _ := f["code"].(float64); code >= 500 {
				c.fail("U%d.%d: %s", s/devices, s%devices, text)
			}
		case "data":
			if s/devices == deaf {
				c.fail("without R: %s", text)
			}
			c.rises(last, s, topic, int(seq), text)
		case "info":
			src, _ := f["src"].(string)
			from, _ := f["from"].(string)
			if c.left[from+topic] || c.left[from+src] || seq == 0 {
				continue
			}
			c.rises(last, s, fmt.Sprint(topic, src, from, f["what"]), int(seq), text)
		}
	}
}

func (c *crowd) rises(last map[string]int, s int, what string, seq int, text string) {
	if seq <= last[what] {
		c.fail("U%d.%d had %d already: %s", s/devices, s%devices, last[what], text)
	}
	last[what] = seq
}

func (c *crowd) ack(topic, id string, seq int) {
	if c.acked[topic] == nil {
		c.acked[topic] = map[int]string{}
	}
	if other, ok := c.acked[topic][seq]; ok {
		c.fail("%s: %d was given to %s and %s", topic, seq, other, id)
	}
	c.acked[topic][seq] = `"m` + id + `"`
}

// checkTopic looks at what is stored.
func (c *crowd) checkTopic(t *mTopic, name string) {
	ctx := context.Background()
	rec, err := c.h.store.Topic(ctx, name)
	if err != nil {
		if len(c.acked[t.key()]) > 0 || !t.isPair() {
			c.fail("%s: %v", t.key(), err)
		}
		return
	}
	subs, err := storetest.Subs(ctx, c.h.store, name)
	if err != nil {
		c.fail("%s: %v", t.key(), err)
	}
	c.checkMembers(t, rec, subs)
	msgs, err := c.h.store.History(ctx, name, store.HistoryQuery{})
	if err != nil {
		c.fail("%s: %v", t.key(), err)
	}
	log, err := c.h.store.Deletions(ctx, name, 0, 0, 0, 0)
	if err != nil {
		c.fail("%s: %v", t.key(), err)
	}
	c.checkMessages(t, rec, msgs, log)
}

func (c *crowd) checkMembers(t *mTopic, rec *store.Topic, subs []store.Sub) {
	owners := 0
	for i := range subs {
		s := &subs[i]
		if s.Mode().Has(chat.ModeOwner) {
			owners++
			if s.User != rec.Owner {
				c.fail("%s: two owners: %s and %s", t.key(), s.User, rec.Owner)
			}
		}
		if s.Read > s.Recv || s.Recv > rec.Seq {
			c.fail("%s: marks %d %d of %d", t.key(), s.Read, s.Recv, rec.Seq)
		}
	}
	if !t.isPair() && owners != 1 {
		c.fail("%s has %d owners", t.key(), owners)
	}
	if t.isPair() {
		return
	}
	want := float64(len(subs))
	c.do(op{do: "get", session: witness * devices, topic: t.name, what: "desc sub"}.build(8000))
	for _, text := range c.clients[witness*devices].take() {
		_, f := frameOf(c.symbols(text))
		if d, ok := f["desc"].(map[string]any); ok && d["subcnt"] != want {
			c.fail("%s: subcnt %v of %v", t.key(), d["subcnt"], want)
		}
		if list, ok := f["sub"].([]any); ok && len(list) != len(subs) {
			c.fail("%s: %d listed of %v", t.key(), len(list), want)
		}
	}
}

// checkMessages: seqs are dense from 1, what was acknowledged is there, once, and
// the witnesses saw all of it.
func (c *crowd) checkMessages(t *mTopic, rec *store.Topic, msgs []store.Message, log []store.Deletion) {
	there := map[int]string{}
	contents := map[string]bool{}
	for _, m := range msgs {
		if contents[string(m.Content)] {
			c.fail("%s: twice: %s", t.key(), m.Content)
		}
		there[m.Seq], contents[string(m.Content)] = string(m.Content), true
	}
	erased := func(seq int) bool {
		return slices.ContainsFunc(log, func(d store.Deletion) bool {
			return slices.ContainsFunc(d.Ranges, func(r chat.Range) bool { return r.Low <= seq && seq < r.Hi })
		})
	}
	for seq := 1; seq <= rec.Seq; seq++ {
		if (there[seq] == "") != erased(seq) {
			c.fail("%s: %d is %q, erased %v", t.key(), seq, there[seq], erased(seq))
		}
	}
	for seq, content := range c.acked[t.key()] {
		if seq > rec.Seq || there[seq] != content && !erased(seq) {
			c.fail("%s: acknowledged as %d: %s; there is %q", t.key(), seq, content, there[seq])
		}
	}
	if t.isPair() {
		return
	}
	c.checkWitness(t, rec.Seq, witness*devices)
	c.checkWitness(t, rec.Seq, witness*devices+1)
}

// checkWitness: a session that was attached all the time saw everything, but for
// its own messages that it did not want back.
func (c *crowd) checkWitness(t *mTopic, last, s int) {
	var want, got []int
	for seq := 1; seq <= last; seq++ {
		id := strings.Trim(c.acked[t.key()][seq], `"m`)
		if o, ok := c.sent[id]; !ok || o.session != s || !o.flag {
			want = append(want, seq)
		}
	}
	for _, text := range c.seen[s] {
		if kind, f := frameOf(text); kind == "data" && f["topic"] == t.name {
			got = append(got, int(f["seq"].(float64)))
		}
	}
	if !slices.Equal(got, want) {
		c.fail("%s: the witness U%d.%d saw %d of %d", t.key(), s/devices, s%devices, got, want)
	}
}
