package server

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/internal/chat"
	"parley/internal/fake/faults"
	fakenetease "parley/internal/fake/netease"
	fakerong "parley/internal/fake/rongcloud"
	"parley/internal/wstest"
	"parley/store"
	"parley/store/mem"
)

// The sentinels must be nowhere in what the server says.
const (
	bridgeKey      = "0123456789abcdef0123456789abcdef"
	rongSecret     = "SENTINEL-rongcloud-secret"
	neteaseSecret  = "SENTINEL-netease-secret"
	neteasePermKey = "SENTINEL-permission-secret"
)

// bridgeSite is a server with both services, and all that it says.
type bridgeSite struct {
	*harness
	rong         *fakerong.Service
	ne           *fakenetease.Service
	rongHost     *fakerong.Host
	rongSpare    *fakerong.Host
	neHost       *fakenetease.Host
	web          *httptest.Server
	log          sayings // at debug
	said         sayings // replies, metrics, the configuration
	grp          string
	ann, bob     wstest.Account
	annID, bobID chat.UID
}

// sayings may be written to from any goroutine.
type sayings struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *sayings) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *sayings) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newBridgeSite(t *testing.T, more string) *bridgeSite {
	t.Helper()
	return newBridgeSiteAt(t, more, time.Now)
}

// newBridgeSiteAt is newBridgeSite where it is as late as now says, here and at
// the services.
func newBridgeSiteAt(t *testing.T, more string, now func() time.Time) *bridgeSite {
	t.Helper()
	s := &bridgeSite{grp: chat.NewGroupName()}
	s.rong = &fakerong.Service{AppKey: bridgeKey, Secret: rongSecret, Now: now}
	s.ne = &fakenetease.Service{AppKey: bridgeKey, Secret: neteaseSecret, Now: now}
	s.rongHost, s.rongSpare, s.neHost = s.rong.Host(), s.rong.Host(), s.ne.Host()
	var urls []string
	for _, h := range []http.Handler{s.rongHost, s.rongSpare, s.neHost} {
		srv := httptest.NewServer(h)
		t.Cleanup(srv.Close)
		urls = append(urls, srv.URL)
	}
	cfg := testConfig(t, fmt.Sprintf(`{"acc_validation":{},"bridges":{"login_budget_ms":1500,
		"rongcloud":{"enabled":true,"app_key":%q,"app_secret":%q,"hosts":[%q,%q],"relay":[%q]},
		"netease":{"enabled":true,"app_key":%q,"app_secret":%q,"perm_secret":%q,"v1_base":[%q],"relay":[%q]%s}}}`,
		bridgeKey, rongSecret, urls[0], urls[1], s.grp, bridgeKey, neteaseSecret, neteasePermKey, urls[2]+fakenetease.Path, s.grp, more))
	st := mem.New()
	srv, err := New(Deps{Config: cfg, Store: st, Log: slog.New(slog.NewTextHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Now: now, Build: "test:0", Passwords: quick{}})
	if err != nil {
		t.Fatal(err)
	}
	s.harness = &harness{srv, st}
	srv.bridges.manager.Settle = 20 * time.Millisecond
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = srv.bridges.manager.Run(ctx) })
	running.Go(func() { _ = srv.bridges.relay.Run(ctx) })
	s.web = httptest.NewServer(srv.routes())
	t.Cleanup(func() {
		s.web.Close()
		if err := s.end(); err != nil {
			t.Error(err)
		}
		cancel()
		running.Wait()
		s.rongHost.Release()
		s.neHost.Release()
		fmt.Fprintf(&s.said, "%v %+v %#v", cfg, cfg, cfg)
		if dump, err := json.Marshal(cfg); err == nil {
			_, _ = s.said.Write(dump)
		}
		_, _ = s.said.Write(s.measured(t))
		hide(t, s.said.String(), "SENTINEL")
		hide(t, s.log.String(), append(s.tokens(s.annID, s.bobID), "SENTINEL")...) // the user may see his own
	})
	for _, who := range []struct {
		name string
		a    *wstest.Account
		id   *chat.UID
	}{{"ann", &s.ann, &s.annID}, {"bob", &s.bob, &s.bobID}} {
		if *who.a, err = s.account(who.name, who.name, ""); err != nil {
			t.Fatal(err)
		}
		if *who.id, err = chat.ParseUID(who.a.User); err != nil {
			t.Fatal(err)
		}
	}
	at := s.now()
	var subs []store.Sub
	for _, u := range []chat.UID{s.annID, s.bobID} {
		given := chat.ModeGroup
		if u == s.annID {
			given = chat.ModeFull
		}
		subs = append(subs, store.Sub{Topic: s.grp, User: u, Created: at, Updated: at, Want: chat.ModeFull, Given: given})
	}
	if err := st.CreateTopic(ctx, &store.Topic{Name: s.grp, Created: at, Updated: at, Touched: at, Owner: s.annID}, nil, subs...); err != nil {
		t.Fatal(err)
	}
	return s
}

