package server

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"parley/store"
	"parley/store/mem"
)

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

// TestSignInWhereRegistrationIsNotOpen: the first time is a registration.
func TestSignInWhereRegistrationIsNotOpen(t *testing.T) {
	t.Parallel()
	const domain = `"email_domains":["example.com"]`
	mail := `"acc_validation":{"email":{"required":["auth"],"config":{"debug_response":"123456"}}}`
	for name, c := range map[string]struct {
		registration, email string
		code                int
	}{
		"closed":            {`{"mode":"closed"}`, "ann@example.com", 403},
		"closed, but":       {`{"mode":"closed","providers":true}`, "ann@example.com", 200},
		"invite":            {`{"mode":"invite"}`, "ann@example.com", 403},
		"invite, but":       {`{"mode":"invite","providers":true}`, "ann@example.com", 200},
		"domain":            {`{` + domain + `}`, "ann@example.com", 200},
		"other domain":      {`{` + domain + `}`, "ann@example.org", 403},
		"other domain, but": {`{"providers":true,` + domain + `}`, "ann@example.org", 403},
		"no address":        {`{` + domain + `}`, "", 403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newThirdParty(t, "", `,`+mail+`,"registration":`+c.registration)
			p.issuer.claims = jwt.MapClaims{"sub": "ann-1", "name": "Ann", "email": c.email, "email_verified": true}
			a := p.asker(t)
			a.want(c.code, a.login("oidc", p.code(""), ""))
			if c.code != 200 {
				log, err := p.store.AuditLog(t.Context(), store.AuditQuery{Act: "account.created"})
				if err != nil || len(log) > 0 {
					t.Errorf("%v %v", log, err)
				}
			}
		})
	}
}
