package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"parley/internal/chat"
	"parley/store"
	"parley/store/mem"
)

// authority is a service for the scheme rest that answers what it was told to.
type authority struct {
	*httptest.Server
	mu      sync.Mutex
	answers map[string]string
	asked   []string // endpoints
	last    map[string]any
}

func newAuthority(t *testing.T) *authority {
	a := &authority{answers: map[string]string{"rtagns": `{"strarr":["staff"]}`}}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q map[string]any
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
			t.Error(err)
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		endpoint := fmt.Sprint(q["endpoint"])
		a.asked, a.last = append(a.asked, endpoint), q
		answer, ok := a.answers[endpoint]
		if !ok {
			answer = `{"err":"unsupported"}`
		}
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *authority) set(endpoint, answer string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answers[endpoint] = answer
}

// restHarness is a server whose logins are the authority's.
func restHarness(t *testing.T, a *authority) *harness {
	cfg := testConfig(t, fmt.Sprintf(`{"acc_validation":{},"auth_config":{
		"logical_names":["basic:rest","rest:"],
		"rest":{"server_url":%q,"allow_new_accounts":true}}}`, a.URL))
	h := newHarness(t, cfg, mem.New())
	t.Cleanup(func() {
		if err := h.end(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func TestRESTLogin(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	h := restHarness(t, a)
	account, err := h.account("ann", "ann", "")
	if err != nil {
		t.Fatal(err)
	}
	for answer, code := range map[string]int{
		`{"err":"failed"}`:                           401,
		`{"err":"expired"}`:                          401,
		`{"err":"malformed"}`:                        400,
		`{"err":"denied"}`:                           403,
		`{"err":"unsupported"}`:                      501,
		`{"err":"policy"}`:                           422,
		`{"err":"user not found"}`:                   404,
		`{"err":"duplicate value"}`:                  409,
		`{"err":"credentials"}`:                      300,
		`{"err":"what?"}`:                            500,
		`nonsense`:                                   500,
		`{"rec":{"uid":"` + account.User[3:] + `"}}`: 200,
		`{"rec":{}}`:                                 404, // without newacc
		`{"rec":{"uid":"` + strings.Repeat("A", 10) + `E"}}`: 404,
	} {
		a.set("auth", answer)
		c := h.asker(t)
		c.want(code, c.login("BASIC", "ann:x", ""))
	}
	a.set("auth", `{"byteval":"c2FsdA=="}`)
	c := h.asker(t)
	reply := c.login("basic", "ann:x", "")
	if c.want(300, reply)["challenge"] != "c2FsdA==" || reply["text"] != "challenge" {
		t.Error(reply)
	}
	a.set("auth", `{"rec":{"uid":"`+account.User[3:]+`","features":"L","lifetime":60}}`)
	c.want(200, c.login("basic", "ann:x", ""))
	if c.ask("sub", `"topic":"me"`)["code"] != 401.0 {
		t.Error("a secret that is not for that opened a session")
	}
	if a.last["name"] != "basic" {
		t.Errorf("asked %v", a.last)
	}
	c.want(401, c.login("rest", "ann:x", ""))
}

func TestRESTNewcomer(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	h := restHarness(t, a)
	const newcomer = `{"rec":{"authlvl":"auth","tags":["staff:4711"]},"newacc":{"auth":"JRWPA","anon":"N","public":{"fn":"Ann"},"trusted":{"staff":true},"private":{"comment":"x"}}}`
	a.set("auth", newcomer)
	c := h.asker(t)
	c.want(501, c.login("basic", "ann:x", "")) // link is unsupported
	users, err := h.store.Users(t.Context(), store.UserQuery{})
	if err != nil || len(users) != 0 {
		t.Errorf("something remains: %v, %v", users, err)
	}
	a.set("link", `{}`)
	user := c.want(200, c.login("basic", "ann:x", ""))["user"].(string)
	if rec := a.last["rec"].(map[string]any); rec["uid"] != user[3:] {
		t.Errorf("linked %v", rec)
	}
	id, err := chat.ParseUID(user)
	if err != nil {
		t.Fatal(err)
	}
	u, err := h.store.User(t.Context(), id)
	if err != nil || string(u.Public) != `{"fn":"Ann"}` || string(u.Trusted) != `{"staff":true}` || fmt.Sprint(u.Tags) != "[staff:4711]" ||
		u.Access.Auth.String() != "JRWPA" || u.Access.Anon.String() != "N" {
		t.Errorf("%+v, %v", u, err)
	}
	// A word is looked for as a tag of the authority, too, and its tags are safe.
	other := h.asker(t)
	a.set("auth", strings.ReplaceAll(newcomer, "staff:4711", "x"))
	other.want(200, other.login("basic", "bob:x", ""))
	other.want(200, other.ask("sub", `"topic":"fnd"`))
	other.want(200, other.ask("set", `"topic":"fnd","desc":{"public":"4711"}`))
	if found := other.ask("get", `"topic":"fnd","what":"sub"`); !strings.Contains(fmt.Sprint(found), user) {
		t.Errorf("not found: %v", found)
	}
	other.want(200, other.ask("sub", `"topic":"me"`))
	other.want(403, other.ask("set", `"topic":"me","tags":["staff:1"]`))
	// Suspended from the beginning.
	a.set("auth", strings.Replace(newcomer, `"tags":["staff:4711"]`, `"state":"susp"`, 1))
	c = h.asker(t)
	c.want(403, c.login("basic", "eve:x", ""))
}

func TestRESTAccounts(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	h := restHarness(t, a)
	const acc = `"user":"new","scheme":"basic","secret":"YW5uOng=","login":true,"tags":["one"]`
	c := h.asker(t)
	reply := c.ask("acc", acc)
	if p := c.want(501, reply); p["what"] != "auth" {
		t.Error(reply)
	}
	a.set("checkunique", `{"boolval":false}`)
	if p := c.want(409, c.ask("acc", acc)); p["what"] != "auth" {
		t.Error(p)
	}
	a.set("checkunique", `{"boolval":true}`)
	c.want(501, c.ask("acc", acc))
	a.set("add", `{"rec":{"authlvl":"auth","tags":["staff:1","one"]}}`)
	user := c.want(200, c.ask("acc", acc))["user"].(string)
	c.want(200, c.ask("sub", `"topic":"me"`))
	if tags := c.ask("get", `"topic":"me","what":"tags"`); fmt.Sprint(tags["tags"]) != "[one staff:1]" {
		t.Error(tags)
	}
	c.want(501, c.ask("acc", `"scheme":"basic","secret":"YW5uOng="`))
	a.set("upd", `{}`)
	c.want(200, c.ask("acc", `"scheme":"basic","secret":"YW5uOng="`))
	c.want(405, c.ask("del", `"what":"user"`)) // the authority objects
	a.set("del", `{"err":"internal"}`)
	c.want(500, c.ask("del", `"what":"user"`))
	root, err := h.account("root", "root", "root")
	if err != nil {
		t.Fatal(err)
	}
	r := h.deviceOf(t, root.User, root.Token) // an administrator can, whatever it says
	r.send(`{"del":{"id":"d","what":"user","user":"` + user + `","hard":true}}`)
	id, err := chat.ParseUID(user)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.store.User(t.Context(), id); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
}

// An account that could not be stored is taken back from the authority.
func TestRESTUndo(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	h := restHarness(t, a)
	a.set("checkunique", `{"boolval":true}`)
	a.set("add", `{}`)
	a.set("del", `{}`)
	c := h.asker(t)
	const acc = `"user":"new","scheme":"basic","secret":"YW5uOng=","tags":["alias:ann"]`
	c.want(201, c.ask("acc", acc))
	c.want(409, c.ask("acc", acc))
	if got := a.asked[len(a.asked)-1]; got != "del" {
		t.Errorf("last asked %s", got)
	}
}

// A service that does not answer costs its user five seconds, and he is told to
// try again, not that his password is wrong.
func TestRESTSlow(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q map[string]any
		_ = json.NewDecoder(r.Body).Decode(&q)
		if q["endpoint"] == "rtagns" {
			_, _ = w.Write([]byte("{}"))
			return
		}
		<-release
	}))
	defer srv.Close()
	defer close(release)
	h := restHarness(t, &authority{Server: srv})
	c := h.asker(t)
	c.want(503, c.login("basic", "ann:x", ""))
}

// Without the service there is no start: nobody would know which tags are its.
func TestRESTDown(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	cfg := testConfig(t, fmt.Sprintf(`{"auth_config":{"rest":{"server_url":%q}}}`, srv.URL))
	_, err := New(Deps{Config: cfg, Store: mem.New(), Now: nil})
	if err == nil || !strings.HasPrefix(err.Error(), "auth_config.rest: ") {
		t.Error(err)
	}
}
