package session

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/auth"
	"parley/internal/chat"
	"parley/store"
)

// tokenOf logs ann in with her password and returns her session and her token.
func (f *fortress) tokenOf(from string) (*visitor, string) {
	f.t.Helper()
	v := f.visit(from)
	answer := v.login("ann:right")
	i := strings.Index(answer, "{")
	var m struct {
		Ctrl struct{ Params struct{ Token string } }
	}
	if err := json.NewDecoder(strings.NewReader(answer[max(i, 0):])).Decode(&m); err != nil || m.Ctrl.Params.Token == "" {
		f.t.Fatalf("%s: %v", answer, err)
	}
	return v, m.Ctrl.Params.Token
}

func (v *visitor) byToken(token string) string {
	return v.ask(`{"login":{"id":"2","scheme":"token","secret":%q}}`, token)
}

func (f *fortress) wantToken(what, token, code string) {
	f.t.Helper()
	v := f.visit("192.0.2.9:1")
	defer v.Closed()
	if answer := v.byToken(token); !strings.Contains(answer, `"code":`+code) {
		f.t.Errorf("%s: %s, want %s", what, answer, code)
	}
}

// TestRevokeOne: a device logged out cannot come back, neither with the token
// that it has nor with those that it had; others can. A restart changes nothing.
func TestRevokeOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFortress(t, Limits{})
		a, first := f.tokenOf("192.0.2.1:1")
		b, other := f.tokenOf("192.0.2.2:1")
		time.Sleep(2 * time.Second)
		again := f.visit("192.0.2.1:2")
		if answer := again.byToken(first); !strings.Contains(answer, `"code":200`) || again.chain() != a.chain() {
			t.Fatalf("%s: chains %s, %s", answer, a.chain(), again.chain())
		}
		if err := f.RevokeSession(t.Context(), f.ann, a.chain()); err != nil {
			t.Fatal(err)
		}
		if !a.ended() || !again.ended() || b.ended() || !strings.Contains(a.conn.text(), `"code":205`) {
			t.Errorf("ended: %t %t %t", a.ended(), again.ended(), b.ended())
		}
		f.wantToken("of the device", first, "401")
		f.wantToken("of another", other, "200")

		f.revoked = revocations{}
		f.wantToken("before the revocations are loaded", first, "200")
		if err := f.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.wantToken("after a restart", first, "401")
		f.wantToken("of another, after a restart", other, "200")
		b.Closed()
	})
}

// TestRevokeUser: everything is void, what is issued in the same second after it
// is not.
func TestRevokeUser(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFortress(t, Limits{})
		a, token := f.tokenOf("192.0.2.1:1")
		// For a single purpose, such as a new password.
		once, err := f.Token.Issue(&auth.Record{User: f.ann, Level: chat.LevelAuth, NoLogin: true}, time.Now().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
		if err := f.RevokeUser(t.Context(), f.ann, f.now()); err != nil {
			t.Fatal(err)
		}
		if !a.ended() {
			t.Error("still connected")
		}
		b, fresh := f.tokenOf("192.0.2.1:2")
		defer b.Closed()
		f.wantToken("from before", token, "401")
		f.wantToken("of a single purpose", base64.StdEncoding.EncodeToString(once), "401")
		f.wantToken("from after", fresh, "200")
		list, err := f.Sessions(t.Context(), f.ann, b.Session)
		if err != nil || len(list) != 1 || !list[0].Current {
			t.Errorf("%+v %v", list, err)
		}
	})
}

// TestRevokedWhileLoggingIn: a login that began before the revocation and ends
// after it does not survive.
func TestRevokedWhileLoggingIn(t *testing.T) {
	t.Parallel()
	f := newFortress(t, Limits{})
	v, _ := f.tokenOf("192.0.2.1:1")
	mark := f.revoked.mark()
	if err := f.RevokeUser(t.Context(), f.ann, f.now()); err != nil {
		t.Fatal(err)
	}
	late := f.visit("192.0.2.1:2")
	err := late.logIn(&auth.Record{User: f.ann, Level: chat.LevelAuth, Session: "late"}, mark, f.now().Add(time.Hour))
	if err == nil || !late.ended() || !v.ended() {
		t.Errorf("%v, ended %t, %t", err, late.ended(), v.ended())
	}
}

// TestRevokeRace: logins and revocations at once; when all is over, every open
// session is of after the last revocation.
func TestRevokeRace(t *testing.T) {
	t.Parallel()
	f := newFortress(t, Limits{})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 6 {
				v := f.visit("192.0.2.1:1")
				v.login("ann:right")
			}
		})
	}
	for range 10 {
		time.Sleep(time.Millisecond)
		if err := f.RevokeUser(t.Context(), f.ann, f.now()); err != nil {
			t.Fatal(err)
		}
	}
	all.Wait()
	if err := f.RevokeUser(t.Context(), f.ann, f.now()); err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	left := len(f.users[f.ann])
	f.mu.Unlock()
	if left > 0 {
		t.Errorf("%d sessions are left", left)
	}
}

// TestLastSeen is written at the login and at the end, and not each time that
// somebody comes back after a while without a connection.
func TestLastSeen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFortress(t, Limits{})
		seen := func() time.Time {
			ts, err := f.st.Tokens(t.Context(), f.ann, time.Now())
			if err != nil || len(ts) != 1 {
				t.Fatalf("%+v %v", ts, err)
			}
			return ts[0].Seen
		}
		start := f.now()
		v, token := f.tokenOf("192.0.2.1:1")
		if !seen().Equal(start) {
			t.Error("not at the login")
		}
		time.Sleep(time.Minute)
		v.Closed()
		if !seen().Equal(start.Add(time.Minute)) {
			t.Error("not at the end")
		}
		time.Sleep(time.Minute)
		v = f.visit("192.0.2.1:1")
		v.byToken(token)
		if !seen().Equal(start.Add(time.Minute)) {
			t.Error("at once when he came back")
		}
		if list, _ := f.Sessions(t.Context(), f.ann, nil); len(list) != 1 || !list[0].Online || !list[0].Seen.Equal(f.now()) {
			t.Errorf("%+v", list)
		}
		v.Closed()
		time.Sleep(time.Hour + time.Minute)
		if ts, _ := f.st.Tokens(t.Context(), f.ann, time.Now()); len(ts) != 0 {
			t.Errorf("expired: %+v", ts)
		}
	})
}

// TestRevocationsAreTidied: memory does not grow with those that have expired.
func TestRevocationsAreTidied(t *testing.T) {
	t.Parallel()
	var v revocations
	now := time.Now()
	for i := range 10 * tidyStep {
		at := now.Add(time.Duration(i) * time.Minute)
		v.add(store.Revocation{User: chat.UID(i), Before: at, Until: at.Add(time.Hour)}, at)
	}
	if n := len(v.users); n > 2*tidyStep {
		t.Errorf("%d entries", n)
	}
}
