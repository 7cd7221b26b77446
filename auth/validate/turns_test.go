package validate

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/auth"
	"parley/internal/chat"
	"parley/store"
	"parley/store/mem"
	"parley/wsproto"
)

// box takes codes: "<to> <code>".
type box struct {
	mu  sync.Mutex
	got []string
}

func (b *box) list() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.got)
}

func (b *box) Ready() error { return nil }

func (b *box) Confirm(to, _, code, _ string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got = append(b.got, to+" "+code)
	return nil
}

type noTokens struct{}

func (noTokens) Issue(*auth.Record, time.Time) ([]byte, error) { return []byte("t"), nil }

func from(addr string) context.Context {
	return auth.WithClient(context.Background(), auth.Client{Addr: addr})
}

// TestBombing: twenty accounts name one address; it gets one message, and then as
// many as the pace of an address allows, those of its owner among the first, and
// none after he has confirmed.
func TestBombing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st, post := mem.New(), &box{}
		s := New(st, noTokens{}, nil, time.Now, Method{Name: "email", CodeLength: 6, MaxRetries: 3, Post: post})
		defer s.Close()
		const address = "ann@example.com"
		signUp := func(u chat.UID, addr string) store.Credential {
			c := s.Pending(u, "email", address)
			if err := st.PutCredential(t.Context(), &c); err != nil {
				t.Fatal(err)
			}
			if err := s.Welcome(from(addr), []store.Credential{c}, chat.LevelAuth, ""); err != nil {
				t.Error(err)
			}
			return c
		}
		for i := range 20 {
			signUp(chat.UID(i+1), fmt.Sprintf("[2001:db8::%x]:1", i)) // all of one customer
		}
		if len(post.list()) != 1 {
			t.Fatalf("%d messages at once", len(post.list()))
		}
		// Somebody with an account asks for it, and the answer is as ever.
		if added, err := s.Request(from("192.0.2.9"), 30, &wsproto.Cred{Meth: "email", Val: "Ann@example.com"}, "", ""); err != nil || !added {
			t.Errorf("%t, %v", added, err)
		}
		owner := signUp(40, "198.51.100.1:1")
		time.Sleep(8 * time.Minute)
		synctest.Wait()
		if len(post.list()) != 4 { // at 0, 1, 3 and 7 minutes
			t.Errorf("%d messages in 8 minutes: %v", len(post.list()), post.list())
		}
		code := s.codeFor(&owner)
		found := false
		for _, m := range post.list() {
			found = found || m == address+" "+code
		}
		if !found {
			t.Fatalf("nothing for the owner: %v", post.list())
		}
		if _, err := s.Confirm(t.Context(), 40, &wsproto.Cred{Meth: "email", Resp: code}); err != nil {
			t.Error(err)
		}
		time.Sleep(5 * time.Hour)
		synctest.Wait()
		if len(post.list()) != 4 {
			t.Errorf("%d messages after it was confirmed", len(post.list()))
		}
	})
}

// TestStoreHasNoCodes: what is stored is not what is sent, a rotated key still
// verifies, and other users, addresses and keys have other codes.
func TestStoreHasNoCodes(t *testing.T) {
	t.Parallel()
	st, post := mem.New(), &box{}
	m := Method{Name: "email", CodeLength: 6, MaxRetries: 3, Post: post}
	s := New(st, noTokens{}, [][]byte{[]byte("old")}, time.Now, m)
	if _, err := s.Request(t.Context(), 1, &wsproto.Cred{Meth: "email", Val: "a@b.c"}, "", ""); err != nil {
		t.Fatal(err)
	}
	rec, err := st.PendingCredential(t.Context(), 1, "email")
	code := s.codeFor(rec)
	if err != nil || len(code) != 6 || post.list()[0] != "a@b.c "+code || len(rec.Code) < 20 {
		t.Fatalf("%v; sent %v, stored %+v", err, post.list(), rec)
	}
	other := *rec
	other.User = 2
	same := 0
	for _, c := range []string{s.codeFor(&other), New(st, nil, nil, time.Now, m).codeFor(rec)} {
		if c == code {
			same++
		}
	}
	if same == 2 {
		t.Error("the code depends on nothing")
	}
	rotated := New(st, noTokens{}, [][]byte{[]byte("new"), []byte("old")}, time.Now, m)
	if _, err := rotated.Confirm(t.Context(), 1, &wsproto.Cred{Meth: "email", Resp: rec.Code}); err == nil {
		t.Error("what is stored is a code")
	}
	if _, err := rotated.Confirm(t.Context(), 1, &wsproto.Cred{Meth: "email", Resp: code}); err != nil {
		t.Error(err)
	}
}
