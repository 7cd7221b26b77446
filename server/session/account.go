package session

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"parley/auth"
	"parley/internal/audit"
	"parley/internal/chat"
	"parley/server/topic"
	"parley/store"
	"parley/wsproto"
)

// acc handles {acc} (wire.md §12.3, §12.4).
func (s *Session) acc(a *wsproto.Acc, who actor, attached []string) {
	ctx, cancel := s.within(loginTime)
	defer cancel()
	var reply *wsproto.Error
	var err error
	if strings.HasPrefix(a.User, "new") {
		reply, err = s.newAccount(ctx, a, attached)
	} else {
		reply, err = s.changeAccount(ctx, a, who)
	}
	if err != nil {
		reply = authError(err, s.log())
	}
	s.ctrl(reply, a.ID, "")
	s.auditFailures(ctx)
}

// draft is an account that is being made.
type draft struct {
	store.NewUser
	level chat.Level
}

// newAccount makes an account; nothing of it remains if anything is wrong.
func (s *Session) newAccount(ctx context.Context, a *wsproto.Acc, attached []string) (*wsproto.Error, error) {
	if a.Login && s.uid != 0 {
		return nil, wsproto.ErrAuthenticated
	}
	invite := cmp.Or(takeInvite(a), s.invite)
	if err := s.mayRegister(invite); err != nil {
		return nil, err
	}
	scheme := s.reg.Schemes.Get(a.Scheme)
	if scheme == nil {
		return nil, wsproto.ErrMalformed
	}
	creator, ok := scheme.(auth.Creator)
	if !ok {
		return nil, wsproto.ErrUnsupported.With("what", "auth")
	}
	if err := creator.CheckNew(ctx, a.Secret); err != nil {
		return nil, authError(err, s.log()).With("what", "auth")
	}
	d := &draft{level: creator.NewLevel()}
	if err := s.fillUser(d, a); err != nil {
		return nil, err
	}
	if err := s.fillCreds(ctx, d, a.Cred); err != nil {
		return nil, err
	}
	if err := s.hasDomain(d); err != nil {
		return nil, err
	}
	if err := s.reg.Validators.Ready(d.Creds); err != nil {
		return nil, err
	}
	err := s.withInvite(ctx, d, invite, func() error {
		if err := s.fillLogin(ctx, d, creator, a.Secret); err != nil {
			return err
		}
		s.fillAvatar(ctx, d, attached)
		err := s.reg.Store.CreateUser(ctx, &d.NewUser)
		if err != nil {
			s.undo(creator, d.User.ID)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := s.reg.Validators.Welcome(ctx, d.Creds, d.level, s.lang); err != nil { // the account is made: its owner asks again
		s.log().Error("code for a new account not sent", "err", err)
	}
	s.reg.roster.set(d.User.ID, d.User.State)
	s.audit(audit.AccountCreated, d.User.ID, strings.ToLower(a.Scheme))
	return s.created(ctx, d, a)
}

// begin makes an account of which nothing is known yet.
func (s *Session) begin(d *draft) {
	now := s.reg.now()
	d.User = store.User{
		ID: chat.NewUID(), Created: now, Updated: now,
		Access: s.reg.Config.Topic.NewUserDefault(),
	}
	d.Me = store.Sub{
		Topic: d.User.ID.MeName(), User: d.User.ID, Created: now, Updated: now, Want: chat.ModeMe, Given: chat.ModeMe,
	}
}

// fillUser takes over what the request says of the user.
func (s *Session) fillUser(d *draft, a *wsproto.Acc) error {
	cfg := &s.reg.Config.Topic
	s.begin(d)
	if a.Status != "" {
		switch {
		case s.level != chat.LevelRoot:
			return wsproto.ErrDenied.With("what", "state")
		case a.Status == "susp":
			d.User.State = store.StateSuspended
		case a.Status != "ok":
			return wsproto.ErrMalformed
		}
	}
	tags, unique, err := cfg.NewTags(nil, a.Tags)
	switch {
	case errors.Is(err, wsproto.NotModified): // nothing usable among them
	case errors.Is(err, wsproto.ErrDenied):
		return wsproto.ErrDenied.With("what", "tags")
	case err != nil:
		return err
	}
	d.User.Tags, d.Unique = tags, unique
	if a.Desc == nil {
		return nil
	}
	d.User.Public = topic.FirstValue(a.Desc.Public)
	d.Me.Private = topic.FirstValue(a.Desc.Private)
	if a.Desc.DefAcs == nil {
		return nil
	}
	access, err := cfg.NewUserAccess(d.User.Access, a.Desc.DefAcs)
	d.User.Access = access
	return err
}

// fillAvatar takes over the picture, which was uploaded before.
func (s *Session) fillAvatar(ctx context.Context, d *draft, attached []string) {
	if s.reg.Files == nil {
		return
	}
	if f := s.reg.Files.NewAvatar(ctx, s.uid, attached, d.User.Public); f != nil {
		d.Avatar = *f
	}
}

// fillCreds takes over the addresses: known methods with a value, one of each.
func (s *Session) fillCreds(ctx context.Context, d *draft, creds []wsproto.Cred) error {
	v := s.reg.Validators
	var have []string
	for i := range creds {
		c := &creds[i]
		if c.Val == "" || !v.Known(c.Meth) || slices.Contains(have, c.Meth) {
			continue
		}
		value, err := v.Check(c, s.country)
		if err != nil {
			return topic.ErrorFor(err, s.log()).With("what", c.Meth)
		}
		if c.Resp != "" { // an answer before there was a question
			return auth.ErrFailed
		}
		have = append(have, c.Meth)
		d.Creds = append(d.Creds, v.Pending(d.User.ID, c.Meth, value))
	}
	return s.lacks(d)
}

// lacks refuses an account without a credential that its level requires.
func (s *Session) lacks(d *draft) error {
	missing := slices.DeleteFunc(s.reg.Validators.Required(d.level), func(m string) bool {
		return slices.ContainsFunc(d.Creds, func(c store.Credential) bool { return c.Method == m })
	})
	if len(missing) > 0 {
		return wsproto.ErrPolicy.With("creds", missing) // sic
	}
	return nil
}

// fillLogin takes over what the scheme makes of the account.
func (s *Session) fillLogin(ctx context.Context, d *draft, c auth.Creator, secret []byte) error {
	ad := &auth.Draft{User: d.User.ID, Level: d.level, Tags: d.User.Tags}
	if err := c.Create(ctx, ad, secret); err != nil {
		return err
	}
	level := d.level
	d.level, d.User.Tags, d.Login = ad.Level, ad.Tags, ad.Login
	if d.level == level {
		return nil
	}
	if err := s.lacks(d); err != nil { // of another level other things are required
		s.undo(c, d.User.ID)
		return err
	}
	return nil
}

// undo tells a scheme that an account was not made after all.
func (s *Session) undo(c auth.Creator, u chat.UID) {
	if del, ok := c.(auth.Deleter); ok {
		ctx, cancel := s.context()
		defer cancel()
		if err := del.Delete(ctx, u); err != nil {
			s.log().Warn("a scheme keeps the record of an account that was not made", "user", u.String(), "err", err)
		}
	}
}

// created answers with the new account, logged in if that was asked for.
func (s *Session) created(ctx context.Context, d *draft, a *wsproto.Acc) (*wsproto.Error, error) {
	u := &d.User
	desc := &wsproto.MetaDesc{
		Created: wsproto.Time{Time: u.Created}, Updated: wsproto.Time{Time: u.Updated},
		DefAcs: wsproto.NewDefAcs(u.Access), Public: u.Public, Private: d.Me.Private,
	}
	if !a.Login {
		return &wsproto.Error{Code: wsproto.Created.Code, Text: wsproto.Created.Text, Params: map[string]any{
			"user": u.ID.String(), "authlvl": d.level.String(), "desc": desc,
		}}, nil
	}
	return s.welcome(ctx, &auth.Record{User: u.ID, Level: d.level}, s.reg.revoked.mark(), s.reg.Validators.Required(d.level), desc)
}

// changeAccount changes the login, the state or an address of an account.
func (s *Session) changeAccount(ctx context.Context, a *wsproto.Acc, who actor) (*wsproto.Error, error) {
	uid, restricted, err := s.accountOf(ctx, a, who)
	if err != nil {
		return nil, err
	}
	switch {
	case restricted && a.Scheme == "": // a code is for a new secret and no more
		return nil, wsproto.ErrDenied
	case a.Scheme != "":
		return s.changeLogin(ctx, uid, a, restricted)
	case len(a.Cred) > 0:
		return s.requestCreds(ctx, uid, a)
	case a.Status != "":
		return wsproto.OK, s.changeState(ctx, uid, a.Status)
	}
	return nil, wsproto.ErrMalformed
}

// accountOf tells whose account is to be changed, and whether this may be.
// restricted: he is known by a secret that is not good for a session.
func (s *Session) accountOf(ctx context.Context, a *wsproto.Acc, who actor) (uid chat.UID, restricted bool, err error) {
	scheme, secret := a.TmpScheme, a.TmpSecret
	if scheme == "" && len(a.Token) > 0 { // clients up to 0.21
		scheme, secret = "token", a.Token
	}
	uid = who.uid
	switch {
	case scheme != "" && s.uid != 0:
		return 0, false, wsproto.ErrAuthenticated
	case scheme != "":
		if err := s.checkBeforeCode(scheme, a); err != nil {
			return 0, false, err
		}
		rec, err := s.verify(ctx, scheme, secret)
		if err != nil {
			e := authError(err, s.log())
			if e != wsproto.ErrAuthUnknown && e.Code != wsproto.ErrTooMany.Code {
				e = e.With("what", "auth")
			}
			return 0, false, e
		}
		if rec.User == 0 { // only a step, or somebody without an account
			return 0, false, wsproto.ErrAuthFailed.With("what", "auth")
		}
		if err := s.withoutFactor(ctx, rec); err != nil {
			return 0, false, err
		}
		if err := s.mayLogin(rec, scheme); err != nil {
			return 0, false, err
		}
		uid, restricted = rec.User, rec.NoLogin
		if restricted && a.Scheme != "" {
			if err := s.useUp(ctx, rec, a); err != nil {
				return 0, false, err
			}
		}
	case uid == 0:
		return 0, false, wsproto.ErrDenied
	}
	if a.User == "" || a.User == uid.String() {
		return uid, restricted, nil
	}
	other, err := chat.ParseUID(a.User)
	switch {
	case err != nil:
		return 0, false, wsproto.ErrMalformed
	case s.level != chat.LevelRoot:
		return 0, false, wsproto.ErrDenied
	}
	return other, false, nil
}

// changeLogin changes the login of an account. restricted: with a code, or what
// was given for one.
func (s *Session) changeLogin(ctx context.Context, uid chat.UID, a *wsproto.Acc, restricted bool) (*wsproto.Error, error) {
	scheme := s.reg.Schemes.Get(a.Scheme)
	if scheme == nil {
		return nil, wsproto.ErrMalformed
	}
	changer, ok := scheme.(auth.Changer)
	if !ok {
		return nil, auth.ErrUnsupported
	}
	c, err := changer.Change(ctx, uid, a.Secret)
	if err != nil {
		return nil, err
	}
	if c.OldTag != c.NewTag {
		if err := s.changeTag(ctx, uid, c.OldTag, c.NewTag); err != nil {
			return nil, err
		}
	}
	if c.OldName != c.NewName {
		s.audit(audit.LoginRenamed, uid, c.OldName+" is now "+c.NewName)
	}
	switch c.Effect {
	case auth.Linked:
		s.audit(audit.LoginLinked, uid, strings.ToLower(a.Scheme))
	case auth.Replaced:
		act := audit.PasswordChanged
		if restricted {
			act = audit.PasswordReset
		}
		s.audit(act, uid, "")
		return wsproto.OK, s.passwordChanged(ctx, uid)
	}
	return wsproto.OK, nil
}

func (s *Session) requestCreds(ctx context.Context, uid chat.UID, a *wsproto.Acc) (*wsproto.Error, error) {
	for i := range a.Cred {
		if a.Cred[i].Val == "" {
			continue
		}
		added, err := s.reg.Validators.Request(ctx, uid, &a.Cred[i], s.country, s.lang)
		if added {
			s.audit(audit.CredAdded, uid, a.Cred[i].Meth)
		}
		if err != nil {
			return nil, err
		}
	}
	level := chat.LevelAuth
	if l, ok := chat.ParseLevel(a.AuthLevel); ok && s.level == chat.LevelRoot {
		level = l
	}
	missing, err := s.reg.Validators.Missing(ctx, uid, level)
	if err != nil || len(missing) == 0 {
		return wsproto.OK, err
	}
	return wsproto.OK.With("cred", missing), nil
}
