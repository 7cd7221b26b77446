// Package wechat is the scheme of signing in with WeChat: in WeChat's own browser,
// elsewhere by a picture that is scanned with it, and from a mini-program. In a
// browser it works as oidc does, with a one-time code in the end; a mini-program
// logs in with the code that WeChat gave it. The package knows WeChat's answers
// about somebody; pages and accounts are made by who asks.
package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"parley/auth"
	"parley/auth/signin"
	"parley/internal/chat"
	"parley/internal/outbound"
	api "parley/internal/wechat"
	"parley/store"
	"parley/wsproto"
)

// Name is the name of the scheme; the logins in the store are of "wechat:" and
// the ID of an app, or of unionScheme.
const Name = "wechat"

// unionScheme has what WeChat calls somebody in all apps of the operator.
const unionScheme = Name + ":union"

// The kinds of apps, which are also what the ways to sign in are called in
// addresses.
const (
	Account = "oa"   // service account: pages in WeChat's own browser
	Website = "web"  // website app: elsewhere, by a picture to be scanned
	Mini    = "mini" // mini-program
)

// App is registered with WeChat.
type App struct{ ID, Secret, Kind string }

// Deps is what the scheme is made of.
type Deps struct {
	Logins       store.Logins
	States       store.Values // which states were used
	Keys         [][]byte     // those of the tokens
	Now          func() time.Time
	Log          *slog.Logger
	HTTP         outbound.Doer
	Apps         []App
	Base         string // of WeChat's interface; empty: WeChat's
	Authorize    string // where browsers are sent; empty: WeChat's
	RedirectBase string // URL of this server as browsers see it; empty: as they address it
	Newcomers    bool   // accounts are made for them
}

// Scheme implements auth.Scheme and auth.Changer.
type Scheme struct {
	Deps
	desk *signin.Desk
}

// New makes the scheme; it asks nobody.
func New(d Deps) (*Scheme, error) {
	desk, err := signin.New(Name, d.Keys, d.Now)
	if err != nil {
		return nil, err
	}
	if d.Base == "" {
		d.Base = api.Base
	}
	if d.Authorize == "" {
		d.Authorize = api.AuthorizeBase
	}
	return &Scheme{Deps: d, desk: desk}, nil
}

// app is the first one of a kind, or of one if id is not empty; nil: none.
func (s *Scheme) app(kind, id string) *App {
	for i := range s.Apps {
		if a := &s.Apps[i]; a.Kind == kind && (id == "" || a.ID == id) {
			return a
		}
	}
	return nil
}

// client speaks about one sign-in: what belongs to it is seen in no log.
func (s *Scheme) client(secrets ...string) (*api.Client, *outbound.Redactor) {
	hide := new(outbound.Redactor)
	hide.Set("asked", secrets...)
	return &api.Client{Base: s.Base, HTTP: s.HTTP, Hide: hide}, hide
}

// person is who WeChat says that somebody is.
type person struct {
	App     string `json:"a"`
	OpenID  string `json:"o"`           // in the app
	UnionID string `json:"u,omitempty"` // in all apps; empty: they are not bound together
	Name    string `json:"n,omitempty"`
	Picture string `json:"p,omitempty"` // URL
}

// sane refuses what cannot be names.
func (p *person) sane() bool {
	const most = 128
	return p.OpenID != "" && len(p.OpenID) <= most && len(p.UnionID) <= most
}

// login is the scheme and name by which the account is bound.
func (p *person) login() (scheme, name string) {
	if p.UnionID != "" {
		return unionScheme, p.UnionID
	}
	return Name + ":" + p.App, p.OpenID
}

// Authenticate takes a one-time code, or what a mini-program has: ErrMalformed,
// ErrFailed, ErrExpired, ErrBusy.
func (s *Scheme) Authenticate(ctx context.Context, secret []byte) (*auth.Record, error) {
	who, err := s.prove(ctx, secret)
	if err != nil {
		return nil, err
	}
	l, err := s.find(ctx, who)
	switch {
	case err == nil:
		return &auth.Record{User: l.User, Level: l.Level, Expires: l.Expires}, nil
	case !errors.Is(err, store.ErrNotFound):
		return nil, err
	case !s.Newcomers:
		return nil, wsproto.ErrDenied.With("what", "registration") // as for accounts with a password
	}
	return &auth.Record{Level: chat.LevelAuth, New: s.newcomer(ctx, who)}, nil
}

func (s *Scheme) prove(ctx context.Context, secret []byte) (*person, error) {
	if bytes.HasPrefix(secret, []byte("{")) {
		return s.proveMini(ctx, secret)
	}
	var who person
	if err := s.desk.Redeem(secret, &who); err != nil {
		return nil, err
	}
	return &who, nil
}

