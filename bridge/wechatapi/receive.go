package wechatapi

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"time"

	"parley/store"
)

// repeatTime is for how long repetitions of a push are recognised: WeChat stops
// after seconds, and signatures are refused after minutes.
const repeatTime = 24 * time.Hour

// Hooked tells whether pushes are accepted for an app.
func (s *Service) Hooked(app string) bool { return s.hooks[app] != nil }

// OnlyHook is the one app that accepts pushes; empty if there are none or several.
func (s *Service) OnlyHook() string {
	if len(s.hooks) != 1 {
		return ""
	}
	for app := range s.hooks {
		return app
	}
	return ""
}

// Echo answers the console, which asks whether the address is ours: ErrApp,
// ErrSignature.
func (s *Service) Echo(app string, q url.Values) (string, error) {
	h := s.hooks[app]
	if h == nil {
		return "", ErrApp
	}
	return h.echo(q)
}

// Receive verifies, decrypts and reads a push. first is false for one that was
// taken before. Errors: ErrApp, ErrSignature, ErrCipher, ErrMalformed, or those of
// the store.
func (s *Service) Receive(ctx context.Context, app string, q url.Values, body []byte) (e *Event, first bool, err error) {
	h := s.hooks[app]
	if h == nil {
		return nil, false, ErrApp
	}
	if e, err = h.open(q, body); err != nil {
		return nil, false, err
	}
	if h.crypt == nil { // what is plain is not covered by the signature: no other content with the same one
		key := "wechat:nonce:" + hexSHA1(app+" "+q.Get("timestamp")+" "+q.Get("nonce"))
		if err := s.onlyBody(ctx, key, body); err != nil {
			return nil, false, err
		}
	}
	// A lease that nobody gives back is a mark that the first one leaves.
	_, first, err = s.Vault.Lease(ctx, "wechat:seen:"+hexSHA1(app+" "+e.key()), repeatTime)
	if err != nil {
		return nil, false, err
	}
	return e, first, nil
}

// onlyBody refuses another body than the one that came first under a key. The
// same one may come again: WeChat repeats pushes.
func (s *Service) onlyBody(ctx context.Context, key string, body []byte) error {
	sum := []byte(hexSHA1(string(body)))
	switch first, err := s.Vault.Get(ctx, key); {
	case errors.Is(err, store.ErrNotFound):
		return s.Vault.Put(ctx, key, sum, s.Now().UTC().Truncate(time.Millisecond).Add(2*maxAge))
	case err != nil:
		return err
	case !bytes.Equal(first, sum):
		return ErrSignature
	}
	return nil
}