// hide fails the test if a text has one of the secrets in it.
func hide(t *testing.T, text string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		if i := strings.Index(text, secret); i >= 0 {
			t.Errorf("a secret is visible: %.300q", text[max(0, i-150):])
		}
	}
}

// tokens are what the services have given to users.
func (s *bridgeSite) tokens(users ...chat.UID) []string {
	var list []string
	for _, u := range users {
		list = append(list, s.rong.User(u.External()).Tokens...)
		if token := s.ne.Account(u.External()).Token; token != "" {
			list = append(list, token)
		}
	}
	return list
}

// measured is all metrics as text.
func (h *harness) measured(t *testing.T) []byte {
	t.Helper()
	families, err := h.metrics.Gather()
	if err != nil {
		t.Error(err)
	}
	var text []byte
	for _, f := range families {
		text = append(text, f.String()...)
	}
	return text
}

// login logs in with a token and returns params.bridges.
func (s *bridgeSite) login(t *testing.T, a *wstest.Account) (c *asker, bridges map[string]any) {
	t.Helper()
	c = s.asker(t)
	reply := c.ask("login", fmt.Sprintf(`"scheme":"token","secret":%q`, a.Token))
	text, _ := json.Marshal(reply)
	_, _ = s.said.Write(text)
	bridges, _ = c.want(200, reply)["bridges"].(map[string]any)
	return c, bridges
}

func member(t *testing.T, v map[string]any, name string) map[string]any {
	t.Helper()
	m, ok := v[name].(map[string]any)
	if !ok {
		t.Fatalf("no %s in %v", name, v)
	}
	return m
}

func TestBridgesAtLogin(t *testing.T) {
	t.Parallel()
	s := newBridgeSite(t, "")
	_, b := s.login(t, &s.ann)
	ext := s.annID.External()
	r := member(t, b, "rongcloud")
	if token, _ := r["token"].(string); !s.rong.Valid(ext, token) || r["appKey"] != bridgeKey || r["userId"] != ext || r["region"] != "bj" {
		t.Errorf("rongcloud: %v", r)
	}
	if at, err := time.Parse("2006-01-02T15:04:05.000Z", fmt.Sprint(r["expires"])); err != nil || time.Until(at) < 29*24*time.Hour {
		t.Errorf("expires %v, %v", r["expires"], err)
	}
	if u := s.rong.User(ext); u.Name != "ann" {
		t.Errorf("registered as %+v", u)
	}
	n := member(t, b, "netease")
	if token, _ := n["token"].(string); !s.ne.ValidIM(ext, token) || n["authType"] != 1.0 || n["accid"] != ext {
		t.Errorf("netease: %v", n)
	}
	rtc := member(t, n, "rtc")
	if token, _ := rtc["token"].(string); !s.ne.ValidRTC(int64(rtc["uid"].(float64)), "", token) {
		t.Errorf("rtc: %v", rtc)
	}
	// Again, with a password, on another device: nobody is asked.
	before := len(s.rong.Order()) + len(s.ne.Order())
	for range 3 {
		_, again := s.login(t, &s.ann)
		if member(t, again, "rongcloud")["token"] != r["token"] {
			t.Error("another token")
		}
	}
	if n := len(s.rong.Order()) + len(s.ne.Order()); n != before {
		t.Errorf("%d requests more", n-before)
	}
	// A new account that logs in at once.
	c := s.asker(t)
	reply := c.ask("acc", fmt.Sprintf(`"user":"new","scheme":"basic","secret":%q,"login":true,"desc":{"public":{"fn":"Cid","photo":{"ref":"https://example.com/c.png"}}}`,
		base64.StdEncoding.EncodeToString([]byte("cidcid:password-cid"))))
	p := c.want(200, reply)
	cid, err := chat.ParseUID(fmt.Sprint(p["user"]))
	if err != nil {
		t.Fatal(err)
	}
	if u := s.rong.User(cid.External()); u.Name != "Cid" || u.Portrait != "https://example.com/c.png" || member(t, p["bridges"].(map[string]any), "rongcloud")["token"] != u.Tokens[0] {
		t.Errorf("registered as %+v", u)
	}
}

