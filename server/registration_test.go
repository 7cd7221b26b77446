package server

import (
	"encoding/base64"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/store"
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
			attempt{"there", "annie", mail("a@example.com"), 201, nil}, attempt{"anonymous", "", "", 403, "email"})
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
