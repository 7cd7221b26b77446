package fs

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"parley/media"
)

// TestFullDisk fills a real one, where the test may mount it.
func TestFullDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root to mount a small disk")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skip("no disk can be mounted here:", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	put(t, s, "small", "fits")
	_, err = s.Put(t.Context(), "large", bytes.NewReader(make([]byte, 2<<20)), media.PutOptions{})
	if !errors.Is(err, media.ErrFull) {
		t.Errorf("got %v, want ErrFull", err)
	}
	parts, err := os.ReadDir(filepath.Join(dir, partDir))
	if err != nil || len(parts) > 0 {
		t.Errorf("got %v, %v left, want nothing", parts, err)
	}
	if _, err := s.Put(t.Context(), "fits", bytes.NewReader(make([]byte, 500<<10)), media.PutOptions{}); err != nil {
		t.Errorf("what fits: got %v", err)
	}
	_, _ = s.Put(t.Context(), "rest", bytes.NewReader(make([]byte, 510<<10)), media.PutOptions{})
	if err := s.Check(t.Context()); err != nil && !strings.Contains(err.Error(), "is full: make room") {
		t.Errorf("Check: got %v", err)
	}
}
