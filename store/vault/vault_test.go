package vault_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"parley/auth/seal"
	"parley/store"
	"parley/store/mem"
	"parley/store/vault"
)

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func box(t *testing.T, key byte) *seal.Box {
	t.Helper()
	b, err := seal.New([][]byte{bytes.Repeat([]byte{key}, 32)}, "test")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestVault(t *testing.T) {
	t.Parallel()
	st, c, ctx := mem.New(), &clock{at: time.UnixMilli(1_700_000_000_000)}, t.Context()
	v := vault.New(st, box(t, 1), c.now)
	get := func(what string, v *vault.Vault, key, want string) {
		t.Helper()
		got, err := v.Get(ctx, key)
		if want == "" {
			if !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s: got %q, %v, want not found", what, got, err)
			}
		} else if err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v, want %q", what, got, err, want)
		}
	}
	get("nothing", v, "a:1", "")
	for _, key := range []string{"a:1", "a:2"} {
		if err := v.Put(ctx, key, []byte("secret of "+key), c.now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	get("put", v, "a:1", "secret of a:1")
	rec, err := st.Value(ctx, "a:1", c.now())
	if err != nil || bytes.Contains(rec.Data, []byte("secret")) {
		t.Errorf("in the store: %q, %v", rec.Data, err)
	}
	get("another key", vault.New(st, box(t, 2), c.now), "a:1", "")
	rec.Key = "a:2" // moved to another name
	if err := st.PutValue(ctx, rec); err != nil {
		t.Fatal(err)
	}
	get("moved", v, "a:2", "")
	c.add(time.Minute)
	get("expired", v, "a:1", "")
	if err := v.DropAll(ctx, "a:", c.now()); err != nil {
		t.Fatal(err)
	}
	if n, err := st.ExpireValues(ctx, c.now(), 0); n != 0 || err != nil {
		t.Errorf("%d values left, %v", n, err)
	}
}

func TestLease(t *testing.T) {
	t.Parallel()
	st, c, ctx := mem.New(), &clock{at: time.UnixMilli(1_700_000_000_000)}, t.Context()
	one, two := vault.New(st, box(t, 1), c.now), vault.New(st, box(t, 1), c.now)
	lease := func(what string, v *vault.Vault, want bool) func() {
		t.Helper()
		release, ok, err := v.Lease(ctx, "x", time.Minute)
		if err != nil || ok != want {
			t.Fatalf("%s: got %t, %v, want %t", what, ok, err, want)
		}
		return release
	}
	release := lease("free", one, true)
	lease("taken", two, false)
	lease("taken by himself", one, false)
	release()
	late := lease("released", two, true)
	c.add(time.Minute)
	release = lease("expired", one, true)
	late() // does not end the lease of the other
	lease("still taken", two, false)
	release()
	lease("free again", two, true)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := one.Lease(ended, "y", time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
