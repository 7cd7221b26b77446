package token

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"parley/auth"
	"parley/internal/chat"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func key(c string) []byte { return []byte(strings.Repeat(c, MinKeyLen)) }

func scheme(t *testing.T, serial int, at time.Time, keys ...[]byte) *Scheme {
	t.Helper()
	s, err := New(keys, serial, time.Hour, func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	s := scheme(t, 1, now, key("a"))
	for _, rec := range []auth.Record{
		{User: 7, Level: chat.LevelAuth, Validated: true},
		{User: 8, Level: chat.LevelAnon},
		{User: 9, Level: chat.LevelRoot, NoLogin: true},
	} {
		text, err := s.Issue(&rec, now.Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Authenticate(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		if got.Session == "" {
			t.Error("no chain")
		}
		rec.Expires, rec.Session, rec.Issued = now.Add(time.Minute), got.Session, now
		if got.Expires = got.Expires.UTC(); *got != rec {
			t.Errorf("got %+v, want %+v", *got, rec)
		}
		again, err := s.Issue(&rec, now.Add(time.Minute))
		if err != nil || string(again) == string(text) {
			t.Errorf("two tokens are the same: %v", err)
		}
		if next, err := s.Authenticate(t.Context(), again); err != nil || next.Session != rec.Session {
			t.Errorf("a renewed token left its chain: %+v, %v", next, err)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	s := scheme(t, 1, now, key("a"))
	rec := &auth.Record{User: 7, Level: chat.LevelAuth, Validated: true}
	issue := func(s *Scheme, expires time.Time) string {
		t.Helper()
		text, err := s.Issue(rec, expires)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	sign := func(m jwt.SigningMethod, k any, c jwt.Claims) string {
		t.Helper()
		text, err := jwt.NewWithClaims(m, c).SignedString(k)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	valid := func() *claims {
		return &claims{
			RegisteredClaims: jwt.RegisteredClaims{Subject: rec.User.String(), ExpiresAt: jwt.NewNumericDate(now.Add(time.Hour))},
			Level:            int(chat.LevelAuth), Serial: 1, Validated: true,
		}
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	good := issue(s, now.Add(time.Hour))
	part := strings.Split(good, ".")
	payload, err := base64.RawURLEncoding.DecodeString(part[1])
	if err != nil {
		t.Fatal(err)
	}
	forged := base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(payload), `"lvl":20`, `"lvl":30`, 1)))
	noExpiry, noSubject, badLevel, hugeLevel := valid(), valid(), valid(), valid()
	noExpiry.ExpiresAt, noSubject.Subject, badLevel.Level, hugeLevel.Level = nil, "", 15, 20+256
	for name, c := range map[string]struct {
		secret string
		want   error
	}{
		"expired":                   {issue(s, now.Add(-time.Second)), auth.ErrExpired},
		"other serial":              {issue(scheme(t, 2, now, key("a")), now.Add(time.Hour)), auth.ErrFailed},
		"wrong key":                 {issue(scheme(t, 1, now, key("b")), now.Add(time.Hour)), auth.ErrFailed},
		"alg none":                  {sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, valid()), auth.ErrFailed},
		"alg RS256":                 {sign(jwt.SigningMethodRS256, rsaKey, valid()), auth.ErrFailed},
		"alg HS512 with our key":    {sign(jwt.SigningMethodHS512, key("a"), valid()), auth.ErrFailed},
		"no expiry":                 {sign(jwt.SigningMethodHS256, key("a"), noExpiry), auth.ErrFailed},
		"no user":                   {sign(jwt.SigningMethodHS256, key("a"), noSubject), auth.ErrMalformed},
		"no such level":             {sign(jwt.SigningMethodHS256, key("a"), badLevel), auth.ErrMalformed},
		"a level beyond its type":   {sign(jwt.SigningMethodHS256, key("a"), hugeLevel), auth.ErrMalformed},
		"altered payload":           {part[0] + "." + forged + "." + part[2], auth.ErrFailed},
		"signature of another text": {part[0] + "." + part[1] + "." + strings.Repeat("A", len(part[2])), auth.ErrFailed},
		"no signature":              {part[0] + "." + part[1] + ".", auth.ErrFailed},
		"garbage":                   {"garbage", auth.ErrMalformed},
		"empty":                     {"", auth.ErrMalformed},
		"three dots":                {"..", auth.ErrMalformed},
		"unused bits":               {good[:len(good)-1] + string(unused(good[len(good)-1])), auth.ErrFailed},
		"a line break":              {good + "\n", auth.ErrFailed},
		"a line break inside":       {part[0] + ".\r" + part[1] + "." + part[2], auth.ErrFailed},
		"padding":                   {good + "=", auth.ErrFailed},
	} {
		if got, err := s.Authenticate(context.Background(), []byte(c.secret)); !errors.Is(err, c.want) || got != nil {
			t.Errorf("%s: got %v, %v; want %v", name, got, err, c.want)
		}
	}
	if _, err := s.Authenticate(t.Context(), []byte(good)); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

// TestKeyRotation: the first key signs, all verify.
func TestKeyRotation(t *testing.T) {
	t.Parallel()
	rec := &auth.Record{User: 7, Level: chat.LevelAuth}
	old := scheme(t, 1, now, key("a"))
	both := scheme(t, 1, now, key("b"), key("a"))
	fresh := scheme(t, 1, now, key("b"))
	byOld, err := old.Issue(rec, now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	byBoth, err := both.Issue(rec, now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		s     *Scheme
		token []byte
		ok    bool
	}{{both, byOld, true}, {both, byBoth, true}, {fresh, byBoth, true}, {fresh, byOld, false}, {old, byBoth, false}} {
		if _, err := c.s.Authenticate(t.Context(), c.token); (err == nil) != c.ok {
			t.Errorf("%v, want ok %v", err, c.ok)
		}
	}
	// what an old key signed is refused for its own reason, not for its key
	expired, err := old.Issue(rec, now.Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := both.Authenticate(t.Context(), expired); !errors.Is(err, auth.ErrExpired) {
		t.Errorf("expired, old key: %v", err)
	}
}

func TestNewRefusesWeakKeys(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string][][]byte{"none": nil, "short": {[]byte("short")}, "second short": {key("a"), []byte("x")}} {
		if _, err := New(keys, 1, time.Hour, time.Now); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzAuthenticate(f *testing.F) {
	s, err := New([][]byte{key("a"), key("b")}, 1, time.Hour, func() time.Time { return now })
	if err != nil {
		f.Fatal(err)
	}
	good, err := s.Issue(&auth.Record{User: 7, Level: chat.LevelAuth}, now.Add(time.Hour))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("a.b.c"))
	f.Fuzz(func(t *testing.T, secret []byte) {
		rec, err := s.Authenticate(context.Background(), secret)
		if err == nil && (rec.User != 7 || rec.Level != chat.LevelAuth) {
			t.Fatalf("forged: %+v", rec)
		}
	})
}

// TestPurpose: a token for one purpose is refused for every other, and a token of
// no level is good only if it is not for a session.
func TestPurpose(t *testing.T) {
	t.Parallel()
	s := scheme(t, 1, now, key("a"))
	issue := func(rec auth.Record) []byte {
		t.Helper()
		text, err := s.Issue(&rec, now.Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	confirm := issue(auth.Record{User: 7, Level: chat.LevelAuth, Purpose: auth.PurposeConfirm})
	if _, err := s.Authenticate(t.Context(), confirm); !errors.Is(err, auth.ErrFailed) {
		t.Errorf("for everything: %v", err)
	}
	if _, err := s.AuthenticateFor(t.Context(), confirm, "other"); !errors.Is(err, auth.ErrFailed) {
		t.Errorf("for something else: %v", err)
	}
	if rec, err := s.AuthenticateFor(t.Context(), confirm, auth.PurposeConfirm); err != nil || rec.Purpose != auth.PurposeConfirm {
		t.Errorf("for that: %+v, %v", rec, err)
	}
	if _, err := s.AuthenticateFor(t.Context(), issue(auth.Record{User: 7, Level: chat.LevelAuth}), auth.PurposeConfirm); err != nil {
		t.Errorf("a token for everything: %v", err)
	}
	if _, err := s.Authenticate(t.Context(), issue(auth.Record{User: 7})); !errors.Is(err, auth.ErrMalformed) {
		t.Errorf("of no level: %v", err)
	}
	if rec, err := s.Authenticate(t.Context(), issue(auth.Record{User: 7, NoLogin: true})); err != nil || !rec.NoLogin || rec.Level != chat.LevelNone {
		t.Errorf("of no level, not for a session: %+v, %v", rec, err)
	}
}

// TestRevoked: whoever knows what is void is asked for every token, with the
// milliseconds of its issue.
func TestRevoked(t *testing.T) {
	t.Parallel()
	at := now.Add(123 * time.Millisecond)
	s := scheme(t, 1, at, key("a"))
	text, err := s.Issue(&auth.Record{User: 7, Level: chat.LevelAuth, Session: "chain"}, now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	void := false
	s.SetRevoked(func(session string, user chat.UID, issued time.Time) bool {
		if session != "chain" || user != 7 || !issued.Equal(at) {
			t.Errorf("asked about %s of %v, issued %v", session, user, issued)
		}
		return void
	})
	if _, err := s.Authenticate(t.Context(), text); err != nil {
		t.Error(err)
	}
	void = true
	if _, err := s.Authenticate(t.Context(), text); !errors.Is(err, auth.ErrFailed) {
		t.Errorf("a void token: %v", err)
	}
}

// unused is another character that lenient decoders of base64 take for the same:
// the last of 43 has two bits too many.
func unused(c byte) byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return alphabet[strings.IndexByte(alphabet, c)|1]
}
