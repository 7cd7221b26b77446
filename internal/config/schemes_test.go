package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSchemeNames(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		pairs     []string
		want      map[string]string
		immutable string // the namespace of logins
	}{
		"none": {nil, map[string]string{
			"anonymous": "anonymous", "basic": "basic", "code": "code", "oidc": "oidc", "rest": "rest", "token": "token", "wechat": "wechat",
		}, "basic"},
		"renamed": {[]string{"Corp:Basic", "basic:"}, map[string]string{
			"anonymous": "anonymous", "corp": "basic", "code": "code", "oidc": "oidc", "rest": "rest", "token": "token", "wechat": "wechat",
		}, "corp"},
		"replaced": {[]string{"basic:rest", "rest:"}, map[string]string{
			"anonymous": "anonymous", "basic": "rest", "code": "code", "oidc": "oidc", "token": "token", "wechat": "wechat",
		}, ""},
		"hidden": {[]string{"anonymous:", "code:", "oidc:", "rest:", "wechat:"}, map[string]string{"basic": "basic", "token": "token"}, "basic"},
		"itself": {[]string{"basic:basic", "anonymous:", "code:", "oidc:", "rest:", "wechat:"}, map[string]string{"basic": "basic", "token": "token"}, "basic"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := Default()
			c.Auth.LogicalNames, c.Auth.REST.ServerURL = tc.pairs, "https://auth.example.com/"
			if err := c.Validate(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, c.Auth.SchemeNames()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			want := []string{"email", "tel"}
			switch tc.immutable {
			case "":
			case "basic", "corp":
				want = append([]string{tc.immutable}, want...)
			}
			if diff := cmp.Diff(want, c.ImmutableTags()); diff != "" {
				t.Errorf("immutable (-want +got)\n%s", diff)
			}
		})
	}
}

func TestOIDC(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		text string
		want []OIDCAuth
	}{
		"none": {`{"auth_config":{"oidc":[]}}`, nil},
		"one": {
			`{"auth_config":{"oidc":{"issuer":"https://accounts.google.com","client_id":"x","client_secret":"env:SECRET"}}}`,
			[]OIDCAuth{{
				Issuer: "https://accounts.google.com", ClientID: "x", ClientSecret: "from outside", Name: "accounts.google.com",
				Scopes: []string{"openid", "profile", "email"},
			}},
		},
		"two": {
			`{"auth_config":{"oidc":[
				{"issuer":"https://a.example.com/realms/x","client_id":"x","client_secret":"y","name":" Große Firma! ","redirect_base":"https://c.example.com/","domains":["Example.COM"]},
				{"issuer":"https://b.example.com/","client_id":"x","client_secret":"y","scopes":["openid"]}]}}`,
			[]OIDCAuth{
				{
					Issuer: "https://a.example.com/realms/x", ClientID: "x", ClientSecret: "y", Name: " Große Firma! ",
					Scopes: []string{"openid", "profile", "email"}, RedirectBase: "https://c.example.com", Domains: []string{"example.com"},
				},
				{Issuer: "https://b.example.com/", ClientID: "x", ClientSecret: "y", Name: "b.example.com", Scopes: []string{"openid"}},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _, err := parse("x", []byte(tc.text), func(string) string { return "from outside" })
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, c.Auth.OIDC); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	if id := (&OIDCAuth{Name: " Große Firma! "}).ID(); id != "gro-e-firma" {
		t.Error(id)
	}
}

func TestPlainly(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		`{"auth_config":{"rest":{"server_url":"http://auth.example.com/"}}}`:                                             1,
		`{"auth_config":{"rest":{"server_url":"http://127.0.0.1:8080/"}}}`:                                               0,
		`{"auth_config":{"rest":{"server_url":"http://localhost/"}}}`:                                                    0,
		`{"auth_config":{"oidc":{"issuer":"http://id.example.com","client_id":"x","client_secret":"y"}}}`:                1,
		`{"auth_config":{"oidc":[{"issuer":"https://id.example.com","client_id":"x","client_secret":"y"}],"rest":null}}`: 0,
	} {
		_, warnings, err := parse("x", []byte(text), noEnv)
		if err != nil || len(warnings) != want {
			t.Errorf("%s: %v, %v", text, warnings, err)
		}
		for _, w := range warnings {
			if w.Line == 0 {
				t.Errorf("%s: no line: %v", text, w)
			}
		}
	}
}
