package server

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/server/session"
	"parley/store"
	"parley/store/mem"
)

// floodClient is a session inside the process and what it was last sent.
type floodClient struct {
	*session.Memory
	got chan string
}

func (h *harness) client(t *testing.T, login string) *floodClient {
	t.Helper()
	a, err := h.account(login, "somebody", "")
	if err != nil {
		t.Fatal(err)
	}
	c := &floodClient{got: make(chan string, 1024)}
	c.Memory = h.sessions.OpenMemory(func(m []byte) {
		select {
		case c.got <- string(m):
		default: // a flooder does not read
		}
	}, func(int, string) {})
	c.Handle([]byte(`{"hi":{"id":"h","ver":"0.25"}}`))
	c.until(t, `"id":"h"`)
	c.Handle(fmt.Appendf(nil, `{"login":{"id":"l","scheme":"token","secret":%q}}`, a.Token))
	c.until(t, `"code":200`)
	return c
}

func (c *floodClient) until(t *testing.T, text string) string {
	t.Helper()
	for {
		select {
		case m := <-c.got:
			if strings.Contains(m, text) {
				return m
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("waiting for %s", text)
		}
	}
}

// group makes one and returns its name.
func (c *floodClient) group(t *testing.T) string {
	t.Helper()
	c.Handle([]byte(`{"sub":{"id":"g","topic":"new1"}}`))
	var m struct{ Ctrl struct{ Topic string } }
	if err := json.Unmarshal([]byte(c.until(t, `"id":"g"`)), &m); err != nil {
		t.Fatal(err)
	}
	return m.Ctrl.Topic
}

// p99 is how long the 99th of 100 messages waits for its answer.
func (c *floodClient) p99(t *testing.T, group string) time.Duration {
	t.Helper()
	took := make([]time.Duration, 100)
	for i := range took {
		start := time.Now()
		c.Handle(fmt.Appendf(nil, `{"pub":{"id":"q%d","topic":%q,"noecho":true,"content":"x"}}`, i, group))
		c.until(t, `"code":202`)
		took[i] = time.Since(start)
	}
	slices.Sort(took)
	return took[len(took)*99/100]
}

// TestFloodSlowsItsSender: while one session sends as fast as it can, others are
// answered as before.
func TestFloodSlowsItsSender(t *testing.T) {
	h := newHarness(t, testConfig(t, `{"limits":{"exempt":[],"requests_per_session":"off","requests_per_user":"off","requests_per_address":"off","messages_per_address":"off","messages_per_session":"100/s, burst 3000","messages_per_user":"100/s, burst 100000"}}`), mem.New())
	a, b := h.client(t, "annabel"), h.client(t, "bartholomew")
	mine, theirs := a.group(t), b.group(t)
	stop := make(chan struct{})
	var flood sync.WaitGroup
	sent := 0
	begin := func() {
		flood.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					b.Handle(fmt.Appendf(nil, `{"pub":{"id":"f","topic":%q,"content":"x"}}`, theirs))
					sent++
				}
			}
		})
	}
	// The machine may have other things to do: the best of some measurements
	// counts, on either side. Not parallel for the same reason.
	quiet := a.p99(t, mine)
	for range 4 {
		quiet = min(quiet, a.p99(t, mine))
	}
	begin()
	time.Sleep(200 * time.Millisecond) // its burst is over soon
	during := a.p99(t, mine)
	for i := 1; i < 100 && during > 2*quiet; i++ {
		if i%20 == 0 { // so many messages are what a session may send at once
			a.Close()
			a = h.client(t, fmt.Sprint("annabel", i))
			mine = a.group(t)
		}
		during = min(during, a.p99(t, mine))
	}
	close(stop)
	flood.Wait()
	t.Logf("p99 %v, with a flood %v; the flooder sent %d", quiet, during, sent)
	if during > 2*quiet {
		t.Errorf("p99 %v became %v", quiet, during)
	}
	a.Close()
	b.Close()
	if err := h.end(); err != nil {
		t.Error(err)
	}
}

// TestAuditLog: what people did is there, and nothing that they must keep to
// themselves.
func TestAuditLog(t *testing.T) {
	t.Parallel()
	h := newHarness(t, testConfig(t, ""), mem.New())
	c := h.client(t, "annabel")
	ask := func(id, format string, args ...any) {
		t.Helper()
		c.Handle(fmt.Appendf(nil, format, args...))
		if m := c.until(t, `"id":"`+id+`"`); !strings.Contains(m, `"code":20`) {
			t.Errorf("%s: %s", id, m)
		}
	}
	group := c.group(t)
	ask("1", `{"sub":{"id":"1","topic":"me"}}`)
	ask("2", `{"acc":{"id":"2","scheme":"basic","secret":%q}}`, base64.StdEncoding.EncodeToString([]byte("annabella:hunter2")))
	ask("3", `{"set":{"id":"3","topic":"me","cred":{"meth":"email","val":"secret@example.com"}}}`)
	ask("4", `{"set":{"id":"4","topic":"me","cred":{"meth":"email","resp":"123456"}}}`)
	ask("5", `{"del":{"id":"5","topic":"me","what":"cred","cred":{"meth":"email","val":"secret@example.com"}}}`)
	ask("6", `{"del":{"id":"6","topic":%q,"what":"topic","hard":true}}`, group)
	ask("7", `{"del":{"id":"7","topic":"me","what":"session","session":"*"}}`)
	ask("8", `{"del":{"id":"8","what":"user","hard":true}}`)
	entries, err := h.store.AuditLog(t.Context(), store.AuditQuery{})
	if err != nil {
		t.Fatal(err)
	}
	want := "login.renamed password.changed cred.added cred.confirmed cred.removed group.deleted token.revoked account.deleted"
	var acts []string
	for _, e := range slices.Backward(entries) {
		acts = append(acts, e.Act)
		text := fmt.Sprint(e)
		if e.From == "" || e.At.IsZero() || strings.Contains(text, "hunter2") || strings.Contains(text, "secret@") || strings.Contains(text, "123456") {
			t.Errorf("%+v", e)
		}
	}
	if got := strings.Join(acts, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if err := h.end(); err != nil {
		t.Error(err)
	}
}

// deadlines notes what a handler asks of its connection.
type deadlines struct {
	*httptest.ResponseRecorder
	read time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error { d.read = t; return nil }

// TestSlowBodies: a request whose body does not come is not waited for, wherever
// it goes; files have rules of their own.
func TestSlowBodies(t *testing.T) {
	t.Parallel()
	h := newHarness(t, testConfig(t, ""), mem.New())
	for target, bounded := range map[string]bool{
		"POST /": true, "POST /v0/nothing": true, "POST /v0/auth/providers": true, "POST /v0/reset": true, "PUT /v0/channels": true,
		"GET /": false,
	} {
		method, path, _ := strings.Cut(target, " ")
		var body io.Reader
		if method != http.MethodGet {
			body = io.MultiReader(strings.NewReader("a=b")) // of unknown length
		}
		w := &deadlines{ResponseRecorder: httptest.NewRecorder()}
		h.routes().ServeHTTP(w, httptest.NewRequest(method, path, body))
		if got := time.Until(w.read) > 0 && time.Until(w.read) <= bodyTime; got != bounded {
			t.Errorf("%s: the body may come until %v", target, w.read)
		}
	}
}
