package session

import (
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/argon2"

	"parley/auth"
	"parley/auth/anon"
	"parley/auth/basic"
	"parley/auth/token"
	"parley/auth/totp"
	"parley/auth/validate"
	"parley/internal/audit"
	"parley/internal/chat"
	"parley/internal/limit"
	"parley/store"
	"parley/store/mem"
	"parley/wsproto"
)

// fortress is a registry with accounts and limits.
type fortress struct {
	*Registry
	t   testing.TB
	st  *mem.Store
	ann chat.UID // her login is ann:right
}

func newFortress(t testing.TB, l Limits) *fortress {
	t.Helper()
	st := mem.New()
	keys := [][]byte{[]byte(strings.Repeat("k", token.MinKeyLen))}
	tokens, err := token.New(keys, 1, time.Hour, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	passwords := basic.New(st, basic.Rules{})
	factor, err := totp.New(st, keys, "Parley", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	f := &fortress{t: t, st: st, ann: chat.NewUID(), Registry: NewRegistry(Deps{
		Hub: &fakeHub{}, Store: st, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now,
		Schemes: auth.NewSet(map[string]auth.Scheme{basic.Name: passwords, token.Name: tokens, anon.Name: anon.Scheme{}}),
		Token:   tokens, Passwords: passwords, Factor: factor, Validators: noValidators(st), Audit: audit.New(st, slog.New(slog.DiscardHandler), time.Now),
		Config: Config{OutboxBytes: 1 << 20, MaxPending: 32, Limits: l},
	})}
	// The cheapest hash there is: the attack is to be long, not expensive.
	b64 := base64.RawStdEncoding.EncodeToString
	salt := []byte("sixteen bytes of")
	hash := fmt.Appendf(nil, "$argon2id$v=%d$m=8,t=1,p=1$%s$%s", argon2.Version,
		b64(salt), b64(argon2.IDKey([]byte("right"), salt, 1, 8, 1, 32)))
	now := f.now()
	err = st.CreateUser(t.Context(), &store.NewUser{
		User:  store.User{ID: f.ann, Created: now, Updated: now},
		Me:    store.Sub{Topic: f.ann.MeName(), User: f.ann, Created: now, Updated: now},
		Login: &store.Login{Scheme: basic.Name, Name: "ann", User: f.ann, Level: chat.LevelAuth, Secret: hash},
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// visitor is a client that has said hi.
type visitor struct {
	*Session
	conn *fakeConn
}

func (f *fortress) visit(from string) *visitor {
	f.t.Helper()
	conn := newFakeConn(1 << 30)
	s := f.Open(conn, from)
	if s == nil {
		f.t.Fatal("no session")
	}
	s.ver = strictHi
	return &visitor{s, conn}
}

// ask sends a message and returns what came back at once.
func (v *visitor) ask(format string, args ...any) string {
	before := len(v.conn.text())
	v.Handle(fmt.Appendf(nil, format, args...))
	return v.conn.text()[before:]
}

func (v *visitor) login(secret string) string {
	return v.ask(`{"login":{"id":"1","scheme":"basic","secret":%q}}`, base64.StdEncoding.EncodeToString([]byte(secret)))
}

var strict = Limits{Passwords: limit.GuardConfig{PerAccount: 5, PerAddress: 20, MaxDelay: 15 * time.Minute}}

// TestSprayedAccount: 10,000 wrong passwords from 1,000 addresses against one
// account. Its owner still gets in from an address of his own, and few of the
// wrong ones were so much as looked at.
func TestSprayedAccount(t *testing.T) {
	t.Parallel()
	// Simulated time: an attack that takes no time, whatever the machine.
	synctest.Test(t, sprayed)
}

func sprayed(t *testing.T) {
	f := newFortress(t, strict)
	wrong, refused := 0, 0
	for i := range 10_000 {
		v := f.visit(fmt.Sprintf("10.0.%d.%d:1234", i%1000/250, i%250))
		switch answer := v.login("ann:wrong"); {
		case strings.Contains(answer, `"code":401`):
			wrong++
		case strings.Contains(answer, `"code":429`) && strings.Contains(answer, `"retry":`):
			refused++
		default:
			t.Fatal(answer)
		}
		v.Closed()
	}
	if wrong > 1000 || wrong+refused != 10_000 {
		t.Errorf("%d of 10,000 wrong passwords were looked at", wrong)
	}
	owner := f.visit("192.0.2.1:1")
	if answer := owner.login("ann:right"); !strings.Contains(answer, `"code":200`) {
		t.Errorf("the owner: %s", answer)
	}
	owner.Closed()
	if f.Len() != 0 || f.limits.addresses.Len() != 0 {
		t.Errorf("%d sessions, %d addresses", f.Len(), f.limits.addresses.Len())
	}
}

// TestRightPasswordsAtOnce: all devices of somebody come back at the same moment,
// from behind one address.
func TestRightPasswordsAtOnce(t *testing.T) {
	t.Parallel()
	// Simulated time: the line is not longer on a busy machine.
	synctest.Test(t, func(t *testing.T) {
		f := newFortress(t, strict)
		var all sync.WaitGroup
		start := make(chan struct{})
		for range 12 {
			v := f.visit("192.0.2.1:1")
			all.Go(func() {
				<-start
				if answer := v.login("ann:right"); !strings.Contains(answer, `"code":200`) {
					t.Error(answer)
				}
				v.Closed()
			})
		}
		close(start)
		all.Wait()
	})
}

// TestUnknownLoginsAreCounted exactly like known ones.
func TestUnknownLoginsAreCounted(t *testing.T) {
	t.Parallel()
	f := newFortress(t, strict)
	answers := func(login, from string) (codes string) {
		v := f.visit(from)
		defer v.Closed()
		for range 8 {
			answer := v.login(login + ":wrong")
			_, rest, _ := strings.Cut(answer, `"code":`)
			codes += rest[:3] + " "
		}
		return codes
	}
	const want = "401 401 401 401 401 429 429 429 "
	if got := answers("ann", "192.0.2.1:1"); got != want {
		t.Errorf("known: %s", got)
	}
	if got := answers("nobody", "192.0.2.2:1"); got != want {
		t.Errorf("unknown: %s", got)
	}
}

// TestFailuresAreAudited: whose account, from where, and no secret.
func TestFailuresAreAudited(t *testing.T) {
	t.Parallel()
	f := newFortress(t, strict)
	v := f.visit("192.0.2.1:4711")
	defer v.Closed()
	for range 8 {
		v.login("Ann:hunter2")
	}
	v.login("hunter3:x")
	log, err := f.st.AuditLog(t.Context(), store.AuditQuery{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range log {
		if e.From != "192.0.2.1" || strings.Contains(fmt.Sprint(e), "hunter") {
			t.Errorf("%+v", e)
		}
		got = append(got, fmt.Sprint(e.Act, " ", e.User == f.ann))
	}
	want := "login.failed false, login.limited true" + strings.Repeat(", login.failed true", 5)
	if text := strings.Join(got, ", "); text != want {
		t.Errorf("got %s\nwant %s", text, want)
	}
}

// TestFlooderWaits: over its limit a session gets an answer four times a second.
func TestFlooderWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFortress(t, Limits{SessionRequests: limit.Rate{Every: time.Hour, Burst: 10}})
		v := f.visit("192.0.2.1:1")
		start := time.Now()
		for range 30 {
			v.Handle([]byte(probe))
		}
		if d := time.Since(start); d != 20*holdBack {
			t.Errorf("took %v", d)
		}
		if n := strings.Count(v.conn.text(), `"code":429`); n != 20 {
			t.Errorf("%d refusals", n)
		}
		v.Closed()
	})
}

// TestLimitsOutliveSessions: coming back with a new connection does not help.
func TestLimitsOutliveSessions(t *testing.T) {
	t.Parallel()
	f := newFortress(t, Limits{
		AddressAccounts: limit.Rate{Every: time.Hour, Burst: 1}, SessionsPerAddress: 2,
		Exempt: placesOf("127.0.0.1", "::1"),
	})
	const from, neighbour = "[2001:db8::1]:1", "[2001:db8::2]:1"
	for i, want := range []string{`"code":201`, `"code":429`, `"code":429`} {
		v := f.visit([]string{from, neighbour, from}[i])
		if answer := v.ask(`{"acc":{"id":"1","user":"new","scheme":"anonymous"}}`); !strings.Contains(answer, want) {
			t.Errorf("account %d: %s", i, answer)
		}
		v.Closed()
	}
	a, b := f.visit(from), f.visit(neighbour)
	if !f.Crowded(from) || f.Crowded("[2001:db8:0:1::1]:1") || f.Crowded("127.0.0.1:5") || f.Crowded("[::1]:5") {
		t.Error("Crowded")
	}
	a.Closed()
	b.Closed()
	if f.Crowded(from) {
		t.Error("crowded by nobody")
	}
}

func placesOf(remotes ...string) (list []netip.Prefix) {
	for _, r := range remotes {
		a := netip.MustParseAddr(r)
		list = append(list, netip.PrefixFrom(a, a.BitLen()))
	}
	return list
}

func noValidators(st *mem.Store) *validate.Set { return validate.New(st, nil, nil, time.Now) }

func TestPlaces(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]string{
		"192.0.2.7:80": "192.0.2.7/32", "192.0.2.7": "192.0.2.7/32", "[::ffff:192.0.2.7]:80": "192.0.2.7/32",
		"[2001:db8:1:2:3::4]:80": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "@": "127.0.0.1/32", "memory": "127.0.0.1/32",
	} {
		if got := placeOf(remote).String(); got != want {
			t.Errorf("%s: %s, want %s", remote, got, want)
		}
	}
}

func BenchmarkCharge(b *testing.B) {
	big := limit.Rate{Every: 1, Burst: 1 << 30}
	f := newFortress(b, Limits{
		SessionRequests: big, UserRequests: big, AddressRequests: big,
		SessionMessages: big, UserMessages: big, AddressMessages: big,
	})
	v := f.visit("192.0.2.1:1")
	v.login("ann:right")
	m, err := wsproto.Decode([]byte(`{"pub":{"id":"1","topic":"grp","content":"x"}}`))
	if err != nil || v.account == nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if v.charge(m) > 0 {
			b.Fatal("limited")
		}
	}
}
