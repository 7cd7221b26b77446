// Package rest is the scheme of an authority elsewhere: a service of the
// operator that is asked over HTTP about logins, passwords and new accounts
// (surfaces.md §2.7). It knows the service's messages; accounts are made by
// who asks.
package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"parley/auth"
	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// Users tells whom the service speaks of.
type Users interface {
	User(ctx context.Context, id chat.UID) (*store.User, error)
}

// Options are how the service is asked.
type Options struct {
	Name              string // what clients call the scheme
	ServerURL         string // absolute
	NewAccounts       bool   // somebody whom the service sends without an account gets one
	SeparateEndpoints bool   // each endpoint has a URL of its own, beneath ServerURL
	Transport         http.RoundTripper
	Now               func() time.Time
}

// Scheme implements auth.Scheme, and everything else a scheme can do.
type Scheme struct {
	service
	users      Users
	newOnes    bool
	now        func() time.Time
	namespaces []string
	words      *regexp.Regexp // of search words that are tags; nil: all
}

// New makes the scheme; it asks the service which tags belong to it, and fails
// if there is no answer.
func New(ctx context.Context, users Users, o Options) (*Scheme, error) {
	s := &Scheme{users: users, newOnes: o.NewAccounts, now: o.Now, service: newService(&o)}
	r, err := s.ask(ctx, &request{Endpoint: "rtagns"})
	if err != nil {
		return nil, err
	}
	for _, ns := range r.Strings {
		if ns = strings.ToLower(ns); chat.TagPrefix(ns+":x") == "" {
			return nil, fmt.Errorf("rtagns: %q is no namespace of tags: a lower-case letter, then 1 to 15 letters, digits or _", ns)
		}
		s.namespaces = append(s.namespaces, ns)
	}
	if len(r.Bytes) > 0 {
		if s.words, err = regexp.Compile(string(r.Bytes)); err != nil {
			return nil, fmt.Errorf("rtagns: %w", err)
		}
	}
	return s, nil
}

// Authenticate implements auth.Scheme.
func (s *Scheme) Authenticate(ctx context.Context, secret []byte) (*auth.Record, error) {
	if len(secret) == 0 {
		return nil, auth.ErrMalformed
	}
	r, err := s.ask(ctx, &request{Endpoint: "auth", Secret: secret, Addr: auth.ClientOf(ctx).Addr})
	switch {
	case err != nil:
		return nil, err
	case len(r.Bytes) > 0:
		return &auth.Record{Challenge: string(r.Bytes)}, nil
	case r.Rec == nil:
		return nil, errors.New("rest auth: the answer has no rec")
	}
	rec, err := s.record(r.Rec)
	if err != nil {
		return nil, fmt.Errorf("rest auth: %w", err)
	}
	if rec.User != 0 {
		return rec, s.mayLogin(ctx, rec.User, r.Rec.state())
	}
	if !s.newOnes || r.New == nil {
		return nil, wsproto.ErrUserNotFound
	}
	rec.New, err = r.newcomer()
	return rec, err
}

// mayLogin refuses users whom the service does not let in. Those of whom it
// says nothing are left to the one who asks, but they must exist.
func (s *Scheme) mayLogin(ctx context.Context, u chat.UID, state string) error {
	switch state {
	case "ok", "", "undef":
	default:
		return wsproto.ErrDenied
	}
	if _, err := s.users.User(ctx, u); errors.Is(err, store.ErrNotFound) {
		return wsproto.ErrUserNotFound
	} else if err != nil {
		return err
	}
	return nil
}

