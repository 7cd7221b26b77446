package server

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/wstest"
	"parley/store/mem"
)

// TestTranscriptsLongPoll plays all transcripts over long polling, by the HTTP
// of the standard library but without a network, so that time is simulated.
func TestTranscriptsLongPoll(t *testing.T) {
	t.Parallel()
	for name, tr := range transcripts(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := testConfig(t, tr.Config)
			synctest.Test(t, func(t *testing.T) {
				h := newHarness(t, cfg, mem.New())
				client, end := h.overPipes()
				p := h.player(h.longPoll(client))
				for _, problem := range p.Play(tr) {
					t.Error(problem)
				}
				p.Close()
				if err := end(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestLongPollRequests: what is answered to what (wire.md §1.4).
func TestLongPollRequests(t *testing.T) {
	simulated(t, `{"max_message_size":4096}`, func(t *testing.T, h *harness, c *lpClient) {
		c.ask("&id=x%22y", "anything").check(t, "open with an id", 201, `{"ctrl":{"id":"x\"y","params":{"sid":"`)
		sid := c.open()
		c.ask(sid, "1").check(t, "probe", 200, "")
		(<-c.poll(t.Context(), sid)).check(t, "answer to the probe", 200, "0")
		c.ask(sid, `{"hi":{"id":"1","ver":"0.25"}}`).check(t, "hi", 200, "")
		(<-c.poll(t.Context(), sid)).check(t, "answer to hi", 200, `"code":200,"text":"ok"`)
		c.ask(sid, `{"hi":`).check(t, "no JSON", 200, "")
		(<-c.poll(t.Context(), sid)).check(t, "answer to no JSON", 200, `"code":400,"text":"malformed"`)
		c.ask("&sid=AAAAAAAAAAA", "1").check(t, "unknown session", 403, `"code":403,"text":"invalid or expired session"`)
		c.ask("&sid=", "1").check(t, "empty sid", 201, `"sid":"`)

		message := func(n int) string { return `{"hi":{"id":"` + strings.Repeat("x", n-len(`{"hi":{"id":""}}`)) + `"}}` }
		c.ask(sid, message(4096)).check(t, "the largest", 200, "")
		(<-c.poll(t.Context(), sid)).check(t, "answer to the largest", 200, `"id":"xxx`)
		c.ask(sid, message(4097)).check(t, "too large", 417, `"code":400,"text":"malformed"`)
		chunked := func(text string) lpAnswer {
			a, err := c.do(t.Context(), http.MethodPost, "?apikey="+stockAPIKey+sid, io.MultiReader(strings.NewReader(text)))
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		chunked(message(4097)).check(t, "too large in chunks", 400, `"code":400,"text":"malformed"`)
		chunked("1").check(t, "in chunks", 200, "")
		chunked("").check(t, "a poll in chunks", 200, "0")

		for method, status := range map[string]int{"GET": 200, "PUT": 405, "DELETE": 405, "OPTIONS": 405} {
			c.ask(sid, "1")
			a, err := c.do(t.Context(), method, "?apikey="+stockAPIKey+sid, nil)
			if err != nil {
				t.Fatal(err)
			}
			want := "0"
			if status == 405 {
				want = `"code":405,"text":"operation or method not allowed"`
				<-c.poll(t.Context(), sid)
			}
			a.check(t, method, status, want)
		}
		a, err := c.do(t.Context(), "POST", "?sid=x", strings.NewReader("1"))
		if err != nil {
			t.Fatal(err)
		}
		a.check(t, "no API key", 403, `"code":403,"text":"valid API key required"`)
		a, err = c.do(t.Context(), "GET", "/?apikey="+stockAPIKey, nil)
		if err != nil {
			t.Fatal(err)
		}
		a.check(t, "with a slash", 201, `"sid":"`)
	})
}

// TestLongPollForms: sid and apikey may come in a form; a message is no form,
// whatever its client calls it.
func TestLongPollForms(t *testing.T) {
	simulated(t, "", func(t *testing.T, h *harness, c *lpClient) {
		const form = "application/x-www-form-urlencoded"
		post := func(query, body, kind string) lpAnswer {
			t.Helper()
			a, err := c.do(t.Context(), "POST", query, strings.NewReader(body), "Content-Type", kind)
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		post("", "id=7&apikey="+stockAPIKey, form).check(t, "open by form", 201, `"id":"7","params":{"sid":"`)
		sid := c.open()
		c.ask(sid, "1")
		post("", "apikey="+stockAPIKey+sid, form).check(t, "poll by form", 200, "0")
		c.ask(sid, "1")
		post("?apikey="+stockAPIKey, sid[1:], form).check(t, "poll by form, key in the query", 200, "0")
		c.ask(sid, `{"hi":{"id":"1","ver":"0.25"}}`, "Content-Type", form).check(t, "message called a form", 200, "")
		(<-c.poll(t.Context(), sid)).check(t, "its answer", 200, `"id":"1"`)
		a, err := c.do(t.Context(), "POST", "?"+sid[1:], strings.NewReader(`{"hi":{"id":"2"}}`), "Content-Type", form, "Cookie", "apikey="+stockAPIKey)
		if err != nil {
			t.Fatal(err)
		}
		a.check(t, "message called a form, key in a cookie", 200, "")
		(<-c.poll(t.Context(), sid)).check(t, "its answer", 200, `"id":"2"`)

		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		_ = w.WriteField("apikey", stockAPIKey)
		_ = w.WriteField("sid", strings.TrimPrefix(sid, "&sid="))
		_ = w.Close()
		c.ask(sid, "1")
		post("", b.String(), w.FormDataContentType()).check(t, "poll by multipart form", 200, "0")
	})
}

// TestLongPollTimes: a poll waits 49.5 s, whatever the connection did before; a
// session ends 70 s after its last request, and others see it.
func TestLongPollTimes(t *testing.T) {
	simulated(t, "", func(t *testing.T, h *harness, c *lpClient) {
		sid := c.open()
		for range 5 {
			began := time.Now()
			a := <-c.poll(t.Context(), sid)
			if a.check(t, "poll", 200, ""); time.Since(began) != 49500*time.Millisecond {
				t.Errorf("waited %v", time.Since(began))
			}
		}
		tr, err := wstest.Read(strings.NewReader(`
			login A alice
			quietly A> {"sub":{"id":"1","topic":"me"}}
			login B bob
			quietly A> {"sub":{"id":"2","topic":"<bob>"}}
			quietly B> {"sub":{"id":"1","topic":"me"}}
			close A
			pause 72s
			pause 3s
			B< {"pres":{"topic":"me","what":"off","src":"<alice>"}}
		`))
		if err != nil {
			t.Fatal(err)
		}
		d := h.longPoll(c.client)
		d.Leave = func(string) {} // as real clients
		p := h.player(d)
		for _, problem := range p.Play(tr) {
			t.Error(problem)
		}
		p.Close()
		time.Sleep(75 * time.Second)
		settled()
		if n := h.sessions.Len(); n != 0 {
			t.Errorf("%d sessions are left", n)
		}
	})
}

// TestLongPollLosesNothing: messages for polls that broke off are there for the
// next one.
func TestLongPollLosesNothing(t *testing.T) {
	simulated(t, "", func(t *testing.T, _ *harness, c *lpClient) {
		sid := c.open()
		for i := range 20 {
			ctx, cancel := context.WithCancel(t.Context())
			poll := c.poll(ctx, sid)
			cancel() // the server may or may not notice before the message comes
			if i%2 == 0 {
				settled()
			}
			c.ask(sid, "1")
			if a := <-poll; a.status == 200 {
				a.check(t, "poll that was to break off", 200, "0")
				continue
			}
			(<-c.poll(t.Context(), sid)).check(t, "next poll", 200, "0")
		}
	})
}

// TestLongPollInParallel: the older of two polls ends at once, the newer gets
// the message.
func TestLongPollInParallel(t *testing.T) {
	simulated(t, "", func(t *testing.T, _ *harness, c *lpClient) {
		sid := c.open()
		began := time.Now()
		older := c.poll(t.Context(), sid)
		newer := c.poll(t.Context(), sid)
		(<-older).check(t, "the older", 200, "")
		if time.Since(began) > 5*time.Second {
			t.Error("the older waited")
		}
		c.ask(sid, "1")
		(<-newer).check(t, "the newer", 200, "0")
	})
}

// TestLongPollSlowSender: a message must have come within 30 s; others of the
// session need not wait for it.
func TestLongPollSlowSender(t *testing.T) {
	simulated(t, "", func(t *testing.T, _ *harness, c *lpClient) {
		sid := c.open()
		r, w := io.Pipe()
		defer w.Close()
		began := time.Now()
		slow := make(chan error, 1)
		go func() {
			a, err := c.do(t.Context(), "POST", "?apikey="+stockAPIKey+sid, r)
			if err == nil && a.status != 400 {
				err = fmt.Errorf("%d %s", a.status, a.body)
			}
			slow <- err
		}()
		settled()
		c.ask(sid, "1").check(t, "another message", 200, "")
		(<-c.poll(t.Context(), sid)).check(t, "its answer", 200, "0")
		if err := <-slow; err != nil {
			t.Error(err)
		}
		if d := time.Since(began); d != bodyTime {
			t.Errorf("it took %v", d)
		}
		c.ask(sid, "1").check(t, "afterwards", 200, "")
	})
}

// TestFloodOverLongPoll: of 60 messages that are sent at the same time each is
// answered once. Over a real network.
func TestFloodOverLongPoll(t *testing.T) {
	t.Parallel()
	h := newHarness(t, testConfig(t, ""), mem.New())
	srv := httptest.NewServer(h.routes())
	defer srv.Close()
	defer srv.Client().CloseIdleConnections()
	defer func() {
		if err := h.end(); err != nil {
			t.Error(err)
		}
	}()
	c := &lpClient{t, srv.Client(), srv.URL + "/v0/channels/lp"}
	sid := c.open()
	const n = 60
	for i := range n {
		go func() {
			a, err := c.do(t.Context(), "POST", "?apikey="+stockAPIKey+sid, strings.NewReader(fmt.Sprintf(`{"leave":{"id":"%d"}}`, i)))
			if err != nil || a.status != 200 {
				t.Errorf("%d: %d %v", i, a.status, err)
			}
		}()
	}
	got := make(map[string]int)
	for deadline := time.Now().Add(5 * time.Minute); len(got) < n && time.Now().Before(deadline); {
		a, err := c.do(t.Context(), "POST", "?apikey="+stockAPIKey+sid, nil)
		if err != nil {
			t.Fatal(err)
		}
		if a.body != "" {
			id, _, _ := strings.Cut(a.body, `,"code"`)
			got[id]++
		}
	}
	for id, times := range got {
		if times != 1 {
			t.Errorf("%s came %d times", id, times)
		}
	}
	if len(got) != n {
		t.Errorf("%d answers", len(got))
	}
}

// TestLongPollEnds: the poll that waits learns why its session ends; the server
// does not wait for polls when it shuts down. Over a real network.
func TestLongPollEnds(t *testing.T) {
	t.Parallel()
	h := newHarness(t, testConfig(t, ""), mem.New())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- h.Serve(ctx, l, nil) }()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	c := &lpClient{t, &http.Client{Transport: transport}, "http://" + l.Addr().String() + "/v0/channels/lp"}
	sid := c.open()
	c.ask(sid, `{"hi":{"id":"1","ver":"0.25"}}`).check(t, "hi", 200, "")
	ask := func(out chan<- lpAnswer) {
		a, err := c.do(t.Context(), "POST", "?apikey="+stockAPIKey+sid, nil)
		if err != nil {
			t.Error(err)
		}
		out <- a
	}
	out := make(chan lpAnswer, 2)
	ask(out)
	(<-out).check(t, "answer to hi", 200, `"code":200,"text":"ok"`)
	go ask(out)
	go ask(out)
	(<-out).check(t, "the older of two polls", 200, "") // so the newer one waits
	cancel()
	(<-out).check(t, "the last message", 200, `"code":205,"text":"server shutdown"`)
	if err := <-served; err != nil { // of its time, if it waited for the poll
		t.Error(err)
	}
}
