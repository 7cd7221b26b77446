package admin

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"parley/auth/basic"
	"parley/internal/chat"
	"parley/store"
)

// Account is a user as an operator sees him.
type Account struct {
	ID       chat.UID   `json:"id"`
	Login    string     `json:"login,omitempty"` // empty: he has no password
	Name     string     `json:"name,omitempty"`  // as shown to others
	State    string     `json:"state"`           // ok, suspended or deleted
	Root     bool       `json:"root"`
	Created  time.Time  `json:"created"`
	LastSeen *time.Time `json:"last_seen,omitempty"` // nil: never
	Client   string     `json:"client,omitempty"`    // at LastSeen
	Sessions int        `json:"sessions"`            // open now
	Schemes  []string   `json:"schemes,omitempty"`   // ways to log in
	Creds    []Address  `json:"credentials,omitempty"`
	Tags     []string   `json:"tags,omitempty"`
}

// Address is a credential of an account.
type Address struct {
	Method string `json:"method"`
	Value  string `json:"value"`
	Done   bool   `json:"confirmed"`
}

// The words for states.
const (
	stateOK        = "ok"
	stateSuspended = "suspended"
	stateDeleted   = "deleted"
)

func stateText(s store.State) string {
	switch s {
	case store.StateOK:
		return stateOK
	case store.StateSuspended:
		return stateSuspended
	}
	return stateDeleted
}

// find turns a login, a user ID or an address ("email:ann@example.com") into an
// ID. An ID comes first: nobody can hide behind a login that looks like one.
func (s *Service) find(ctx context.Context, who string) (chat.UID, error) {
	if uid, err := chat.ParseUID(who); err == nil {
		_, err := s.Store.User(ctx, uid)
		return uid, explain(err, who)
	}
	if method, value, ok := strings.Cut(who, ":"); ok {
		return s.findAddress(ctx, method, strings.ToLower(value))
	}
	rec, err := s.Store.Login(ctx, basic.Name, strings.ToLower(who))
	if err != nil {
		return 0, explain(err, who)
	}
	return rec.User, nil
}

// findAddress asks the tags first; where addresses are no tags it has to look
// through all accounts.
func (s *Service) findAddress(ctx context.Context, method, value string) (chat.UID, error) {
	tag := method + ":" + value
	found, err := s.Store.Search(ctx, store.Search{All: [][]string{{tag}}, Hidden: true})
	if err != nil {
		return 0, err
	}
	has := func(uid chat.UID) (bool, error) {
		list, err := s.Store.Credentials(ctx, uid, method)
		for i := range list {
			if list[i].Done && list[i].Value == value {
				return true, err
			}
		}
		return false, err
	}
	for i := range found {
		if ok, err := has(found[i].User); ok || err != nil {
			return found[i].User, err
		}
	}
	var uid chat.UID
	err = s.each(ctx, nil, func(u *store.User) (bool, error) {
		ok, err := has(u.ID)
		if ok {
			uid = u.ID
		}
		return !ok, err
	})
	if err == nil && uid == 0 {
		err = fault("there is no user %q", tag)
	}
	return uid, err
}

const pageLen = 500

// each calls fn for all accounts in the order of their IDs until it returns
// false.
func (s *Service) each(ctx context.Context, state *store.State, fn func(*store.User) (bool, error)) error {
	q := store.UserQuery{State: state, Limit: pageLen}
	for {
		list, err := s.Store.Users(ctx, q)
		if err != nil {
			return err
		}
		for i := range list {
			if more, err := fn(&list[i]); err != nil || !more {
				return err
			}
		}
		if len(list) < pageLen {
			return nil
		}
		q.After = list[len(list)-1].ID
	}
}

// account puts together what is known of a user; brief is what lists show.
func (s *Service) account(ctx context.Context, u *store.User, brief bool) (*Account, error) {
	a := &Account{ID: u.ID, State: stateText(u.State), Created: u.Created, Client: u.UserAgent, Sessions: s.Live.Online(u.ID)}
	if !u.LastSeen.IsZero() {
		a.LastSeen = &u.LastSeen
	}
	var card struct {
		FN string `json:"fn"`
	}
	if json.Unmarshal(u.Public, &card) == nil {
		a.Name = card.FN
	}
	logins, err := s.Store.LoginsOf(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	for i := range logins {
		l := &logins[i]
		a.Schemes = append(a.Schemes, l.Scheme)
		a.Root = a.Root || l.Level == chat.LevelRoot
		if l.Scheme == basic.Name {
			a.Login = l.Name
		}
	}
	if brief {
		return a, nil
	}
	a.Tags = u.Tags
	creds, err := s.Store.Credentials(ctx, u.ID, "")
	for i := range creds {
		a.Creds = append(a.Creds, Address{creds[i].Method, creds[i].Value, creds[i].Done})
	}
	return a, err
}

// show reads an account.
func (s *Service) show(ctx context.Context, uid chat.UID) (*Account, error) {
	u, err := s.Store.User(ctx, uid)
	if err != nil {
		return nil, explain(err, uid.String())
	}
	return s.account(ctx, u, false)
}

// User implements Operations.
func (s *Service) User(ctx context.Context, who string) (*Account, error) {
	uid, err := s.find(ctx, who)
	if err != nil {
		return nil, err
	}
	return s.show(ctx, uid)
}

// UserFilter selects accounts.
type UserFilter struct {
	State string `json:"state,omitempty"` // ok, suspended or deleted; empty: any
	Root  bool   `json:"root,omitempty"`  // only administrators
	Limit int    `json:"limit,omitempty"` // 0: all
}

// Users implements Operations: in the order of their IDs, without addresses and
// tags.
func (s *Service) Users(ctx context.Context, r UserFilter) ([]Account, error) {
	var state *store.State
	switch r.State {
	case "":
	case stateOK:
		state = new(store.StateOK)
	case stateSuspended:
		state = new(store.StateSuspended)
	case stateDeleted:
		state = new(store.StateDeleted)
	default:
		return nil, fault("no state %q; there are ok, suspended and deleted", r.State)
	}
	list := []Account{}
	err := s.each(ctx, state, func(u *store.User) (bool, error) {
		a, err := s.account(ctx, u, true)
		switch {
		case errors.Is(err, store.ErrNotFound): // deleted just now
			return true, nil
		case err != nil:
			return false, err
		}
		if a.Root || !r.Root {
			list = append(list, *a)
		}
		return r.Limit <= 0 || len(list) < r.Limit, nil
	})
	return list, err
}
