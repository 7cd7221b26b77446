package server

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"parley/internal/smtptest"
	"parley/store"
)

// acts are those in the audit log, the oldest first: with what is known of each.
func (h *harness) acts(t *testing.T) string {
	t.Helper()
	log, err := h.store.AuditLog(t.Context(), store.AuditQuery{})
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range slices.Backward(log) {
		list = append(list, strings.TrimSpace(e.Act+" "+e.Detail))
	}
	return strings.Join(list, ", ")
}

// TestFactorAndRevocation: a new password makes the tokens void that wait for the
// second factor, like all others; and every step is in the audit log.
func TestFactorAndRevocation(t *testing.T) {
	withFactor(t, "", func(t *testing.T, f *factorWorld) {
		in, half := f.asker(t), f.asker(t)
		p := in.want(200, in.login("basic", annPassword, resp("totp", f.code())))
		whole := f.tokenOf(p["token"].(string))
		p = half.want(300, half.login("basic", annPassword, ""))
		waiting := f.tokenOf(p["token"].(string))
		time.Sleep(time.Minute)
		half.want(403, half.ask("acc", fmt.Sprintf(`"scheme":"basic","secret":%q,"tmpscheme":"token","tmpsecret":%q`, b64(":stolen"), b64(waiting))))
		half.want(300, half.login("token", waiting, resp("totp", "000000")))

		f.own.want(200, f.own.ask("acc", fmt.Sprintf(`"scheme":"basic","secret":%q`, b64(":another-password"))))
		half.want(401, half.login("token", waiting, resp("totp", f.code())))
		half.want(401, half.login("token", whole, ""))
		half.want(300, half.login("basic", "ann:another-password", ""))
		p = half.want(300, half.login("basic", "ann:another-password", ""))
		half.want(200, half.login("token", f.tokenOf(p["token"].(string)), resp("totp", f.code())))
		f.own.want(200, f.own.ask("del", `"topic":"me","what":"cred","cred":{"meth":"totp","val":"`+f.recovery[0]+`"}`))

		want := "factor.on, login auth, login.failed totp, password.changed, session.evicted, login auth, factor.off"
		if got := f.acts(t); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

// enrolled turns the second factor on for who has the token, and returns what
// makes codes.
func (h *mailHarness) enrolled(t *testing.T, token string) func() string {
	t.Helper()
	secret, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	c := h.asker(t)
	c.want(200, c.login("token", string(secret), ""))
	c.want(200, c.ask("sub", `"topic":"me"`))
	key := c.want(200, c.ask("set", `"topic":"me","cred":{"meth":"totp"}`))["secret"].(string)
	next := func() string {
		h.later(time.Minute) // each code is good once
		code, err := totp.GenerateCode(key, h.now())
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	c.want(200, c.ask("set", `"topic":"me","cred":{"meth":"totp","resp":"`+next()+`"}`))
	return next
}

// TestResetWithFactor: a code from a mail sets a new password, and opens nothing
// that the second factor keeps shut.
func TestResetWithFactor(t *testing.T) {
	h, _ := resetHarness(t)
	a, err := h.account("bertram", "bertram", "")
	if err != nil {
		t.Fatal(err)
	}
	next := h.enrolled(t, a.Token)
	c := h.client(t, "")
	reset := func(want int, scheme, secret, code string) answer {
		t.Helper()
		return c.want(t, want, `{"acc":{"scheme":%q,"secret":%q,"tmpscheme":"code","tmpsecret":%q}}`, scheme, b64(secret), b64(code+":email:bertram@example.com"))
	}
	c.forgot(t, 301, "basic:email:bertram@example.com")
	code := h.code(t, 1)
	reset(501, "anonymous", "x", code) // a code is for a password, and is not used up by anything else
	reset(501, "token", "x", code)
	reset(200, "basic", ":new-password", code)
	c.login(t, 401, "bertram:password-bertram")
	got := c.login(t, 300, "bertram:new-password")
	if fmt.Sprint(got.Params.Cred) != "[totp]" {
		t.Errorf("%+v", got)
	}
	c.want(t, 401, `{"sub":{"topic":"me"}}`)
	c.want(t, 403, `{"acc":{"scheme":"basic","secret":%q,"tmpscheme":"basic","tmpsecret":%q}}`, b64(":stolen"), b64("bertram:new-password"))
	c.want(t, 200, `{"login":{"scheme":"token","secret":%q,"cred":[{"meth":"totp","resp":%q}]}}`, got.Params.Token, next())
	c.want(t, 200, `{"sub":{"topic":"me"}}`)
	want := "factor.on, login.reset, password.reset, session.evicted, login.failed basic, login auth"
	if got := h.acts(t); !strings.HasSuffix(got, want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestTokenOfMessageWithFactor: the link of a message lets in with the code of
// the message and that of the app together, and with neither alone.
func TestTokenOfMessageWithFactor(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Options{})
	h := newMailHarness(t, srv, mailConf(srv, `[]`))
	a := h.client(t, "").register(t, 200, "annabel", "ann@example.com")
	code, token := h.linkOf(t, 1)
	next := h.enrolled(t, a.Params.Token)
	c := h.client(t, "")
	login := func(want int, token, creds string) answer {
		t.Helper()
		return c.want(t, want, `{"login":{"scheme":"token","secret":%q,"cred":[%s]}}`, token, creds)
	}
	email := fmt.Sprintf(`{"meth":"email","resp":%q}`, code)
	app := func() string { return fmt.Sprintf(`{"meth":"totp","resp":%q}`, next()) }
	got := login(300, token, email)
	if fmt.Sprint(got.Params.Cred) != "[totp email]" {
		t.Errorf("%+v", got)
	}
	login(401, got.Params.Token, app())
	login(401, token, app())
	c.want(t, 401, `{"sub":{"topic":"me"}}`)
	login(200, got.Params.Token, email+","+app())
	c.want(t, 200, `{"sub":{"topic":"me"}}`)
}

// TestNewcomersAreAudited: accounts that are made by signing in, and links of
// those that there are, with no more of the person than the account.
func TestNewcomersAreAudited(t *testing.T) {
	t.Parallel()
	p := newThirdParty(t, "", `,"acc_validation":{}`)
	c := p.asker(t)
	user := c.want(200, c.login("oidc", p.code(""), ""))["user"].(string)
	p.issuer.claims["sub"] = "ann-2"
	c.want(200, c.ask("acc", fmt.Sprintf(`"scheme":"oidc","secret":%q`, b64(p.code("")))))
	c.want(200, c.ask("sub", `"topic":"me"`)) // who links is not logged out
	other := p.asker(t)
	other.want(200, other.login("oidc", p.code(""), ""))
	if got, want := p.acts(t), "account.created oidc, login auth, login.linked oidc, login auth"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	log, err := p.store.AuditLog(t.Context(), store.AuditQuery{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range log {
		if e.User.String() != user || e.Actor.String() != user || strings.Contains(fmt.Sprint(e), "ann-") {
			t.Errorf("%+v", e)
		}
	}
}
