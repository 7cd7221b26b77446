package server

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"parley/store"
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
	s, err := New(Deps{Config: cfg, Store: st, Log: slog.New(slog.NewTextHandler(p.log, nil)), Now: p.clock.now})
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

func TestSignIn(t *testing.T) {
	t.Parallel()
	p := newThirdParty(t, "", "")
	p.issuer.claims = jwt.MapClaims{
		"sub": "ann-1", "name": " Ann\tSmith ", "picture": "https://id.example.com/ann.png", "email": "Ann@Example.com", "email_verified": true,
	}
	res, err := http.Get(p.web.URL + "/v0/auth/providers")
	if err != nil {
		t.Fatal(err)
	}
	list, err := io.ReadAll(res.Body)
	res.Body.Close()
	want := `{"providers":[{"name":"the-staff","title":"The Staff","start":"/v0/auth/oidc/the-staff/start"}]}`
	if got := strings.TrimSpace(string(list)); got != want || err != nil {
		t.Errorf("got %s, %v", got, err)
	}

	code := p.code("")
	c := p.asker(t)
	first := c.want(200, c.login("oidc", code, ""))
	if first["authlvl"] != "auth" || first["token"] == "" || first["expires"] == "" {
		t.Error(first)
	}
	c.want(200, c.ask("sub", `"topic":"me"`))
	desc := c.ask("get", `"topic":"me","what":"desc"`)["desc"].(map[string]any)
	if got := fmt.Sprint(desc["public"]); got != "map[fn:Ann Smith photo:map[ref:https://id.example.com/ann.png]]" {
		t.Error(got)
	}
	if got := fmt.Sprint(c.ask("get", `"topic":"me","what":"cred"`)["cred"]); got != "[map[done:true meth:email val:ann@example.com]]" {
		t.Error(got)
	}
	if got := fmt.Sprint(c.ask("get", `"topic":"me","what":"tags"`)["tags"]); got != "[email:ann@example.com]" {
		t.Error(got)
	}
	// Once is all that a code is good for.
	other := p.asker(t)
	other.want(401, other.login("oidc", code, ""))
	// The same person again, whatever he is called now.
	p.issuer.claims = jwt.MapClaims{"sub": "ann-1", "name": "Ann Miller", "email": "miller@example.com", "email_verified": true}
	if again := other.want(200, other.login("OIDC", p.code(""), "")); again["user"] != first["user"] {
		t.Error(again)
	}
	token, _ := base64.StdEncoding.DecodeString(first["token"].(string))
	c = p.asker(t)
	c.want(200, c.login("token", string(token), ""))
}

// An account that there is already is not taken over by an address, nor by a
// name.
func TestSignInTakesNothingOver(t *testing.T) {
	t.Parallel()
	p := newThirdParty(t, "", "")
	bob, err := p.account("bob", "bob", "")
	if err != nil {
		t.Fatal(err)
	}
	for sub, claims := range map[string]jwt.MapClaims{
		"1": {"email": "bob@example.com", "email_verified": true},
		"2": {"email": "new@example.com", "email_verified": false},
		"3": {"email": "new@example.com"},
		"4": {"email": "not an address", "email_verified": true},
	} {
		claims["sub"] = sub
		p.issuer.claims = claims
		c := p.asker(t)
		got := c.want(300, c.login("oidc", p.code(""), "")) // an address is required here
		if got["user"] == bob.User || fmt.Sprint(got["cred"]) != "[email]" {
			t.Errorf("%s: %v", sub, got)
		}
		creds, err := p.store.Credentials(t.Context(), uidOf(t, got["user"].(string)), "")
		u, uerr := p.store.User(t.Context(), uidOf(t, got["user"].(string)))
		if err != nil || uerr != nil || len(creds) != 0 || len(u.Tags) != 0 || string(u.Public) != "{}" {
			t.Errorf("%s: %v, %+v, %v", sub, creds, u, err)
		}
	}
	p.issuer.claims = jwt.MapClaims{"sub": strings.Repeat("x", 255), "email": "ok@example.com", "email_verified": "true"} // sic
	c := p.asker(t)
	user := c.want(200, c.login("oidc", p.code(""), ""))["user"].(string)
	l, err := p.store.LoginOf(t.Context(), "oidc", uidOf(t, user))
	if err != nil || len(l.Name) > 60 {
		t.Errorf("%+v, %v", l, err)
	}
}

