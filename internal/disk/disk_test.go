package disk

import (
	"bytes"
	"errors"
	"runtime"
	"syscall"
	"testing"
)

func TestOf(t *testing.T) {
	dir := t.TempDir()
	s, known := Of(dir)
	switch runtime.GOOS {
	case "linux", "darwin", "freebsd":
		if !known || s.Total <= 0 || s.Free < 0 || s.Free > s.Total {
			t.Errorf("got %+v, %v", s, known)
		}
		if !Same(dir, t.TempDir()) || Same(dir, dir+"/nowhere") {
			t.Error("Same does not know one disk from none")
		}
	}
	if s, known := Of(dir + "/nowhere"); known {
		t.Errorf("no folder: got %+v", s)
	}
}

func TestReserve(t *testing.T) {
	for total, want := range map[int64]int64{20 << 20: 1 << 20, 1 << 40: 64 << 20, 0: 0} {
		if got := (Space{Total: total}).Reserve(); got != want {
			t.Errorf("of %d: got %d, want %d", total, got, want)
		}
	}
}

// TestKeep: ten that write at the same time leave what is to be free, but for a
// little.
func TestKeep(t *testing.T) {
	const total = 20 << 20
	var all bytes.Buffer
	looks := 0
	look := func() (Space, bool) {
		looks++
		return Space{Total: total, Free: total - int64(all.Len())}, true
	}
	for n := range 10 {
		w, part := Keep(&all, look, 2), make([]byte, 32<<10)
		for err := error(nil); ; {
			if _, err = w.Write(part); err == nil {
				continue
			}
			if !errors.Is(err, ErrReserved) || !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("writer %d: got %v, want ErrReserved", n, err)
			}
			break
		}
	}
	if free := total - all.Len(); free < 2<<20 || free > 3<<20 {
		t.Errorf("got %d bytes free, want 2 to 3 MiB", free)
	}
	if looks > 200 {
		t.Errorf("looked %d times", looks)
	}
	w := Keep(&all, func() (Space, bool) { return Space{}, false }, 2)
	if _, err := w.Write(make([]byte, total)); err != nil {
		t.Errorf("where nothing is known: got %v", err)
	}
}
