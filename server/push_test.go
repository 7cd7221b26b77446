package server

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"parley/internal/chat"
	"parley/push"
	"parley/store/mem"
)

// notebook is a sender that writes down what it gets.
type notebook struct {
	mu    sync.Mutex
	lines []string
	names map[chat.UID]string
}

func (n *notebook) Name() string { return "notebook" }

func (n *notebook) Push(_ context.Context, r *push.Receipt) {
	n.mu.Lock()
	defer n.mu.Unlock()
	to := slices.Clone(r.To)
	slices.SortFunc(to, func(a, b push.Recipient) int { return cmp.Compare(n.names[a.User], n.names[b.User]) })
	line := fmt.Sprintf("%s from %s seq %d:", r.What, n.names[r.From], r.Seq)
	for i := range to {
		line += fmt.Sprintf(" %s/%d/%t/%d", n.names[to[i].User], to[i].Attached, r.Quiet(&to[i]), r.Unread(&to[i]))
	}
	n.lines = append(n.lines, line)
}

// take returns what came since the last call, once the server has nothing more
// to say.
func (n *notebook) take(want int) []string {
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		n.mu.Lock()
		if len(n.lines) >= want {
			break
		}
		n.mu.Unlock()
	}
	lines := n.lines
	n.lines = nil
	n.mu.Unlock()
	return lines
}

// TestReceipts: who is told of what, and who quietly (surfaces.md §5.3).
func TestReceipts(t *testing.T) {
	t.Parallel()
	note := &notebook{names: make(map[chat.UID]string)}
	st := mem.New()
	s, err := New(Deps{
		Passwords: quick{},
		Config:    testConfig(t, `{"acc_validation":{},"media":{"use_handler":""}}`), Store: st, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now,
		Senders: []push.Sender{note},
	})
	if err != nil {
		t.Fatal(err)
	}
	h := &harness{s, st}
	t.Cleanup(func() {
		if err := h.end(); err != nil {
			t.Error(err)
		}
		if err := s.push.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	enter := func(name string) (*asker, string) {
		a, err := h.account(name+"xx", name, "")
		if err != nil {
			t.Fatal(err)
		}
		note.names[uidOf(t, a.User)] = name
		c := h.asker(t)
		c.want(200, c.ask("login", fmt.Sprintf(`"scheme":"token","secret":%q`, a.Token)))
		return c, a.User
	}
	ann, annID := enter("ann")
	bob, bobID := enter("bob")
	cat, catID := enter("cat")
	expect := func(what string, want ...string) {
		t.Helper()
		if got := note.take(len(want)); !slices.Equal(got, want) {
			t.Errorf("%s:\ngot  %q\nwant %q", what, got, want)
		}
	}
	ann.want(200, ann.ask("sub", `"topic":"`+bobID+`"`))
	expect("a new chat", "sub from ann seq 0: bob/0/false/0")
	ann.want(202, ann.ask("pub", `"topic":"`+bobID+`","content":"one"`))
	expect("a message", "msg from ann seq 1: ann/1/true/0 bob/0/false/1")
	bob.want(200, bob.ask("sub", `"topic":"`+annID+`"`))
	ann.want(202, ann.ask("pub", `"topic":"`+bobID+`","content":"two","head":{"mime":"text/plain"}`))
	expect("he is there", "msg from ann seq 2: ann/1/true/0 bob/1/true/2")
	bob.link.Handle([]byte(`{"note":{"topic":"` + annID + `","what":"read","seq":2}}`))
	expect("he has read", "read from bob seq 2: bob/1/true/0")
	bob.want(200, bob.ask("leave", `"topic":"`+annID+`"`))
	ann.want(202, ann.ask("pub", `"topic":"`+bobID+`","content":"two, changed","head":{"replace":":2"}`))
	expect("an edit", "msg from ann seq 3: ann/1/true/0 bob/0/true/1")
	reply := ann.ask("sub", `"topic":"new"`)
	ann.want(200, reply)
	group, _ := reply["topic"].(string)
	for _, id := range []string{bobID, catID} {
		ann.want(200, ann.ask("set", `"topic":"`+group+`","sub":{"user":"`+id+`"}`))
	}
	expect("invitations", "sub from ann seq 0: bob/0/false/0", "sub from ann seq 0: cat/0/false/0")
	cat.want(200, cat.ask("sub", `"topic":"`+group+`","set":{"sub":{"mode":"JRWS"}}`)) // muted: no P
	ann.want(202, ann.ask("pub", `"topic":"`+group+`","content":"to all"`))
	expect("a group, where cat is muted", "msg from ann seq 1: ann/1/true/0 bob/0/false/1")
}
