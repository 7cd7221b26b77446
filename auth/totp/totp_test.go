package totp

import (
	"bytes"
	"context"
	"encoding/base32"
	"errors"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp"

	"parley/auth/seal"
	"parley/internal/chat"
	"parley/store"
	"parley/store/mem"
	"parley/wsproto"
)

// RFC 6238, Appendix B, the rows for SHA1: eight digits, of which ours are the
// last six.
func TestVectors(t *testing.T) {
	t.Parallel()
	st := &state{Secret: base32.StdEncoding.EncodeToString([]byte("12345678901234567890"))}
	for unix, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		got, err := st.codeAt(unix/period, otp.DigitsEight)
		if err != nil || got != want {
			t.Errorf("%d: %s, %v, want %s", unix, got, err, want)
		}
		st.Step = 0
		if step, ok := st.match(want[2:], time.Unix(unix, 0)); !ok || step != unix/period {
			t.Errorf("%d: %d, %t", unix, step, ok)
		}
	}
}

// clock is a time that moves only when it is told to.
type clock struct{ unix atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(c.unix.Load(), 0) }
func (c *clock) advance(d time.Duration) { c.unix.Add(int64(d / time.Second)) }

var keys = [][]byte{bytes.Repeat([]byte("k"), 32)}

// user has a second factor that is on.
type user struct {
	*Factor
	*clock
	store    *mem.Store
	secret   string
	recovery []string
}

const ann chat.UID = 7

func newUser(t *testing.T) *user {
	t.Helper()
	u := &user{clock: &clock{}, store: mem.New()}
	u.unix.Store(1_800_000_000)
	var err error
	if u.Factor, err = New(u.store, keys, "My chat", u.clock.now); err != nil {
		t.Fatal(err)
	}
	if err := u.store.PutLogin(t.Context(), &store.Login{Scheme: "basic", Name: "ann", User: ann}); err != nil {
		t.Fatal(err)
	}
	var link string
	if u.secret, link, err = u.Enrol(t.Context(), ann); err != nil {
		t.Fatal(err)
	}
	l, err := url.Parse(link)
	if err != nil || l.Scheme != "otpauth" || l.Host != "totp" || l.Path != "/My chat:ann" || l.Query().Get("secret") != u.secret ||
		l.Query().Get("issuer") != "My chat" || strings.Contains(link, "+") {
		t.Errorf("%s, %v", link, err)
	}
	if on, err := u.On(t.Context(), ann); on || err != nil {
		t.Errorf("on before it was confirmed: %v", err)
	}
	if u.recovery, err = u.Confirm(t.Context(), ann, u.code(0)); err != nil {
		t.Fatal(err)
	}
	u.advance(2 * period * time.Second)
	return u
}

// code is that of some steps from now.
func (u *user) code(steps int64) string {
	c, err := (&state{Secret: u.secret}).codeAt(u.unix.Load()/period+steps, otp.DigitsSix)
	if err != nil {
		panic(err)
	}
	return c
}

