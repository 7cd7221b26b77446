package server

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/internal/audit"
	"parley/internal/smtptest"
	"parley/store"
)

// resetHarness has annabel, who is logged in and whose address is confirmed. The
// tests that use it are not parallel: hashing passwords beside everything else
// would take longer than a request may.
func resetHarness(t *testing.T) (*mailHarness, *client) {
	t.Helper()
	srv := smtptest.Start(t, smtptest.Options{})
	h := newMailHarness(t, srv, mailConf(srv, `["auth"]`))
	a, err := h.account("annabel", "somebody", "")
	if err != nil {
		t.Fatal(err)
	}
	c := h.client(t, "en")
	c.want(t, 200, `{"login":{"scheme":"token","secret":%q}}`, a.Token)
	h.user = a.User
	return h, c
}

func (c *client) forgot(t *testing.T, want int, secret string) {
	t.Helper()
	if a := c.want(t, want, `{"login":{"scheme":"reset","secret":%q}}`, b64(secret)); want == 301 && a.Text != "auth reset" {
		t.Errorf("%+v", a)
	}
}

func (c *client) newPassword(t *testing.T, want int, password, code string) answer {
	t.Helper()
	return c.want(t, want, `{"acc":{"scheme":"basic","secret":%q,"tmpscheme":"code","tmpsecret":%q}}`, b64(password), b64(code+":email:Annabel@Example.com"))
}

// TestReset is the whole way (wire.md §12.6), and what is left of the old life
// after it.
func TestReset(t *testing.T) {
	h, old := resetHarness(t)
	before := h.now()
	c := h.client(t, "vi-VN")
	c.forgot(t, 301, "basic:email:Annabel@EXAMPLE.com")
	code := h.code(t, 1)
	text := plain(t, h.mail.Wait(t, 1))
	for _, part := range []string{
		"Xin chào", "annabel", "https://chat.example.com/#reset?scheme=basic&code=" + code + "&cred=annabel%40example.com",
		"https://chat.example.com/v0/reset?code=" + code + "&cred=annabel%40example.com&lang=vi-VN&meth=email",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing in\n%s", part, text)
		}
	}
	if a := c.newPassword(t, 422, ":short", code); a.Text != "policy violation" {
		t.Errorf("%+v", a)
	}
	if a := c.newPassword(t, 401, ":new-password", wrongCode(code)); a.Params.What != "auth" {
		t.Errorf("%+v", a)
	}
	c.newPassword(t, 200, ":new-password", code) // the short one has not used it up
	c.newPassword(t, 401, ":third-password", code)
	c.login(t, 401, "annabel:password-somebody")
	c.login(t, 200, "annabel:new-password")
	until(t, old.ws, `"text":"evicted"`)
	list, err := h.store.Revocations(t.Context(), h.now())
	if err != nil || len(list) != 1 || list[0].Before.Before(before) || list[0].Token != "" || list[0].Until.Before(h.now().Add(13*24*time.Hour)) {
		t.Errorf("%+v, %v", list, err)
	}
}

// TestResetTellsNothing: the same answer for everybody, and no mail where there is
// no reason for one.
func TestResetTellsNothing(t *testing.T) {
	h, c := resetHarness(t)
	b := h.client(t, "")
	b.register(t, 300, "bartholomew", "bart@example.com") // never confirms
	h.code(t, 1)
	root, err := h.account("administrator", "root", "root")
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{
		"basic:email:nobody@example.com", "basic:email:bart@example.com", "basic:email:not an address", "basic:email:", "basic:email:a@b.c:d",
		"BASIC:email:" + strings.Repeat("a", 4000),
	} {
		c.forgot(t, 301, secret)
		b.forgot(t, 301, secret)
	}
	for secret, code := range map[string]int{
		"": 400, "basic": 400, "basic:email": 400, "basic:fax:1": 501, "basic:tel:+4915123456789": 501, "rest:email:annabel@example.com": 501,
		"code:email:annabel@example.com": 501, "token:email:annabel@example.com": 501, "anonymous:email:annabel@example.com": 501, "::": 501,
	} {
		b.forgot(t, code, secret)
	}
	if n := h.quiesce(t); n != 1 {
		t.Errorf("%d messages", n)
	}
	// Neither to somebody who may not log in.
	r := h.client(t, "")
	r.want(t, 200, `{"login":{"scheme":"token","secret":%q}}`, root.Token)
	r.want(t, 200, `{"acc":{"user":%q,"status":"susp"}}`, h.user)
	b.forgot(t, 301, "basic:email:annabel@example.com")
	if n := h.quiesce(t); n != 1 {
		t.Errorf("%d messages", n)
	}
}

