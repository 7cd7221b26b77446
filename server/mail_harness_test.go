package server

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"parley/auth/mail"
	"parley/internal/smtptest"
	"parley/internal/wstest"
	"parley/store/mem"
)

// mailHarness is a server that sends mail to a real mail server of the test's,
// and whose clock can be moved.
type mailHarness struct {
	*harness
	mail   *smtptest.Server
	dialer *wstest.Socket
	base   string // URL of the server
	user   string // the ID of annabel
	ahead  atomic.Int64
	ids    int
}

// later moves the clock.
func (h *mailHarness) later(d time.Duration) { h.ahead.Add(int64(d)) }

// mailConf is the configuration for a mail server; more keys of
// acc_validation.email come in front.
func mailConf(srv *smtptest.Server, required string) string {
	return fmt.Sprintf(`{"acc_validation": {"email": {"required": %s, "add_to_tags": true, "config": {
		"host_url": "https://chat.example.com", "smtp_server": %q, "smtp_port": %d, "sender": "noreply@chat.example.com"}}}}`,
		required, srv.Host, srv.Port)
}

func newMailHarness(t *testing.T, srv *smtptest.Server, conf string) *mailHarness {
	t.Helper()
	h := &mailHarness{mail: srv}
	st := mem.New()
	s, err := New(Deps{
		Passwords: quick{},
		Config:    testConfig(t, conf), Store: st, Log: slog.New(slog.DiscardHandler), Build: "test:0",
		Now: func() time.Time { return time.Now().Add(time.Duration(h.ahead.Load())) },
	})
	if err != nil {
		t.Fatal(err)
	}
	h.harness = &harness{s, st}
	done := make(chan error, 1)
	go func() { done <- h.posts.run(context.Background()) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = h.reset.Close(ctx)
		_ = h.posts.close(ctx)
		<-done
	})
	h.dialer = h.socket(t, quiet)
	h.base = "http" + strings.TrimSuffix(strings.TrimPrefix(h.dialer.URL, "ws"), "/v0/channels")
	return h
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// answer is a {ctrl}.
type answer struct {
	Code   int
	Text   string
	Params struct {
		User, Token, Authlvl, What string
		Cred                       []string
	}
}

// client is a connection that has said hi.
type client struct {
	h  *mailHarness
	ws *websocket.Conn
}

func (h *mailHarness) client(t *testing.T, lang string) *client {
	t.Helper()
	c := &client{h, dialWS(t, h.dialer)}
	c.ask(t, `{"hi":{"ver":"0.25","lang":%q}}`, lang)
	return c
}

// ask sends a request and returns its answer.
func (c *client) ask(t *testing.T, format string, args ...any) answer {
	t.Helper()
	c.h.ids++
	id := fmt.Sprintf("id%d", c.h.ids)
	frame := fmt.Sprintf(format, args...)
	i := strings.Index(frame[1:], "{") + 2 // into the request
	frame = frame[:i] + fmt.Sprintf(`"id":%q,`, id) + frame[i:]
	send(t, c.ws, frame)
	var m struct{ Ctrl answer }
	if err := json.Unmarshal([]byte(until(t, c.ws, fmt.Sprintf(`"id":%q`, id))), &m); err != nil {
		t.Fatal(err)
	}
	return m.Ctrl
}

func (c *client) want(t *testing.T, code int, format string, args ...any) answer {
	t.Helper()
	a := c.ask(t, format, args...)
	if a.Code != code {
		t.Fatalf("%s: %+v, want %d", fmt.Sprintf(format, args...), a, code)
	}
	return a
}

// register makes an account with an address and logs it in if nothing is missing.
func (c *client) register(t *testing.T, code int, login, email string) answer {
	t.Helper()
	return c.want(t, code, `{"acc":{"user":"new","scheme":"basic","secret":%q,"login":true,"cred":[{"meth":"email","val":%q}]}}`,
		b64(login+":old-password"), email)
}

func (c *client) login(t *testing.T, code int, secret string) answer {
	t.Helper()
	return c.want(t, code, `{"login":{"scheme":"basic","secret":%q}}`, b64(secret))
}

var digits = regexp.MustCompile(`(?m)^    (\d{6})\r?$`)

// plain is the text of a message.
func plain(t *testing.T, m smtptest.Message) string {
	t.Helper()
	_, params, err := mime.ParseMediaType(m.Mail.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := multipart.NewReader(strings.NewReader(m.Body), params["boundary"]).NextPart()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, p))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// code is the one in message n.
func (h *mailHarness) code(t *testing.T, n int) string {
	t.Helper()
	text := plain(t, h.mail.Wait(t, n))
	m := digits.FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no code in %s", text)
	}
	return m[1]
}

// quiesce waits until all requests for codes are answered and all mail is sent,
// and counts messages.
func (h *mailHarness) quiesce(t *testing.T) int {
	t.Helper()
	sender := h.posts.byMethod["email"].(*mail.Sender)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		c := h.reset.Counts()
		if m := sender.Counts(); c.Asked == c.Done && m.Queued == m.Sent {
			return len(h.mail.Messages())
		}
		if time.Now().After(deadline) {
			t.Fatal("codes are not sent")
		}
	}
}

func wrongCode(code string) string {
	if code[0] == '9' {
		return "0" + code[1:]
	}
	return "9" + code[1:]
}

// page gets or posts the page for new passwords.
func (h *mailHarness) page(t *testing.T, link string, form url.Values) (int, string, http.Header) {
	t.Helper()
	var resp *http.Response
	var err error
	if form == nil {
		resp, err = http.Get(link)
	} else {
		resp, err = http.PostForm(link, form)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text), resp.Header
}
