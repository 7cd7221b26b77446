package session

import (
	"context"
	"errors"
	"time"

	"parley/auth"
	"parley/internal/chat"
	"parley/wsproto"
)

// Identity is somebody who proved who he is to an HTTP request, without a
// session.
type Identity struct {
	User  chat.UID
	Level chat.Level

	scheme string
	secret []byte // of a token only
}

// Identify asks a scheme who brings a secret, under the rules for logins: wrong
// ones make the next try wait, a second factor and confirmed addresses are
// needed where a login needs them, and what is good for one purpose only is not
// good for this (surfaces.md App. B Q1). Refusals are errors of wsproto. That of a
// deleted account is 401: in HTTP, 404 is about what was asked for.
func (r *Registry) Identify(ctx context.Context, remote, scheme string, secret []byte) (*Identity, error) {
	id, err := r.identify(ctx, remote, scheme, secret)
	return id, nobodys(err)
}

// nobodys turns what {login} says of deleted accounts into a refusal of the secret.
func nobodys(err error) error {
	if errors.Is(err, wsproto.ErrUserNotFound) {
		return wsproto.ErrAuthFailed
	}
	return err
}

func (r *Registry) identify(ctx context.Context, remote, scheme string, secret []byte) (*Identity, error) {
	if r.Schemes.Get(scheme) == nil {
		return nil, wsproto.ErrMalformed
	}
	s := &Session{reg: r, remote: remote, host: HostOf(remote), place: placeOf(remote), country: r.Config.Country}
	s.addr = r.limits.holdAddress(s.place)
	defer r.limits.addresses.Release(s.addr)
	ctx, cancel := context.WithTimeout(auth.WithClient(ctx, auth.Client{Addr: remote, Country: s.country, At: time.Now()}), requestTime)
	defer cancel()
	defer s.auditFailures(ctx)
	rec, err := s.verify(ctx, scheme, secret)
	if err != nil {
		return nil, authError(err, r.log)
	}
	switch {
	case rec.Challenge != "":
		return nil, wsproto.Challenge.With("challenge", []byte(rec.Challenge))
	case rec.User == 0, rec.NoLogin, rec.Purpose != "":
		return nil, wsproto.ErrAuthFailed
	}
	if err := r.roster.mayLogin(rec.User); err != nil {
		return nil, err
	}
	missing, err := s.missing(ctx, rec, nil)
	if err != nil {
		return nil, authError(err, r.log)
	}
	if len(missing) > 0 {
		return nil, wsproto.ValidateCreds.With("cred", missing)
	}
	id := &Identity{User: rec.User, Level: rec.Level, scheme: scheme}
	if r.isToken(scheme) {
		id.secret = secret
	}
	return id, nil
}

// Still tells whether somebody is who he was a while ago: his token has neither
// expired nor been revoked, and his account is in order.
func (r *Registry) Still(ctx context.Context, remote string, id *Identity) error {
	if id.secret != nil {
		_, err := r.Identify(ctx, remote, id.scheme, id.secret)
		return err
	}
	return nobodys(r.roster.mayLogin(id.User))
}

// BySID is the user of a session of long polling, nil if nobody has logged in to
// it or there is none.
func (r *Registry) BySID(sid string) *Identity {
	p := r.Poller(sid)
	if p == nil || p.session.ended() {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if p.session.user == 0 {
		return nil
	}
	return &Identity{User: p.session.user}
}
