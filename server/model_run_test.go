package server

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/config"
	"parley/internal/wstest"
	"parley/server/session"
	"parley/store/mem"
)

// An operation takes stepTime, in which all frames have left; it does not
// divide idleAfter, so that nothing happens at the same instant as the
// unloading of a topic.
const (
	stepTime  = session.Settle + 3*time.Millisecond
	pauseTime = 5 * time.Second
)

// rig is a server with the clients of a sequence.
type rig struct {
	h        *harness
	cfg      *config.Config
	accounts []wstest.Account
	clients  []*modelClient // by session; nil: not connected
	names    map[string]string
	problem  string
}

// modelClient is a session and what it was sent in this step.
type modelClient struct {
	link *session.Memory

	mu     sync.Mutex // guards the following
	frames []string
	closed string
}

func newRig(t *testing.T, cfg *config.Config, shape modelShape) (*rig, error) {
	r := &rig{
		h: newHarness(t, cfg, mem.New()), cfg: cfg, clients: make([]*modelClient, shape.users*devices),
		names: map[string]string{},
	}
	for g := range 10 { // until they are made
		r.names[groupName(g)] = "grpAAAAAAAAAA" + strconv.Itoa(g)
	}
	for u := range shape.users {
		who := "u" + strconv.Itoa(u)
		hashes.LoadOrStore("password-"+who, []byte("none")) // they log in by token
		level := ""
		if u == shape.anon {
			level = "anon"
		}
		a, err := r.h.account(who, who, level)
		if err != nil {
			return nil, err
		}
		r.accounts = append(r.accounts, a)
		r.names[userName(u)] = a.User
	}
	return r, nil
}

// again starts another server on the store of the one that has ended.
func (r *rig) again(t *testing.T) { r.h = newHarness(t, r.cfg, r.h.store) }

// connect opens a session and waits until it is logged in.
func (r *rig) connect(s int) {
	r.open(s)
	synctest.Wait()
	r.clients[s].take()
}

// open opens a session and logs in.
func (r *rig) open(s int) {
	c := &modelClient{}
	c.link = r.h.sessions.OpenMemory(func(message []byte) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.frames = append(c.frames, string(message))
	}, func(code int, reason string) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if code != 0 { // 0: we have closed it
			c.closed = fmt.Sprint(code, " ", reason)
		}
	})
	c.link.Handle([]byte(`{"hi":{"ver":"0.25","ua":"model/1.0","lang":"en"}}`))
	c.link.Handle([]byte(`{"login":{"scheme":"token","secret":"` + r.accounts[s/devices].Token + `"}}`))
	r.clients[s] = c
}

func (c *modelClient) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	frames := c.frames
	c.frames = nil
	if c.closed != "" {
		frames = append(frames, "closed by the server: "+c.closed)
	}
	return frames
}

// wire puts the real names into what a model session says.
func (r *rig) wire(o op) string {
	text := mFrame(o.frame).text()
	for symbol, name := range r.names {
		text = strings.ReplaceAll(text, symbol, name)
	}
	return text
}

// learn notes the name of a new group, by what its maker called it.
func (r *rig) learn(text string) {
	var f struct {
		Ctrl struct {
			Topic  string
			Params struct{ TmpName string }
		}
	}
	if strings.Contains(text, `"tmpname"`) && json.Unmarshal([]byte(text), &f) == nil {
		r.names["<g"+strings.TrimPrefix(f.Ctrl.Params.TmpName, "new")+">"] = f.Ctrl.Topic
	}
}

// symbols puts the model's names into what the server says.
func (r *rig) symbols(text string) string {
	for symbol, name := range r.names {
		text = strings.ReplaceAll(text, name, symbol)
	}
	return text
}

// do has the server do an operation.
func (r *rig) do(o op) {
	switch {
	case o.do == "pause":
		time.Sleep(pauseTime)
	case o.do == "up":
		r.connect(o.session)
	case o.do == "down":
		r.clients[o.session].link.Close()
		r.clients[o.session] = nil
	default:
		r.clients[o.session].link.Handle([]byte(r.wire(o)))
	}
	synctest.Wait()
	time.Sleep(stepTime)
	synctest.Wait()
}

