package server

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/config"
)

// Users of TestModelConcurrent: the first few act; nobody touches the others,
// who are attached to all groups all the time.
const (
	actors  = 3
	witness = 3 // reads everything; his second session writes too
	deaf    = 4 // has no R
)

// TestModelConcurrent has several users act at once and checks what must hold in
// any order.
func TestModelConcurrent(t *testing.T) {
	t.Parallel()
	shape := modelShape{users: 5, limit: 8, anon: -1}
	cfg := testConfig(t, `{"max_subscriber_count": 8}`)
	if *modelSeed != 0 {
		playAtOnce(t, cfg, shape, *modelSeed)
		return
	}
	end := time.Now().Add(*modelTime)
	n := 0
	for seed := rand.Uint64(); time.Now().Before(end) && !t.Failed(); seed++ {
		playAtOnce(t, cfg, shape, seed)
		n++
	}
	t.Logf("%d times %d operations", n, scriptLength)
}

// playAtOnce plays one sequence. What fails depends on the moment, so that it is
// not shrunk.
func playAtOnce(t *testing.T, cfg *config.Config, shape modelShape, seed uint64) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r, err := newRig(t, cfg, shape)
		if err != nil {
			t.Fatal(err)
		}
		m := newModel(shape)
		c := &crowd{rig: r, m: m, acked: map[string]map[int]string{}, sent: map[string]op{}}
		if !r.play(m, opening()) {
			t.Fatal(r.problem)
		}
		c.begin()
		c.act(seed)
		c.check()
		if len(c.problems) == 0 {
			c.compareRestart(t)
		}
		for _, p := range c.problems {
			t.Errorf("seed %d: %s", seed, p)
		}
		for s, x := range r.clients {
			if x != nil {
				x.link.Close()
				r.clients[s] = nil
			}
		}
		if err := r.h.end(); err != nil {
			t.Error(err)
		}
	})
}

// opening makes two groups and brings everybody in.
func opening() []op {
	var ops []op
	add := func(o op) { ops = append(ops, o.build(len(ops))) }
	for s := range (deaf + 1) * devices {
		if s%devices < 2 {
			add(op{do: "up", session: s})
			add(op{do: "sub", session: s, topic: "me"})
		}
	}
	for g := range 2 {
		add(op{do: "sub", session: g * devices, topic: "new" + strconv.Itoa(g)})
		for u := range deaf + 1 {
			for x := range 2 {
				o := op{do: "sub", session: u*devices + x, topic: groupName(g)}
				switch {
				case u == witness:
					o.mode = "JRWP"
				case u == deaf:
					o.mode = "JWP"
				}
				add(o)
			}
		}
	}
	return ops
}

// crowd is a rig whose users act at once.
type crowd struct {
	*rig
	m        *model
	sent     map[string]op             // by id, if an answer is due
	acked    map[string]map[int]string // topic → seq → content
	left     map[string]bool           // "user topic": may have lost his marks
	problems []string

	mu    sync.Mutex // guards the following
	seen  map[int][]string
	ended map[string]bool // ids whose session was closed
}