func (s *Scheme) record(r *record) (*auth.Record, error) {
	rec := &auth.Record{Level: chat.LevelAuth}
	var err error
	if rec.User, err = r.user(); err != nil {
		return nil, err
	}
	if r.Level != "" {
		var ok bool
		if rec.Level, ok = chat.ParseLevel(r.Level); !ok {
			return nil, errors.New("unknown authlvl")
		}
	}
	rec.Validated, rec.NoLogin = r.Features.validated, r.Features.noLogin
	if r.Lifetime > 0 {
		rec.Expires = s.now().Add(time.Duration(r.Lifetime))
	}
	if rec.NoLogin && rec.Expires.IsZero() {
		return nil, errors.New("a record with the feature L needs a lifetime")
	}
	return rec, nil
}

// NewLevel implements auth.Creator.
func (s *Scheme) NewLevel() chat.Level { return chat.LevelAuth }

// CheckNew implements auth.Creator.
func (s *Scheme) CheckNew(ctx context.Context, secret []byte) error {
	r, err := s.ask(ctx, &request{Endpoint: "checkunique", Secret: secret, Addr: auth.ClientOf(ctx).Addr})
	if err == nil && !r.Bool {
		err = store.ErrDuplicate
	}
	return err
}

// Create implements auth.Creator.
func (s *Scheme) Create(ctx context.Context, d *auth.Draft, secret []byte) error {
	r, err := s.ask(ctx, &request{
		Endpoint: "add", Secret: secret, Addr: auth.ClientOf(ctx).Addr,
		Rec: &record{UID: idText(d.User), Level: d.Level.String(), Tags: d.Tags, State: "ok"},
	})
	if err != nil || r.Rec == nil {
		return err
	}
	if r.Rec.Level != "" {
		level, ok := chat.ParseLevel(r.Rec.Level)
		if !ok {
			return errors.New("rest add: unknown authlvl")
		}
		d.Level = level
	}
	if r.Rec.Tags != nil {
		d.Tags = chat.NormalizeTags(r.Rec.Tags, len(r.Rec.Tags))
	}
	return nil
}

// Change implements auth.Changer. Tags do not change with the secret.
func (s *Scheme) Change(ctx context.Context, u chat.UID, secret []byte) (auth.Changed, error) {
	_, err := s.ask(ctx, &request{
		Endpoint: "upd", Secret: secret, Addr: auth.ClientOf(ctx).Addr, Rec: &record{UID: idText(u)},
	})
	return auth.Changed{Effect: auth.Replaced}, err
}

// Delete implements auth.Deleter.
func (s *Scheme) Delete(ctx context.Context, u chat.UID) error {
	_, err := s.ask(ctx, &request{Endpoint: "del", Rec: &record{UID: idText(u)}})
	return err
}

// Link implements auth.Linker.
func (s *Scheme) Link(ctx context.Context, r *auth.Record, secret []byte) error {
	rec := &record{UID: idText(r.User), Level: r.Level.String(), State: "ok"}
	if r.New != nil {
		rec.Tags = r.New.Tags
		if r.New.Suspended {
			rec.State = "susp"
		}
	}
	_, err := s.ask(ctx, &request{Endpoint: "link", Secret: secret, Rec: rec})
	return err
}

// Generate has the service make a secret for a user, good until a time; zero
// is for ever.
func (s *Scheme) Generate(ctx context.Context, r *auth.Record) (secret []byte, expires time.Time, err error) {
	rec := &record{UID: idText(r.User), Level: r.Level.String(), Features: features{r.Validated, r.NoLogin}}
	if !r.Expires.IsZero() {
		rec.Lifetime = lifetime(r.Expires.Sub(s.now()))
	}
	answer, err := s.ask(ctx, &request{Endpoint: "gen", Rec: rec})
	if err != nil {
		return nil, time.Time{}, err
	}
	return answer.Bytes, answer.Time, nil
}

// Namespaces implements auth.Tagger.
func (s *Scheme) Namespaces() []string { return slices.Clone(s.namespaces) }

// TagFor implements auth.Tagger.
func (s *Scheme) TagFor(word string) string {
	if len(s.namespaces) == 0 || s.words != nil && !s.words.MatchString(word) {
		return ""
	}
	return s.namespaces[0] + ":" + word
}
