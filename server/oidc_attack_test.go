package server

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"parley/store"
)

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
	list, err := p.store.AuditLog(t.Context(), store.AuditQuery{Act: "login.failed"})
	if err != nil || len(list) != 18 || list[0].Detail != "oidc" || list[0].From != "127.0.0.1" {
		t.Errorf("%d entries, %v: %+v", len(list), err, list)
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