func (c *crowd) fail(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

// begin forgets what the opening has brought.
func (c *crowd) begin() {
	c.left, c.ended, c.seen = map[string]bool{}, map[string]bool{}, map[int][]string{}
	for _, x := range c.clients {
		if x != nil {
			x.take()
		}
	}
}

// act has each session do its part of a random sequence, all at once.
func (c *crowd) act(seed uint64) {
	d := &director{Rand: rand.New(rand.NewPCG(seed, 3)), m: c.m}
	parts := make([][]op, len(c.clients))
	for n := 0; n < 2*scriptLength; n++ {
		o := d.next().build(1000 + n)
		if !c.suits(o) {
			continue
		}
		c.m.step(o)
		parts[o.session] = append(parts[o.session], o)
		if body, _ := o.frame[o.do].(map[string]any); body != nil && body["id"] != nil {
			c.sent[body["id"].(string)] = o
		}
		if u := o.session / devices; o.do == "leave" && o.flag || o.do == "del" && o.what == "topic" {
			c.left[userName(u)+o.topic] = true
		} else if o.do == "del" && o.what == "sub" {
			c.left[userName(o.user)+o.topic] = true
		}
	}
	c.haveWitnessWrite(d, parts)
	var all sync.WaitGroup
	for s, ops := range parts {
		pace := rand.New(rand.NewPCG(seed, uint64(s)))
		all.Go(func() { c.perform(s, ops, pace) })
	}
	all.Wait()
	time.Sleep(5 * time.Second)
	synctest.Wait()
	for s, x := range c.clients {
		if x != nil {
			c.note(s, x.take())
		}
	}
}

func (c *crowd) haveWitnessWrite(d *director, parts [][]op) {
	const s = witness*devices + 1
	for n := range scriptLength / 4 {
		o := op{do: "pub", session: s, topic: groupName(d.IntN(2)), flag: d.chance(50)}.build(5000 + n)
		parts[s] = append(parts[s], o)
		c.sent[strconv.Itoa(5000+n)] = o
	}
}

// suits tells operations that leave the invariants and the witnesses alone.
func (c *crowd) suits(o op) bool {
	gone := o.do == "leave" && o.flag || o.do == "del" && o.what == "topic"
	switch {
	case o.do == "pause", strings.HasPrefix(o.topic, "new"), o.session/devices >= actors:
		return false
	case o.hasUser && o.user >= actors, o.topic == userName(witness), o.topic == userName(deaf):
		return false
	case o.do == "sub" && strings.Contains(o.what, "data"), o.do == "get" && strings.Contains(o.what, "data"):
		return false // else the messages are not only live ones
	case gone && strings.HasPrefix(o.topic, "<u"), o.do == "del" && o.what == "topic":
		return false // seq would begin anew
	}
	return c.m.applies(o)
}

// perform sends what one session has to say.
func (c *crowd) perform(s int, ops []op, pace *rand.Rand) {
	var since []string
	for _, o := range ops {
		if pace.IntN(3) == 0 {
			time.Sleep(time.Duration(pace.IntN(20)) * time.Millisecond)
		}
		switch o.do {
		case "up":
			c.open(s)
			since = nil
		case "down":
			c.clients[s].link.Close()
			c.note(s, c.clients[s].take())
			c.clients[s] = nil
			c.mu.Lock()
			for _, id := range since {
				c.ended[id] = true
			}
			c.mu.Unlock()
		default:
			if body, _ := o.frame[o.do].(map[string]any); body["id"] != nil {
				since = append(since, body["id"].(string))
			}
			c.clients[s].link.Handle([]byte(c.wire(o)))
		}
	}
}

// note keeps what a session was sent.
func (c *crowd) note(s int, frames []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range frames {
		c.seen[s] = append(c.seen[s], c.symbols(f))
	}
}

// compareRestart asks everybody for what he has, restarts, and asks again.
func (c *crowd) compareRestart(t *testing.T) {
	before := c.snapshot()
	if err := c.restart(t, c.m); err != nil {
		c.fail("%v", err)
		return
	}
	after := c.snapshot()
	for i := range before {
		if i >= len(after) || before[i] != after[i] {
			c.fail("before a restart:\n%s\nafter:\n%s", before[i], strings.Join(after[min(i, len(after)):], "\n"))
			return
		}
	}
}

// snapshot is what everybody is told of his subscriptions, by a new session
// attached to nothing but me.
func (c *crowd) snapshot() []string {
	var out []string
	for u := range c.m.shape.users {
		s := u*devices + devices - 1
		if x := c.clients[s]; x != nil {
			x.link.Close()
			c.m.down(s)
		}
		c.open(s)
		ask := func(o op) {
			o.session = s
			c.do(o.build(9000 + len(out)))
			for _, f := range c.clients[s].take() {
				if line := canonical(c.symbols(f)); strings.Contains(line, `"meta"`) || strings.Contains(line, "404") {
					out = append(out, line)
				}
			}
		}
		ask(op{do: "sub", topic: "me", what: "sub"})
		for g := range c.m.groups {
			ask(op{do: "get", topic: groupName(g), what: "desc"})
			ask(op{do: "get", topic: groupName(g), what: "sub"})
		}
		for peer := range c.m.shape.users {
			if peer != u {
				ask(op{do: "get", topic: userName(peer), what: "desc"})
				ask(op{do: "get", topic: userName(peer), what: "sub"})
			}
		}
	}
	return out
}

// frameOf reads a frame of the server.
func frameOf(text string) (kind string, body mFrame) {
	var f mFrame
	if json.Unmarshal([]byte(text), &f) != nil {
		return "", nil
	}
	for key, value := range f {
		kind = key
		body, _ = value.(map[string]any)
	}
	return kind, body
}
