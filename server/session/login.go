package session

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"parley/auth"
	"parley/auth/token"
	"parley/auth/totp"
	"parley/internal/audit"
	"parley/internal/chat"
	"parley/server/topic"
	"parley/store"
	"parley/wsproto"
)

// authError is what a refusal of a scheme means on the wire.
func authError(err error, log *slog.Logger) *wsproto.Error {
	switch {
	case errors.Is(err, auth.ErrMalformed):
		return wsproto.ErrMalformed
	case errors.Is(err, auth.ErrFailed), errors.Is(err, auth.ErrExpired):
		return wsproto.ErrAuthFailed
	case errors.Is(err, auth.ErrPolicy):
		return wsproto.ErrPolicy
	case errors.Is(err, auth.ErrUnsupported):
		return wsproto.ErrUnsupported
	case errors.Is(err, auth.ErrBusy):
		return wsproto.ErrUnavailable
	}
	return topic.ErrorFor(err, log)
}

// Clients know schemes by names that the operator chose; what is special about
// some of them goes by the schemes themselves.
func (r *Registry) isToken(name string) bool    { return r.is(name, r.Token) }
func (r *Registry) isCode(name string) bool     { return r.is(name, r.Reset) }
func (r *Registry) isPassword(name string) bool { return r.is(name, r.Passwords) }

func (r *Registry) is(name string, scheme auth.Scheme) bool {
	sc := r.Schemes.Get(name)
	return sc != nil && sc == scheme
}

// context bounds the work for a request that came in now.
func (s *Session) context() (context.Context, context.CancelFunc) { return s.within(requestTime) }

func (s *Session) within(d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(audit.WithOrigin(context.Background(), s.host), d)
	return auth.WithClient(ctx, auth.Client{Addr: s.remote, Country: s.country, At: time.Now()}), cancel
}

// login handles {login} (wire.md §12.2).
func (s *Session) login(l *wsproto.Login) {
	ctx, cancel := s.within(loginTime)
	defer cancel()
	reply, err := s.tryLogin(ctx, l)
	if err != nil {
		reply = authError(err, s.log())
	}
	s.ctrl(reply, l.ID, "")
	s.auditFailures(ctx)
}

func (s *Session) tryLogin(ctx context.Context, l *wsproto.Login) (*wsproto.Error, error) {
	switch {
	case strings.EqualFold(l.Scheme, "reset"):
		return s.requestReset(l)
	case s.uid != 0:
		return nil, wsproto.ErrAuthenticated
	case len(l.Secret) == 0 && s.reg.Schemes.Get(l.Scheme) == nil: // the others judge by themselves
		return nil, wsproto.ErrMalformed
	}
	mark := s.reg.revoked.mark()
	rec, err := s.authenticateLogin(ctx, l)
	if err != nil {
		return nil, err
	}
	switch {
	case rec.Challenge != "":
		return wsproto.Challenge.With("challenge", []byte(rec.Challenge)), nil
	case rec.New != nil:
		if err := s.adopt(ctx, l, rec); err != nil {
			return nil, err
		}
	}
	if err := s.mayLogin(rec, l.Scheme); err != nil {
		return nil, err
	}
	missing, err := s.missing(ctx, rec, l.Cred)
	if err != nil {
		return nil, err
	}
	return s.welcome(ctx, rec, mark, missing, nil)
}

// confirm takes the answers to requests for confirmation and returns what is
// still missing. A wrong answer only leaves the credential missing.
func (s *Session) confirm(ctx context.Context, rec *auth.Record, creds []wsproto.Cred) ([]string, error) {
	missing, err := s.reg.Validators.Missing(ctx, rec.User, rec.Level)
	if err != nil {
		return nil, err
	}
	if rec.Purpose == auth.PurposeConfirm { // it was made to confirm, whatever is required
		missing = s.answered(missing, creds)
	}
	for i := range creds {
		c := &creds[i]
		if c.Resp == "" || !slices.Contains(missing, c.Meth) {
			continue
		}
		tag, err := s.reg.Validators.Confirm(ctx, rec.User, c)
		switch {
		case errors.Is(err, wsproto.ErrResponse):
			continue
		case err != nil:
			return nil, err
		}
		missing = slices.DeleteFunc(missing, func(m string) bool { return m == c.Meth })
		s.audit(audit.CredConfirmed, rec.User, c.Meth)
		if err := s.changeTag(ctx, rec.User, "", tag); err != nil {
			return nil, err
		}
	}
	return missing, nil
}

