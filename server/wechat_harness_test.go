package server

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	fake "parley/internal/fake/wechat"
	"parley/media/fs"
	"parley/store/mem"
)

// The apps of the tests.
const (
	oaApp   = "wx00000000000000oa"
	webApp  = "wx0000000000000web"
	miniApp = "wx000000000000mini"

	hookToken = "hook-token-sentinel"
	hookKey   = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"

	inWeChat = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 MicroMessenger/8.0.50"
)

// weChatWorld is a server with WeChat, and what browsers and clients do with it.
type weChatWorld struct {
	*harness
	t     *testing.T
	fake  *fake.Server
	web   *httptest.Server
	clock *testClock
	log   *lockedBuffer
}

func newWeChatWorld(t *testing.T, wechat, config string) *weChatWorld {
	t.Helper()
	p := &weChatWorld{t: t, clock: &testClock{}, log: &lockedBuffer{}}
	p.web = httptest.NewUnstartedServer(nil)
	host := p.web.Listener.Addr().String()
	p.fake = fake.New(p.clock.now,
		fake.App{ID: oaApp, Secret: "oa-secret-sentinel", Kind: "oa", RedirectHosts: []string{host}, PushToken: hookToken, AESKey: hookKey},
		fake.App{ID: webApp, Secret: "web-secret-sentinel", Kind: "web", RedirectHosts: []string{host}},
		fake.App{ID: miniApp, Secret: "mini-secret-sentinel", Kind: "mini"},
	)
	for _, name := range []string{"ann", "bob"} {
		p.fake.AddUser(fake.User{
			Name: name, Nickname: strings.ToUpper(name[:1]) + name[1:] + " 安", Picture: p.fake.URL + "/mmopen/" + name + "/0", UnionID: "union_" + name,
			OpenIDs: map[string]string{oaApp: "oa_" + name, webApp: "web_" + name, miniApp: "mini_" + name},
		})
	}
	cfg := testConfig(t, fmt.Sprintf(`{"acc_validation":{},"bridges":{"wechat":{"enabled":true,"api_base":%q,"open_base":%q,"apps":[
		{"kind":"oa","app_id":%q,"app_secret":"oa-secret-sentinel","push_token":%q,"aes_key":%q,"js_domains":["chat.example.com",%q]},
		{"kind":"web","app_id":%q,"app_secret":"web-secret-sentinel"},
		{"kind":"mini","app_id":%q,"app_secret":"mini-secret-sentinel"}]%s}}%s}`,
		p.fake.URL, p.fake.URL, oaApp, hookToken, hookKey, host, webApp, miniApp, wechat, config))
	st := mem.New()
	blobs, err := fs.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Deps{Media: blobs, Config: cfg, Store: st, Log: slog.New(slog.NewTextHandler(p.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Now: p.clock.now, Passwords: quick{}})
	if err != nil {
		t.Fatal(err)
	}
	p.harness = &harness{s, st}
	p.web.Config.Handler = s.routes()
	p.web.Start()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.wechat.run(ctx) }()
	t.Cleanup(func() {
		p.web.Close()
		if err := p.end(); err != nil {
			t.Error(err)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		p.fake.Close()
		if err := blobs.Close(); err != nil {
			t.Error(err)
		}
		for where, text := range map[string]string{"log": p.log.text(), "metrics": string(p.measured(t))} {
			for _, secret := range p.secrets() {
				if strings.Contains(text, secret) {
					t.Errorf("the %s has the secret %s:\n%s", where, secret, text)
				}
			}
		}
	})
	return p
}

// secrets are what must be seen nowhere.
func (p *weChatWorld) secrets() []string { return append(p.fake.Secrets(), hookToken, hookKey) }

// asker is a session that sees none of them.
func (p *weChatWorld) asker(t testing.TB) *asker {
	t.Helper()
	return p.watched(t, func(frame []byte) {
		for _, secret := range p.secrets() {
			if strings.Contains(string(frame), secret) {
				t.Errorf("a client was sent the secret %s: %s", secret, frame)
			}
		}
	})
}

// browser keeps cookies and follows nobody.
func (p *weChatWorld) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// get fetches a page and returns its status, where it leads to, and its text,
// which has no secrets in it.
func (p *weChatWorld) get(b *http.Client, agent, address string) (int, string, string) {
	p.t.Helper()
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("User-Agent", agent)
	res, err := b.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	at := res.Header.Get("Location")
	if strings.HasPrefix(address, p.web.URL) {
		for _, secret := range p.secrets() {
			if strings.Contains(string(body)+fmt.Sprint(res.Header), secret) {
				p.t.Errorf("%s: the answer has the secret %s", address, secret)
			}
		}
	}
	return res.StatusCode, at, string(body)
}

var allowLinks = regexp.MustCompile(`id="(\w+)" href="([^"]*)"`)

// toCallback goes by one of the ways as far as the address with which WeChat
// sends the browser of a user back.
func (p *weChatWorld) toCallback(b *http.Client, way, user, query string) string {
	p.t.Helper()
	agent, path := "Firefox", "/connect/qrconnect?"
	if way == "oa" {
		agent, path = inWeChat, "/connect/oauth2/authorize?"
	}
	status, at, body := p.get(b, agent, p.web.URL+"/v0/auth/wechat/"+way+"/start"+query)
	if status != http.StatusFound || !strings.HasPrefix(at, p.fake.URL+path) || !strings.HasSuffix(at, "#wechat_redirect") {
		p.t.Fatalf("start: %d %s %s", status, at, body)
	}
	status, _, body = p.get(b, agent, at)
	if status != http.StatusOK {
		p.t.Fatalf("authorize: %d %s", status, body)
	}
	for _, m := range allowLinks.FindAllStringSubmatch(body, -1) {
		if m[1] == user {
			return strings.ReplaceAll(m[2], "&amp;", "&")
		}
	}
	p.t.Fatalf("no link for %s: %s", user, body)
	return ""
}

// code signs in with a browser of its own, up to the one-time code.
func (p *weChatWorld) code(way, user, query string) string {
	p.t.Helper()
	b := p.browser()
	status, at, body := p.get(b, "any", p.toCallback(b, way, user, query))
	before, code, ok := strings.Cut(at, "#wechat=")
	if status != http.StatusSeeOther || !ok || before != "/" {
		p.t.Fatalf("callback: %d %s %s", status, at, body)
	}
	return code
}

// mini is the secret with which a mini-program logs in.
func (p *weChatWorld) mini(user string) string {
	return fmt.Sprintf(`{"flow":"mp","code":%q}`, p.fake.LoginCode(miniApp, user))
}

// with changes a parameter of an address.
func with(t *testing.T, address, key, value string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set(key, value)
	if value == "" {
		q.Del(key)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// hook is the address for pushes.
func (p *weChatWorld) hook() string { return p.web.URL + "/v0/hook/wechat/" + oaApp }

func (p *weChatWorld) link(c *asker, secret string) map[string]any {
	return c.ask("acc", fmt.Sprintf(`"scheme":"wechat","secret":%q`, base64.StdEncoding.EncodeToString([]byte(secret))))
}

// eventually waits for something that happens in the background.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it never came to this: %s", what)
		}
	}
}
