package server

import (
	"encoding/base64"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"parley/auth"
	"parley/internal/audit"
	"parley/internal/chat"
	"parley/store"
)

// TestCollect: accounts that nobody uses go, the oldest first, a few at a time.
func TestCollect(t *testing.T) {
	atOnce(t, `{"acc_gc_config": {"enabled": true, "gc_block_size": 2, "gc_min_account_age": 30}}`, testCollect)
}

func testCollect(t *testing.T, h *harness) {
	st, now := h.store, h.now()
	add := func(hours int, done bool) chat.UID {
		t.Helper()
		id, at := chat.NewUID(), now.Add(-time.Duration(hours)*time.Hour)
		n := &store.NewUser{
			User: store.User{ID: id, Created: at, Updated: at},
			Me:   store.Sub{Topic: id.MeName(), User: id, Created: at, Updated: at, Want: chat.ModeMe, Given: chat.ModeMe},
		}
		if done {
			n.Creds = []store.Credential{{User: id, Method: "email", Value: id.String(), Created: at, Updated: at, Done: true}}
		}
		if err := st.CreateUser(t.Context(), n); err != nil {
			t.Fatal(err)
		}
		return id
	}
	oldest, older, old := add(50, false), add(40, false), add(35, false)
	young, confirmed, seen := add(29, false), add(60, true), add(60, false)
	st.Seen(seen, now, "")
	online := add(99, false) // has never left since
	token, err := h.sessions.Token.Issue(&auth.Record{User: online, Level: chat.LevelAuth, Validated: true}, now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	h.deviceOf(t, online.String(), base64.StdEncoding.EncodeToString(token))
	synctest.Wait()
	for pass, want := range [][]chat.UID{{oldest, older}, {oldest, older, old}, {oldest, older, old}} {
		if _, err := h.collect(t.Context()); err != nil {
			t.Fatal(err)
		}
		var gone []chat.UID
		for _, id := range []chat.UID{oldest, older, old, young, confirmed, seen, online} {
			if _, err := st.User(t.Context(), id); err != nil {
				gone = append(gone, id)
			}
		}
		if !slices.Equal(gone, want) {
			t.Errorf("pass %d: gone %v, want %v", pass, gone, want)
		}
	}
	log, err := st.AuditLog(t.Context(), store.AuditQuery{Act: audit.AccountCollected})
	if err != nil || len(log) != 3 || log[2].User != oldest {
		t.Errorf("audit log: %+v %v", log, err)
	}
}

func TestJitter(t *testing.T) {
	t.Parallel()
	for random, want := range map[float64]time.Duration{0: 45 * time.Second, 0.5: time.Minute, 1: 75 * time.Second} {
		if got := jitter(time.Minute, random); got != want {
			t.Errorf("%v: got %v, want %v", random, got, want)
		}
	}
}
