package session

import (
	"context"
	"errors"
	"slices"
	"strings"

	"parley/auth"
	"parley/internal/audit"
	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// adopt makes the account of somebody whom another authority sent and who has
// none here yet (surfaces.md §2.7), and notes its user in the record. An account
// that there is already is never taken over, whatever the two have in common.
func (s *Session) adopt(ctx context.Context, l *wsproto.Login, rec *auth.Record) error {
	d, err := s.foreignDraft(rec)
	if err != nil {
		return err
	}
	if s.addr != nil {
		if wait := s.addr.Value.accounts.Take(s.active.Load(), s.reg.limits.AddressAccounts); wait > 0 {
			return wsproto.TooMany(wait)
		}
	}
	switch err := s.createForeign(ctx, d); {
	case errors.Is(err, store.ErrDuplicate) && d.Login != nil:
		return s.sameTwice(ctx, d.Login, rec)
	case err != nil:
		return err
	}
	rec.User = d.User.ID
	s.reg.roster.set(d.User.ID, d.User.State)
	if err := s.link(ctx, l, rec); err != nil {
		// A context of its own: the service may have used up the other one.
		ctx, cancel := s.context()
		defer cancel()
		if err := s.reg.Store.DeleteUser(ctx, d.User.ID, true, s.reg.now()); err != nil {
			s.log().Error("an account that was not linked could not be removed", "user", d.User.ID.String(), "err", err)
		}
		s.reg.roster.set(d.User.ID, store.StateDeleted)
		return err
	}
	s.audit(audit.AccountCreated, d.User.ID, strings.ToLower(l.Scheme))
	return nil
}

// link tells the scheme of the account, if it wants to know.
func (s *Session) link(ctx context.Context, l *wsproto.Login, rec *auth.Record) error {
	linker, ok := s.reg.Schemes.Get(l.Scheme).(auth.Linker)
	if !ok {
		return nil
	}
	return linker.Link(ctx, rec, l.Secret)
}

// foreignDraft is the account as the other authority describes it. What it says
// counts as if the user had said it, except that it may give him tags and a
// verified address.
func (s *Session) foreignDraft(rec *auth.Record) (*draft, error) {
	n, cfg := rec.New, &s.reg.Config.Topic
	d := &draft{level: rec.Level}
	s.begin(d)
	if n.AccessAuth != "" || n.AccessAnon != "" {
		access, err := cfg.NewUserAccess(d.User.Access, &wsproto.DefAcs{Auth: n.AccessAuth, Anon: n.AccessAnon})
		if err != nil {
			return nil, err
		}
		d.User.Access = access
	}
	if n.Suspended {
		d.User.State = store.StateSuspended
	}
	d.User.Public, d.User.Trusted, d.Me.Private = n.Public, n.Trusted, n.Private
	d.User.Tags = chat.NormalizeTags(n.Tags, cfg.MaxTags)
	if cfg.AliasTag != "" {
		d.Unique = chat.TagsIn(d.User.Tags, cfg.AliasTag)
	}
	if n.Login != nil {
		login := *n.Login
		login.User = d.User.ID
		d.Login = &login
	}
	if n.Email != "" {
		cred, tag, ok := s.reg.Validators.Proven(d.User.ID, "email", n.Email)
		if ok {
			d.Creds = append(d.Creds, cred)
		}
		if tag != "" && !slices.Contains(d.User.Tags, tag) {
			d.User.Tags = append(d.User.Tags, tag)
			slices.Sort(d.User.Tags)
		}
	}
	return d, nil
}

// createForeign stores the account, without its address if that belongs to
// somebody already.
func (s *Session) createForeign(ctx context.Context, d *draft) error {
	err := s.reg.Store.CreateUser(ctx, &d.NewUser)
	if len(d.Creds) == 0 || !errors.Is(err, store.ErrDuplicate) {
		return err
	}
	for _, c := range d.Creds {
		d.User.Tags = slices.DeleteFunc(d.User.Tags, func(t string) bool { return t == c.Method+":"+c.Value })
	}
	d.Creds = nil
	return s.reg.Store.CreateUser(ctx, &d.NewUser)
}

// sameTwice is for somebody who signs in for the first time at two places at
// once: the account that the other one made is his.
func (s *Session) sameTwice(ctx context.Context, l *store.Login, rec *auth.Record) error {
	other, err := s.reg.Store.Login(ctx, l.Scheme, l.Name)
	if errors.Is(err, store.ErrNotFound) {
		return store.ErrDuplicate // it was something else, such as an alias
	}
	if err == nil {
		rec.User, rec.Level = other.User, other.Level
	}
	return err
}
