package server

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"parley/internal/chat"
)

// asker is a session that waits for the answer to each of its requests.
type asker struct {
	t    testing.TB
	link interface{ Handle([]byte) }
	in   chan map[string]map[string]any
	next int
}

// asker opens a session that has said hi.
func (h *harness) asker(t testing.TB) *asker {
	t.Helper()
	return h.watched(t, func([]byte) {})
}

// watched is asker for who wants to see all that the server sends.
func (h *harness) watched(t testing.TB, seen func(frame []byte)) *asker {
	t.Helper()
	a := &asker{t: t, in: make(chan map[string]map[string]any, 256)}
	m := h.sessions.OpenMemory(func(b []byte) {
		seen(b)
		var v map[string]map[string]any
		if err := json.Unmarshal(b, &v); err != nil {
			t.Errorf("not JSON: %s", b)
		}
		a.in <- v
	}, func(int, string) { close(a.in) })
	a.link = m
	t.Cleanup(m.Close)
	a.ask("hi", `"ver":"0.25"`)
	return a
}

// ask sends a request and returns the first {ctrl} or {meta} that answers it.
func (a *asker) ask(kind, fields string, more ...string) map[string]any {
	a.t.Helper()
	a.next++
	id := fmt.Sprint("q", a.next)
	extra := ""
	for _, m := range more {
		extra += "," + m
	}
	a.link.Handle([]byte(fmt.Sprintf(`{%q:{"id":%q,%s}%s}`, kind, id, fields, extra)))
	timeout := time.After(time.Minute)
	for {
		select {
		case v, open := <-a.in:
			if !open {
				a.t.Fatalf("%s: closed", kind)
			}
			for _, m := range v {
				if m["id"] == id {
					return m
				}
			}
		case <-timeout:
			a.t.Fatalf("%s: no answer", kind)
		}
	}
}

// login logs in by a scheme.
func (a *asker) login(scheme, secret, more string) map[string]any {
	a.t.Helper()
	return a.ask("login", fmt.Sprintf(`"scheme":%q,"secret":%q%s`, scheme, base64.StdEncoding.EncodeToString([]byte(secret)), more))
}

// want checks the code of an answer and returns its parameters.
func (a *asker) want(code int, reply map[string]any) map[string]any {
	a.t.Helper()
	got, _ := reply["code"].(float64)
	if int(got) != code {
		a.t.Fatalf("got %v, want %d", reply, code)
	}
	params, _ := reply["params"].(map[string]any)
	return params
}

func uidOf(t testing.TB, text string) chat.UID {
	t.Helper()
	u, err := chat.ParseUID(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