func (u *user) check(t *testing.T, code string, want error) {
	t.Helper()
	if err := u.Check(t.Context(), ann, code); !errors.Is(err, want) {
		t.Errorf("%q: %v, want %v", code, err, want)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	wrong := wsproto.ErrResponse
	u.check(t, u.code(-2), wrong) // also that of the confirmation
	u.check(t, u.code(2), wrong)
	for _, odd := range []string{"", "on", "12345", "1234567", "12345a", "１２３４５６", strings.Repeat("1", 10)} { // no guesses
		u.check(t, odd, wrong)
	}
	u.check(t, u.code(-1), nil)
	u.check(t, u.code(-1), wrong) // used
	c := u.code(1)
	u.check(t, c[:3]+" "+c[3:], nil)
	u.check(t, u.code(0), wrong) // older than one that was used
	u.check(t, u.code(1), wrong)
	u.advance(2 * period * time.Second)
	u.check(t, u.code(0), nil)
	if _, _, err := u.Enrol(t.Context(), ann); !errors.Is(err, wsproto.ErrDuplicateCred) {
		t.Errorf("a second one: %v", err)
	}
	if _, err := u.Confirm(t.Context(), ann, u.code(1)); !errors.Is(err, wsproto.ErrNotFound) {
		t.Errorf("confirmed twice: %v", err)
	}
}

func TestLimit(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	for range maxFailed {
		u.check(t, "000000", wsproto.ErrResponse)
	}
	var we *wsproto.Error
	err := u.Check(t.Context(), ann, u.code(0))
	if !errors.As(err, &we) || we.Code != 422 || we.Params["retry"] != int(waitTime/time.Second)+1 {
		t.Errorf("the right code at once: %v, %v", err, we)
	}
	if err := u.Check(t.Context(), ann, u.recovery[0]); !errors.As(err, &we) || we.Code != 422 {
		t.Errorf("a recovery code: %v", err)
	}
	if err := u.Remove(t.Context(), ann, u.code(0)); !errors.As(err, &we) || we.Code != 422 {
		t.Errorf("removed: %v", err)
	}
	u.advance(waitTime)
	u.check(t, "000000", wsproto.ErrResponse) // one more
	if err := u.Check(t.Context(), ann, u.code(0)); !errors.As(err, &we) || we.Code != 422 {
		t.Errorf("no new wait: %v", err)
	}
	u.advance(waitTime)
	u.check(t, u.code(0), nil)
	for range maxFailed { // forgiven
		u.check(t, "000000", wsproto.ErrResponse)
	}
}

func TestRecovery(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	if len(u.recovery) != 10 {
		t.Fatal(u.recovery)
	}
	u.check(t, u.recovery[3], nil)
	u.check(t, u.recovery[3], wsproto.ErrResponse)
	u.check(t, strings.ToUpper(strings.ReplaceAll(u.recovery[4], "-", "")), nil)
	u.check(t, u.recovery[0][:10]+"1", wsproto.ErrResponse)
	if err := u.Remove(t.Context(), ann, "on"); !errors.Is(err, wsproto.ErrResponse) {
		t.Error(err)
	}
	if err := u.Remove(t.Context(), ann, u.recovery[0]); err != nil {
		t.Error(err)
	}
	if on, err := u.On(t.Context(), ann); on || err != nil {
		t.Error(on, err)
	}
	if err := u.Remove(t.Context(), ann, u.recovery[1]); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	if err := u.Remove(t.Context(), ann, u.code(0)); err != nil {
		t.Error(err)
	}
	if _, _, err := u.Enrol(t.Context(), ann); err != nil {
		t.Error(err)
	}
	if _, err := u.Confirm(t.Context(), ann, u.code(0)); !errors.Is(err, wsproto.ErrResponse) { // of the old secret
		t.Error(err)
	}
	if err := u.Remove(t.Context(), ann, "never mind"); err != nil {
		t.Error(err)
	}
	if _, err := u.Confirm(t.Context(), ann, u.code(0)); !errors.Is(err, wsproto.ErrNotFound) {
		t.Error(err)
	}
	u = newUser(t)
	if err := u.Clear(t.Context(), ann); err != nil {
		t.Error(err)
	}
	if err := u.Clear(t.Context(), ann); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
}

// However many try at once, a code opens once, and no more guesses are heard
// than are allowed.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	try := func(code string) (good, wrong int64) {
		var g, w atomic.Int64
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				switch err := u.Check(context.Background(), ann, code); {
				case err == nil:
					g.Add(1)
				case errors.Is(err, wsproto.ErrResponse):
					w.Add(1)
				}
			})
		}
		all.Wait()
		return g.Load(), w.Load()
	}
	if good, wrong := try(u.code(0)); good != 1 || wrong != maxFailed {
		t.Errorf("the right code: %d times, wrong %d", good, wrong)
	}
	u.advance(waitTime)
	if good, wrong := try("000000"); good != 0 || wrong != 1 {
		t.Errorf("guesses: %d right, %d heard", good, wrong)
	}
}

// What is stored tells nothing without the key.
func TestSealed(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	rec, err := u.store.LoginOf(t.Context(), Method, ann)
	if err != nil || bytes.Contains(rec.Secret, []byte(u.secret)) {
		t.Fatal("not sealed", err)
	}
	newer := [][]byte{bytes.Repeat([]byte("n"), 32), keys[0]}
	changed, err := New(u.store, newer, "x", u.clock.now)
	if err != nil {
		t.Fatal(err)
	}
	if err := changed.Check(t.Context(), ann, u.code(0)); err != nil {
		t.Errorf("after a change of keys: %v", err)
	}
	if _, err := u.On(t.Context(), ann); !errors.Is(err, seal.ErrOpen) { // the check sealed it anew
		t.Errorf("with the old key alone: %v", err)
	}
	if err := u.Check(t.Context(), ann, u.recovery[0]); !errors.Is(err, seal.ErrOpen) {
		t.Error(err)
	}
	if err := u.Clear(t.Context(), ann); err != nil {
		t.Errorf("an administrator can help: %v", err)
	}
	// The record of one user is worth nothing for another.
	u = newUser(t)
	if rec, err = u.store.LoginOf(t.Context(), Method, ann); err != nil {
		t.Fatal(err)
	}
	rec.User, rec.Name = 8, "other"
	if err := u.store.PutLogin(t.Context(), rec); err != nil {
		t.Fatal(err)
	}
	if _, err := u.On(t.Context(), 8); !errors.Is(err, seal.ErrOpen) {
		t.Error(err)
	}
}