func TestSignInFirstTimeTwice(t *testing.T) {
	t.Parallel()
	p := newThirdParty(t, "", `,"acc_validation":{}`)
	codes := []string{p.code(""), p.code("")}
	users := make([]any, len(codes))
	var both sync.WaitGroup
	for i, code := range codes {
		c := p.asker(t)
		both.Go(func() {
			reply := c.login("oidc", code, "")
			users[i] = reply["params"].(map[string]any)["user"]
		})
	}
	both.Wait()
	all, err := p.store.Users(t.Context(), store.UserQuery{})
	if err != nil || len(all) != 1 || users[0] != users[1] {
		t.Errorf("%v, %d accounts, %v", users, len(all), err)
	}
}

func TestSignInUserinfo(t *testing.T) {
	t.Parallel()
	p := newThirdParty(t, `,"domains":["Example.com"]`, `,"acc_validation":{}`)
	p.issuer.more = map[string]any{"sub": "ann-1", "name": strings.Repeat("ä", 100), "email": "ann@example.com", "email_verified": true, "picture": "javascript:alert(1)"}
	c := p.asker(t)
	user := c.want(200, c.login("oidc", p.code(""), ""))["user"].(string)
	u, err := p.store.User(t.Context(), uidOf(t, user))
	if err != nil || string(u.Public) != `{"fn":"`+strings.Repeat("ä", 60)+`"}` {
		t.Errorf("%s, %v", u.Public, err)
	}
	for name, more := range map[string]map[string]any{
		"somebody else": {"sub": "eve-1", "email": "ann@example.com", "email_verified": true},
		"another":       {"sub": "ann-1", "email": "ann@example.org", "email_verified": true},
		"a longer one":  {"sub": "ann-1", "email": "ann@notexample.com", "email_verified": true},
		"not verified":  {"sub": "ann-1", "email": "ann@example.com"},
		"none":          {"sub": "ann-1"},
	} {
		p.issuer.more = more
		b := p.browser()
		if status, at, body := p.get(b, p.toCallback(b, "")); status != http.StatusForbidden || at != "" || !strings.Contains(body, "e-mail address") {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
}

func TestSignInSuspended(t *testing.T) {
	t.Parallel()
	p := newThirdParty(t, "", `,"acc_validation":{}`)
	c := p.asker(t)
	user := c.want(200, c.login("oidc", p.code(""), ""))["user"].(string)
	root, err := p.account("root", "root", "root")
	if err != nil {
		t.Fatal(err)
	}
	token, _ := base64.StdEncoding.DecodeString(root.Token)
	r := p.asker(t)
	r.want(200, r.login("token", string(token), ""))
	r.want(200, r.ask("acc", `"user":"`+user+`","status":"susp"`))
	c = p.asker(t)
	c.want(403, c.login("oidc", p.code(""), ""))
}

// An account with a password is entered through the provider after linking it.
func TestSignInLinked(t *testing.T) {
	t.Parallel()
	p := newThirdParty(t, "", `,"acc_validation":{}`)
	link := func(c *asker, code string) map[string]any {
		return c.ask("acc", fmt.Sprintf(`"scheme":"oidc","secret":%q`, base64.StdEncoding.EncodeToString([]byte(code))))
	}
	login := func(name string) (*asker, string) {
		a, err := p.account(name, name, "")
		if err != nil {
			t.Fatal(err)
		}
		c := p.asker(t)
		c.want(200, c.login("basic", name+":password-"+name, ""))
		return c, a.User
	}
	ann, annID := login("ann")
	eve, _ := login("eve")
	stranger := p.asker(t)
	stranger.want(403, link(stranger, p.code("")))
	stranger.want(501, stranger.ask("acc", `"user":"new","scheme":"oidc","secret":"eA=="`))
	code := p.code("")
	ann.want(200, link(ann, code))
	ann.want(401, link(ann, code))
	ann.want(400, link(ann, "?"))
	eve.want(409, link(eve, p.code(""))) // that is ann's
	c := p.asker(t)
	if got := c.want(200, c.login("oidc", p.code(""), "")); got["user"] != annID {
		t.Error(got)
	}
	p.issuer.claims["sub"] = "ann-2" // from now on by this one, and no more by the other
	ann.want(200, link(ann, p.code("")))
	c = p.asker(t)
	if got := c.want(200, c.login("oidc", p.code(""), "")); got["user"] != annID {
		t.Error(got)
	}
	p.issuer.claims["sub"] = "ann-1"
	c = p.asker(t)
	if got := c.want(200, c.login("oidc", p.code(""), "")); got["user"] == annID {
		t.Error(got)
	}
}

// What a provider says has to be proven.
func TestSignInForged(t *testing.T) {
	t.Parallel()
	p := newThirdParty(t, "", "")
	otherKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&p.issuer.key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	claim := func(name string, value any) func(*jwt.Token) {
		return func(tok *jwt.Token) {
			if value == nil {
				delete(tok.Claims.(jwt.MapClaims), name)
			} else {
				tok.Claims.(jwt.MapClaims)[name] = value
			}
		}
	}
	for name, c := range map[string]struct {
		change func(*jwt.Token)
		method jwt.SigningMethod
		sign   any
	}{
		"wrong nonce":             {change: claim("nonce", "x")},
		"no nonce":                {change: claim("nonce", nil)},
		"wrong audience":          {change: claim("aud", "somebody")},
		"no audience":             {change: claim("aud", nil)},
		"several audiences":       {change: claim("aud", []string{"parley", "somebody"})},
		"another party":           {change: claim("azp", "somebody")},
		"wrong issuer":            {change: claim("iss", "https://id.example.com")},
		"expired":                 {change: claim("exp", time.Now().Add(-time.Minute).Unix())},
		"no expiry":               {change: claim("exp", nil)},
		"not yet":                 {change: claim("nbf", time.Now().Add(time.Hour).Unix())},
		"no subject":              {change: claim("sub", nil)},
		"wrong at_hash":           {change: claim("at_hash", "AAAAAAAAAAAAAAAAAAAAAA")},
		"alg none":                {method: jwt.SigningMethodNone, sign: jwt.UnsafeAllowNoneSignatureType},
		"another key":             {sign: otherKey},
		"HS256 by the public key": {method: jwt.SigningMethodHS256, sign: public},
		"HS256 by the secret":     {method: jwt.SigningMethodHS256, sign: []byte("client+secret")},
		"RS512":                   {method: jwt.SigningMethodRS512}, // not announced
		"another kid":             {change: func(tok *jwt.Token) { tok.Header["kid"] = "2" }, sign: otherKey},
	} {
		p.issuer.mu.Lock()
		p.issuer.change, p.issuer.method, p.issuer.sign = c.change, jwt.SigningMethodRS256, c.sign
		if c.method != nil {
			p.issuer.method = c.method
		}
		p.issuer.mu.Unlock()
		b := p.browser()
		status, at, body := p.get(b, p.toCallback(b, ""))
		if status != http.StatusForbidden || at != "" || strings.Contains(body, "oidc:") {
			t.Errorf("%s: %d %s %s", name, status, at, body)
		}
	}
	if users, err := p.store.Users(t.Context(), store.UserQuery{}); err != nil || len(users) != 0 {
		t.Error(users, err)
	}
}

// What a browser brings back must be what it was sent for.
func TestSignInCallback(t *testing.T) {
	t.Parallel()
	p := newThirdParty(t, "", "")
	b := p.browser()
	at := p.toCallback(b, "")
	refused := func(name string, b *http.Client, address string, want int) {
		t.Helper()
		status, to, body := p.get(b, address)
		if status != want || to != "" || !strings.Contains(body, "<h1>") {
			t.Errorf("%s: %d %s %s", name, status, to, body)
		}
	}
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(url.Values)) string {
		q := u.Query()
		change(q)
		c := *u
		c.RawQuery = q.Encode()
		return c.String()
	}
	refused("no cookie", p.browser(), at, 400)
	refused("no state", b, with(func(q url.Values) { q.Del("state") }), 400)
	refused("odd state", b, with(func(q url.Values) { q.Set("state", "../x") }), 400)
	b = p.browser()
	at = p.toCallback(b, "")
	u, _ = url.Parse(at)
	state := u.Query().Get("state")
	refused("wrong state", b, with(func(q url.Values) { q.Set("state", state[:12]+strings.Repeat("A", 20)) }), 400)

	b = p.browser()
	at = p.toCallback(b, "")
	u, _ = url.Parse(at)
	b.Jar.SetCookies(u, []*http.Cookie{{Name: "parley-oidc-" + u.Query().Get("state")[:12], Value: "AAAA", Path: u.Path}})
	refused("forged cookie", b, at, 400)

	b = p.browser()
	at = p.toCallback(b, "")
	u, _ = url.Parse(at)
	refused("no code", b, with(func(q url.Values) { q.Del("code") }), 400)
	b = p.browser()
	at = p.toCallback(b, "")
	u, _ = url.Parse(at)
	refused("another issuer", b, with(func(q url.Values) { q.Set("iss", "https://evil.example.com") }), 400)
	b = p.browser()
	at = p.toCallback(b, "")
	u, _ = url.Parse(at)
	refused("made-up code", b, with(func(q url.Values) { q.Set("code", "x") }), 403)
	b = p.browser()
	at = p.toCallback(b, "")
	u, _ = url.Parse(at)
	refused("error", b, with(func(q url.Values) { q.Del("code"); q.Set("error", "<script>server_error") }), 502)

	// The code of another browser: PKCE and nonce are not those of this one.
	one, two := p.browser(), p.browser()
	atOne, atTwo := p.toCallback(one, ""), p.toCallback(two, "")
	u, _ = url.Parse(atOne)
	uTwo, _ := url.Parse(atTwo)
	refused("the code of another browser", one, with(func(q url.Values) { q.Set("code", uTwo.Query().Get("code")) }), 403)

	// Once.
	b = p.browser()
	at = p.toCallback(b, "")
	u, _ = url.Parse(at)
	cookies := b.Jar.Cookies(u)
	if status, _, body := p.get(b, at); status != http.StatusSeeOther {
		t.Fatalf("%d %s", status, body)
	}
	refused("replayed", b, at, 400) // the cookie is gone
	b.Jar.SetCookies(u, []*http.Cookie{{Name: cookies[0].Name, Value: cookies[0].Value, Path: u.Path}})
	refused("replayed with the cookie", b, at, 403) // the provider's code is used

	// Too late.
	b = p.browser()
	at = p.toCallback(b, "")
	p.clock.advance(11 * time.Minute)
	refused("too late", b, at, 400)

	p.issuer.refuse = "access_denied"
	b = p.browser()
	refused("cancelled", b, p.toCallback(b, ""), 403)
	refused("unknown provider", b, p.web.URL+"/v0/auth/oidc/nobody/start", 404)
	refused("unknown provider", b, p.web.URL+"/v0/auth/oidc/nobody/callback?state="+state, 404)
	res, err := http.Post(p.start(""), "text/plain", nil)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusMethodNotAllowed {
		t.Error(res.Status)
	}
}

func TestSignInRedirect(t *testing.T) {
	t.Parallel()
	p := newThirdParty(t, "", "")
	for _, evil := range []string{
		"https://evil.example.com/", "//evil.example.com", "/\\evil.example.com", "\\\\evil.example.com", "/\t/evil.example.com", "/\n//evil.example.com",
		"javascript:alert(1)", "evil", "/a b", "/x#oidc=stolen", "/%5cevil.example.com", "/%2f/evil.example.com", "/" + strings.Repeat("x", 2000), "/%zz",
	} {
		if status, at, _ := p.get(p.browser(), p.start("?redirect="+url.QueryEscape(evil))); status != http.StatusBadRequest || at != "" {
			t.Errorf("%q: %d %s", evil, status, at)
		}
	}
	for _, good := range []string{"/", "/app/?tab=1", "/x/../y", "/%C3%A4"} {
		b := p.browser()
		if status, at, _ := p.get(b, p.toCallback(b, "?redirect="+url.QueryEscape(good))); status != http.StatusSeeOther || !strings.HasPrefix(at, good+"#oidc=") {
			t.Errorf("%q: %d %s", good, status, at)
		}
	}
	if status, _, _ := p.get(p.browser(), p.start("?challenge=short")); status != http.StatusBadRequest {
		t.Errorf("a bad challenge: %d", status)
	}
}

// A code belongs to the client that began, if that wants it so.
func TestSignInChallenge(t *testing.T) {
	t.Parallel()
	p := newThirdParty(t, "", `,"acc_validation":{}`)
	sum := sha256.Sum256([]byte("what the client knows"))
	query := "?challenge=" + base64.RawURLEncoding.EncodeToString(sum[:])
	code := p.code(query)
	c := p.asker(t)
	c.want(401, c.login("oidc", code, ""))
	c.want(401, c.login("oidc", code+":what the thief knows", ""))
	c.want(200, c.login("oidc", code+":what the client knows", ""))
	c = p.asker(t) // a code that somebody else had made, foisted on a client that began nothing
	c.want(401, c.login("oidc", p.code("")+":what the client knows", ""))

	code = p.code("")
	p.clock.advance(61 * time.Second)
	c.want(401, c.login("oidc", code, ""))
	for _, bad := range []string{"AAAA", strings.Repeat("A", 200)} {
		c.want(401, c.login("oidc", bad, ""))
	}
	for _, bad := range []string{"", "?", ":", strings.Repeat("A", 10000)} {
		c.want(400, c.login("oidc", bad, ""))
	}
}

// The addresses and cookies behind a proxy with TLS, and with a configured base.
func TestSignInAddress(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options, config string
		header          http.Header
		want            string // redirect_uri; empty: refused
	}{
		"plain":      {"", "", nil, "http://HOST/v0/auth/oidc/the-staff/callback"},
		"lies":       {"", "", http.Header{"X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"evil.example.com"}}, "http://HOST/v0/auth/oidc/the-staff/callback"},
		"proxy":      {"", `,"use_x_forwarded_for":true`, http.Header{"X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"chat.example.com"}}, "https://chat.example.com/v0/auth/oidc/the-staff/callback"},
		"odd host":   {"", `,"use_x_forwarded_for":true`, http.Header{"X-Forwarded-Host": {"a.example.com/x?"}}, ""},
		"configured": {`,"redirect_base":"https://chat.example.com/sub/"`, `,"api_path":"/api/"`, nil, "https://chat.example.com/sub/api/v0/auth/oidc/the-staff/callback"},
	} {
		p := newThirdParty(t, c.options, c.config)
		req, err := http.NewRequest(http.MethodGet, p.web.URL+p.cfg.APIPath+"v0/auth/oidc/the-staff/start", nil)
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range c.header {
			req.Header[k] = v
		}
		res, err := p.browser().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		want := strings.Replace(c.want, "HOST", strings.TrimPrefix(p.web.URL, "http://"), 1)
		if want == "" {
			if res.StatusCode != http.StatusNotFound {
				t.Errorf("%s: %s", name, res.Status)
			}
			continue
		}
		at, err := url.Parse(res.Header.Get("Location"))
		if err != nil || at.Query().Get("redirect_uri") != want {
			t.Errorf("%s: %s, %v", name, at, err)
		}
		cookies := res.Cookies()
		path, _ := url.Parse(want)
		if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteLaxMode || cookies[0].Path != path.Path ||
			cookies[0].Secure != strings.HasPrefix(want, "https:") || cookies[0].MaxAge != 600 {
			t.Errorf("%s: %v", name, cookies)
		}
	}
}

// A provider that is down at the start keeps nobody from starting, and is found
// when it is there.
func TestSignInProviderDown(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	down := true
	p := newThirdParty(t, "", `,"acc_validation":{}`)
	handler := p.issuer.Config.Handler
	p.issuer.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if down {
			http.Error(w, strings.Repeat("down ", 1000), http.StatusServiceUnavailable)
			return
		}
		handler.ServeHTTP(w, r)
	})
	status, _, body := p.get(p.browser(), p.start(""))
	if status != http.StatusBadGateway || !strings.Contains(body, "does not answer") || strings.Contains(body, "down") {
		t.Errorf("%d %s", status, body)
	}
	if log := p.log.text(); !strings.Contains(log, "sign-in failed") || !strings.Contains(log, "503") || len(log) > 1000 {
		t.Errorf("log: %s", log)
	}
	mu.Lock()
	down = false
	mu.Unlock()
	if err := p.oidc.Run(t.Context()); err != nil { // as the server does in the background
		t.Error(err)
	}
	c := p.asker(t)
	c.want(200, c.login("oidc", p.code(""), ""))
}

func TestNoProviders(t *testing.T) {
	t.Parallel()
	h := newHarness(t, testConfig(t, ""), mem.New())
	srv := httptest.NewServer(h.routes())
	defer srv.Close()
	for path, want := range map[string]string{"providers": `{"providers":[]}`, "oidc/x/start": `"code":404`} {
		res, err := http.Get(srv.URL + "/v0/auth/" + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if !strings.Contains(string(body), want) {
			t.Errorf("%s: %s", path, body)
		}
	}
	c := h.asker(t)
	c.want(401, c.login("oidc", "x", ""))
	if err := h.end(); err != nil {
		t.Error(err)
	}
}