// Tokens that NetEase keeps, and tokens for calls that are asked for.
func TestBridgesStatic(t *testing.T) {
	t.Parallel()
	s := newBridgeSite(t, `,"im":"static","rtc":"call"`)
	_, b := s.login(t, &s.ann)
	n, ext := member(t, b, "netease"), s.annID.External()
	rtc := member(t, n, "rtc")
	if n["token"] != s.ne.Account(ext).Token || n["authType"] != 0.0 || n["expires"] != nil || rtc["token"] == nil || rtc["expires"] == nil {
		t.Errorf("got %v", n)
	}
	before := len(s.ne.Order())
	c, again := s.login(t, &s.ann)
	if m := member(t, again, "netease"); m["token"] != n["token"] || member(t, m, "rtc")["token"] != rtc["token"] || len(s.ne.Order()) != before {
		t.Errorf("got %v, asked %v", m, s.ne.Order()[before:])
	}
	if code, v := s.post(t, "/v0/bridges/netease/token", s.ann.Token, fmt.Sprintf(`{"room":%q}`, s.grp)); code != 200 || member(t, v, "rtc")["token"] == rtc["token"] || member(t, v, "rtc")["room"] != s.grp {
		t.Errorf("a room: %d %v", code, v)
	}
	c.want(200, c.ask("acc", fmt.Sprintf(`"scheme":"basic","secret":%q`, base64.StdEncoding.EncodeToString([]byte("ann:another-password")))))
	s.until(t, "another token", func() bool { return s.ne.Account(ext).Token != n["token"] })
}

// A token that was given after a new password does not die by what is told of it
// later.
func TestBridgesStaticLives(t *testing.T) {
	t.Parallel()
	s := newBridgeSite(t, `,"im":"static"`)
	c, _ := s.login(t, &s.ann)
	ext := s.annID.External()
	s.neHost.Next(faults.Refuse) // so that it is told a second later
	calls := s.ne.Calls("/user/refreshToken.action", ext)
	c.want(200, c.ask("acc", fmt.Sprintf(`"scheme":"basic","secret":%q`, base64.StdEncoding.EncodeToString([]byte("ann:another-password")))))
	waiting := func() bool {
		list, err := s.store.ListValues(t.Context(), "bm:netease:", "", 0)
		return err != nil || len(list) > 0
	}
	s.until(t, "tried", func() bool { return strings.Contains(s.log.String(), "service failed") })
	var token any
	s.until(t, "a new token", func() bool {
		reply := s.asker(t).ask("login", fmt.Sprintf(`"scheme":"basic","secret":%q`, base64.StdEncoding.EncodeToString([]byte("ann:another-password"))))
		token = member(t, member(t, member(t, reply, "params"), "bridges"), "netease")["token"]
		return token != nil
	})
	s.until(t, "told", func() bool { return !waiting() })
	if now := s.ne.Account(ext).Token; now != token || s.ne.Calls("/user/refreshToken.action", ext) <= calls {
		t.Errorf("the token of the new login is %v, the service has %v", token, now)
	}
}

