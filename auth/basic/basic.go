// Package basic is the scheme of logins with passwords (surfaces.md §2.2). The
// secret is "login:password". Passwords are kept as argon2id hashes; bcrypt
// hashes of imported accounts are accepted and replaced at the next login.
package basic

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/auth"
	"parley/internal/chat"
	"parley/store"
)

// Name is the name of the scheme unless it has been given another.
const Name = "basic"

const maxLoginLen = 32

// Rules are what logins and passwords must satisfy, and what becomes of them.
type Rules struct {
	// Name is what the scheme is called by clients and in the store, and the
	// namespace of its tags; empty is "basic".
	Name                  string
	AddToTags             bool    // people are found by their login
	MinLogin, MinPassword int     // in code points
	Deriver               Deriver // works on passwords; nil: this process does
}

// Scheme implements auth.Scheme, auth.Creator, auth.Changer and auth.Tagger.
type Scheme struct {
	logins store.Logins
	rules  Rules
	hasher *hasher
}

// New makes the scheme.
func New(logins store.Logins, rules Rules) *Scheme {
	if rules.Name == "" {
		rules.Name = Name
	}
	return &Scheme{logins: logins, rules: rules, hasher: newHasher(rules.Deriver)}
}

func split(secret []byte) (login, password string, err error) {
	login, password, ok := strings.Cut(string(secret), ":")
	if !ok || !utf8.Valid(secret) {
		return "", "", auth.ErrMalformed
	}
	return strings.ToLower(login), password, nil
}

// checkLogin holds a login against the rules: first and last a letter or a
// number, "_" and "." inside.
func (s *Scheme) checkLogin(login string) error {
	runes := []rune(login)
	if n := len(runes); n < s.rules.MinLogin || n > maxLoginLen || n == 0 {
		return auth.ErrPolicy
	}
	for i, r := range runes {
		inner := i > 0 && i < len(runes)-1
		if !(unicode.IsLetter(r) || unicode.IsNumber(r) || inner && (r == '_' || r == '.')) {
			return auth.ErrPolicy
		}
	}
	return nil
}

// CheckLogin tells whether an account can be made with the secret, as far as
// its login goes: auth.ErrMalformed, auth.ErrPolicy, store.ErrDuplicate.
func (s *Scheme) CheckLogin(ctx context.Context, secret []byte) error {
	login, _, err := split(secret)
	if err == nil {
		err = s.checkLogin(login)
	}
	if err != nil {
		return err
	}
	_, err = s.logins.Login(ctx, s.rules.Name, login)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err == nil {
		err = store.ErrDuplicate
	}
	return err
}

// CheckPassword holds the password of a secret against the rules.
func (s *Scheme) CheckPassword(secret []byte) error {
	_, password, err := split(secret)
	if err == nil && utf8.RuneCountInString(password) < s.rules.MinPassword {
		err = auth.ErrPolicy
	}
	return err
}

// NewLogin makes the record of a new account. The secret must have been checked.
func (s *Scheme) NewLogin(ctx context.Context, u chat.UID, secret []byte) (*store.Login, error) {
	login, password, err := split(secret)
	if err != nil {
		return nil, err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return nil, err
	}
	return &store.Login{Scheme: s.rules.Name, Name: login, User: u, Level: chat.LevelAuth, Secret: hash}, nil
}

// NewLevel implements auth.Creator.
func (s *Scheme) NewLevel() chat.Level { return chat.LevelAuth }

// CheckNew implements auth.Creator; it does not look at the password.
func (s *Scheme) CheckNew(ctx context.Context, secret []byte) error { return s.CheckLogin(ctx, secret) }

// Create implements auth.Creator.
func (s *Scheme) Create(ctx context.Context, d *auth.Draft, secret []byte) error {
	if err := s.CheckPassword(secret); err != nil {
		return err
	}
	rec, err := s.NewLogin(ctx, d.User, secret)
	if err != nil {
		return err
	}
	d.Login = rec
	if tag := s.tag(rec.Name); tag != "" {
		d.Tags = append(slices.Clone(d.Tags), tag)
		slices.Sort(d.Tags)
	}
	return nil
}

// tag is that of a login.
func (s *Scheme) tag(login string) string {
	if !s.rules.AddToTags {
		return ""
	}
	return s.rules.Name + ":" + login
}

// Namespaces implements auth.Tagger.
func (s *Scheme) Namespaces() []string {
	if !s.rules.AddToTags {
		return nil
	}
	return []string{s.rules.Name}
}

// TagFor implements auth.Tagger: who looks for a login writes basic:login
// (wire.md §11.5).
func (s *Scheme) TagFor(string) string { return "" }

// Change implements auth.Changer; an empty login keeps the old one.
func (s *Scheme) Change(ctx context.Context, u chat.UID, secret []byte) (auth.Changed, error) {
	login, password, err := split(secret)
	if err != nil {
		return auth.Changed{}, err
	}
	rec, err := s.logins.LoginOf(ctx, s.rules.Name, u)
	if err != nil {
		return auth.Changed{}, err
	}
	was := rec.Name
	if login != "" && login != rec.Name {
		if err := s.CheckLogin(ctx, secret); err != nil {
			return auth.Changed{}, err
		}
		rec.Name = login
	}
	if err := s.CheckPassword(secret); err != nil {
		return auth.Changed{}, err
	}
	if rec.Secret, err = s.hasher.hash(ctx, password); err != nil {
		return auth.Changed{}, err
	}
	c := auth.Changed{
		Effect: auth.Replaced, OldName: was, NewName: rec.Name, OldTag: s.tag(was), NewTag: s.tag(rec.Name),
	}
	return c, s.logins.PutLogin(ctx, rec)
}

// Authenticate verifies a login and its password. Unknown logins cost the same
// time as wrong passwords.
func (s *Scheme) Authenticate(ctx context.Context, secret []byte) (*auth.Record, error) {
	login, password, err := split(secret)
	if err != nil {
		return nil, err
	}
	rec, err := s.logins.Login(ctx, s.rules.Name, login)
	if errors.Is(err, store.ErrNotFound) {
		if err := s.hasher.waste(ctx, password); err != nil {
			return nil, err
		}
		return nil, auth.ErrFailed
	}
	if err != nil {
		return nil, err
	}
	ok, old, err := s.hasher.check(ctx, rec.Secret, password)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, auth.ErrFailed
	}
	if old { // not vital: the next login tries again
		if hash, err := s.hasher.hash(ctx, password); err == nil {
			rec.Secret = hash
			_ = s.logins.PutLogin(ctx, rec)
		}
	}
	return &auth.Record{User: rec.User, Level: rec.Level, Expires: rec.Expires}, nil
}
