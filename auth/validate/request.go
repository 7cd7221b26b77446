package validate

import (
	"context"
	"encoding/base64"
	"errors"
	"net/url"
	"time"

	"parley/auth"
	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// Bounds of what is sent for users.
const (
	tokenLife       = 24 * time.Hour // of the token in a message
	longestInterval = 15 * time.Minute
	leastInterval   = time.Minute // between two codes for one address, restarts included
	freeMessages    = 5           // of one user before he has to wait
)

// Request asks a user to confirm an address; for country see Check. A code is sent
// in the language nearest to lang. A method that is not in use is ignored. Asking
// again within a minute changes nothing: the code that was sent is still good.
// 503 if nothing can be sent now, 429 after too many. added tells whether anything
// waits now that did not before.
func (s *Set) Request(ctx context.Context, u chat.UID, c *wsproto.Cred, country, lang string) (added bool, err error) {
	m := s.method(c.Meth)
	if m == nil {
		return false, nil
	}
	value, err := s.Check(c, country)
	if err != nil {
		return false, err
	}
	rec, err := s.Pending(u, c.Meth, value)
	if err != nil {
		return false, err
	}
	if m.Post == nil {
		err := s.store.PutCredential(ctx, &rec)
		return err == nil, err
	}
	if m.Post.Ready() != nil {
		return false, wsproto.ErrUnavailable
	}
	if soon, err := s.tooSoon(ctx, &rec); soon || err != nil {
		return false, err
	}
	if err := s.store.PutCredential(ctx, &rec); err != nil {
		return false, err
	}
	// A code that is really sent comes with attempts of its own; how often that
	// is has bounds.
	if err := s.store.ForgiveCredential(ctx, u, c.Meth); err != nil && !errors.Is(err, store.ErrNotFound) {
		return true, err
	}
	return true, s.send(&rec, auth.Record{User: u, NoLogin: true}, lang)
}

// tooSoon tells whether the user was sent a code for that address just now. It is
// an error if there is none that he could use.
func (s *Set) tooSoon(ctx context.Context, rec *store.Credential) (bool, error) {
	old, err := s.store.PendingCredential(ctx, rec.User, rec.Method)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return false, err
	}
	same := err == nil && old.Value == rec.Value
	if same && rec.Created.Before(old.Created.Add(leastInterval)) {
		return true, nil
	}
	user := rec.User.String()
	wait := s.again.Take(user + ":" + rec.Method + ":" + rec.Value)
	if wait > 0 && same {
		return true, nil
	}
	if wait == 0 {
		wait = s.all.Take(user)
	}
	if wait > 0 {
		return true, wsproto.TooMany(wait)
	}
	return false, nil
}

// Ready tells whether codes could be sent now to the addresses of a new account:
// 503 if not.
func (s *Set) Ready(creds []store.Credential) error {
	for i := range creds {
		if m := s.method(creds[i].Method); m != nil && m.Post != nil && m.Post.Ready() != nil {
			return wsproto.ErrUnavailable
		}
	}
	return nil
}

// Welcome sends the codes for the addresses of an account that was just made.
// Their links log its owner in, once the address is confirmed.
func (s *Set) Welcome(creds []store.Credential, level chat.Level, lang string) error {
	var errs []error
	for i := range creds {
		c := &creds[i]
		if m := s.method(c.Method); m == nil || m.Post == nil || c.Done {
			continue
		}
		s.again.Take(c.User.String() + ":" + c.Method + ":" + c.Value)
		errs = append(errs, s.send(c, auth.Record{User: c.User, Level: level}, lang))
	}
	return errors.Join(errs...)
}

// send queues the message with the code of a pending credential. Its token is good
// for confirming and for nothing else, whoever reads it.
func (s *Set) send(c *store.Credential, rec auth.Record, lang string) error {
	rec.Purpose = auth.PurposeConfirm
	token, err := s.tokens.Issue(&rec, s.now().Add(tokenLife))
	if err != nil {
		return err
	}
	err = s.method(c.Method).Post.Confirm(c.Value, lang, c.Code, url.QueryEscape(base64.StdEncoding.EncodeToString(token)))
	if err != nil {
		return wsproto.ErrUnavailable
	}
	return nil
}