// Nothing that a vendor does fails a login, or makes it late.
func TestBridgesDown(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]faults.Mode{
		"refuses": faults.Refuse, "gateway": faults.Gateway, "resets": faults.Reset, "hangs": faults.Hang, "nonsense": faults.Truncate, "redirects": faults.Redirect,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newBridgeSite(t, "")
			s.rongHost.Always(mode)
			s.rongSpare.Always(mode)
			s.neHost.Always(mode)
			start := time.Now()
			c, b := s.login(t, &s.ann)
			if d := time.Since(start); d > 5*time.Second {
				t.Errorf("took %v", d)
			}
			e := member(t, member(t, b, "rongcloud"), "error")
			if e["code"] != 503.0 || e["text"] != "unavailable" || e["retry"] == nil || len(member(t, b, "rongcloud")) != 1 {
				t.Errorf("got %v", e)
			}
			if _, ok := member(t, member(t, b, "netease"), "rtc")["token"].(string); !ok { // computed here
				t.Errorf("rtc: %v", b)
			}
			c.want(200, c.ask("sub", `"topic":"me"`))
		})
	}
}

// post asks for credentials over HTTP.
func (s *bridgeSite) post(t *testing.T, path, token, body string) (int, map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.web.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Tinode-APIKey", stockAPIKey)
	if token != "" {
		r.Header.Set("X-Tinode-Auth", "Token "+token)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = s.said.Write(text)
	var v map[string]any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if cc := res.Header.Get("Cache-Control"); cc != "no-store" {
		t.Errorf("Cache-Control %q", cc)
	}
	return res.StatusCode, v
}

func TestBridgeToken(t *testing.T) {
	t.Parallel()
	s := newBridgeSite(t, "")
	want := func(code int, path, token, body string) map[string]any {
		t.Helper()
		got, v := s.post(t, path, token, body)
		if got != code {
			t.Fatalf("%s %s: got %d %v, want %d", path, body, got, v, code)
		}
		return v
	}
	const rong, ne = "/v0/bridges/rongcloud/token", "/v0/bridges/netease/token"
	want(401, rong, "", "")
	want(400, rong, base64.StdEncoding.EncodeToString([]byte("no token")), "")
	altered, err := base64.StdEncoding.DecodeString(s.ann.Token)
	if err != nil {
		t.Fatal(err)
	}
	if i := len(altered) - 5; altered[i] == 'A' { // of the signature; it stays base64
		altered[i] = 'B'
	} else {
		altered[i] = 'A'
	}
	want(401, rong, base64.StdEncoding.EncodeToString(altered), "")
	want(404, "/v0/bridges/other/token", s.ann.Token, "")
	if v := member(t, want(400, rong, s.ann.Token, "{"), "ctrl"); member(t, v, "params")["what"] != "body" {
		t.Errorf("got %v", v)
	}
	want(413, rong, s.ann.Token, strings.Repeat(" ", 10_000))
	first := want(200, rong, s.ann.Token, "")
	if want(200, "/v0/bridge/token", s.ann.Token, `{"name":"rongcloud"}`)["token"] != first["token"] {
		t.Error("another token")
	}
	if all := want(200, "/v0/bridge/token", s.ann.Token, ""); member(t, all, "rongcloud")["token"] != first["token"] || all["netease"] == nil {
		t.Errorf("got %v", all)
	}
	if want(200, rong, s.ann.Token, `{"force":true}`)["token"] == first["token"] {
		t.Error("the same token")
	}
	if v := member(t, want(429, rong, s.ann.Token, `{"force":true}`), "ctrl"); member(t, v, "params")["retry"] == nil {
		t.Errorf("got %v", v)
	}
	// A room is that of a conversation of his.
	v := member(t, want(200, ne, s.ann.Token, fmt.Sprintf(`{"room":%q}`, s.grp)), "rtc")
	if token, _ := v["token"].(string); v["room"] != s.grp || v["permKey"] == nil || !s.ne.ValidRTC(int64(v["uid"].(float64)), s.grp, token) {
		t.Errorf("got %v", v)
	}
	want(403, ne, s.ann.Token, fmt.Sprintf(`{"room":%q}`, chat.NewGroupName()))
	want(403, ne, s.ann.Token, fmt.Sprintf(`{"room":%q}`, s.bob.User)) // they have no chat
	want(404, ne, s.ann.Token, `{"room":"sys"}`)
	// A token that is not good for a session is not good for this.
	s.rongHost.Always(faults.Refuse)
	s.rongSpare.Always(faults.Refuse)
	want(503, rong, s.bob.Token, "")
	if res, err := http.Get(s.web.URL + rong); err != nil || res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET: %v, %v", res, err)
	} else {
		res.Body.Close()
	}
}

