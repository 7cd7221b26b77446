package basic

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"parley/auth"
	"parley/internal/chat"
	"parley/store"
	"parley/store/mem"
)

func newScheme(t *testing.T) (*Scheme, *mem.Store) {
	t.Helper()
	st := mem.New()
	return New(st, Rules{AddToTags: true, MinLogin: 4, MinPassword: 6}), st
}

func put(t *testing.T, s *Scheme, st *mem.Store, u chat.UID, secret string) {
	t.Helper()
	l, err := s.NewLogin(t.Context(), u, []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	if err := st.PutLogin(t.Context(), l); err != nil {
		t.Fatal(err)
	}
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	s, st := newScheme(t)
	put(t, s, st, 7, "alice:pass:word")
	for secret, want := range map[string]error{
		"alice:pass:word": nil, "ALICE:pass:word": nil, "alice:PASS:WORD": auth.ErrFailed, "alice:": auth.ErrFailed,
		"alice": auth.ErrMalformed, "bob:pass:word": auth.ErrFailed, "": auth.ErrMalformed, "al\xffce:x": auth.ErrMalformed,
		":": auth.ErrFailed,
	} {
		rec, err := s.Authenticate(t.Context(), []byte(secret))
		if !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", secret, err, want)
		}
		if want == nil && (rec == nil || rec.User != 7 || rec.Level != chat.LevelAuth || rec.Validated) {
			t.Errorf("%q: %+v", secret, rec)
		}
	}
	rec, err := st.Login(t.Context(), Name, "alice")
	if err != nil || !strings.HasPrefix(string(rec.Secret), "$argon2id$v=19$m=19456,t=2,p=1$") || strings.Contains(string(rec.Secret), "word") {
		t.Errorf("stored %s, %v", rec.Secret, err)
	}
}

