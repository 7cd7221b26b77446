// Package reset sends codes to people who forgot their passwords. Whoever asks
// learns nothing: neither from the answer, which is always the same, nor from its
// time, because everything happens after it (wire.md §12.6).
package reset

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"parley/auth"
	"parley/auth/code"
	"parley/auth/letter"
	"parley/auth/outgoing"
	"parley/internal/chat"
	"parley/internal/mailbox"
	"parley/store"
	"parley/wsproto"
)

// Bounds of a service.
const (
	waiting   = 1000             // requests that may wait; more are dropped
	lookTime  = 10 * time.Second // for what the store is asked for one of them
	firstFree = 1                // codes that are sent before intervals begin
	interval  = time.Minute      // the least between two codes, restarts included

	maxLangLen = 35 // of a BCP 47 tag that anybody uses
)

// Post sends a code to an address.
type Post interface {
	Reset(to string, r letter.Reset, until time.Time) error
}

// Store is what a service needs of the store.
type Store interface {
	store.Credentials
	store.Logins
	store.Users
}

// Addresses brings addresses into their normal form.
type Addresses interface {
	Check(c *wsproto.Cred, country string) (string, error)
}

// Deps is what a service is made of.
type Deps struct {
	Scheme    string // of the passwords, as clients and the store call it; empty: none can be reset
	Store     Store
	Codes     *code.Scheme
	Addresses Addresses
	Posts     map[string]Post     // by method; methods without one cannot reset
	FormURL   string              // of the page for apps that know no codes; empty: none
	Issued    func(user chat.UID) // is told of each code
	Log       *slog.Logger
	Now       func() time.Time
}

// Service sends codes and verifies them.
type Service struct {
	Deps
	requests *mailbox.Box[request]
	pace     *outgoing.Pace

	asked, dropped, done, issued atomic.Int64
}

// Counts says what became of requests since the start: each one is dropped or
// done, and for some of these a code was issued.
type Counts struct{ Asked, Dropped, Done, Issued int64 }

type request struct{ method, value, lang string }

// New makes a service. It starts nothing.
func New(d Deps) *Service {
	s := &Service{Deps: d, pace: outgoing.NewPace(firstFree, d.Codes.Lifetime(), d.Now)}
	s.requests = mailbox.New(waiting, nil, s.handle)
	return s
}

// Counts may be called from any goroutine.
func (s *Service) Counts() Counts {
	return Counts{s.asked.Load(), s.dropped.Load(), s.done.Load(), s.issued.Load()}
}

// Can tells whether passwords can be reset through a method.
func (s *Service) Can(method string) bool { return s.Scheme != "" && s.Posts[method] != nil }

// Request asks for a code: "basic:email:ann@example.com". It returns at once:
// auth.ErrMalformed, auth.ErrUnsupported for schemes and methods that cannot, and
// otherwise nil, whether or not anybody has the address. country is where phone
// numbers without + are dialled.
func (s *Service) Request(secret []byte, lang, country string) error {
	scheme, address, ok := strings.Cut(string(secret), ":")
	method, value, ok2 := strings.Cut(address, ":")
	switch {
	case !ok || !ok2:
		return auth.ErrMalformed
	case !strings.EqualFold(scheme, s.Scheme), !s.Can(method):
		return auth.ErrUnsupported
	}
	s.asked.Add(1)
	if len(lang) > maxLangLen {
		lang = ""
	}
	value, err := s.Addresses.Check(&wsproto.Cred{Meth: method, Val: value}, country)
	if err != nil {
		s.done.Add(1)
		return nil // nobody has such an address
	}
	if err := s.requests.Put(request{method, value, lang}); err != nil {
		s.dropped.Add(1)
	}
	return nil
}

func (s *Service) handle(batch []request) {
	for _, r := range batch {
		switch err := s.answer(r); {
		case errors.Is(err, store.ErrNotFound), errors.Is(err, code.ErrTooSoon):
		case err != nil:
			s.Log.Error("code for a new password not sent", "to", outgoing.Short(r.value), "err", err)
		}
		s.done.Add(1)
	}
}

// answer sends a code if somebody has confirmed the address, has a password and
// may log in, and was not sent one just now.
func (s *Service) answer(r request) error {
	ctx, cancel := context.WithTimeout(context.Background(), lookTime)
	defer cancel()
	id, err := s.Store.CredentialHolder(ctx, r.method, r.value)
	if err != nil {
		return err
	}
	login, err := s.Store.LoginOf(ctx, s.Scheme, id)
	if err != nil {
		return err
	}
	user, err := s.Store.User(ctx, id)
	if err != nil {
		return err
	}
	if user.State != store.StateOK || s.pace.Take(r.method+":"+r.value) > 0 {
		return nil
	}
	digits, expires, err := s.Codes.Issue(ctx, id, r.method, r.value, interval)
	if err != nil {
		return err
	}
	s.issued.Add(1)
	s.Issued(id)
	return s.Posts[r.method].Reset(r.value, letter.Reset{
		Login: login.Name, Code: digits, Cred: r.value, Scheme: s.Scheme, FormUrl: s.form(r, digits), Lang: r.lang,
	}, expires)
}

// form is the link to the page, filled in but for the password.
func (s *Service) form(r request, digits string) string {
	if s.FormURL == "" {
		return ""
	}
	q := url.Values{"meth": {r.method}, "cred": {r.value}, "code": {digits}}
	if r.lang != "" {
		q.Set("lang", r.lang)
	}
	return s.FormURL + "?" + q.Encode()
}

// Normal brings the address of a secret, "123456:email:ann@example.com", into its
// normal form.
func (s *Service) Normal(secret []byte, country string) []byte {
	digits, method, value, err := code.Split(secret)
	if err != nil {
		return secret
	}
	if normal, err := s.Addresses.Check(&wsproto.Cred{Meth: method, Val: value}, country); err == nil {
		value = normal
	}
	return []byte(strings.TrimSpace(digits) + ":" + method + ":" + value)
}

// Authenticate implements auth.Scheme: it is that of code.Scheme, with the address
// in any form, after which a new code may be asked for at once.
func (s *Service) Authenticate(ctx context.Context, secret []byte) (*auth.Record, error) {
	secret = s.Normal(secret, auth.ClientOf(ctx).Country)
	rec, err := s.Codes.Authenticate(ctx, secret)
	if err != nil {
		return nil, err
	}
	if _, method, value, err := code.Split(secret); err == nil {
		s.pace.Forget(method + ":" + value)
	}
	return rec, nil
}

// Close takes no more requests and waits for those under way, until ctx is done.
func (s *Service) Close(ctx context.Context) error { return s.requests.Close(ctx) }
