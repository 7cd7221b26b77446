package session

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/auth"
	"parley/internal/chat"
	"parley/internal/limit"
	"parley/store"
)

// authority vouches for whoever says so, each time for somebody new.
type authority struct{}

func (authority) Authenticate(_ context.Context, secret []byte) (*auth.Record, error) {
	switch _, password, _ := strings.Cut(string(secret), ":"); password {
	case "step":
		return &auth.Record{Challenge: "next"}, nil
	case "new":
		return &auth.Record{Level: chat.LevelAuth, New: &auth.Newcomer{}}, nil
	}
	return nil, auth.ErrFailed
}

func withAuthority(t *testing.T, l Limits) *fortress {
	f := newFortress(t, l)
	schemes := f.Schemes.All()
	schemes["rest"] = authority{}
	f.Schemes = auth.NewSet(schemes)
	return f
}

func (v *visitor) by(scheme, secret string) string {
	answer := v.ask(`{"login":{"id":"1","scheme":%q,"secret":%q}}`, scheme, base64.StdEncoding.EncodeToString([]byte(secret)))
	_, code, _ := strings.Cut(answer, `"code":`)
	code, _, _ = strings.Cut(code, ",")
	return code
}

// TestForeignAttemptsAreLimited: secrets that others judge are guessed no faster,
// and a first step that always works does not help.
func TestForeignAttemptsAreLimited(t *testing.T) {
	t.Parallel()
	f := withAuthority(t, strict)
	v := f.visit("192.0.2.1:4711")
	defer v.Closed()
	var got []string
	for i := range 7 {
		if i < 5 {
			got = append(got, v.by("rest", "ann:step"))
		}
		got = append(got, v.by("REST", "Ann:hunter2"))
	}
	if text := strings.Join(got, " "); text != strings.Repeat("300 401 ", 5)+"429 429" {
		t.Error(text)
	}
	if got := v.by("basic", "ann:right"); got != "200" { // the other ann
		t.Error(got)
	}
	log, err := f.st.AuditLog(t.Context(), store.AuditQuery{Act: "login.failed"})
	if err != nil || len(log) != 5 {
		t.Errorf("%v, %v", log, err)
	}
	for _, e := range log {
		if e.User != 0 || e.Detail != "rest" || strings.Contains(fmt.Sprint(e), "hunter") {
			t.Errorf("%+v", e)
		}
	}
}

// TestForeignAccountsAreLimited: so many accounts of an address, whoever vouches
// for them.
func TestForeignAccountsAreLimited(t *testing.T) {
	t.Parallel()
	f := withAuthority(t, Limits{AddressAccounts: limit.Rate{Every: time.Hour, Burst: 2}})
	for i, want := range []string{"200", "200", "429"} {
		v := f.visit("192.0.2.1:1")
		if got := v.by("rest", fmt.Sprint(i, ":new")); got != want {
			t.Errorf("%d: %s, want %s", i, got, want)
		}
		v.Closed()
	}
	users, err := f.st.Users(t.Context(), store.UserQuery{})
	if err != nil || len(users) != 3 { // ann is one of them
		t.Errorf("%d accounts, %v", len(users), err)
	}
	log, err := f.st.AuditLog(t.Context(), store.AuditQuery{Act: "account.created"})
	if err != nil || len(log) != 2 || log[0].User == 0 || log[0].Detail != "rest" || log[0].From != "192.0.2.1" {
		t.Errorf("%+v, %v", log, err)
	}
}
