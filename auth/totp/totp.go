// Package totp is the second factor: a code of six digits that an app of the
// user makes every 30 seconds (RFC 6238), asked for beside his password. It
// keeps the shared secret, which codes were used, and the recovery codes; when
// to ask is the business of sessions. Refusals are those of the wire.
package totp

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"parley/auth/seal"
	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// Method is the name by which clients know the second factor, among credentials.
const Method = "totp"

const (
	maxFailed = 5                // wrong codes before one has to wait
	waitTime  = 15 * time.Minute // after each further wrong one
)

// Factor knows the second factors of users.
type Factor struct {
	logins store.Logins
	box    *seal.Box
	issuer string
	now    func() time.Time
	// What is known of a user is read, changed and written with the lock of his
	// stripe held, so that a code is used once.
	stripes [64]sync.Mutex
}

// New makes it. issuer is what authenticator apps show beside the code; keys are
// those of the tokens.
func New(logins store.Logins, keys [][]byte, issuer string, now func() time.Time) (*Factor, error) {
	box, err := seal.New(keys, "totp v1")
	if err != nil {
		return nil, err
	}
	return &Factor{logins: logins, box: box, issuer: issuer, now: now}, nil
}

func (f *Factor) lock(u chat.UID) *sync.Mutex {
	m := &f.stripes[uint64(u)%uint64(len(f.stripes))]
	m.Lock()
	return m
}

// On tells whether a user has to give a code.
func (f *Factor) On(ctx context.Context, u chat.UID) (bool, error) {
	st, err := f.read(ctx, u)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && st.On, err
}

// Enrol makes a secret for a user, for the time being without effect: it has to
// be confirmed. secret is for typing (base32), link for a QR code. 409 if his
// second factor is on.
func (f *Factor) Enrol(ctx context.Context, u chat.UID) (secret, link string, err error) {
	defer f.lock(u).Unlock()
	st, err := f.read(ctx, u)
	switch {
	case err == nil && st.On:
		return "", "", wsproto.ErrDuplicateCred
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return "", "", err
	}
	st = &state{Secret: seal.Text(secretLen)}
	if err := f.write(ctx, u, st); err != nil {
		return "", "", err
	}
	name, err := f.nameOf(ctx, u)
	if err != nil {
		return "", "", err
	}
	q := url.Values{"secret": {st.Secret}, "issuer": {f.issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	l := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + f.issuer + ":" + name, RawQuery: strings.ReplaceAll(q.Encode(), "+", "%20")}
	return st.Secret, l.String(), nil
}

// nameOf is what an authenticator app shows of a user: his login, if any.
func (f *Factor) nameOf(ctx context.Context, u chat.UID) (string, error) {
	list, err := f.logins.LoginsOf(ctx, u)
	if err != nil {
		return "", err
	}
	for _, l := range list {
		if l.Scheme != Method && l.Scheme != "oidc" && !strings.HasPrefix(l.Scheme, "wechat:") && l.Name != "" {
			return l.Name, nil
		}
	}
	return u.String(), nil
}

// Confirm turns the second factor on, by a first code from the new secret, and
// returns the recovery codes, which nobody can see again: 404 if there is
// nothing to confirm, 406 if the code is wrong.
func (f *Factor) Confirm(ctx context.Context, u chat.UID, code string) ([]string, error) {
	defer f.lock(u).Unlock()
	st, err := f.read(ctx, u)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && st.On:
		return nil, wsproto.ErrNotFound
	case err != nil:
		return nil, err
	}
	step, ok := st.match(normal(code), f.now())
	if !ok {
		return nil, wsproto.ErrResponse
	}
	st.On, st.Step = true, step
	recovery := st.newRecovery(u)
	if err := f.write(ctx, u, st); err != nil {
		return nil, err
	}
	return recovery, nil
}

// Limited is the refusal of a code because there were too many wrong ones.
type Limited struct {
	refusal *wsproto.Error
	news    bool
}

// News tells the first refusal of a delay.
func (l *Limited) News() bool { return l.news }

// Error is the text of the wire.
func (l *Limited) Error() string { return l.refusal.Error() }

// Unwrap is the refusal as the wire has it.
func (l *Limited) Unwrap() error { return l.refusal }

// Check takes a code, or a recovery code, which is used up by it: 406 if it is
// wrong, a Limited (422, with the seconds to wait) after too many wrong ones. It must only be
// called for users whose factor is On.
func (f *Factor) Check(ctx context.Context, u chat.UID, code string) error {
	defer f.lock(u).Unlock()
	st, err := f.read(ctx, u)
	if err != nil {
		return err
	}
	return f.use(ctx, u, st, normal(code), f.write)
}

// Remove turns the second factor off, for which a code or a recovery code is
// needed: errors as Check. store.ErrNotFound if there is none; one that was not
// confirmed needs no code.
func (f *Factor) Remove(ctx context.Context, u chat.UID, code string) error {
	defer f.lock(u).Unlock()
	st, err := f.read(ctx, u)
	if err != nil {
		return err
	}
	if !st.On {
		return f.logins.DeleteLogin(ctx, Method, u)
	}
	return f.use(ctx, u, st, normal(code), func(ctx context.Context, u chat.UID, _ *state) error {
		return f.logins.DeleteLogin(ctx, Method, u)
	})
}

// Clear turns the second factor off without a code: an administrator helps
// somebody who has lost his. store.ErrNotFound if there is none.
func (f *Factor) Clear(ctx context.Context, u chat.UID) error {
	defer f.lock(u).Unlock()
	return f.logins.DeleteLogin(ctx, Method, u)
}

// use checks a code and has the state that it leaves stored by done.
func (f *Factor) use(ctx context.Context, u chat.UID, st *state, code string, done func(context.Context, chat.UID, *state) error) error {
	if !wellFormed(code) { // such as the "on" by which lists show it: no guess
		return wsproto.ErrResponse
	}
	now := f.now()
	if until := st.LastFailed.Add(waitTime); st.Failed >= maxFailed && now.Before(until) {
		l := &Limited{wsproto.ErrPolicy.With("retry", int(until.Sub(now)/time.Second)+1), !st.Told}
		if l.news {
			st.Told = true
			if err := f.write(ctx, u, st); err != nil {
				return err
			}
		}
		return l
	}
	if !st.take(u, code, now) {
		st.Failed, st.LastFailed, st.Told = st.Failed+1, now.UTC(), false
		if err := f.write(ctx, u, st); err != nil {
			return err
		}
		return wsproto.ErrResponse
	}
	st.Failed, st.Told = 0, false
	return done(ctx, u, st)
}

// read returns store.ErrNotFound for users without a second factor.
func (f *Factor) read(ctx context.Context, u chat.UID) (*state, error) {
	l, err := f.logins.LoginOf(ctx, Method, u)
	if err != nil {
		return nil, err
	}
	plain, err := f.box.Open(l.Secret, u.String())
	if err != nil {
		return nil, fmt.Errorf("second factor of %s: %w: it was sealed with a token.key that is not there any more; an administrator can remove it", u, err)
	}
	return parse(plain)
}

func (f *Factor) write(ctx context.Context, u chat.UID, st *state) error {
	return f.logins.PutLogin(ctx, &store.Login{
		Scheme: Method, Name: u.String(), User: u, Level: chat.LevelNone, Secret: f.box.Seal(st.bytes(), u.String()),
	})
}
