package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"parley/internal/smtptest"
	"parley/store/mem"
)

// TestRegisterWithMail: an address is required, the message comes in the language
// of the app, and its code or its link lets the new user in.
// Not parallel, like all tests of this file that hash passwords: see resetHarness.
func TestRegisterWithMail(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Options{StartTLS: true})
	conf := strings.Replace(mailConf(srv, `["auth"]`), `"smtp_port"`, `"insecure_skip_verify": true, "smtp_port"`, 1)
	h := newMailHarness(t, srv, conf)
	c := h.client(t, "ru_RU")
	if a := c.ask(t, `{"acc":{"user":"new","scheme":"basic","secret":%q,"login":true}}`, b64("annabel:password")); a.Code != 422 {
		t.Errorf("without an address: %+v", a)
	}
	a := c.register(t, 300, "annabel", "Ann@Example.com")
	m := srv.Wait(t, 1)
	if text := plain(t, m); m.To != "ann@example.com" || !m.TLS || !strings.Contains(text, "Здравствуйте") {
		t.Errorf("%+v\n%s", m, text)
	}
	code := h.code(t, 1)
	login := func(resp string) answer {
		return c.ask(t, `{"login":{"scheme":"token","secret":%q,"cred":[{"meth":"email","resp":%q}]}}`, a.Params.Token, resp)
	}
	if got := login(wrongCode(code)); got.Code != 300 || len(got.Params.Cred) != 1 {
		t.Errorf("a wrong code: %+v", got)
	}
	if got := login(code); got.Code != 200 || got.Params.User != a.Params.User {
		t.Errorf("the right code: %+v", got)
	}
	h.client(t, "").login(t, 200, "annabel:old-password")
	if got := h.client(t, "").register(t, 409, "bartholomew", "ann@example.com"); got.Text != "duplicate credential" {
		t.Errorf("an address twice: %+v", got)
	}
}

var tokenInLink = regexp.MustCompile(`https://chat\.example\.com/#cred\?method=email&code=(\d+)&token=(\S+)`)

// linkOf is the code and the token in the link of message n.
func (h *mailHarness) linkOf(t *testing.T, n int) (code, token string) {
	t.Helper()
	m := tokenInLink.FindStringSubmatch(plain(t, h.mail.Wait(t, n)))
	if m == nil {
		t.Fatal("no link")
	}
	token, err := url.QueryUnescape(m[2])
	if err != nil {
		t.Fatal(err)
	}
	return m[1], token
}

// TestTokenOfMessage: it confirms with the code beside it, and does nothing else.
func TestTokenOfMessage(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Options{})
	h := newMailHarness(t, srv, mailConf(srv, `[]`)) // optional: the account works without
	a := h.client(t, "").register(t, 200, "annabel", "ann@example.com")
	code, token := h.linkOf(t, 1)

	thief := h.client(t, "")
	thief.want(t, 401, `{"login":{"scheme":"token","secret":%q}}`, token)
	thief.want(t, 401, `{"login":{"scheme":"token","secret":%q,"cred":[{"meth":"fax","resp":"1"}]}}`, token)
	thief.want(t, 401, `{"login":{"scheme":"token","secret":%q,"cred":[{"meth":"email","resp":""}]}}`, token)
	if got := thief.want(t, 300, `{"login":{"scheme":"token","secret":%q,"cred":[{"meth":"email","resp":%q}]}}`, token, wrongCode(code)); got.Params.Token == "" {
		t.Errorf("%+v", got)
	} else {
		thief.want(t, 401, `{"login":{"scheme":"token","secret":%q}}`, got.Params.Token)
		thief.want(t, 401, `{"acc":{"scheme":"basic","secret":%q,"tmpscheme":"token","tmpsecret":%q}}`, b64(":stolen"), got.Params.Token)
	}
	thief.want(t, 401, `{"acc":{"scheme":"basic","secret":%q,"tmpscheme":"token","tmpsecret":%q}}`, b64(":stolen"), token)
	thief.want(t, 401, `{"acc":{"scheme":"basic","secret":%q,"token":%q}}`, b64(":stolen"), token)

	owner := h.client(t, "")
	got := owner.want(t, 200, `{"login":{"scheme":"token","secret":%q,"cred":[{"meth":"email","resp":%q}]}}`, token, code)
	if got.Params.User != a.Params.User || got.Params.Authlvl != "auth" {
		t.Errorf("%+v", got)
	}
	owner.want(t, 200, `{"sub":{"topic":"me"}}`)
	h.client(t, "").want(t, 200, `{"login":{"scheme":"token","secret":%q}}`, got.Params.Token)
	thief.want(t, 404, `{"login":{"scheme":"token","secret":%q,"cred":[{"meth":"email","resp":%q}]}}`, token, code)

	// An address that is added later: the link confirms it and logs nobody in.
	owner.want(t, 200, `{"set":{"topic":"me","cred":{"meth":"email","val":"second@example.com"}}}`)
	code, token = h.linkOf(t, 2)
	other := h.client(t, "")
	other.want(t, 401, `{"acc":{"scheme":"basic","secret":%q,"tmpscheme":"token","tmpsecret":%q}}`, b64(":stolen"), token)
	other.want(t, 300, `{"login":{"scheme":"token","secret":%q,"cred":[{"meth":"email","resp":%q}]}}`, token, wrongCode(code))
	got = other.want(t, 200, `{"login":{"scheme":"token","secret":%q,"cred":[{"meth":"email","resp":%q}]}}`, token, code)
	if got.Params.Authlvl != "" {
		t.Errorf("%+v", got)
	}
	other.want(t, 401, `{"sub":{"topic":"me"}}`)
	other.want(t, 401, `{"login":{"scheme":"token","secret":%q}}`, got.Params.Token)
	h.later(25 * time.Hour)
	h.client(t, "").want(t, 401, `{"login":{"scheme":"token","secret":%q,"cred":[{"meth":"email","resp":%q}]}}`, token, code)
}

