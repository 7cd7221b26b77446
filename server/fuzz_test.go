package server

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/auth"
	"parley/internal/chat"
	"parley/internal/config"
	"parley/store"
	"parley/store/mem"
	"parley/wsproto"
)

// states of a session in the fuzz test, one upon the other.
const (
	stateNew = iota
	stateGreeted
	stateLoggedIn
	stateOnMe
	stateOnP2P
	stateOnGroup
	states
)

// FuzzSession feeds a whole session with arbitrary frames, one per line, in each
// state: it never panics, never hangs, and answers every request that has an id.
// alice has the ID 1, bob 2; grpFuzz is alice's, and bob is attached to it.
func FuzzSession(f *testing.F) {
	for state := range uint8(states) {
		for _, script := range []string{
			`{"acc":{"id":"1","user":"new","scheme":"anonymous","login":true,"desc":{"public":{"fn":"x"}}}}`,
			`{"hi":{"id":"1","ver":"0.25","dev":"d","lang":"en"}}` + "\n" + `{"hi":{"id":"2","dev":"␡"}}`,
			`{"get":{"id":"1","topic":"grpFuzz","what":"desc sub data del tags cred aux","sub":{"ims":"2026-01-01T00:00:00Z"},"data":{"ranges":[{"low":1,"hi":9}]}}}`,
			`{"sub":{"id":"1","topic":"usrAgAAAAAAAAA","set":{"sub":{"mode":"JRW"},"desc":{"private":"␡"}},"get":{"what":"desc data"}}}`,
			`{"set":{"id":"1","topic":"me","desc":{"public":{"a":"␡"},"defacs":{"auth":"JR"}},"sub":{"mode":"JP"},"tags":["␡"],"cred":{"meth":"email","val":"a@b.c"}}}`,
			`{"set":{"id":"1","topic":"grpFuzz","sub":{"user":"usrAgAAAAAAAAA","mode":"JRWPASDO"},"aux":{"pins":[1]},"tags":["tea"]}}` + "\n" + `{"leave":{"id":"2","topic":"grpFuzz","unsub":true}}`,
			`{"pub":{"id":"1","topic":"grpFuzz","head":{"sender":"x","mime":"y"},"content":{"txt":"z"}}}` + "\n" + `{"note":{"topic":"grpFuzz","what":"read","seq":1}}`,
			`{"pub":{"topic":"grpFuzz"}}` + "\n" + `{"del":{"id":"1","topic":"grpFuzz","what":"msg","delseq":[{"low":1,"hi":99}],"hard":true}}` + "\n" + `{"del":{"id":"2","topic":"grpFuzz","what":"topic"}}`,
			`{"del":{"id":"1","topic":"grpFuzz","what":"sub","user":"usrAgAAAAAAAAA"}}` + "\n" + `{"del":{"id":"2","topic":"me","what":"user"}}`,
			`{"sub":{"id":"1","topic":"newX","set":{"desc":{"public":1,"defacs":{"auth":"JRO"}},"tags":["alias:a"]}}}` + "\n" + `{"sub":{"id":"2","topic":"nchX"}}`,
			`{"extra":{"obo":"usrAgAAAAAAAAA","authlevel":"root"},"pub":{"id":"1"}}` + "\n" + `{"note":{}}` + "\n1\n" + `{"leave":{"id":"7"}}`,
			`{"pub":{"id":"1","topic":"usrAgAAAAAAAAA","head":{"webrtc":"started"}}}` + "\n" + `{"note":{"topic":"usrAgAAAAAAAAA","what":"call","seq":1,"event":"hang-up"}}`,
			`{"pub":{"id":"1","topic":"grpFuzz","head":{"webrtc":0}}}` + "\n" + `{"note":{"topic":"grpFuzz","what":"call","seq":1,"event":"accept","payload":1}}`,
			`{"sub":{"id":"1","topic":"fnd","set":{"desc":{"public":"x"}}}}` + "\n" + `{"set":{"id":"2","topic":"fnd","desc":{"public":"a b,\"c\", +1650"}}}` + "\n" + `{"get":{"id":"3","topic":"fnd","what":"sub tags desc"}}`,
			`{"sub":{"id":"1","topic":"slf"}}` + "\n" + `{"pub":{"id":"2","topic":"slf","head":{"uid":"u"},"content":0}}` + "\n" + `{"pub":{"id":"3","topic":"slf","head":{"uid":"u"},"content":0}}` + "\n" + `{"del":{"id":"4","topic":"slf","what":"topic"}}`,
			`{"sub":{"id":"1","topic":"sys"}}` + "\n" + `{"pub":{"id":"2","topic":"sys","content":"x"}}` + "\n" + `{"del":{"id":"3","topic":"sys","what":"topic"}}`,
			`{"sub":{"id":"1","topic":"nchX"}}` + "\n" + `{"sub":{"id":"2","topic":"chnFuzz"}}` + "\n" + `{"note":{"topic":"chnFuzz","what":"read","seq":1}}` + "\n" + `{"leave":{"id":"3","topic":"chnFuzz","unsub":true}}`,
			`{"get":{"id":"1","topic":"me","what":"sync","sync":{"topics":{"grpFuzz":{"seq":0,"del":0},"slf":{"seq":9}},"limit":1}}}`,
			`{"acc":{"id":"1","user":"usrAgAAAAAAAAA","status":"susp"}}` + "\n" + `{"del":{"id":"2","what":"user","user":"usrAgAAAAAAAAA"}}`,
			`{"set":{"id":"1","topic":"grpFuzz","sub":{"mode":"N"}}}` + "\n" + `{"sub":{"id":"2","topic":"grpFuzz"}}`,
		} {
			f.Add(state, []byte(script))
		}
	}
	cfg := testConfig(f, `{"webrtc": {"enabled": true, "turn_secret": "s", "ice_servers": [{"urls": ["turn:x"]}]}}`)
	f.Fuzz(func(t *testing.T, state uint8, script []byte) {
		lines := strings.Split(string(script), "\n")
		if len(lines) > 20 || len(script) > 20_000 || strings.Contains(strings.ToLower(string(script)), "basic") {
			return // hashing passwords is slow, and tested elsewhere
		}
		synctest.Test(t, func(t *testing.T) {
			w := newFuzzWorld(t, cfg)
			for _, line := range w.prologue(state % states) {
				w.handle(t, line)
			}
			for _, line := range lines {
				if w.handle(t, line); w.closed != "" {
					break
				}
			}
			w.alice.Close()
			w.bob.Close()
			if err := w.end(); err != nil {
				t.Error(err)
			}
		})
	})
}

