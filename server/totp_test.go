package server

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pquerna/otp/totp"

	"parley/internal/wstest"
	"parley/store"
	"parley/store/mem"
)

// withFactor plays in simulated time, with somebody whose second factor is on.
func withFactor(t *testing.T, config string, test func(t *testing.T, f *factorWorld)) {
	t.Parallel()
	cfg := testConfig(t, config)
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, cfg, mem.New())
		ann, err := h.account("ann", "ann", "")
		if err != nil {
			t.Fatal(err)
		}
		f := &factorWorld{harness: h, t: t, ann: ann}
		f.enrol()
		test(t, f)
		if err := h.end(); err != nil {
			t.Error(err)
		}
	})
}

type factorWorld struct {
	*harness
	t        *testing.T
	ann      wstest.Account
	secret   string
	recovery []string
	own      *asker // the session that turned it on
}

func (f *factorWorld) enrol() {
	f.t.Helper()
	f.own = f.asker(f.t)
	f.own.want(200, f.own.login("token", f.tokenOf(f.ann.Token), ""))
	f.own.want(200, f.own.ask("sub", `"topic":"me"`))
	p := f.own.want(200, f.own.ask("set", `"topic":"me","cred":{"meth":"totp"}`))
	f.secret = p["secret"].(string)
	if want := "otpauth://totp/Parley:ann?"; !strings.HasPrefix(p["url"].(string), want) {
		f.t.Error(p["url"])
	}
	p = f.own.want(200, f.own.ask("set", `"topic":"me","cred":{"meth":"totp","resp":"`+f.code()+`"}`))
	for _, c := range p["recovery"].([]any) {
		f.recovery = append(f.recovery, c.(string))
	}
	time.Sleep(time.Minute) // the code of the confirmation is used
}

// tokenOf is the secret of a token as the server wrote it.
func (f *factorWorld) tokenOf(text string) string {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		f.t.Fatal(err)
	}
	return string(b)
}

