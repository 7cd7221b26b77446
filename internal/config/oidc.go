package config

import (
	"fmt"
	"net/url"
	"strings"
)

// OIDCAuth is an OpenID Connect provider through which people sign in.
type OIDCAuth struct {
	Issuer       string   `conf:"issuer"`
	ClientID     string   `conf:"client_id"`
	ClientSecret Secret   `conf:"client_secret"`
	Name         string   `conf:"name"`          // on the button; after Load never empty
	Scopes       []string `conf:"scopes"`        // after Load never empty
	RedirectBase string   `conf:"redirect_base"` // URL of this server; empty: as browsers address it
	Domains      []string `conf:"domains"`       // of verified e-mail addresses that may come in; empty is all
}

// ID is the provider's name in addresses: Name in lower case, with "-" for
// everything but letters, digits, "." and "-".
func (o *OIDCAuth) ID() string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' {
			return r
		}
		return '-'
	}, strings.ToLower(o.Name)), "-.")
}

func (o *OIDCAuth) settle() {
	if o.Name == "" {
		if u, err := url.Parse(o.Issuer); err == nil {
			o.Name = u.Hostname()
		}
	}
	if len(o.Scopes) == 0 {
		o.Scopes = []string{"openid", "profile", "email"}
	}
	o.RedirectBase = strings.TrimRight(o.RedirectBase, "/")
	for i, d := range o.Domains {
		o.Domains[i] = strings.ToLower(d)
	}
}

func (a *Auth) checkOIDC(k *checker) {
	seen := make(map[string]bool)
	for i := range a.OIDC {
		o := &a.OIDC[i]
		path := "auth_config.oidc."
		if len(a.OIDC) > 1 {
			path = fmt.Sprintf("auth_config.oidc[%d].", i)
		}
		k.use(path+"issuer", badURL(o.Issuer))
		if strings.ContainsAny(o.Issuer, "|?") {
			k.fault(path+"issuer", "must not have | or ? in it")
		}
		k.required(path+"client_id", o.ClientID, "there is a provider")
		k.required(path+"client_secret", string(o.ClientSecret), "there is a provider")
		switch id := o.ID(); {
		case id == "" && badURL(o.Issuer) == "", len(id) > 64:
			k.fault(path+"name", "must have letters a-z or digits in it, at most 64")
		case seen[id]:
			k.fault(path+"name", "two providers are called so in addresses (%s)", id)
		default:
			seen[id] = true
		}
		if o.RedirectBase != "" {
			k.use(path+"redirect_base", badURL(o.RedirectBase))
		}
		for j, d := range o.Domains {
			if !isHost(d) {
				k.fault(fmt.Sprintf("%sdomains[%d]", path, j), "not the name of a domain")
			}
		}
	}
}
