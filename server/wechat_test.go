package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	fake "parley/internal/fake/wechat"
	"parley/store"
)

func TestWeChatProviders(t *testing.T) {
	t.Parallel()
	p := newWeChatWorld(t, "", "")
	for agent, way := range map[string]string{"Firefox": "web", inWeChat: "oa"} {
		_, _, body := p.get(p.browser(), agent, p.web.URL+"/v0/auth/providers")
		want := `{"providers":[{"name":"wechat","title":"WeChat","start":"/v0/auth/wechat/` + way + `/start"}]}`
		if got := strings.TrimSpace(body); got != want {
			t.Errorf("%s: %s", agent, got)
		}
	}
	off := newWeChatWorld(t, "", `,"auth_config":{"logical_names":["wechat:"]}`)
	if _, _, body := off.get(off.browser(), "x", off.web.URL+"/v0/auth/providers"); !strings.Contains(body, "[]") {
		t.Error(body)
	}
	c := off.asker(t)
	c.want(401, c.login("wechat", off.mini("ann"), ""))
}

func TestWeChatSignIn(t *testing.T) {
	t.Parallel()
	p := newWeChatWorld(t, "", "")
	code := p.code("oa", "ann", "")
	c := p.asker(t)
	first := c.want(200, c.login("wechat", code, ""))
	c.want(200, c.ask("sub", `"topic":"me"`))
	public := c.ask("get", `"topic":"me","what":"desc"`)["desc"].(map[string]any)["public"].(map[string]any)
	photo, _ := public["photo"].(map[string]any)
	data, _ := photo["data"].(string)
	if raw, err := base64.StdEncoding.DecodeString(data); err != nil || public["fn"] != "Ann 安" || photo["type"] != "jpeg" || !bytes.Equal(raw, fake.Portrait()) {
		t.Errorf("%v", public)
	}
	if p.fake.Calls("/mmopen/{picture...}") != 1 {
		t.Error("the portrait was not fetched once")
	}
	other := p.asker(t)
	other.want(401, other.login("wechat", code, "")) // a code is good once
	// The same person by every way.
	for way, secret := range map[string]string{"web": p.code("web", "ann", ""), "mini": p.mini("ann"), "oa": p.code("oa", "ann", "")} {
		c := p.asker(t)
		if again := c.want(200, c.login("WeChat", secret, "")); again["user"] != first["user"] {
			t.Errorf("%s: %v, want %v", way, again["user"], first["user"])
		}
	}
	bob := p.asker(t)
	if b := bob.want(200, bob.login("wechat", p.mini("bob"), "")); b["user"] == first["user"] {
		t.Error("two people, one account")
	}
	if logins, err := p.store.LoginsOf(t.Context(), uidOf(t, first["user"].(string))); err != nil || len(logins) != 4 {
		t.Errorf("%v, %v", logins, err)
	}
}

// Apps that are not bound together know somebody by different names; when the
// operator binds them, nobody changes into somebody else.
func TestWeChatWithoutUnion(t *testing.T) {
	t.Parallel()
	p := newWeChatWorld(t, "", "")
	p.fake.Change("ann", func(u *fake.User) { u.UnionID = "" })
	user := func(secret string) string {
		c := p.asker(t)
		return c.want(200, c.login("wechat", secret, ""))["user"].(string)
	}
	oa, web := user(p.code("oa", "ann", "")), user(p.code("web", "ann", ""))
	if oa == web {
		t.Error("nothing says that it is the same person")
	}
	p.fake.Change("ann", func(u *fake.User) { u.UnionID = "union_ann" })
	for range 2 {
		if got := user(p.code("oa", "ann", "")); got != oa {
			t.Errorf("%s, want %s", got, oa)
		}
		if got := user(p.code("web", "ann", "")); got != web {
			t.Errorf("%s, want %s", got, web)
		}
		if got := user(p.mini("ann")); got != oa { // for the first time: the union leads
			t.Errorf("%s, want %s", got, oa)
		}
	}
}

func TestWeChatFirstTimeTwice(t *testing.T) {
	t.Parallel()
	p := newWeChatWorld(t, "", "")
	secrets := []string{p.code("oa", "ann", ""), p.code("web", "ann", ""), p.mini("ann"), p.mini("ann")}
	users := make([]any, len(secrets))
	var all sync.WaitGroup
	for i, secret := range secrets {
		c := p.asker(t)
		all.Go(func() {
			reply := c.login("wechat", secret, "")
			params, _ := reply["params"].(map[string]any)
			users[i] = params["user"]
		})
	}
	all.Wait()
	accounts, err := p.store.Users(t.Context(), store.UserQuery{})
	if err != nil || len(accounts) != 1 {
		t.Errorf("%v, %d accounts, %v", users, len(accounts), err)
	}
	for _, u := range users {
		if u != users[0] || u == nil {
			t.Error(users)
		}
	}
}

