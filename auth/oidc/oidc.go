// Package oidc is the scheme of signing in through somebody else: an OpenID
// Connect provider such as Keycloak, Google or GitLab. A browser is sent to the
// provider and comes back with proof of who its user is; for that it gets a
// one-time code, with which the client logs in. The package knows providers,
// proofs and codes; pages and accounts are made by who asks.
package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"parley/auth"
	"parley/auth/signin"
	"parley/internal/chat"
	"parley/store"
)

// Name is the name of the scheme, and of its logins in the store.
const Name = "oidc"

// Options describe a provider.
type Options struct {
	ID           string // in addresses
	Title        string // on the button
	Issuer       string
	ClientID     string
	ClientSecret string
	Scopes       []string // "openid" is among them
	RedirectBase string   // URL of this server as browsers see it, without a "/" at the end; empty: as they address it
	Domains      []string // of verified e-mail addresses that may come in; empty: all
}

// Deps is what the scheme is made of.
type Deps struct {
	Logins    store.Logins
	Keys      [][]byte // those of the tokens
	Now       func() time.Time
	Log       *slog.Logger
	Transport http.RoundTripper // nil: the usual one
}

// Scheme implements auth.Scheme and auth.Changer.
type Scheme struct {
	logins    store.Logins
	now       func() time.Time
	log       *slog.Logger
	desk      *signin.Desk
	providers []*provider
}

// New makes the scheme; it asks nobody.
func New(d Deps, providers ...Options) (*Scheme, error) {
	desk, err := signin.New(Name, d.Keys, d.Now)
	if err != nil {
		return nil, err
	}
	s := &Scheme{logins: d.Logins, now: d.Now, log: d.Log, desk: desk}
	client := newClient(d.Transport)
	for _, o := range providers {
		s.providers = append(s.providers, newProvider(o, client, d.Now))
	}
	return s, nil
}

// Run looks for the providers until all have been found or ctx is done, so that
// a log tells early what is wrong. Nobody has to wait for it.
func (s *Scheme) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for _, p := range s.providers {
		all.Go(func() { p.find(ctx, s.log) })
	}
	all.Wait()
	return nil
}

// Provider is what a client has to know of one.
type Provider struct{ ID, Title string }

// Providers lists them in the order of the configuration.
func (s *Scheme) Providers() []Provider {
	list := make([]Provider, len(s.providers))
	for i, p := range s.providers {
		list[i] = Provider{p.ID, p.Title}
	}
	return list
}

func (s *Scheme) provider(id string) *provider {
	for _, p := range s.providers {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// Authenticate takes a one-time code: ErrMalformed, ErrFailed, ErrExpired.
func (s *Scheme) Authenticate(ctx context.Context, secret []byte) (*auth.Record, error) {
	var who person
	if err := s.desk.Redeem(secret, &who); err != nil {
		return nil, err
	}
	l, err := s.logins.Login(ctx, Name, who.Login)
	switch {
	case err == nil:
		return &auth.Record{User: l.User, Level: l.Level, Expires: l.Expires}, nil
	case !errors.Is(err, store.ErrNotFound):
		return nil, err
	}
	return &auth.Record{Level: chat.LevelAuth, New: &auth.Newcomer{
		Public: who.card(), Email: who.Email,
		Login: &store.Login{Scheme: Name, Name: who.Login, Level: chat.LevelAuth},
	}}, nil
}

// Change implements auth.Changer: the account can be entered from now on as the
// one-time code says, and no more as it said before. store.ErrDuplicate if that
// leads to another account already.
func (s *Scheme) Change(ctx context.Context, u chat.UID, secret []byte) (auth.Changed, error) {
	var who person
	if err := s.desk.Redeem(secret, &who); err != nil {
		return auth.Changed{}, err
	}
	l, err := s.logins.LoginOf(ctx, Name, u)
	switch {
	case errors.Is(err, store.ErrNotFound):
		l = &store.Login{Scheme: Name, User: u, Level: chat.LevelAuth}
	case err != nil:
		return auth.Changed{}, err
	}
	l.Name = who.Login
	return auth.Changed{Effect: auth.Linked}, s.logins.PutLogin(ctx, l)
}

// person is who a provider says that somebody is.
type person struct {
	Login   string `json:"l"` // issuer and subject
	Name    string `json:"n,omitempty"`
	Picture string `json:"p,omitempty"` // URL
	Email   string `json:"e,omitempty"` // verified
}

// card is his public description (wire.md §14.2).
func (w *person) card() json.RawMessage {
	type photo struct {
		Ref string `json:"ref"`
	}
	card := struct {
		FN    string `json:"fn,omitempty"`
		Photo *photo `json:"photo,omitempty"`
	}{FN: w.Name}
	if w.Picture != "" {
		card.Photo = &photo{w.Picture}
	}
	b, err := json.Marshal(card)
	if err != nil {
		panic(err) // texts always encode
	}
	return b
}
