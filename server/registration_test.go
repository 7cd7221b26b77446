package server

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"parley/store"
	"parley/store/mem"
)

// stranger opens a session that nobody has logged in to.
func (h *harness) stranger(t *testing.T) *device { return h.deviceOf(t, "", "") }

// administrator opens a session of one.
func (h *harness) administrator(t *testing.T) *device {
	t.Helper()
	account, err := h.account("admin", "device", "root")
	if err != nil {
		t.Fatal(err)
	}
	return h.deviceOf(t, account.User, account.Token)
}

// register asks for an account; an empty login for an anonymous one.
func (d *device) register(login, more string) {
	scheme := `"scheme":"anonymous"`
	if login != "" {
		scheme = `"scheme":"basic","secret":"` + base64.StdEncoding.EncodeToString([]byte(login+":password")) + `"`
	}
	d.send(`{"acc":{"id":"acc","user":"new",` + scheme + more + `}}`)
}

// refusal is what register was answered: the code and params.what.
func (d *device) refusal() (code int, what any) {
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, m := range d.got {
		if c := m["ctrl"]; c != nil && c["id"] == "acc" {
			params, _ := c["params"].(map[string]any)
			return int(c["code"].(float64)), params["what"]
		}
	}
	d.t.Errorf("no answer: %v", d.got)
	return 0, nil
}

type attempt struct {
	name, login, more string
	code              int
	what              any
}

func (h *harness) attempts(t *testing.T, list ...attempt) {
	t.Helper()
	for _, c := range list {
		d := h.stranger(t)
		d.register(c.login, c.more)
		if code, what := d.refusal(); code != c.code || what != c.what {
			t.Errorf("%s: got %d %v, want %d %v", c.name, code, what, c.code, c.what)
		}
	}
	d := h.administrator(t)
	d.register("withroot", `,"cred":[{"meth":"email","val":"root@example.com"}]`)
	if code, what := d.refusal(); code != 201 {
		t.Errorf("an administrator: got %d %v", code, what)
	}
}

func registration(text string) string { return `{"acc_validation": {}, "registration": ` + text + `}` }

func (h *harness) invite(t *testing.T, list ...store.Invite) {
	t.Helper()
	for _, i := range list {
		i.Created = h.now()
		if err := h.store.PutInvite(t.Context(), &i); err != nil {
			t.Fatal(err)
		}
	}
}

func tags(list string) string { return `,"tags":[` + list + `]` }

func TestRegistrationClosed(t *testing.T) {
	atOnce(t, registration(`{"mode": "closed"}`), func(t *testing.T, h *harness) {
		h.attempts(t, attempt{"a login", "annie", "", 403, "registration"}, attempt{"anonymous", "", "", 403, "registration"},
			attempt{"with a code", "annie", tags(`"invite:x"`), 403, "registration"})
	})
}

func TestRegistrationByInvite(t *testing.T) {
	atOnce(t, registration(`{"mode": "invite"}`), func(t *testing.T, h *harness) {
		h.invite(t, store.Invite{Code: "once", Max: 1}, store.Invite{Code: "past", Expires: h.now().Add(-time.Second)}, store.Invite{Code: "many"})
		short := base64.StdEncoding.EncodeToString([]byte("annie:x"))
		h.attempts(t,
			attempt{"no code", "annie", "", 403, "invite"},
			attempt{"other tags", "annie", tags(`"travel"`), 403, "invite"},
			attempt{"unknown", "annie", tags(`"invite:nope"`), 403, "invite"},
			attempt{"empty", "annie", tags(`"invite:"`), 403, "invite"},
			attempt{"expired", "annie", tags(`"invite:past"`), 403, "invite"},
			attempt{"bad password", "annie", `,"secret":"` + short + `","tags":["invite:once"]`, 422, nil},
			attempt{"the use was given back", "annie", tags(`"travel"," Invite:ONCE "`), 201, nil},
			attempt{"used up", "bobby", tags(`"invite:once"`), 403, "invite"},
			attempt{"anonymous", "", tags(`"invite:many"`), 201, nil},
		)
		rec, err := h.store.Login(t.Context(), "basic", "annie")
		if err != nil {
			t.Fatal(err)
		}
		u, err := h.store.User(t.Context(), rec.User)
		if err != nil || fmt.Sprint(u.Tags) != "[basic:annie travel]" {
			t.Errorf("the code is no tag: %v %v", u.Tags, err)
		}
		log, err := h.store.AuditLog(t.Context(), store.AuditQuery{Act: "invite.used"})
		if err != nil || len(log) != 2 || log[1].User != rec.User || log[1].Detail != "once…" {
			t.Errorf("the log has %+v, %v", log, err)
		}
	})
}

