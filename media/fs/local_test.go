package fs

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parley/internal/disk"
	"parley/media"
)

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func put(t *testing.T, s *Store, key, text string) {
	t.Helper()
	if _, err := s.Put(t.Context(), key, strings.NewReader(text), media.PutOptions{}); err != nil {
		t.Fatal(err)
	}
}

// TestReserve: files leave room for what is more important.
func TestReserve(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	s.space = func() (disk.Space, bool) { // 1 MiB stays free
		parts, err := filepath.Glob(filepath.Join(dir, partDir, "*"))
		free := int64(3 << 20)
		for _, path := range parts {
			if info, err := os.Stat(path); err == nil {
				free -= info.Size()
			}
		}
		return disk.Space{Total: 20 << 20, Free: free}, err == nil
	}
	_, err := s.Put(t.Context(), "large", bytes.NewReader(make([]byte, 2<<20+1)), media.PutOptions{})
	if !errors.Is(err, media.ErrFull) || !strings.Contains(err.Error(), "kept free") {
		t.Errorf("got %v, want ErrFull", err)
	}
	if parts, err := os.ReadDir(filepath.Join(dir, partDir)); err != nil || len(parts) > 0 {
		t.Errorf("got %v, %v left, want nothing", parts, err)
	}
	if _, err := s.Put(t.Context(), "fits", bytes.NewReader(make([]byte, 2<<20)), media.PutOptions{}); err != nil {
		t.Errorf("what fits: got %v", err)
	}
}

func TestForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "files")
	s := open(t, dir)
	put(t, s, "abc", "x")
	for path, want := range map[string]os.FileMode{"": 0o700, "ab": 0o700, "ab/abc": 0o600} {
		info, err := os.Stat(filepath.Join(dir, path))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: got %v, %v, want mode %o", path, info, err, want)
		}
	}
}

// TestForeignThings: what others put into the folder is neither served nor
// followed nor listed.
func TestForeignThings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	put(t, s, "mine", "x")
	for _, err := range []error{
		os.WriteFile(filepath.Join(dir, "README"), nil, 0o600),
		os.WriteFile(filepath.Join(dir, "zz"), nil, 0o600),
		os.WriteFile(filepath.Join(dir, "mi", "other"), nil, 0o600),
		os.WriteFile(filepath.Join(dir, "mi", "MINE.TXT"), nil, 0o600),
		os.MkdirAll(filepath.Join(dir, "di", "directory"), 0o700),
		os.Symlink(secret, filepath.Join(dir, "mi", "milink")),
		os.Symlink(filepath.Dir(secret), filepath.Join(dir, "se")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"milink", "secret", "directory"} {
		if b, err := s.Open(t.Context(), key); err == nil {
			t.Errorf("%s: got %v, want an error", key, b)
		}
	}
	list, err := s.List(t.Context(), "", 100)
	if err != nil || len(list) != 1 || list[0].Key != "mine" {
		t.Errorf("got %v, %v, want mine", list, err)
	}
}

func TestSweepParts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	part := filepath.Join(dir, partDir, "abc.1.0")
	if err := os.WriteFile(part, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Sweep(t.Context(), time.Now().Add(-time.Minute)); n != 0 || err != nil {
		t.Errorf("a new one: got %d, %v", n, err)
	}
	if n, err := s.Sweep(t.Context(), time.Now().Add(time.Minute)); n != 1 || err != nil {
		t.Errorf("an old one: got %d, %v", n, err)
	}
	if _, err := os.Stat(part); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want it gone", err)
	}
	if err := os.RemoveAll(filepath.Join(dir, partDir)); err != nil {
		t.Fatal(err)
	}
	put(t, s, "after", "somebody tidied up")
}

func TestCopyTo(t *testing.T) {
	t.Parallel()
	from, to := open(t, t.TempDir()), open(t, t.TempDir())
	for _, key := range []string{"a", "abc", "abc-t", "zz9"} {
		put(t, from, key, "this is "+key)
	}
	put(t, to, "other", "stays")
	for range 2 {
		n, size, err := from.CopyTo(t.Context(), to)
		if n != 4 || size != int64(len("this is ")*4+1+3+5+3) || err != nil {
			t.Errorf("got %d, %d bytes, %v", n, size, err)
		}
	}
	if err := from.Delete(t.Context(), "abc"); err != nil {
		t.Fatal(err)
	}
	for key, size := range map[string]int64{"a": 9, "abc": 11, "abc-t": 13, "zz9": 11, "other": 5} {
		if !to.Has(key, size) {
			t.Errorf("%s is not there with %d bytes", key, size)
		}
	}
	if to.Has("nobody", -1) || to.Has("../x", -1) {
		t.Error("got what is not there")
	}
}