func TestWeChatLinked(t *testing.T) {
	t.Parallel()
	p := newWeChatWorld(t, `,"auto_create":false`, "")
	login := func(name string) (*asker, string) {
		a, err := p.account(name, name, "")
		if err != nil {
			t.Fatal(err)
		}
		token, _ := base64.StdEncoding.DecodeString(a.Token)
		c := p.asker(t)
		c.want(200, c.login("token", string(token), ""))
		return c, a.User
	}
	stranger := p.asker(t)
	stranger.want(403, stranger.login("wechat", p.code("oa", "ann", ""), ""))
	c, user := login("annie")
	c.want(200, p.link(c, p.code("oa", "ann", "")))
	for _, secret := range []string{p.code("web", "ann", ""), p.mini("ann")} {
		again := p.asker(t)
		if got := again.want(200, again.login("wechat", secret, ""))["user"]; got != user {
			t.Errorf("%v, want %s", got, user)
		}
	}
	eve, _ := login("eve")
	eve.want(409, p.link(eve, p.mini("ann")))
	closed := newWeChatWorld(t, "", `,"registration":{"mode":"closed"}`)
	c = closed.asker(t)
	c.want(403, c.login("wechat", closed.mini("ann"), ""))
}

func TestWeChatVerifier(t *testing.T) {
	t.Parallel()
	p := newWeChatWorld(t, "", "")
	sum := sha256.Sum256([]byte("what the client knows"))
	code := p.code("web", "ann", "?challenge="+base64.RawURLEncoding.EncodeToString(sum[:]))
	for _, secret := range []string{code, code + ":", code + ":something else"} {
		c := p.asker(t)
		c.want(401, c.login("wechat", secret, ""))
	}
	c := p.asker(t)
	c.want(200, c.login("wechat", code+":what the client knows", ""))
	c = p.asker(t)
	c.want(401, c.login("oidc", p.code("web", "ann", ""), "")) // of another scheme
}

// Everything that may be wrong when a browser comes back.
func TestWeChatCallback(t *testing.T) {
	t.Parallel()
	p := newWeChatWorld(t, "", "")
	b := p.browser()
	good := p.toCallback(b, "oa", "ann", "?redirect=/m/?x=1")
	try := func(name string, b *http.Client, address string, want int, text string) {
		t.Helper()
		status, at, body := p.get(b, inWeChat, address)
		if status != want || at != "" || !strings.Contains(body, text) {
			t.Errorf("%s: %d %s %s", name, status, at, body)
		}
	}
	try("another browser", p.browser(), good, 400, "not begun in this browser")
	fresh := func() (*http.Client, string) {
		b := p.browser()
		return b, p.toCallback(b, "oa", "ann", "")
	}
	b2, at := fresh()
	try("no state", b2, with(t, at, "state", ""), 400, "not begun in this browser")
	b2, at = fresh()
	try("another state", b2, with(t, at, "state", strings.Repeat("A", 32)), 400, "not begun in this browser")
	b2, at = fresh()
	try("cancelled", b2, with(t, at, "code", ""), 403, "cancelled")
	b2, at = fresh()
	try("invented code", b2, with(t, at, "code", "code1"), 403, "begin again")
	b2, at = fresh()
	try("the other way", b2, strings.Replace(at, "/oa/", "/web/", 1), 400, "not begun in this browser")
	b2, at = fresh()
	p.clock.advance(6 * time.Minute)
	try("old code", b2, at, 403, "begin again")
	b2, at = fresh()
	p.clock.advance(11 * time.Minute)
	try("too late", b2, at, 400, "not begun in this browser")

	b = p.browser()
	good = p.toCallback(b, "oa", "ann", "?redirect=/m/?x=1")
	if status, at, body := p.get(b, inWeChat, good); status != http.StatusSeeOther || !strings.HasPrefix(at, "/m/?x=1#wechat=") {
		t.Errorf("%d %s %s", status, at, body)
	}
	try("replayed", b, good, 400, "not begun in this browser")
	for path, want := range map[string]int{
		"/v0/auth/wechat/oa/start?redirect=//evil.example": 400, "/v0/auth/wechat/oa/start?challenge=x": 400, "/v0/auth/wechat/mini/start": 404,
		"/v0/auth/wechat/other/start": 404, "/v0/auth/wechat/oa/callback": 400,
	} {
		try(path, p.browser(), p.web.URL+path, want, "<h1>")
	}
}