// TestImportedHashes: bcrypt is accepted and replaced at the first good login;
// so is argon2id with other parameters.
func TestImportedHashes(t *testing.T) {
	t.Parallel()
	s, st := newScheme(t)
	old, err := bcrypt.GenerateFromPassword([]byte("password"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	weak := []byte("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b1dWRWJTmaaJObG") // of "password"? checked below
	for name, hash := range map[string][]byte{"bcrypt": old} {
		if err := st.PutLogin(t.Context(), &store.Login{Scheme: Name, Name: name, User: 7, Level: chat.LevelAuth, Secret: hash}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Authenticate(t.Context(), []byte(name+":wrong")); !errors.Is(err, auth.ErrFailed) {
			t.Errorf("%s, wrong password: %v", name, err)
		}
		if rec, _ := st.Login(t.Context(), Name, name); string(rec.Secret) != string(hash) {
			t.Errorf("%s: replaced by a wrong password", name)
		}
		if _, err := s.Authenticate(t.Context(), []byte(name+":password")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if rec, _ := st.Login(t.Context(), Name, name); !strings.HasPrefix(string(rec.Secret), "$argon2id$v=19$m=19456,t=2,p=1$") {
			t.Errorf("%s: not replaced: %s", name, rec.Secret)
		}
		if _, err := s.Authenticate(t.Context(), []byte(name+":password")); err != nil {
			t.Errorf("%s, after the replacement: %v", name, err)
		}
	}
	if ok, isOld, err := s.hasher.check(t.Context(), weak, "x"); ok || !isOld || err != nil {
		t.Errorf("weak parameters: %v, %v, %v", ok, isOld, err)
	}
}

// TestUnreadableHashes are our fault, not the user's: no login, no panic.
func TestUnreadableHashes(t *testing.T) {
	t.Parallel()
	s, _ := newScheme(t)
	for _, hash := range []string{
		"", "x", "$argon2i$v=19$m=1,t=1,p=1$YQ$YQ", "$argon2id$v=18$m=64,t=1,p=1$YQ$YQ", "$argon2id$v=19$m=64,t=0,p=1$YQ$YQ",
		"$argon2id$v=19$m=64,t=1,p=0$YQ$YQ", "$argon2id$v=19$m=64,t=1,p=1$!$YQ", "$argon2id$v=19$m=64,t=1,p=1$YQ$", "$argon2id$$$$",
	} {
		if ok, _, err := s.hasher.check(t.Context(), []byte(hash), "password"); ok || err == nil {
			t.Errorf("%q: %v, %v", hash, ok, err)
		}
	}
}

func TestPolicy(t *testing.T) {
	t.Parallel()
	s, st := newScheme(t)
	put(t, s, st, 7, "taken:password")
	for secret, want := range map[string]error{
		"fine:password": nil, "f.i_n.e:password": nil, "Üñïçø:password": nil, "1234:password": nil, "abc:password": auth.ErrPolicy,
		".abcd:password": auth.ErrPolicy, "abcd_:password": auth.ErrPolicy, "ab cd:password": auth.ErrPolicy, "ab-cd:password": auth.ErrPolicy,
		strings.Repeat("x", 32) + ":password": nil, strings.Repeat("x", 33) + ":password": auth.ErrPolicy, "nocolon": auth.ErrMalformed,
		"TAKEN:password": store.ErrDuplicate, ":password": auth.ErrPolicy,
	} {
		if err := s.CheckLogin(t.Context(), []byte(secret)); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", secret, err, want)
		}
	}
	for secret, want := range map[string]error{
		"x:123456": nil, "x:12345": auth.ErrPolicy, "x:äöüäöü": nil, "x:äöüäö": auth.ErrPolicy, "x": auth.ErrMalformed, "x:": auth.ErrPolicy,
	} {
		if err := s.CheckPassword([]byte(secret)); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", secret, err, want)
		}
	}
}

func TestChange(t *testing.T) {
	t.Parallel()
	s, st := newScheme(t)
	put(t, s, st, 7, "alice:password")
	put(t, s, st, 8, "robert:password")
	for _, c := range []struct {
		secret, was, is string
		err             error
	}{
		{":new-password", "basic:alice", "basic:alice", nil},
		{"alice:newer-password", "basic:alice", "basic:alice", nil},
		{"robert:password", "", "", store.ErrDuplicate},
		{"al:password", "", "", auth.ErrPolicy},
		{":short", "", "", auth.ErrPolicy},
		{"nocolon", "", "", auth.ErrMalformed},
		{"Alicia:password", "basic:alice", "basic:alicia", nil},
	} {
		got, err := s.Change(t.Context(), 7, []byte(c.secret))
		if got.OldTag != c.was || got.NewTag != c.is || !errors.Is(err, c.err) {
			t.Errorf("%q: %+v, %v", c.secret, got, err)
		}
		if err == nil && (got.Effect != auth.Replaced || "basic:"+got.OldName != c.was || "basic:"+got.NewName != c.is) {
			t.Errorf("%q: %+v", c.secret, got)
		}
	}
	if _, err := s.Change(t.Context(), 9, []byte(":password")); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("nobody's: %v", err)
	}
	if _, err := s.Authenticate(t.Context(), []byte("alicia:password")); err != nil {
		t.Error(err)
	}
}

// TestUnknownLoginCostsTheSame: the medians of both are within a factor of two.
// Not parallel: it measures.
func TestUnknownLoginCostsTheSame(t *testing.T) {
	s, st := newScheme(t)
	put(t, s, st, 7, "alice:password")
	once := func(secret string) time.Duration {
		start := time.Now()
		if _, err := s.Authenticate(t.Context(), []byte(secret)); !errors.Is(err, auth.ErrFailed) {
			t.Fatal(err)
		}
		return time.Since(start)
	}
	// The least of several, by turns: other programs take their share of the
	// machine. What differs in truth differs however often it is tried.
	known, unknown := time.Hour, time.Hour
	for range 40 {
		known = min(known, once("alice:wrong-password"))
		unknown = min(unknown, once("nobody:wrong-password"))
		if known < 2*unknown && unknown < 2*known {
			return
		}
	}
	t.Errorf("a known login costs %v, an unknown one %v", known, unknown)
}

// TestBusy: a core is left to others, a bounded number waits, the rest is told
// to come back.
func TestBusy(t *testing.T) {
	t.Parallel()
	h := newHasher(nil)
	var leave []func()
	for range cap(h.running) {
		l, err := h.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		leave = append(leave, l)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	results := make(chan error, maxWaiting+10)
	for range maxWaiting + 10 {
		all.Go(func() {
			l, err := h.enter(ctx)
			if err == nil {
				l()
			}
			results <- err
		})
	}
	for range 10 {
		if err := <-results; !errors.Is(err, auth.ErrBusy) {
			t.Errorf("got %v, want busy", err)
		}
	}
	cancel()
	all.Wait()
	for _, l := range leave {
		l()
	}
	if _, err := h.enter(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestOtherName(t *testing.T) {
	t.Parallel()
	st := mem.New()
	s := New(st, Rules{Name: "corp", AddToTags: true, MinLogin: 4, MinPassword: 6})
	d := &auth.Draft{User: 7, Tags: []string{"abc", "zzz"}}
	if err := s.Create(t.Context(), d, []byte("Alice:password")); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(d.Tags, " "); got != "abc corp:alice zzz" || d.Login.Scheme != "corp" || strings.Join(s.Namespaces(), "") != "corp" {
		t.Errorf("got %q, %+v", got, d.Login)
	}
	if err := st.PutLogin(t.Context(), d.Login); err != nil {
		t.Fatal(err)
	}
	if err := s.CheckNew(t.Context(), []byte("alice:password")); !errors.Is(err, store.ErrDuplicate) {
		t.Error(err)
	}
	if rec, err := s.Authenticate(t.Context(), []byte("alice:password")); err != nil || rec.User != 7 {
		t.Error(rec, err)
	}
	quiet := New(st, Rules{Name: "corp"})
	d.Tags = nil
	if err := quiet.Create(t.Context(), d, []byte("robert:password")); err != nil || d.Tags != nil || quiet.Namespaces() != nil {
		t.Error(d.Tags, err)
	}
	if c, err := quiet.Change(t.Context(), 7, []byte("alicia:password")); c.OldTag != "" || c.NewTag != "" || err != nil {
		t.Errorf("%q, %q, %v", c.OldTag, c.NewTag, err)
	}
}