func (s *bridgeSite) until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !cond(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			text := s.log.String()
			t.Fatalf("%s: not within a minute; log:\n…%s", what, text[max(0, len(text)-4000):])
		}
	}
}

func TestBridgesMirror(t *testing.T) {
	t.Parallel()
	s := newBridgeSite(t, "")
	c, b := s.login(t, &s.ann)
	ext, token := s.annID.External(), fmt.Sprint(member(t, b, "rongcloud")["token"])
	c.want(200, c.ask("sub", `"topic":"me"`))
	c.want(200, c.ask("set", `"topic":"me","desc":{"public":{"fn":"Anna"}}`))
	s.until(t, "new name", func() bool { return s.rong.User(ext).Name == "Anna" && s.ne.Account(ext).Name == "Anna" })
	if n := s.rong.Calls("/user/getToken.json", ext); n != 1 {
		t.Errorf("%d tokens for a new name", n)
	}
	c.want(200, c.ask("set", `"topic":"me","desc":{"public":{"fn":"Anna","photo":{"ref":"https://x.example/a.jpg"}}}`))
	s.until(t, "portrait", func() bool { return s.rong.User(ext).Portrait != "" && s.ne.Account(ext).Icon != "" })
	c.want(200, c.ask("set", `"topic":"me","desc":{"public":{"fn":"Anna","photo":"\u2421"}}`))
	s.until(t, "no portrait", func() bool { return s.rong.User(ext).Portrait == "" && s.ne.Account(ext).Icon == "" })
	// A new password makes what was given before void.
	c.want(200, c.ask("acc", fmt.Sprintf(`"scheme":"basic","secret":%q`, base64.StdEncoding.EncodeToString([]byte("ann:another-password")))))
	s.until(t, "token void", func() bool { return !s.rong.Valid(ext, token) })
	if err := s.sessions.SetState(t.Context(), s.annID, store.StateSuspended); err != nil {
		t.Fatal(err)
	}
	s.until(t, "blocked", func() bool { return s.rong.User(ext).Blocked == 43200 && s.ne.Account(ext).Blocked })
	if err := s.sessions.SetState(t.Context(), s.annID, store.StateOK); err != nil {
		t.Fatal(err)
	}
	s.until(t, "unblocked", func() bool { return s.rong.User(ext).Blocked == 0 && !s.ne.Account(ext).Blocked })
	if err := s.sessions.Delete(t.Context(), s.annID, true); err != nil {
		t.Fatal(err)
	}
	s.until(t, "deleted", func() bool { return s.rong.User(ext).Deactivated && s.ne.Account(ext).Blocked })
}