// TestWrongCodesThenAnother: after too many wrong codes the right one is refused
// too, until another one was asked for; which has its pace.
func TestWrongCodesThenAnother(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Options{})
	h := newMailHarness(t, srv, mailConf(srv, `["auth"]`))
	c := h.client(t, "fr")
	token := c.register(t, 300, "annabel", "ann@example.com").Params.Token
	code := h.code(t, 1)
	try := func(want int, code string) {
		t.Helper()
		c.want(t, want, `{"login":{"scheme":"token","secret":%q,"cred":[{"meth":"email","resp":%q}]}}`, token, code)
	}
	again := func(want int, email string) {
		t.Helper()
		c.want(t, want, `{"acc":{"tmpscheme":"token","tmpsecret":%q,"cred":[{"meth":"email","val":%q}]}}`, token, email)
	}
	again(200, "ann@example.com") // too soon: nothing changes
	for range 4 {
		try(300, wrongCode(code))
	}
	try(422, code)
	again(200, "ann@example.com")
	try(422, code)
	h.later(61 * time.Second)
	again(200, "ann@example.com")
	second := h.code(t, 2)
	if !strings.Contains(plain(t, srv.Wait(t, 2)), "Bonjour") {
		t.Error("another language")
	}
	if code != second {
		try(300, code)
	}
	// Then another address, and back: there is no code for it, and none comes yet.
	again(200, "other@example.com")
	h.code(t, 3)
	again(429, "ann@example.com")
	h.later(2 * time.Minute)
	again(200, "ann@example.com")
	try(200, h.code(t, 4))
	if n := h.quiesce(t); n != 4 {
		t.Errorf("%d messages", n)
	}
}

// TestManyAddresses: one user cannot have us write to the whole world.
func TestManyAddresses(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Options{})
	h := newMailHarness(t, srv, mailConf(srv, `[]`))
	c := h.client(t, "")
	c.register(t, 200, "annabel", "ann@example.com")
	sent := 1
	for i := range 30 {
		if c.ask(t, `{"acc":{"cred":[{"meth":"email","val":"%d@example.com"}]}}`, i).Code == 200 {
			sent++
		}
	}
	if n := h.quiesce(t); n != sent || n > 7 {
		t.Errorf("%d messages, %d times 200", n, sent)
	}
}

// TestOneAddressManyAccounts: an address that many accounts name gets one message,
// and nobody is told that others asked.
func TestOneAddressManyAccounts(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Options{})
	h := newMailHarness(t, srv, mailConf(srv, `[]`))
	for i := range 5 {
		c := h.client(t, "")
		c.register(t, 200, fmt.Sprintf("annabel%d", i), "ann@example.com")
		c.want(t, 200, `{"sub":{"topic":"me"}}`)
		c.want(t, 200, `{"set":{"topic":"me","cred":{"meth":"email","val":"second@example.com"}}}`)
	}
	if n := h.quiesce(t); n != 2 {
		t.Errorf("%d messages to two addresses", n)
	}
}

// TestMailServerAway: it takes connections and never says a word; nobody waits for
// that.
func TestMailServerAway(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	h := newMailHarness(t, nil, mailConf(&smtptest.Server{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port}, `["auth"]`))
	c := h.client(t, "")
	begin := time.Now()
	c.register(t, 300, "annabel", "ann@example.com")
	c.want(t, 301, `{"login":{"scheme":"reset","secret":%q}}`, b64("basic:email:ann@example.com"))
	if d := time.Since(begin); d > 20*time.Second { // the password is hashed, and a try takes 30 s
		t.Errorf("it took %s", d)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := h.posts.close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the end: %v", err)
	}
	// As when the queue is full: who needs a code is told, and no account is made.
	c.register(t, 503, "bartholomew", "bart@example.com")
	c.want(t, 401, `{"login":{"scheme":"basic","secret":%q}}`, b64("bartholomew:old-password"))
	c.want(t, 301, `{"login":{"scheme":"reset","secret":%q}}`, b64("basic:email:ann@example.com"))
}

// TestEndWithMail: what is queued when the server ends is still sent.
func TestEndWithMail(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Options{})
	h := newHarness(t, testConfig(t, mailConf(srv, `[]`)), mem.New())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Serve(ctx, l, nil) }()
	for i := range 5 {
		if err := h.posts.byMethod["email"].Confirm("ann@example.com", "en", "123456", "t"); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			srv.Wait(t, 1) // it has begun
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n := len(srv.Messages()); n != 5 {
		t.Errorf("%d messages", n)
	}
}