// find is the record of somebody, or store.ErrNotFound. What he is called in this
// app comes first: that never leads elsewhere than the last time. What was not
// known yet is added: an app that he uses for the first time, and what he is
// called in all of them once the operator has bound them together.
func (s *Scheme) find(ctx context.Context, who *person) (*store.Login, error) {
	own, err := s.Logins.Login(ctx, Name+":"+who.App, who.OpenID)
	if err != nil && !errors.Is(err, store.ErrNotFound) || who.UnionID == "" {
		return own, err
	}
	known := err == nil
	union, err := s.Logins.Login(ctx, unionScheme, who.UnionID)
	switch {
	case err == nil && known:
		if union.User != own.User { // from before the apps were bound together
			s.Log.Info("somebody has two accounts by WeChat", "user", own.User.String(), "other", union.User.String())
		}
		return own, nil
	case err == nil:
		return union, s.bind(ctx, Name+":"+who.App, who.OpenID, union)
	case errors.Is(err, store.ErrNotFound) && known:
		return own, s.bind(ctx, unionScheme, who.UnionID, own)
	}
	return nil, err
}

// bind adds a name to the account of a login. If somebody was faster that is as
// good.
func (s *Scheme) bind(ctx context.Context, scheme, name string, to *store.Login) error {
	err := s.Logins.PutLogin(ctx, &store.Login{Scheme: scheme, Name: name, User: to.User, Level: to.Level, Expires: to.Expires})
	if errors.Is(err, store.ErrDuplicate) {
		return nil
	}
	return err
}

// newcomer is the account of somebody who has none here.
func (s *Scheme) newcomer(ctx context.Context, who *person) *auth.Newcomer {
	scheme, name := who.login()
	n := &auth.Newcomer{
		Public: s.card(ctx, who), Login: &store.Login{Scheme: scheme, Name: name, Level: chat.LevelAuth},
	}
	if who.UnionID != "" {
		n.Also = []store.Login{{Scheme: Name + ":" + who.App, Name: who.OpenID, Level: chat.LevelAuth}}
	}
	return n
}

// Change implements auth.Changer: the account can be entered by WeChat from now
// on. store.ErrDuplicate if that leads to another account already.
func (s *Scheme) Change(ctx context.Context, u chat.UID, secret []byte) (auth.Changed, error) {
	who, err := s.prove(ctx, secret)
	if err != nil {
		return auth.Changed{}, err
	}
	names := [][2]string{{Name + ":" + who.App, who.OpenID}}
	if who.UnionID != "" {
		names = append(names, [2]string{unionScheme, who.UnionID})
	}
	var puts []store.Login
	for _, n := range names {
		l, err := s.Logins.Login(ctx, n[0], n[1])
		switch {
		case errors.Is(err, store.ErrNotFound):
			puts = append(puts, store.Login{Scheme: n[0], Name: n[1], User: u, Level: chat.LevelAuth})
		case err != nil:
			return auth.Changed{}, err
		case l.User != u:
			return auth.Changed{}, store.ErrDuplicate
		}
	}
	for i := range puts {
		if err := s.Logins.PutLogin(ctx, &puts[i]); err != nil {
			return auth.Changed{}, err
		}
	}
	return auth.Changed{Effect: auth.Linked}, nil
}

// OpenID is what WeChat calls a user in an app; empty if he has never come by it.
func (s *Scheme) OpenID(ctx context.Context, u chat.UID, app string) (string, error) {
	l, err := s.Logins.LoginOf(ctx, Name+":"+app, u)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return "", nil
	case err != nil:
		return "", err
	}
	return l.Name, nil
}

// UserOf is the inverse of OpenID; nobody if there is none.
func (s *Scheme) UserOf(ctx context.Context, app, openID string) (chat.UID, error) {
	l, err := s.Logins.Login(ctx, Name+":"+app, openID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return 0, nil
	case err != nil:
		return 0, err
	}
	return l.User, nil
}

// card is somebody's public description (wire.md §14.2), his portrait included:
// its address would change with it, and lead browsers to another host.
func (s *Scheme) card(ctx context.Context, who *person) json.RawMessage {
	type photo struct {
		Type string `json:"type"`
		Data []byte `json:"data"` // standard base64
	}
	card := struct {
		FN    string `json:"fn,omitempty"`
		Photo *photo `json:"photo,omitempty"`
	}{FN: who.Name}
	if kind, data := s.portrait(ctx, who.Picture); data != nil {
		card.Photo = &photo{kind, data}
	}
	b, err := json.Marshal(card)
	if err != nil {
		panic(err) // texts always encode
	}
	return b
}
