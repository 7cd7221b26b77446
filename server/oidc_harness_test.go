package server

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/store/mem"
)

// thirdParty is a server with one provider, and what browsers and clients do
// with it.
type thirdParty struct {
	*harness
	t      *testing.T
	issuer *issuer
	web    *httptest.Server
	clock  *testClock
	log    *lockedBuffer
}

// testClock is the real time, and what a test adds to it.
type testClock struct {
	mu  sync.Mutex
	add time.Duration
}

func (c *testClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.add)
}

func (c *testClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add += d
}

type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) text() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.String()
}

func newThirdParty(t *testing.T, options, config string) *thirdParty {
	t.Helper()
	p := &thirdParty{t: t, issuer: newIssuer(t), clock: &testClock{}, log: &lockedBuffer{}}
	cfg := testConfig(t, fmt.Sprintf(`{"auth_config":{"oidc":{"issuer":%q,"client_id":"parley","client_secret":"client+secret","name":"The Staff"%s}}%s}`,
		p.issuer.URL, options, config))
	st := mem.New()
	s, err := New(Deps{Config: cfg, Store: st, Log: slog.New(slog.NewTextHandler(p.log, nil)), Now: p.clock.now, Passwords: quick{}})
	if err != nil {
		t.Fatal(err)
	}
	p.harness = &harness{s, st}
	p.web = httptest.NewServer(s.routes())
	t.Cleanup(func() {
		p.web.Close()
		if err := p.end(); err != nil {
			t.Error(err)
		}
		for _, secret := range []string{"client+secret", "client%2Bsecret", "opened", "eyJ"} {
			if strings.Contains(p.log.text(), secret) {
				t.Errorf("the log has a secret: %s", p.log.text())
			}
		}
	})
	return p
}

// browser keeps cookies and follows nobody.
func (p *thirdParty) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// get fetches a page and returns its status, where it leads to, and its text.
func (p *thirdParty) get(b *http.Client, address string) (int, string, string) {
	p.t.Helper()
	res, err := b.Get(address)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if strings.HasPrefix(address, p.web.URL) && (res.Header.Get("Referrer-Policy") != "no-referrer" || res.Header.Get("Cache-Control") != "no-store") {
		p.t.Errorf("%s: headers %v", address, res.Header)
	}
	return res.StatusCode, res.Header.Get("Location"), string(body)
}

func (p *thirdParty) start(query string) string {
	return p.web.URL + "/v0/auth/oidc/the-staff/start" + query
}

// toCallback goes as far as the address with which the provider sends the
// browser back.
func (p *thirdParty) toCallback(b *http.Client, query string) string {
	p.t.Helper()
	status, at, body := p.get(b, p.start(query))
	if status != http.StatusFound || !strings.HasPrefix(at, p.issuer.URL+"/authorize?") {
		p.t.Fatalf("start: %d %s %s", status, at, body)
	}
	status, at, body = p.get(b, at)
	if status != http.StatusFound {
		p.t.Fatalf("authorize: %d %s", status, body)
	}
	return at
}

// code signs in with a browser of its own, up to the one-time code.
func (p *thirdParty) code(query string) string {
	p.t.Helper()
	b := p.browser()
	status, at, body := p.get(b, p.toCallback(b, query))
	before, code, ok := strings.Cut(at, "#oidc=")
	if status != http.StatusSeeOther || !ok || before != "/" {
		p.t.Fatalf("callback: %d %s %s", status, at, body)
	}
	return code
}
