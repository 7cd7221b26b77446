package server

import (
	"context"
	"fmt"
	"time"

	"parley/auth"
	"parley/auth/anon"
	"parley/auth/oidc"
	"parley/auth/reset"
	"parley/auth/rest"
	"parley/auth/token"
	"parley/internal/config"
	"parley/server/session"
)

// startTime bounds what a start asks of others.
const startTime = 5 * time.Second

// schemes are the ways to log in, by the names that clients use; the passwords
// among them are nil if clients cannot use any.
func schemes(d *Deps, tokens *token.Scheme, codes *reset.Service, third *oidc.Scheme) (*auth.Set, session.Passwords, error) {
	cfg := &d.Config.Auth
	passwords := newBasic(d.Config, d.Store, d.Passwords)
	known := map[string]auth.Scheme{ // by their own names
		config.SchemeAnonymous: anon.Scheme{},
		config.SchemeBasic:     passwords,
		config.SchemeCode:      codes,
		config.SchemeToken:     tokens,
	}
	if name := cfg.NameOf(config.SchemeREST); cfg.REST.ServerURL != "" && name != "" {
		ctx, cancel := context.WithTimeout(context.Background(), startTime)
		defer cancel()
		sc, err := rest.New(ctx, d.Store, rest.Options{
			Name: name, ServerURL: cfg.REST.ServerURL, NewAccounts: cfg.REST.AllowNewAccounts,
			SeparateEndpoints: cfg.REST.UseSeparateEndpoints, Now: d.Now,
		})
		if err != nil {
			return nil, nil, fmt.Errorf("auth_config.rest: %w", err)
		}
		known[config.SchemeREST] = sc
	}
	if third != nil {
		known[config.SchemeOIDC] = third
	}
	byName := make(map[string]auth.Scheme)
	for name, scheme := range cfg.SchemeNames() {
		if sc := known[scheme]; sc != nil { // else it is not configured
			byName[name] = sc
		}
	}
	if cfg.NameOf(config.SchemeBasic) == "" {
		return auth.NewSet(byName), nil, nil
	}
	return auth.NewSet(byName), passwords, nil
}

// resettable is what clients call the passwords for which codes are sent; empty
// if there are none, or if the operator wants no codes.
func resettable(a *config.Auth) string {
	if a.NameOf(config.SchemeCode) == "" {
		return ""
	}
	return a.NameOf(config.SchemeBasic)
}

// signIn is the scheme of signing in through others; nil if nobody does.
func signIn(d *Deps, keys [][]byte) (*oidc.Scheme, error) {
	cfg := &d.Config.Auth
	if len(cfg.OIDC) == 0 || cfg.NameOf(config.SchemeOIDC) == "" {
		return nil, nil
	}
	var list []oidc.Options
	for i := range cfg.OIDC {
		o := &cfg.OIDC[i]
		list = append(list, oidc.Options{
			ID: o.ID(), Title: o.Name, Issuer: o.Issuer, ClientID: o.ClientID, ClientSecret: string(o.ClientSecret),
			Scopes: o.Scopes, RedirectBase: o.RedirectBase, Domains: o.Domains,
		})
	}
	sc, err := oidc.New(oidc.Deps{Logins: d.Store, Keys: keys, Now: d.Now, Log: d.Log}, list...)
	if err != nil {
		return nil, fmt.Errorf("auth_config.oidc: %w", err)
	}
	return sc, nil
}
