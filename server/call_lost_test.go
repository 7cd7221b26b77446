package server

import (
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/chat"
	"parley/internal/wstest"
	"parley/store"
	"parley/store/mem"
)

// TestCallOfAKilledServer: a call that was going on when the process was killed
// is over for whoever looks at the conversation next, and only once.
func TestCallOfAKilledServer(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t, `{"webrtc": {"enabled": true, "ice_servers": [{"urls": ["stun:x"]}]}}`)
	for state, heads := range map[string][]string{
		"missed":       {`{"webrtc":"started","mime":"text/x-drafty"}`, ``},
		"disconnected": {`{"webrtc":"started","mime":"text/x-drafty"}`, `{"replace":":1","webrtc":"accepted"}`, ``},
	} {
		synctest.Test(t, func(t *testing.T) {
			st := mem.New()
			h := newHarness(t, cfg, st)
			p := wstest.NewPlayer(h.memory(settled), h.account)
			play(t, p, `
login A alice
login B bob
quietly A> {"sub":{"id":"1","topic":"<bob>"}}
`)
			a, b := userOf(t, p, "alice"), userOf(t, p, "bob")
			for i, head := range heads {
				m := &store.Message{Topic: chat.P2PName(a, b), Seq: i + 1, From: a, At: h.now(), Content: []byte(`"ring"`)}
				if head != "" {
					m.Head = []byte(head)
				}
				if err := st.Append(t.Context(), m); err != nil {
					t.Fatal(err)
				}
			}
			p.Close()
			if err := h.end(); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Minute)
			h = newHarness(t, cfg, st)
			seq := map[string]string{"missed": "3", "disconnected": "4"}[state]
			p.Move(h.memory(settled))
			play(t, p, `
login B bob
B> {"sub":{"id":"1","topic":"<alice>","get":{"what":"data","data":{"limit":1}}}}
B< {"ctrl":{"id":"1","topic":"<alice>","code":200,"text":"ok","ts":"<ts>"}}
B< {"data":{"topic":"<alice>","from":"<alice>","ts":"<ts>","seq":`+seq+`,"head":{"replace":":1","webrtc":"`+state+`","mime":"text/x-drafty"},"content":"ring"}}
B< {"ctrl":{"id":"1","topic":"<alice>","code":208,"text":"delivered","params":{"what":"data","count":1},"ts":"<ts>"}}
B> {"leave":{"id":"2","topic":"<alice>"}}
B< {"ctrl":{"id":"2","topic":"<alice>","code":200,"text":"ok","ts":"<ts>"}}
pause 6s
B> {"sub":{"id":"3","topic":"<alice>","get":{"what":"data","data":{"since":`+seq+`}}}}
B< {"ctrl":{"id":"3","topic":"<alice>","code":200,"text":"ok","ts":"<ts>"}}
B< {"data":{"topic":"<alice>","from":"<alice>","ts":"<ts>","seq":`+seq+`,"head":{"replace":":1","webrtc":"`+state+`","mime":"text/x-drafty"},"content":"ring"}}
B< {"ctrl":{"id":"3","topic":"<alice>","code":208,"text":"delivered","params":{"what":"data","count":1},"ts":"<ts>"}}
`)
			p.Close()
			if err := h.end(); err != nil {
				t.Error(err)
			}
		})
	}
}

func userOf(t *testing.T, p *wstest.Player, who string) chat.UID {
	t.Helper()
	u, err := chat.ParseUID(p.Value(who))
	if err != nil {
		t.Fatal(err)
	}
	return u
}
