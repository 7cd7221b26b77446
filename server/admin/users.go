package admin

import (
	"context"
	"encoding/json"
	"errors"
	"net/mail"
	"slices"
	"strings"

	"parley/auth"
	"parley/auth/basic"
	"parley/internal/audit"
	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// NewAccount is an account to be made.
type NewAccount struct {
	Login    string `json:"login"`
	Password string `json:"password"`
	Name     string `json:"name,omitempty"`  // shown to others; empty: the login
	Email    string `json:"email,omitempty"` // taken as confirmed: the operator vouches for it
	Root     bool   `json:"root,omitempty"`
}

// AddUser implements Operations.
func (s *Service) AddUser(ctx context.Context, r NewAccount) (*Account, error) {
	secret := []byte(r.Login + ":" + r.Password)
	if strings.Contains(r.Login, ":") {
		return nil, fault("a login has no colon")
	}
	if err := s.Basic.CheckLogin(ctx, secret); err != nil {
		return nil, explainLogin(err, r.Login)
	}
	if err := s.Basic.CheckPassword(secret); err != nil {
		return nil, explainPassword(err)
	}
	n, err := s.draft(&r)
	if err != nil {
		return nil, err
	}
	if n.Login, err = s.Basic.NewLogin(ctx, n.User.ID, secret); err != nil {
		return nil, err
	}
	if r.Root {
		n.Login.Level = chat.LevelRoot
	}
	if err := s.Store.CreateUser(ctx, n); err != nil {
		if errors.Is(err, store.ErrDuplicate) {
			err = fault("somebody has this login or address already")
		}
		return nil, err
	}
	detail := ""
	if r.Root {
		detail = "root"
	}
	s.note(audit.AccountCreated, n.User.ID, detail)
	return s.show(ctx, n.User.ID)
}

// draft is the new account without its password.
func (s *Service) draft(r *NewAccount) (*store.NewUser, error) {
	now, id := s.now(), chat.NewUID()
	if r.Name == "" {
		r.Name = r.Login
	}
	public, err := json.Marshal(map[string]string{"fn": r.Name})
	if err != nil {
		return nil, err
	}
	n := &store.NewUser{
		User: store.User{ID: id, Created: now, Updated: now, Access: s.Config.Access, Public: public},
		Me:   store.Sub{Topic: id.MeName(), User: id, Created: now, Updated: now, Want: chat.ModeMe, Given: chat.ModeMe},
	}
	if s.Config.LoginTags {
		n.User.Tags = append(n.User.Tags, basic.Name+":"+strings.ToLower(r.Login))
	}
	if r.Email == "" {
		return n, nil
	}
	address := strings.ToLower(strings.TrimSpace(r.Email))
	if a, err := mail.ParseAddress(address); err != nil || a.Address != address {
		return nil, fault("%q is not an e-mail address", r.Email)
	}
	n.Creds = []store.Credential{{User: id, Method: "email", Value: address, Created: now, Updated: now, Done: true}}
	if s.Config.EmailTags {
		n.User.Tags = append(n.User.Tags, "email:"+address)
	}
	slices.Sort(n.User.Tags)
	return n, nil
}

func explainLogin(err error, login string) error {
	switch {
	case errors.Is(err, store.ErrDuplicate):
		return fault("the login %q is taken", login)
	case errors.Is(err, auth.ErrPolicy), errors.Is(err, auth.ErrMalformed):
		return fault("the login %q is too short or too long, or has other characters than letters, digits and, inside, _ and .", login)
	}
	return err
}

func explainPassword(err error) error {
	if errors.Is(err, auth.ErrPolicy) || errors.Is(err, auth.ErrMalformed) {
		return fault("the password is too short (auth_config.basic.min_password_length) or not UTF-8")
	}
	return err
}

// Password is a new password for somebody.
type Password struct {
	User     string `json:"user"`
	Password string `json:"password"`
}

// SetPassword implements Operations. Whoever used the account until now is out:
// its sessions end and its tokens are void.
func (s *Service) SetPassword(ctx context.Context, r Password) (*Account, error) {
	uid, err := s.find(ctx, r.User)
	if err != nil {
		return nil, err
	}
	_, err = s.Basic.Change(ctx, uid, []byte(":"+r.Password))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, fault("%s has no login with a password", r.User)
	case err != nil:
		return nil, explainPassword(err)
	}
	s.note(audit.PasswordChanged, uid, "")
	if err := s.logOut(ctx, uid); err != nil {
		return nil, err
	}
	return s.show(ctx, uid)
}

// StateChange suspends somebody or lets him in again.
type StateChange struct {
	User    string `json:"user"`
	Suspend bool   `json:"suspend"`
}

// SetState implements Operations. Doing it twice is no fault.
func (s *Service) SetState(ctx context.Context, r StateChange) (*Account, error) {
	uid, err := s.find(ctx, r.User)
	if err != nil {
		return nil, err
	}
	state, act := store.StateOK, audit.AccountResumed
	if r.Suspend {
		state, act = store.StateSuspended, audit.AccountSuspended
	}
	switch err := s.Live.SetState(ctx, uid, state); {
	case errors.Is(err, wsproto.NotModified):
		return s.show(ctx, uid)
	case errors.Is(err, wsproto.ErrUserNotFound):
		return nil, fault("%s is deleted", r.User)
	case err != nil:
		return nil, explain(err, r.User)
	}
	s.note(act, uid, "")
	return s.show(ctx, uid)
}

// RootChange makes somebody an administrator, or an ordinary user again.
type RootChange struct {
	User string `json:"user"`
	Root bool   `json:"root"`
}

// SetRoot implements Operations. The rights of a session and of a token are
// those of when they were made, so they end.
func (s *Service) SetRoot(ctx context.Context, r RootChange) (*Account, error) {
	uid, err := s.find(ctx, r.User)
	if err != nil {
		return nil, err
	}
	level, detail := chat.LevelAuth, "off"
	if r.Root {
		level, detail = chat.LevelRoot, "on"
	}
	logins, err := s.Store.LoginsOf(ctx, uid)
	if err != nil {
		return nil, err
	}
	if len(logins) == 0 {
		return nil, fault("%s has no login that could have more rights", r.User)
	}
	changed := false
	for i := range logins {
		l := &logins[i]
		if l.Level == level || l.Level < chat.LevelAuth {
			continue
		}
		l.Level, changed = level, true
		if err := s.Store.PutLogin(ctx, l); err != nil {
			return nil, err
		}
	}
	if !changed {
		return s.show(ctx, uid)
	}
	s.note(audit.AccountRoot, uid, detail)
	if err := s.logOut(ctx, uid); err != nil {
		return nil, err
	}
	return s.show(ctx, uid)
}

// Deletion deletes somebody: marked, or purged for good.
type Deletion struct {
	User string `json:"user"`
	Hard bool   `json:"hard,omitempty"`
}

// DeleteUser implements Operations; the result is who it was.
func (s *Service) DeleteUser(ctx context.Context, r Deletion) (*Account, error) {
	uid, err := s.find(ctx, r.User)
	if err != nil {
		return nil, err
	}
	was, err := s.show(ctx, uid)
	if err != nil {
		return nil, err
	}
	if err := s.Live.Delete(ctx, uid, r.Hard); err != nil {
		return nil, explain(err, r.User)
	}
	detail := ""
	if r.Hard {
		detail = "hard"
	}
	s.note(audit.AccountDeleted, uid, detail)
	was.State, was.Sessions = stateDeleted, 0
	return was, nil
}