// play has the server and the model do the same, and compares. It returns false
// at the first difference.
func (r *rig) play(m *model, ops []op) bool {
	for i, o := range ops {
		if !m.applies(o) {
			continue
		}
		m.step(o)
		r.do(o)
		got := r.collect()
		for s := range r.clients {
			if diff := r.compare(got[s], m.out[s]); diff != "" {
				r.problem = fmt.Sprintf("after %d: %s\nU%d.%d:\n%s", i, o, s/devices, s%devices, diff)
				return false
			}
		}
	}
	return true
}

// collect takes what all sessions were sent.
func (r *rig) collect() [][]string {
	got := make([][]string, len(r.clients))
	for s, c := range r.clients {
		if c != nil {
			got[s] = c.take()
		}
		for _, text := range got[s] {
			r.learn(text)
		}
	}
	return got
}

// compare tells how what a session got differs from what the model says: the
// answers and messages in order, notices in any order.
func (r *rig) compare(sent []string, says []mFrame) string {
	var got, want []string
	for _, text := range sent {
		if line := canonical(r.symbols(text)); line != "" {
			got = append(got, line)
		}
	}
	for _, f := range says {
		if may, ok := f["optional"].(mFrame); ok {
			if f = may; !slices.Contains(got, canonical(f.text())) {
				continue
			}
		}
		want = append(want, canonical(f.text()))
	}
	got, want = arranged(got), arranged(want)
	if slices.Equal(got, want) {
		return ""
	}
	for len(got) > 0 && len(want) > 0 && got[0] == want[0] {
		got, want = got[1:], want[1:]
	}
	for len(got) > 0 && len(want) > 0 && got[len(got)-1] == want[len(want)-1] {
		got, want = got[:len(got)-1], want[:len(want)-1]
	}
	return "  model:  " + strings.Join(want, "\n          ") + "\n  server: " + strings.Join(got, "\n          ")
}

// arranged puts the notices, which may overtake each other, at the end and in
// order.
func arranged(lines []string) []string {
	var first, last []string
	for _, l := range lines {
		if strings.HasPrefix(l, `{"info"`) || strings.HasPrefix(l, `{"pres"`) {
			last = append(last, l)
		} else {
			first = append(first, l)
		}
	}
	slices.Sort(last)
	return append(first, last...)
}

// modelPres are the kinds of presence that the model knows.
var modelPres = []string{"msg", "read", "recv", "del", "acs", "gone", "upd"}

// canonical is a frame of the server as the model would write it; empty for what
// it does not know.
func canonical(text string) string {
	var f mFrame
	if json.Unmarshal([]byte(text), &f) != nil {
		return text
	}
	part := func(in mFrame, key string) mFrame {
		p, _ := in[key].(map[string]any)
		return p
	}
	if p := part(f, "pres"); p != nil {
		if what, _ := p["what"].(string); !slices.Contains(modelPres, what) {
			return ""
		}
	}
	for _, kind := range []string{"ctrl", "data", "meta"} {
		drop(part(f, kind), "ts", "text")
	}
	meta := part(f, "meta")
	drop(part(meta, "desc"), "created", "updated", "touched", "seen")
	if list, ok := meta["sub"].([]any); ok {
		name := "user"
		for _, e := range list {
			e, _ := e.(map[string]any)
			drop(e, "updated", "touched", "seen")
			if e["topic"] != nil { // on me: presence is for another test
				name = "topic"
				drop(e, "online")
			}
			if e["deleted"] != nil {
				e["deleted"] = true
			}
		}
		sortEntries(list, name)
	}
	return f.text()
}

func drop(f mFrame, keys ...string) {
	maps.DeleteFunc(f, func(key string, _ any) bool { return slices.Contains(keys, key) })
}

// sortEntries brings a list of the server into the model's order, which is that
// of names.
func sortEntries(list []any, key string) {
	slices.SortFunc(list, func(a, b any) int {
		x, _ := a.(map[string]any)[key].(string)
		y, _ := b.(map[string]any)[key].(string)
		return strings.Compare(x, y)
	})
}