// Both ways through real topics: signatures, replays, changed bodies.
func TestBridgesRelay(t *testing.T) {
	t.Parallel()
	s := newBridgeSite(t, "")
	c, _ := s.login(t, &s.ann)
	s.login(t, &s.bob)
	c.want(200, c.ask("sub", fmt.Sprintf(`"topic":%q`, s.grp)))
	c.want(202, c.ask("pub", fmt.Sprintf(`"topic":%q,"content":"hello","head":{"bridge":"rongcloud","bridge-id":"forged"}`, s.grp)))
	s.until(t, "sent", func() bool { return len(s.rong.Messages()) == 1 && len(s.ne.Messages()) == 1 })
	if m := s.rong.Messages()[0]; m.From != s.annID.External() || !strings.Contains(m.Content, `"content":"hello"`) {
		t.Errorf("got %+v", m)
	}
	// The fake sends what Bob writes there.
	hook := s.web.URL + "/v0/hook/rongcloud/msg"
	form := func(id, text string) (f map[string][]string) {
		return fakerong.Routed(s.bobID.External(), chat.ExternalGroup(s.grp), "GROUP", "RC:TxtMsg", fmt.Sprintf(`{"content":%q}`, text), id, "iOS", time.Now())
	}
	status := func(want int, q, f map[string][]string) {
		t.Helper()
		got, err := fakerong.Post(http.DefaultClient, hook, q, f)
		if err != nil || got != want {
			t.Errorf("got %d, %v, want %d", got, err, want)
		}
	}
	good := fakerong.Query(rongSecret, fakerong.Nonce(), time.Now(), true)
	status(200, good, form("UID-A", "from outside"))
	status(401, good, form("UID-B", "replayed"))
	again, err := New(Deps{Config: s.cfg, Store: s.store, Log: slog.New(slog.NewTextHandler(&s.log, nil)), Now: time.Now, Build: "test:0"})
	if err != nil {
		t.Fatal(err)
	}
	other := httptest.NewServer(again.routes())
	defer other.Close()
	hook2 := other.URL + "/v0/hook/rongcloud/msg"
	if got, err := fakerong.Post(http.DefaultClient, hook2, good, form("UID-B", "replayed after a restart")); err != nil || got != 401 {
		t.Errorf("after a restart: %d, %v", got, err)
	}
	status(200, fakerong.Query(rongSecret, fakerong.Nonce(), time.Now(), false), form("UID-A", "twice"))
	status(401, fakerong.Query("guess", fakerong.Nonce(), time.Now(), false), form("UID-C", "forged"))
	status(401, fakerong.Query(rongSecret, fakerong.Nonce(), time.Now().Add(-time.Hour), false), form("UID-D", "stale"))
	status(401, nil, form("UID-E", "unsigned"))
	status(200, fakerong.Query(rongSecret, fakerong.Nonce(), time.Now(), false), map[string][]string{"x": {"y"}})
	status(413, fakerong.Query(rongSecret, fakerong.Nonce(), time.Now(), false), map[string][]string{"content": {strings.Repeat("x", 2<<20)}})
	if got, err := fakerong.Post(http.DefaultClient, s.web.URL+"/v0/hook/rongcloud/status", fakerong.Query(rongSecret, fakerong.Nonce(), time.Now(), false), nil); err != nil || got != 200 {
		t.Errorf("status: %d, %v", got, err)
	}
	data := c.data(s.grp, 2)
	if data["content"] != "from outside" || data["from"] != s.bob.User || member(t, data, "head")["bridge"] != "rongcloud" || member(t, data, "head")["bridge-id"] != "UID-A" {
		t.Errorf("got %v", data)
	}
	s.until(t, "carried on", func() bool { return len(s.ne.Messages()) == 2 }) // and not back
	// NetEase: the body is signed, too.
	ne := s.web.URL + "/v0/hook/netease"
	team := s.ne.Teams()[0].ID
	body := fakenetease.Copied(s.bobID.External(), team, "TEAM", "from netease", "", "77", "IOS", time.Now())
	copied := func(want int, h http.Header, body []byte) {
		t.Helper()
		got, err := fakenetease.Post(http.DefaultClient, ne, h, body)
		if err != nil || got != want {
			t.Errorf("got %d, %v, want %d", got, err, want)
		}
	}
	copied(200, http.Header{}, []byte("{}")) // the console tries the address
	copied(401, http.Header{}, body)
	copied(401, fakenetease.Headers(bridgeKey, neteaseSecret, body, time.Now()), bytes.Replace(body, []byte("from"), []byte("form"), 1))
	for range 2 {
		copied(200, fakenetease.Headers(bridgeKey, neteaseSecret, body, time.Now()), body)
	}
	// What went out and comes back changes nothing.
	echo := fakenetease.Copied(s.annID.External(), team, "TEAM", "hello", s.ne.Messages()[0].Ext, "78", "IOS", time.Now())
	copied(200, fakenetease.Headers(bridgeKey, neteaseSecret, echo, time.Now()), echo)
	if data := c.data(s.grp, 3); data["content"] != "from netease" {
		t.Errorf("got %v", data)
	}
	s.until(t, "carried on", func() bool { return len(s.rong.Messages()) == 2 })
	c.want(202, c.ask("pub", fmt.Sprintf(`"topic":%q,"content":"last"`, s.grp)))
	if last := c.data(s.grp, 4); last["content"] != "last" {
		t.Errorf("got %v", last)
	}
	if n := s.bridges.relay.Count().Duplicates.Load(); n != 2 {
		t.Errorf("%d duplicates", n)
	}
}

