// Package code is the scheme of short codes that are sent to an address of
// somebody who forgot his password (surfaces.md §2.5). A code is good once, for
// a short while and few attempts; the store has only its HMAC.
package code

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"parley/auth"
	"parley/internal/chat"
	"parley/store"
)

// Name is the name of the scheme.
const Name = "code"

// ErrTooSoon: a code was sent to the address only just now.
var ErrTooSoon = errors.New("code: too soon for another one")

// maxSecretLen bounds what strangers let the store look for.
const maxSecretLen = 512

// Rules are how long codes are, and how long and how often they may be tried.
type Rules struct {
	Length   int // digits
	MaxTries int // wrong ones included, of each code
	Lifetime time.Duration
}

// Scheme makes and verifies codes.
type Scheme struct {
	codes store.Codes
	keys  [][]byte // the first one makes hashes, all of them verify
	rules Rules
	now   func() time.Time
}

// New makes the scheme. Its keys are derived from those of tokens, so that a code
// cannot be found from a copy of the store.
func New(codes store.Codes, tokenKeys [][]byte, rules Rules, now func() time.Time) *Scheme {
	s := &Scheme{codes: codes, rules: rules, now: now}
	for _, k := range tokenKeys {
		s.keys = append(s.keys, sum(k, "parley code 1"))
	}
	return s
}

// Lifetime is how long a code is good for.
func (s *Scheme) Lifetime() time.Duration { return s.rules.Lifetime }

func (s *Scheme) time() time.Time { return s.now().UTC().Truncate(time.Millisecond) }

// key is that of the store.
func key(method, value string) string { return "reset:" + method + ":" + value }

func sum(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// hash binds a code to the address that it was sent to.
func hash(key []byte, storeKey, code string) []byte { return sum(key, storeKey+"\x00"+code) }

// Issue makes a code for the holder of an address in its normal form, in place of
// an earlier one, unless that is younger than interval: ErrTooSoon.
func (s *Scheme) Issue(ctx context.Context, u chat.UID, method, value string, interval time.Duration) (code string, expires time.Time, err error) {
	now, k := s.time(), key(method, value)
	switch old, err := s.codes.Code(ctx, k); {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return "", time.Time{}, err
	case now.Before(old.Created.Add(interval)) && now.Before(old.Expires):
		return "", time.Time{}, ErrTooSoon
	default:
		if err := s.codes.DeleteCode(ctx, k); err != nil && !errors.Is(err, store.ErrNotFound) {
			return "", time.Time{}, err
		}
	}
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(s.rules.Length)), nil)
	n, err := rand.Int(rand.Reader, limit)
	if err != nil {
		return "", time.Time{}, err
	}
	code = fmt.Sprintf("%0*d", s.rules.Length, n)
	expires = now.Add(s.rules.Lifetime)
	err = s.codes.PutCode(ctx, &store.Code{Key: k, User: u, Hash: hash(s.keys[0], k, code), Created: now, Expires: expires})
	if errors.Is(err, store.ErrDuplicate) { // somebody was faster
		err = ErrTooSoon
	}
	return code, expires, err
}

// Split takes a secret apart: "123456:email:ann@example.com".
func Split(secret []byte) (code, method, value string, err error) {
	code, address, ok := strings.Cut(string(secret), ":")
	method, value, ok2 := strings.Cut(address, ":")
	if !ok || !ok2 || code == "" || method == "" || value == "" || len(secret) > maxSecretLen {
		return "", "", "", auth.ErrMalformed
	}
	return code, method, value, nil
}

// Authenticate verifies a code, and uses it up. An attempt is counted before it
// is looked at: of many at the same moment no more than MaxTries are. What it
// returns is good for changing a secret and for nothing else.
func (s *Scheme) Authenticate(ctx context.Context, secret []byte) (*auth.Record, error) {
	code, method, value, err := Split(secret)
	if err != nil {
		return nil, err
	}
	k := key(method, value)
	c, err := s.codes.Code(ctx, k)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, s.pretend(ctx, auth.ErrFailed)
	case err != nil:
		return nil, err
	case !s.time().Before(c.Expires):
		return nil, s.pretend(ctx, auth.ErrExpired)
	}
	tries, err := s.codes.FailCode(ctx, k)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, auth.ErrFailed
	case err != nil:
		return nil, err
	case tries > s.rules.MaxTries || !s.matches(c.Hash, k, code):
		return nil, auth.ErrFailed
	}
	switch err := s.codes.DeleteCode(ctx, k); {
	case errors.Is(err, store.ErrNotFound): // used at the same moment
		return nil, auth.ErrFailed
	case err != nil:
		return nil, err
	}
	return &auth.Record{User: c.User, NoLogin: true, Expires: c.Expires}, nil
}

// decoyKey is that of a record that belongs to nobody.
const decoyKey = "reset:decoy"

// pretend counts an attempt at a record that belongs to nobody, and refuses it.
// Where no code is outstanding it takes as long as a wrong code where there is
// one: otherwise the time of an answer told, after a code was asked for, whether
// somebody has the address.
func (s *Scheme) pretend(ctx context.Context, refusal error) error {
	_, err := s.codes.FailCode(ctx, decoyKey)
	if errors.Is(err, store.ErrNotFound) {
		now := s.time()
		err = s.codes.PutCode(ctx, &store.Code{Key: decoyKey, Created: now, Expires: now.Add(s.rules.Lifetime)})
		if errors.Is(err, store.ErrDuplicate) { // somebody was faster, and we have waited as long
			err = nil
		}
	}
	if err != nil {
		return err
	}
	return refusal
}

func (s *Scheme) matches(want []byte, storeKey, code string) bool {
	ok := false
	for _, k := range s.keys {
		ok = hmac.Equal(want, hash(k, storeKey, code)) || ok
	}
	return ok
}

// forgetBatch is how many codes are removed in one transaction.
const forgetBatch = 1000

// Forget removes codes that have expired.
func (s *Scheme) Forget(ctx context.Context) error {
	for {
		n, err := s.codes.ExpireCodes(ctx, s.time(), forgetBatch)
		if err != nil || n < forgetBatch {
			return err
		}
	}
}