func (w *fuzzWorld) prologue(state uint8) []string {
	all := []string{
		`{"hi":{"id":"h","ver":"0.25"}}`,
		`{"login":{"id":"l","scheme":"token","secret":"` + w.token(1) + `"}}`,
		`{"sub":{"id":"m","topic":"me"}}`,
		`{"sub":{"id":"p","topic":"usrAgAAAAAAAAA"}}`,
		`{"sub":{"id":"g","topic":"grpFuzz"}}`,
	}
	return all[:min(int(state), len(all))]
}

// handle hands over a frame and checks that it is answered.
func (w *fuzzWorld) handle(t *testing.T, line string) {
	t.Helper()
	m, err := wsproto.Decode([]byte(line))
	w.take()
	w.alice.Handle([]byte(line))
	settled()
	got := w.take()
	for _, g := range got {
		if g != "0" && !json.Valid([]byte(g)) {
			t.Fatalf("not JSON: %q", g)
		}
	}
	switch {
	case w.closed != "" && err == nil && m.Del != nil && m.Del.What == "user": // nobody is there any more
	case w.closed != "":
		t.Fatalf("closed (%s) by %q", w.closed, line)
	case line == "1":
		if len(got) != 1 || got[0] != "0" {
			t.Fatalf("the probe is answered %q", got)
		}
	case err != nil:
		if len(got) == 0 || !strings.Contains(got[0], `"code":400,"text":"malformed"`) {
			t.Fatalf("%q: %q", line, got)
		}
	case m.ID() != "":
		if !answered(got, m) {
			t.Fatalf("no answer to %q: %q", line, got)
		}
	}
}

// answered tells whether a message has the id of the request, or refuses it
// without one (wire.md §2.1).
func answered(got []string, m *wsproto.ClientMsg) bool {
	for _, g := range got {
		var v map[string]struct {
			ID   string
			Code int
		}
		if json.Unmarshal([]byte(g), &v) != nil {
			continue
		}
		for _, body := range v {
			if body.ID == m.ID() || m.Extra != nil && body.ID == "" && body.Code >= 400 {
				return true
			}
		}
	}
	return false
}

// fuzzWorld is a server with a few things in it, the session of alice that is
// fed, and one of bob.
type fuzzWorld struct {
	*harness
	alice, bob interface {
		Handle([]byte)
		Close()
	}
	got    chan string
	closed string
}

func newFuzzWorld(t *testing.T, cfg *config.Config) *fuzzWorld {
	t.Helper()
	w := &fuzzWorld{harness: newHarness(t, cfg, mem.New()), got: make(chan string, 1<<16)}
	ctx, now := context.Background(), w.now()
	for id, name := range map[chat.UID]string{1: "alice", 2: "bob"} {
		err := w.store.CreateUser(ctx, &store.NewUser{
			User: store.User{ID: id, Created: now, Updated: now, Access: chat.Access{Auth: chat.ModeUser}, Tags: []string{"email:" + name + "@b.c"}},
			Me:   store.Sub{Topic: id.MeName(), User: id, Created: now, Updated: now, Want: chat.ModeMe, Given: chat.ModeMe},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	sub := func(id chat.UID, m chat.Mode) store.Sub {
		return store.Sub{Topic: "grpFuzz", User: id, Created: now, Updated: now, Want: m, Given: m}
	}
	err := w.store.CreateTopic(ctx, &store.Topic{
		Name: "grpFuzz", Created: now, Updated: now, Touched: now, Owner: 1, Access: chat.Access{Auth: chat.ModeGroup},
	}, nil, sub(1, chat.ModeFull), sub(2, chat.ModeGroup))
	if err != nil {
		t.Fatal(err)
	}
	w.alice = w.sessions.OpenMemory(func(m []byte) { w.got <- string(m) }, func(int, string) { w.closed = "yes" })
	w.bob = w.sessions.OpenMemory(func([]byte) {}, func(int, string) {})
	for _, line := range []string{
		`{"hi":{"ver":"0.25"}}`, `{"login":{"scheme":"token","secret":"` + w.token(2) + `"}}`, `{"sub":{"topic":"me"}}`,
		`{"sub":{"topic":"grpFuzz"}}`, `{"pub":{"topic":"grpFuzz","content":"welcome"}}`,
	} {
		w.bob.Handle([]byte(line))
		settled()
	}
	return w
}

func (w *fuzzWorld) token(id chat.UID) string {
	token, err := w.sessions.Token.Issue(&auth.Record{User: id, Level: chat.LevelAuth, Validated: true}, w.now().Add(time.Hour))
	if err != nil {
		panic(err) // the keys are ours
	}
	return base64.StdEncoding.EncodeToString(token)
}

// take empties the inbox.
func (w *fuzzWorld) take() []string {
	var out []string
	for len(w.got) > 0 {
		out = append(out, <-w.got)
	}
	return out
}
