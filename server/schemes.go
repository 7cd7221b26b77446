package server

import (
	"context"

	"parley/auth"
	"parley/auth/anon"
	"parley/auth/basic"
	"parley/auth/token"
	"parley/internal/config"
)

// schemes are the ways to log in, by the names that clients use.
func schemes(d *Deps, tokens *token.Scheme) *auth.Set {
	cfg := &d.Config.Auth
	known := map[string]auth.Scheme{ // by their own names
		config.SchemeAnonymous: anon.Scheme{},
		config.SchemeBasic: basic.New(d.Store, basic.Rules{
			Name: cfg.NameOf(config.SchemeBasic), AddToTags: cfg.Basic.AddToTags,
			MinLogin: cfg.Basic.MinLoginLength, MinPassword: cfg.Basic.MinPasswordLength,
		}),
		config.SchemeCode:  noCodes{},
		config.SchemeToken: tokens,
	}
	byName := make(map[string]auth.Scheme)
	for name, scheme := range cfg.SchemeNames() {
		if sc := known[scheme]; sc != nil { // else it is not configured
			byName[name] = sc
		}
	}
	return auth.NewSet(byName)
}

// noCodes stands for the scheme "code" as long as no codes are sent: none can
// be outstanding, so none is right.
type noCodes struct{}

func (noCodes) Authenticate(_ context.Context, secret []byte) (*auth.Record, error) {
	if len(secret) == 0 {
		return nil, auth.ErrMalformed
	}
	return nil, auth.ErrFailed
}