// TestInviteAtOnce: however many use a code at once, so many get in as it says.
func TestInviteAtOnce(t *testing.T) {
	atOnce(t, registration(`{"mode": "invite"}`), func(t *testing.T, h *harness) {
		h.invite(t, store.Invite{Code: "two", Max: 2})
		var all []*device
		var wg sync.WaitGroup
		for i := range 8 {
			d := h.stranger(t)
			all = append(all, d)
			wg.Go(func() { d.register(fmt.Sprintf("user%d", i), tags(`"invite:two"`)) })
		}
		wg.Wait()
		codes := map[int]int{}
		for _, d := range all {
			code, _ := d.refusal()
			codes[code]++
		}
		if codes[201] != 2 || codes[403] != 6 {
			t.Errorf("got %v", codes)
		}
	})
}

func TestRegistrationByDomain(t *testing.T) {
	mail := func(a string) string { return `,"cred":[{"meth":"email","val":"` + a + `"}]` }
	atOnce(t, `{"registration": {"email_domains": ["Example.com"]}}`, func(t *testing.T, h *harness) {
		h.attempts(t, attempt{"none", "annie", "", 422, nil}, attempt{"elsewhere", "annie", mail("a@example.org"), 422, "email"},
			attempt{"there", "annie", mail("a@example.com"), 201, nil}, attempt{"anonymous", "", "", 403, "email"},
			// He would be in, without having confirmed it.
			attempt{"anonymous, there", "", mail("b@example.com"), 403, "email"})
	})
}

// TestInviteTagWhenOpen: a code that is not needed is neither used nor kept.
func TestInviteTagWhenOpen(t *testing.T) {
	atOnce(t, registration(`{}`), func(t *testing.T, h *harness) {
		h.invite(t, store.Invite{Code: "once", Max: 1})
		h.attempts(t, attempt{"not needed", "annie", tags(`"invite:once"`), 201, nil})
		list, err := h.store.Invites(t.Context())
		if err != nil || list[0].Used != 0 {
			t.Errorf("got %+v %v", list, err)
		}
		if found, err := h.store.Search(t.Context(), store.Search{All: [][]string{{"invite:once"}}}); err != nil || len(found) > 0 {
			t.Errorf("the code can be found: %+v %v", found, err)
		}
	})
}

// TestInviteLink: the link leaves the code in the browser, whose sessions need
// no tag then.
func TestInviteLink(t *testing.T) {
	t.Parallel()
	h := newHarness(t, testConfig(t, registration(`{"mode": "invite"}`)), mem.New())
	h.invite(t, store.Invite{Code: "once", Max: 1})
	srv := httptest.NewServer(h.routes())
	defer srv.Close()
	defer func() {
		if err := h.end(); err != nil {
			t.Error(err)
		}
	}()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	get := func(path string) *http.Response {
		t.Helper()
		resp, err := client.Get(srv.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp
	}
	for _, path := range []string{"/v0/invite/", "/v0/invite/a%20b", "/v0/invite/a/b", "/v0/invite/a%0D%0Ab"} {
		if resp := get(path); resp.StatusCode != http.StatusNotFound || len(resp.Cookies()) > 0 {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
	resp := get("/v0/invite/ONCE")
	if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/" || len(resp.Cookies()) != 1 {
		t.Fatalf("got %d %v", resp.StatusCode, resp.Header)
	}
	for _, c := range []struct {
		login  string
		cookie bool
		code   int
	}{{"annie", false, 403}, {"annie", true, 201}, {"bobby", true, 403}} {
		header := http.Header{"X-Tinode-APIKey": {stockAPIKey}}
		if c.cookie {
			header.Set("Cookie", resp.Cookies()[0].String())
		}
		ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(srv.URL, "http")+"/v0/channels", header)
		if err != nil {
			t.Fatal(err)
		}
		secret := base64.StdEncoding.EncodeToString([]byte(c.login + ":password"))
		for _, frame := range []string{`{"hi":{"id":"1","ver":"0.25"}}`, `{"acc":{"id":"2","user":"new","scheme":"basic","secret":"` + secret + `"}}`} {
			if err := ws.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
				t.Fatal(err)
			}
		}
		var hi, acc struct{ Ctrl struct{ Code int } }
		if err := errors.Join(ws.ReadJSON(&hi), ws.ReadJSON(&acc)); err != nil || acc.Ctrl.Code != c.code {
			t.Errorf("%s, cookie %v: got %d %v, want %d", c.login, c.cookie, acc.Ctrl.Code, err, c.code)
		}
		ws.Close()
	}
}