// In WeChat's preview everything about a user is invented.
func TestWeChatSnapshot(t *testing.T) {
	t.Parallel()
	p := newWeChatWorld(t, "", "")
	p.fake.Change("ann", func(u *fake.User) { u.Snapshot = true })
	b := p.browser()
	if status, at, body := p.get(b, inWeChat, p.toCallback(b, "oa", "ann", "")); status != http.StatusForbidden || at != "" || !strings.Contains(body, "使用完整服务") {
		t.Errorf("%d %s %s", status, at, body)
	}
	if list, err := p.store.Users(t.Context(), store.UserQuery{}); err != nil || len(list) != 0 {
		t.Errorf("%d accounts, %v", len(list), err)
	}
}

func TestWeChatDown(t *testing.T) {
	t.Parallel()
	p := newWeChatWorld(t, "", "")
	for name, f := range map[string]struct {
		fake.Fault
		status int
	}{
		"500": {fake.Fault{Status: 500}, 502}, "garbage": {fake.Fault{Garbage: "<html>oa-secret"}, 502}, "reset": {fake.Fault{Reset: true}, 502},
		"busy": {fake.Fault{Code: -1}, 502}, "address": {fake.Fault{Code: 40164}, 502}, "empty": {fake.Fault{Garbage: "{}"}, 502},
	} {
		b := p.browser()
		back := p.toCallback(b, "oa", "ann", "")
		before := p.fake.Calls("/sns/oauth2/access_token")
		p.fake.Fail("/sns/oauth2/access_token", f.Fault)
		if status, at, body := p.get(b, inWeChat, back); status != f.status || at != "" {
			t.Errorf("%s: %d %s %s", name, status, at, body)
		}
		if got := p.fake.Calls("/sns/oauth2/access_token") - before; got != 1 { // a code is good once
			t.Errorf("%s: asked %d times", name, got)
		}
		p.fake.Fail("/sns/oauth2/access_token", fake.Fault{})
	}
	// Who somebody is does not depend on his description.
	p.fake.Fail("/sns/userinfo", fake.Fault{Code: 48001})
	c := p.asker(t)
	c.want(200, c.login("wechat", p.code("oa", "ann", ""), ""))
	p.fake.Fail("/sns/userinfo", fake.Fault{})
	p.fake.Fail("/mmopen/{picture...}", fake.Fault{Status: 404})
	c = p.asker(t)
	c.want(200, c.login("wechat", p.code("oa", "bob", ""), ""))
	c.want(200, c.ask("sub", `"topic":"me"`))
	if got := fmt.Sprint(c.ask("get", `"topic":"me","what":"desc"`)["desc"].(map[string]any)["public"]); got != "map[fn:Bob 安]" {
		t.Error(got)
	}
}

func TestWeChatMini(t *testing.T) {
	t.Parallel()
	p := newWeChatWorld(t, "", "")
	secret := p.mini("ann")
	c := p.asker(t)
	c.want(200, c.login("wechat", secret, ""))
	c = p.asker(t)
	c.want(401, c.login("wechat", secret, "")) // used
	for name, tc := range map[string]struct {
		secret string
		code   int
	}{
		"invented": {`{"flow":"mp","code":"x"}`, 401}, "no code": {`{"flow":"mp"}`, 400}, "other app": {`{"flow":"mp","code":"x","app":"wx1"}`, 501},
		"flow": {`{"flow":"oa","code":"x","state":"y"}`, 400}, "web": {`{"flow":"web","code":"x"}`, 501}, "half": {`{"flow":`, 400}, "two": {`{"flow":"mp","code":"x"}{}`, 400},
		"long": {`{"flow":"mp","code":"` + strings.Repeat("x", 2000) + `"}`, 400}, "not a code": {"!!", 400}, "empty": {"", 400},
		"code of a page": {fmt.Sprintf(`{"flow":"mp","code":%q}`, codeOf(t, p.toCallback(p.browser(), "oa", "ann", ""))), 401},
	} {
		c := p.asker(t)
		if reply := c.login("wechat", tc.secret, ""); reply["code"] != float64(tc.code) {
			t.Errorf("%s: %v, want %d", name, reply, tc.code)
		}
	}
	p.fake.Change("bob", func(u *fake.User) { u.Risky = true })
	c = p.asker(t)
	c.want(403, c.login("wechat", p.mini("bob"), ""))
	p.fake.Fail("/sns/jscode2session", fake.Fault{Status: 503})
	c = p.asker(t)
	c.want(503, c.login("wechat", p.mini("ann"), ""))
}

func codeOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("code")
}