func TestResetAttempts(t *testing.T) {
	h, _ := resetHarness(t)
	c := h.client(t, "")
	c.forgot(t, 301, "basic:email:annabel@example.com")
	code := h.code(t, 1)
	for range 3 {
		c.newPassword(t, 401, ":new-password", wrongCode(code))
	}
	c.newPassword(t, 401, ":new-password", code)
	// Another one has its pace, and then comes with attempts of its own.
	c.forgot(t, 301, "basic:email:annabel@example.com")
	if n := h.quiesce(t); n != 1 {
		t.Errorf("%d messages", n)
	}
	h.later(61 * time.Second)
	c.forgot(t, 301, "basic:email:annabel@example.com")
	c.newPassword(t, 200, ":new-password", h.code(t, 2))
	c.newPassword(t, 401, ":new-password", code)
}

func TestResetExpires(t *testing.T) {
	h, _ := resetHarness(t)
	c := h.client(t, "")
	c.forgot(t, 301, "basic:email:annabel@example.com")
	code := h.code(t, 1)
	h.later(15 * time.Minute)
	c.newPassword(t, 401, ":new-password", code)
	c.forgot(t, 301, "basic:email:annabel@example.com")
	c.newPassword(t, 200, ":new-password", h.code(t, 2))
}

// TestTwoAtOnce: many requests at the same moment are one message, and of many who
// use its code one succeeds.
func TestTwoAtOnce(t *testing.T) {
	h, _ := resetHarness(t)
	var clients []*client
	for range 8 {
		clients = append(clients, h.client(t, ""))
	}
	for i, c := range clients {
		send(t, c.ws, fmt.Sprintf(`{"login":{"id":"r%d","scheme":"reset","secret":%q}}`, i, b64("basic:email:annabel@example.com")))
	}
	for i, c := range clients {
		until(t, c.ws, fmt.Sprintf(`"id":"r%d"`, i))
	}
	if n := h.quiesce(t); n != 1 {
		t.Errorf("%d messages", n)
	}
	code := h.code(t, 1)
	var all sync.WaitGroup
	var mu sync.Mutex
	good := 0
	for i, c := range clients {
		send(t, c.ws, fmt.Sprintf(`{"acc":{"id":"a%d","scheme":"basic","secret":%q,"tmpscheme":"code","tmpsecret":%q}}`,
			i, b64(fmt.Sprintf(":new-password-%d", i)), b64(code+":email:annabel@example.com")))
		all.Go(func() {
			if strings.Contains(until(t, c.ws, fmt.Sprintf(`"id":"a%d"`, i)), `"code":200`) {
				mu.Lock()
				good++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if good != 1 {
		t.Errorf("%d have set a password", good)
	}
}

// TestRestrictedToken: a code can be exchanged for a token that only changes the
// password; clients up to 0.21 send it as acc.token.
func TestRestrictedToken(t *testing.T) {
	h, _ := resetHarness(t)
	c := h.client(t, "")
	c.forgot(t, 301, "basic:email:annabel@example.com")
	a := c.want(t, 200, `{"login":{"scheme":"code","secret":%q}}`, b64(h.code(t, 1)+":email:annabel@example.com"))
	c.want(t, 401, `{"sub":{"topic":"me"}}`)
	c.want(t, 403, `{"acc":{"token":%q,"cred":[{"meth":"email","val":"evil@example.com"}]}}`, a.Params.Token)
	c.want(t, 403, `{"acc":{"token":%q,"status":"susp"}}`, a.Params.Token)
	c.want(t, 422, `{"acc":{"scheme":"basic","secret":%q,"token":%q}}`, b64(":short"), a.Params.Token) // does not use it up
	c.want(t, 501, `{"acc":{"scheme":"anonymous","secret":%q,"token":%q}}`, b64(":new-password"), a.Params.Token)
	c.want(t, 200, `{"acc":{"scheme":"basic","secret":%q,"token":%q}}`, b64(":new-password"), a.Params.Token)
	c.login(t, 200, "annabel:new-password")
	h.audited(t, "password", "password.reset")
}

// audited checks what the audit log has of an act, and what is below it: "act", or
// "act detail" where an entry has one.
func (h *mailHarness) audited(t *testing.T, act string, want ...string) {
	t.Helper()
	list, err := h.store.AuditLog(t.Context(), store.AuditQuery{Act: act})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range slices.Backward(list) {
		got = append(got, strings.TrimSpace(e.Act+" "+e.Detail))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", act, got, want)
	}
}

// TestRestrictedTokenOnce: the token for a code sets one password, however many
// requests bring it at once, and however often it was renewed.
func TestRestrictedTokenOnce(t *testing.T) {
	h, _ := resetHarness(t)
	c := h.client(t, "")
	c.forgot(t, 301, "basic:email:annabel@example.com")
	first := c.want(t, 200, `{"login":{"scheme":"code","secret":%q}}`, b64(h.code(t, 1)+":email:annabel@example.com")).Params.Token
	renewed := c.want(t, 200, `{"login":{"scheme":"token","secret":%q}}`, first).Params.Token
	codes := make(chan int, 6)
	for i := range cap(codes) {
		token := []string{first, renewed}[i%2]
		d := h.client(t, "")
		send(t, d.ws, fmt.Sprintf(`{"acc":{"id":"a","scheme":"basic","secret":%q,"tmpscheme":"token","tmpsecret":%q}}`,
			b64(fmt.Sprintf(":new-password-%d", i)), token))
		go func() {
			var m struct{ Ctrl answer }
			_ = json.Unmarshal([]byte(until(t, d.ws, `"id":"a"`)), &m)
			codes <- m.Ctrl.Code
		}()
	}
	got := make(map[int]int)
	for range cap(codes) {
		got[<-codes]++
	}
	if got[200] != 1 || got[401] != cap(codes)-1 {
		t.Errorf("%v", got)
	}
	h.audited(t, "password", "password.reset")
}

// TestClosedAccountIsAudited: who has the right password of a suspended account,
// or a code for it, is in the audit log.
func TestClosedAccountIsAudited(t *testing.T) {
	h, old := resetHarness(t)
	c := h.client(t, "")
	c.forgot(t, 301, "basic:email:annabel@example.com")
	code := h.code(t, 1)
	uid := uidOf(t, h.user)
	ctx := audit.WithOrigin(t.Context(), "192.0.2.7")
	if err := h.sessions.SetState(ctx, uid, store.StateSuspended); err != nil {
		t.Fatal(err)
	}
	until(t, old.ws, `"text":"evicted"`)
	c.login(t, 403, "annabel:password-somebody")
	c.newPassword(t, 403, ":new-password", code)
	h.audited(t, "login.failed", "login.failed basic, right, but the account is closed", "login.failed code, right, but the account is closed")
	list, err := h.store.AuditLog(ctx, store.AuditQuery{Act: "session.evicted"})
	if err != nil || len(list) != 1 || list[0].From != "192.0.2.7" || list[0].User != uid {
		t.Errorf("%+v, %v", list, err)
	}
}

var formLink = regexp.MustCompile(`https://chat\.example\.com(/v0/reset\S+)`)

// TestResetPage: the page for apps that know no codes.
func TestResetPage(t *testing.T) {
	h, _ := resetHarness(t)
	h.client(t, "uk").forgot(t, 301, "basic:email:annabel@example.com")
	code := h.code(t, 1)
	link := h.base + formLink.FindStringSubmatch(plain(t, h.mail.Wait(t, 1)))[1]
	for range 5 { // looking uses nothing up
		status, text, header := h.page(t, link, nil)
		if status != 200 || !strings.Contains(text, `<html lang="uk">`) || !strings.Contains(text, `value="annabel@example.com"`) ||
			!strings.Contains(text, `value="`+code+`"`) || !strings.Contains(text, "Мінімальна довжина: 6") || strings.Contains(text, "<script") {
			t.Fatalf("%d %s", status, text)
		}
		if csp := header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || header.Get("Referrer-Policy") != "no-referrer" ||
			header.Get("Cache-Control") != "no-store" || header.Get("X-Frame-Options") != "DENY" || header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%v", header)
		}
	}
	form := func(change func(url.Values)) url.Values {
		f := url.Values{
			"meth": {"email"}, "cred": {" Annabel@example.com "}, "code": {code}, "lang": {"uk"}, "password": {"new-password"}, "again": {"new-password"},
		}
		if change != nil {
			change(f)
		}
		return f
	}
	for name, c := range map[string]struct {
		form   url.Values
		status int
		text   string
	}{
		"not the same": {form(func(f url.Values) { f.Set("again", "other-password") }), 422, "Паролі не збігаються"},
		"too short":    {form(func(f url.Values) { f.Set("password", "pass"); f.Set("again", "pass") }), 422, "Пароль закороткий"},
		"wrong code":   {form(func(f url.Values) { f.Set("code", wrongCode(code)) }), 403, "Код неправильний"},
		"no code":      {form(func(f url.Values) { f.Del("code") }), 403, "Код неправильний"},
		"nobody":       {form(func(f url.Values) { f.Set("cred", "nobody@example.com") }), 403, "Код неправильний"},
		"other way":    {form(func(f url.Values) { f.Set("meth", "fax") }), 403, "Код неправильний"},
		"empty":        {url.Values{"lang": {"uk"}}, 422, "Пароль закороткий"},
	} {
		status, text, header := h.page(t, link, c.form)
		if status != c.status || !strings.Contains(text, c.text) || strings.Contains(text, "other-password") || header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
	// What was filled in stays, but for the passwords.
	if _, text, _ := h.page(t, link, form(func(f url.Values) { f.Set("again", "x") })); !strings.Contains(text, `value="`+code+`"`) || strings.Contains(text, `value="new-password"`) {
		t.Errorf("%s", text)
	}
	status, text, _ := h.page(t, link, form(func(f url.Values) { f.Del("meth") }))
	if status != 200 || !strings.Contains(text, "Готово") || !strings.Contains(text, `href="https://chat.example.com/"`) || strings.Contains(text, "<form") {
		t.Errorf("%d %s", status, text)
	}
	if status, text, _ = h.page(t, link, form(nil)); status != 403 {
		t.Errorf("again: %d %s", status, text)
	}
	h.client(t, "").login(t, 200, "annabel:new-password")

	// Without anything filled in, in the browser's language.
	req, err := http.NewRequest(http.MethodGet, h.base+"/v0/reset", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Language", "es-MX,es;q=0.9,en;q=0.1")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(body), "Elige una contraseña nueva") {
		t.Errorf("%s, %v", body, err)
	}
	if status, _, _ := h.page(t, h.base+"/v0/reset", url.Values{"cred": {strings.Repeat("x", 100_000)}}); status != 400 {
		t.Errorf("a large form: %d", status)
	}
}

// TestResetPageExpired: the age of the code counts there too, and the attempts are
// those of the protocol.
func TestResetPageExpired(t *testing.T) {
	h, _ := resetHarness(t)
	c := h.client(t, "")
	post := func(code string) int {
		t.Helper()
		status, _, _ := h.page(t, h.base+"/v0/reset", url.Values{
			"cred": {"annabel@example.com"}, "code": {code}, "password": {"new-password"}, "again": {"new-password"},
		})
		return status
	}
	c.forgot(t, 301, "basic:email:annabel@example.com")
	code := h.code(t, 1)
	h.later(16 * time.Minute)
	if status := post(code); status != 403 {
		t.Errorf("expired: %d", status)
	}
	c.forgot(t, 301, "basic:email:annabel@example.com")
	code = h.code(t, 2)
	for range 2 {
		post(wrongCode(code))
	}
	c.newPassword(t, 401, ":new-password", wrongCode(code))
	if status := post(code); status != 403 {
		t.Errorf("after three wrong ones: %d", status)
	}
}

// TestNoPage: without a way to send codes there is none.
func TestNoPage(t *testing.T) {
	h := newMailHarness(t, nil, `{}`)
	if status, text, _ := h.page(t, h.base+"/v0/reset", nil); status != 404 {
		t.Errorf("%d %s", status, text)
	}
	h.client(t, "").forgot(t, 501, "basic:email:annabel@example.com")
}

// TestResetByPhone: a number in the spelling of its country, through a provider
// over HTTP.
func TestResetByPhone(t *testing.T) {
	texts := make(chan string, 10)
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("Authorization") != "Bearer key" {
			w.WriteHeader(401)
			return
		}
		texts <- string(body)
	}))
	defer provider.Close()
	h := newMailHarness(t, nil, fmt.Sprintf(`{"acc_validation": {"tel": {"required": ["auth"], "config": {"host_url": "https://chat.example.com/",
		"http": {"url": %q, "headers": {"Authorization": "Bearer key"}, "body": "{{.To}}|{{.Text}}"}}}}}`, provider.URL))
	c := h.client(t, "de-DE")
	code := func(want string) string {
		t.Helper()
		select {
		case text := <-texts:
			to, rest, _ := strings.Cut(text, "|")
			if to != "+4915123456789" || !strings.HasSuffix(rest, want) {
				t.Errorf("%s", text)
			}
			return rest[:6]
		case <-time.After(20 * time.Second):
			t.Fatal("no text message")
		}
		return ""
	}
	c.want(t, 300, `{"acc":{"user":"new","scheme":"basic","secret":%q,"login":true,"cred":[{"meth":"tel","val":"0151 23456789"}]}}`, b64("annabel:old-password"))
	c.want(t, 200, `{"login":{"scheme":"basic","secret":%q,"cred":[{"meth":"tel","resp":%q}]}}`, b64("annabel:old-password"), code(" is your code for https://chat.example.com/"))
	c = h.client(t, "de-DE")
	c.forgot(t, 301, "basic:tel:(0151) 2345-6789")
	c.want(t, 200, `{"acc":{"scheme":"basic","secret":%q,"tmpscheme":"code","tmpsecret":%q}}`,
		b64(":new-password"), b64(code("https://chat.example.com/")+":tel:0151 23456789"))
	c.login(t, 200, "annabel:new-password")
}

// TestResetPageGuessed: whoever guesses codes on the page waits as at a login, and
// is in the audit log.
func TestResetPageGuessed(t *testing.T) {
	h, _ := resetHarness(t)
	link := h.base + "/v0/reset"
	guess := func(cred, code string) int {
		status, _, _ := h.page(t, link, url.Values{
			"meth": {"email"}, "cred": {cred}, "code": {code}, "password": {"new-password"}, "again": {"new-password"},
		})
		return status
	}
	var got []int
	for i := range 7 {
		got = append(got, guess("annabel@example.com", fmt.Sprintf("%06d", i)))
	}
	if fmt.Sprint(got) != "[403 403 403 403 403 429 429]" {
		t.Errorf("%v", got)
	}
	log, err := h.store.AuditLog(t.Context(), store.AuditQuery{Act: "login"})
	if err != nil {
		t.Fatal(err)
	}
	var acts []string
	for _, e := range log {
		acts = append(acts, e.Act+" "+e.Detail+" "+e.From)
	}
	if s := strings.Join(acts, ", "); strings.Count(s, "login.failed code 127.0.0.1") != 5 || strings.Count(s, "login.limited code 127.0.0.1") != 1 {
		t.Errorf("%s", s)
	}
}