// data reads the message of a topic with that number from the store's side.
func (a *asker) data(topic string, seq int) map[string]any {
	a.t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		select {
		case v := <-a.in:
			if d := v["data"]; d != nil && d["seq"] == float64(seq) {
				return d
			}
		case <-timeout:
			a.t.Fatalf("%s: no message %d", topic, seq)
		}
	}
}

// A thousand users log in at once, each on two devices: one call for each, none
// of them late, and everybody is in. The clock of all runs faster than it does,
// for so many take 20 s at the rates that the services allow. The test has the
// machine to itself, within its package: a request that times out is a second call.
func TestBridgesStorm(t *testing.T) {
	begin := time.Now()
	s := newBridgeSiteAt(t, "", func() time.Time { return begin.Add(20 * time.Since(begin)) })
	// Of a busy machine: the spare host is another call, and who got no answer is not
	// asked for again.
	s.bridges.rongcloud.Attempt, s.bridges.netease.Attempt = time.Minute, time.Minute
	const users = 1000
	accounts := make([]wstest.Account, users)
	for i := range accounts {
		var err error
		if accounts[i], err = s.account(fmt.Sprint("user", i), "crowd", ""); err != nil {
			t.Fatal(err)
		}
	}
	var g sync.WaitGroup
	devices := make([]*device, 2*users)
	places := make(chan struct{}, 100) // at a time, or they are all that a busy machine does
	for i := range devices {
		places <- struct{}{}
		g.Go(func() {
			devices[i] = s.deviceOf(t, accounts[i/2].User, accounts[i/2].Token)
			<-places
		})
	}
	g.Wait()
	for _, d := range devices {
		if got := d.codes("login"); !slices.Equal(got, []int{http.StatusOK}) {
			t.Fatalf("a login: %v", got)
		}
	}
	s.until(t, "all", func() bool { return s.rong.Users() == users && s.bridges.manager.Counts("netease", "").Minted == users })
	for i := range accounts {
		u, _ := chat.ParseUID(accounts[i].User)
		if n := s.rong.Calls("/user/getToken.json", u.External()); n != 1 {
			t.Errorf("%d calls for %s", n, u)
		}
	}
	families, err := s.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if text := m.String(); f.GetName() == "parley_bridge_grants_total" && strings.Contains(text, "netease") && strings.Contains(text, "asked") && !strings.Contains(text, "rtc") {
				if seen++; m.GetCounter().GetValue() != users {
					t.Errorf("metrics have %s", text)
				}
			}
		}
	}
	if seen == 0 {
		t.Error("no metrics of it")
	}
}