func (f *factorWorld) code() string {
	c, err := totp.GenerateCode(f.secret, time.Now())
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

const annPassword = "ann:password-ann"

func resp(meth, code string) string {
	return fmt.Sprintf(`,"cred":[{"meth":%q,"resp":%q}]`, meth, code)
}

// The way of a client that knows nothing of second factors: it shows a form for
// params.cred[0], and sends what was typed with params.token.
func TestFactorStockClient(t *testing.T) {
	withFactor(t, "", func(t *testing.T, f *factorWorld) {
		c := f.asker(t)
		reply := c.login("basic", annPassword, "")
		p := c.want(300, reply)
		if reply["text"] != "validate credentials" || fmt.Sprint(p["cred"]) != "[totp]" || p["user"] != f.ann.User {
			t.Error(reply)
		}
		first := f.tokenOf(p["token"].(string))
		c.want(401, c.ask("sub", `"topic":"me"`))
		c.want(300, c.login("token", first, "")) // the token alone is no way in
		c.want(300, c.login("token", first, resp("totp", "000000")))
		code := f.code()
		p = c.want(200, c.login("token", first, resp("totp", code)))
		c.want(200, c.ask("sub", `"topic":"me"`))
		full := f.tokenOf(p["token"].(string))

		c = f.asker(t) // not asked again
		c.want(200, c.login("token", full, ""))
		c = f.asker(t) // the code was used
		c.want(300, c.login("basic", annPassword, resp("totp", code)))
		time.Sleep(time.Minute)
		c.want(200, c.login("basic", annPassword, resp("totp", f.code()))) // all at once
		c = f.asker(t)
		c.want(200, c.login("basic", annPassword, resp("totp", f.recovery[0])))
		c = f.asker(t)
		c.want(300, c.login("basic", annPassword, resp("totp", f.recovery[0])))

		c = f.asker(t)
		time.Sleep(16 * time.Minute) // what is good for the second step does not wait for ever
		c.want(401, c.login("token", first, resp("totp", f.code())))
		f.own.want(200, f.own.ask("set", `"topic":"me","desc":{"public":{"fn":"still there"}}`))
	})
}

// The token between the two steps proves the password: it cannot be renewed
// without the code.
func TestFactorStepEnds(t *testing.T) {
	withFactor(t, "", func(t *testing.T, f *factorWorld) {
		c := f.asker(t)
		p := c.want(300, c.login("basic", annPassword, ""))
		token, expires := f.tokenOf(p["token"].(string)), p["expires"]
		for range 2 {
			time.Sleep(5 * time.Minute)
			p = c.want(300, c.login("token", token, ""))
			if p["expires"] != expires {
				t.Errorf("renewed until %v, was %v", p["expires"], expires)
			}
			token = f.tokenOf(p["token"].(string))
		}
		time.Sleep(6 * time.Minute)
		c.want(401, c.login("token", token, resp("totp", f.code())))
	})
}

func TestFactorLimit(t *testing.T) {
	withFactor(t, "", func(t *testing.T, f *factorWorld) {
		c := f.asker(t)
		for range 5 {
			c.want(300, c.login("basic", annPassword, `,"cred":[{"meth":"totp","resp":"000000"},{"meth":"totp","resp":"`+f.code()+`"}]`))
		}
		if p := c.want(422, c.login("basic", annPassword, resp("totp", f.code()))); p["retry"] != 901.0 {
			t.Error(p)
		}
		c.want(422, c.login("basic", annPassword, resp("totp", "000000")))
		c.want(300, c.login("basic", annPassword, ""))                                 // without a guess
		for act, want := range map[string]int{"login.failed": 5, "login.limited": 1} { // told once
			list, err := f.store.AuditLog(t.Context(), store.AuditQuery{Act: act})
			if err != nil || len(list) != want || list[0].Detail != "totp" || list[0].User != uidOf(t, f.ann.User) {
				t.Errorf("%s: %+v, %v", act, list, err)
			}
		}
		time.Sleep(15*time.Minute + time.Second)
		c.want(200, c.login("basic", annPassword, resp("totp", f.code())))
	})
}

// Together with an address that has to be confirmed: the second factor comes
// first, and is not asked for again.
func TestFactorAndEmail(t *testing.T) {
	withFactor(t, "", func(t *testing.T, f *factorWorld) {
		ctx, id := t.Context(), f.own
		id.want(200, id.ask("acc", `"cred":[{"meth":"email","val":"second@example.com"}]`))
		if err := f.store.DeleteCredential(ctx, uidOf(t, f.ann.User), "email", "ann@example.com"); err != nil {
			t.Fatal(err)
		}
		c := f.asker(t)
		p := c.want(300, c.login("basic", annPassword, resp("email", "123456")))
		if fmt.Sprint(p["cred"]) != "[totp email]" { // nothing was confirmed by the password alone
			t.Error(p)
		}
		p = c.want(300, c.login("token", f.tokenOf(p["token"].(string)), resp("totp", f.code())))
		if fmt.Sprint(p["cred"]) != "[email]" {
			t.Error(p)
		}
		second := f.tokenOf(p["token"].(string))
		c.want(300, c.login("token", second, resp("email", "000000")))
		c.want(200, c.login("token", second, resp("email", "123456")))
	})
}

// Who knows the password alone cannot change it in passing.
func TestFactorTemporarySecret(t *testing.T) {
	withFactor(t, "", func(t *testing.T, f *factorWorld) {
		c := f.asker(t)
		secret := base64.StdEncoding.EncodeToString([]byte(annPassword))
		const change = `"scheme":"basic","secret":"OnN0b2xlbi1wYXNzd29yZA==",`
		c.want(403, c.ask("acc", change+`"tmpscheme":"basic","tmpsecret":"`+secret+`"`))
		p := c.want(300, c.login("basic", annPassword, ""))
		c.want(403, c.ask("acc", change+`"tmpscheme":"token","tmpsecret":"`+p["token"].(string)+`"`))
		c.want(403, c.ask("acc", change+`"token":"`+p["token"].(string)+`"`))
	})
}

func TestFactorRemoved(t *testing.T) {
	withFactor(t, "", func(t *testing.T, f *factorWorld) {
		const me = `"topic":"me",`
		list := func(a *asker) string { return fmt.Sprint(a.ask("get", me+`"what":"cred"`)["cred"]) }
		if got := list(f.own); got != "[map[done:true meth:email val:ann@example.com] map[done:true meth:totp val:on]]" {
			t.Error(got)
		}
		del := func(a *asker, val string, extra ...string) map[string]any {
			return a.ask("del", me+`"what":"cred","cred":{"meth":"totp","val":"`+val+`"}`, extra...)
		}
		f.own.want(409, f.own.ask("set", me+`"cred":{"meth":"totp"}`))
		f.own.want(406, del(f.own, "on"))
		f.own.want(406, del(f.own, "000000"))
		f.own.want(400, del(f.own, ""))
		f.own.want(200, del(f.own, f.code()))
		f.own.want(304, del(f.own, f.code()))
		c := f.asker(t)
		c.want(200, c.login("basic", annPassword, ""))

		f.enrol() // and an administrator helps
		root, err := f.account("root", "root", "root")
		if err != nil {
			t.Fatal(err)
		}
		r := f.asker(t)
		r.want(200, r.login("token", f.tokenOf(root.Token), ""))
		obo := `"extra":{"obo":"` + f.ann.User + `"}`
		r.want(200, r.ask("sub", `"topic":"me"`, obo))
		r.want(403, r.ask("set", me+`"cred":{"meth":"totp"}`, obo))
		if got := list(f.own); !strings.Contains(got, "totp") {
			t.Error(got)
		}
		r.want(200, del(r, "", obo))
		r.want(304, del(r, "", obo))
		if got := list(f.own); strings.Contains(got, "totp") {
			t.Error(got)
		}
	})
}