func TestWeChatJSSDK(t *testing.T) {
	t.Parallel()
	p := newWeChatWorld(t, "", "")
	const page = "https://chat.example.com/?a=1&b=%E4%B8%AD"
	ask := func(origin, page string) (int, string, http.Header) {
		t.Helper()
		r, err := http.NewRequest(http.MethodGet, p.web.URL+"/v0/wechat/jssdk?url="+url.QueryEscape(page), nil)
		if err != nil {
			t.Fatal(err)
		}
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(body), res.Header
	}
	for _, origin := range []string{"", "https://chat.example.com"} {
		status, body, h := ask(origin, page)
		var c struct {
			AppID     string `json:"appId"`
			Timestamp int64  `json:"timestamp"`
			NonceStr  string `json:"nonceStr"`
			Signature string `json:"signature"`
		}
		if err := json.Unmarshal([]byte(body), &c); err != nil || status != 200 || h.Get("Access-Control-Allow-Origin") != origin || h.Get("Cache-Control") != "no-store" {
			t.Fatalf("%d %s %v %v", status, body, h, err)
		}
		if !p.fake.CheckPage(oaApp, page, c.NonceStr, c.Timestamp, c.Signature) {
			t.Errorf("%+v", c)
		}
	}
	for _, tc := range [][2]string{
		{"https://evil.example", page}, {"null", page}, {"", "https://evil.example/"}, {"", ""}, {"https://chat.example.com", "https://evil.example/"},
	} {
		if status, body, h := ask(tc[0], tc[1]); status != 403 || h.Get("Access-Control-Allow-Origin") == "https://evil.example" {
			t.Errorf("%v: %d %s", tc, status, body)
		}
	}
	p.fake.Fail("/cgi-bin/stable_token", fake.Fault{Code: 40164})
	p.fake.Fail("/cgi-bin/ticket/getticket", fake.Fault{Code: 48001})
	p.clock.advance(3 * time.Hour)
	if status, body, _ := ask("", page); status != 503 {
		t.Errorf("%d %s", status, body)
	}
}

func TestWeChatHook(t *testing.T) {
	t.Parallel()
	p := newWeChatWorld(t, "", "")
	if status, body, err := p.fake.Verify(p.hook(), oaApp, hookToken, "4375120948345356249"); status != 200 || body != "4375120948345356249" || err != nil {
		t.Errorf("%d %s %v", status, body, err)
	}
	if status, body, err := p.fake.Verify(p.web.URL+"/v0/hook/wechat", oaApp, hookToken, "echo"); status != 200 || body != "echo" || err != nil {
		t.Errorf("%d %s %v", status, body, err)
	}
	if status, body, err := p.fake.Verify(p.hook(), oaApp, "wrong", "echo"); status != 401 || body != "" || err != nil {
		t.Errorf("%d %s %v", status, body, err)
	}
	const event = `<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[oa_ann]]></FromUserName><CreateTime>1</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[subscribe]]></Event></xml>`
	for name, tc := range map[string]struct {
		push fake.Push
		want int
		text string
	}{
		"good":        {fake.Push{App: oaApp, Body: event, Encrypt: true}, 200, "success"},
		"json":        {fake.Push{App: oaApp, Body: `{"FromUserName":"oa_ann","CreateTime":2,"MsgType":"text","MsgId":7}`, Encrypt: true}, 200, "success"},
		"plain":       {fake.Push{App: oaApp, Body: event}, 401, ""},
		"token":       {fake.Push{App: oaApp, Body: event, Encrypt: true, Token: "wrong"}, 401, ""},
		"old":         {fake.Push{App: oaApp, Body: event, Encrypt: true, Age: 600}, 401, ""},
		"tampered":    {fake.Push{App: oaApp, Body: event, Encrypt: true, Tampered: true}, 401, ""},
		"another app": {fake.Push{App: oaApp, Body: event, Encrypt: true, OtherApp: webApp}, 401, ""},
		"no sense":    {fake.Push{App: oaApp, Body: "<xml>", Encrypt: true}, 400, ""},
		"too long":    {fake.Push{App: oaApp, Body: strings.Repeat("x", 1<<20), Encrypt: true}, 413, ""},
	} {
		begin := time.Now()
		if status, body, err := p.fake.Send(p.hook(), tc.push); status != tc.want || body != tc.text || err != nil || time.Since(begin) > 5*time.Second {
			t.Errorf("%s: %d %s %v after %v", name, status, body, err, time.Since(begin))
		}
	}
	for method, want := range map[string]int{http.MethodPut: 405, http.MethodGet: 401} {
		r, err := http.NewRequest(method, p.hook(), nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d", method, res.StatusCode)
		}
	}
	if status, _, _ := p.get(p.browser(), "x", p.web.URL+"/v0/hook/wechat/"+webApp); status != 404 {
		t.Errorf("an app without a hook: %d", status)
	}
}
