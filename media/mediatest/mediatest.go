// Package mediatest is the contract of package media as a test suite. Every
// adapter passes it unchanged. It knows no adapter.
package mediatest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"parley/media"
)

// testCase is one rule of the contract.
type testCase struct {
	name  string
	check func(*kit)
}

// Run applies every case to a store that is empty, several at a time.
func Run(t *testing.T, open func(t *testing.T) media.Store) {
	for _, group := range [][]testCase{putCases(), openCases(), keyCases(), sweepCases()} {
		for _, c := range group {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				c.check(&kit{T: t, Store: open(t), ctx: t.Context()})
			})
		}
	}
}

// kit is a store under test with what every case needs.
type kit struct {
	*testing.T
	media.Store
	ctx context.Context
}

func (k *kit) must(what string, err error) {
	k.Helper()
	if err != nil {
		k.Fatalf("%s: got error %v, want none", what, err)
	}
}

func (k *kit) wantErr(what string, got, want error) {
	k.Helper()
	if !errors.Is(got, want) {
		k.Errorf("%s: got error %v, want %v", what, got, want)
	}
}

// put stores bytes.
func (k *kit) put(key string, p []byte) {
	k.Helper()
	n, err := k.Put(k.ctx, key, bytes.NewReader(p), media.PutOptions{})
	k.must("Put", err)
	if n != int64(len(p)) {
		k.Errorf("Put: got size %d, want %d", n, len(p))
	}
}

// wantBlob checks what is stored.
func (k *kit) wantBlob(key string, want []byte) {
	k.Helper()
	b, err := k.Open(k.ctx, key)
	k.must("Open", err)
	defer func() { k.must("Close", b.Close()) }()
	got, err := io.ReadAll(b)
	k.must("Read", err)
	if !bytes.Equal(got, want) {
		k.Errorf("%s: got %d bytes %q, want %d bytes %q", key, len(got), head(got), len(want), head(want))
	}
	if b.Size() != int64(len(want)) {
		k.Errorf("%s: got size %d, want %d", key, b.Size(), len(want))
	}
}

// wantNone checks that nothing is seen of a blob.
func (k *kit) wantNone(key string) {
	k.Helper()
	if b, err := k.Open(k.ctx, key); !errors.Is(err, media.ErrNotFound) {
		k.Errorf("Open(%s): got %v, %v, want ErrNotFound", key, b, err)
	}
	if keys := k.keys("", 1000); len(keys) > 0 {
		k.Errorf("List: got %q, want none", keys)
	}
}

func (k *kit) keys(after string, limit int) []string {
	k.Helper()
	list, err := k.List(k.ctx, after, limit)
	k.must("List", err)
	keys := make([]string, len(list))
	for i, b := range list {
		keys[i] = b.Key
	}
	return keys
}

func head(p []byte) []byte { return p[:min(len(p), 40)] }

// noise is n bytes that do not repeat.
func noise(n int) []byte {
	p := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(p) // never fails
	return p
}

// uneven gives what p holds in pieces of many sizes, without saying how much.
type uneven struct {
	p    []byte
	next int
}

func (u *uneven) Read(p []byte) (int, error) {
	if len(u.p) == 0 {
		return 0, io.EOF
	}
	u.next = u.next*7%65_521 + 1
	n := copy(p[:min(len(p), u.next)], u.p)
	u.p = u.p[n:]
	return n, nil
}

// endless never ends, and counts what was taken of it.
type endless struct{ taken int64 }

func (e *endless) Read(p []byte) (int, error) {
	e.taken += int64(len(p))
	return len(p), nil
}

// broken gives p, then err.
func broken(p []byte, err error) io.Reader { return io.MultiReader(bytes.NewReader(p), failing{err}) }

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