// changeTag replaces a tag that the server looks after; empty is none.
func (s *Session) changeTag(ctx context.Context, u chat.UID, old, tag string) error {
	user, err := s.reg.Store.User(ctx, u)
	if err != nil || old == tag {
		return err
	}
	tags := slices.DeleteFunc(slices.Clone(user.Tags), func(t string) bool { return t == old || t == tag })
	if tag != "" {
		tags = append(tags, tag)
		slices.Sort(tags)
	}
	if err := s.reg.Store.UpdateUser(ctx, u, store.UserUpdate{Tags: &tags}); err != nil {
		return err
	}
	_, err = s.reg.hub.PostLive(u.MeName(), topic.TagChange{Tags: tags, Except: s})
	return err
}

// loginParams are the parameters of the answer to a login.
type loginParams struct {
	AuthLvl string            `json:"authlvl"`
	Bridges map[string]any    `json:"bridges,omitempty"` // credentials for services of others
	Cred    []string          `json:"cred,omitempty"`    // required and missing
	Desc    *wsproto.MetaDesc `json:"desc,omitempty"`
	Expires wsproto.Time      `json:"expires"`
	Token   []byte            `json:"token"` // standard base64
	User    chat.UID          `json:"user"`
}

// welcome answers a login that was good: with a new token, and with the session
// logged in unless credentials are missing or the secret is not for that.
// desc is that of a new account; mark is from before the secret was verified.
func (s *Session) welcome(ctx context.Context, rec *auth.Record, mark uint64, missing []string, desc *wsproto.MetaDesc) (*wsproto.Error, error) {
	expires := s.reg.now().Add(s.reg.Token.Lifetime()).Truncate(time.Second)
	issue := *rec
	issue.Validated = len(missing) == 0
	switch {
	case rec.NoLogin, rec.Purpose != "" && len(missing) > 0:
		expires = rec.Expires
	default:
		issue.Purpose = ""
	}
	if slices.Contains(missing, totp.Method) {
		expires = earlier(expires, s.reg.now().Add(factorTime).Truncate(time.Second))
		if !rec.Issued.IsZero() { // a token proves the password no longer than it was good for
			expires = earlier(expires, rec.Expires)
		}
	}
	issue.Session = cmp.Or(rec.Session, token.NewSession())
	text, err := s.reg.Token.Issue(&issue, expires)
	if err != nil {
		return nil, err
	}
	params := loginParams{
		AuthLvl: rec.Level.String(), Cred: missing, Expires: wsproto.Time{Time: expires}, Token: text, User: rec.User,
		Desc: desc,
	}
	if len(missing) > 0 {
		return wsproto.ValidateCreds.WithAll(&params), nil
	}
	if !rec.NoLogin {
		if err := s.logIn(&issue, mark, expires); err != nil {
			return nil, err
		}
		if rec.Issued.IsZero() || !rec.Validated { // a token of the second kind is of a login that was not complete
			s.audit(audit.Login, s.uid, rec.Level.String())
		}
		if err := s.putDevice(ctx); err != nil {
			s.log().Warn("device not registered", "err", err)
		}
		params.Bridges = s.reg.Bridges.Login(ctx, s.uid)
	}
	return wsproto.OK.WithAll(&params), nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// logIn makes the session the user's, unless what he proved himself with was
// made void while that was under way.
func (s *Session) logIn(rec *auth.Record, mark uint64, expires time.Time) error {
	s.uid, s.level, s.me = rec.User, rec.Level, rec.User.MeName()
	s.noteLogin(rec.Session, rec.Issued, expires)
	s.reg.enlist(s, s.uid)
	if err := s.reg.roster.mayLogin(s.uid); err != nil { // he was suspended just now
		s.reg.evict(context.Background(), s.uid, nil)
		return err
	}
	if s.reg.revoked.late(rec.Session, s.uid, mark) {
		s.reg.evictIf(context.Background(), s.uid, func(o *Session) bool { return o == s })
		return auth.ErrFailed
	}
	return nil
}
