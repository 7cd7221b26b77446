package s3

import (
	"io"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"parley/media"
)

// bigMiB is the size of the large upload: PARLEY_BIG_MIB, else enough to notice.
func bigMiB(t *testing.T) int64 {
	t.Helper()
	text := os.Getenv("PARLEY_BIG_MIB")
	if text == "" {
		return 100
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// peak is the most heap that is in use while f runs.
func peak(f func()) uint64 {
	runtime.GC()
	var most atomic.Uint64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		var m runtime.MemStats
		for {
			runtime.ReadMemStats(&m)
			most.Store(max(most.Load(), m.HeapInuse))
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	f()
	close(stop)
	<-done
	return most.Load()
}

// TestMemory does not grow with the size of a blob, either way.
func TestMemory(t *testing.T) {
	s := shared(t).store(t, shared(t).options())
	put := func(key string, mib int64) uint64 {
		return peak(func() {
			if _, err := s.Put(t.Context(), key, io.LimitReader(&cut{}, mib<<20), media.PutOptions{}); err != nil {
				t.Fatal(err)
			}
		})
	}
	get := func(key string, mib int64) uint64 {
		return peak(func() {
			b, err := s.Open(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			if n, err := io.Copy(io.Discard, b); err != nil || n != mib<<20 {
				t.Fatal(n, err)
			}
		})
	}
	put("warm", 20) // the one buffer, connections
	big := bigMiB(t)
	smallPut, bigPut := put("small", 1), put("big", big)
	smallGet, bigGet := get("small", 1), get("big", big)
	t.Logf("peak heap: put 1 MiB %d KiB, %d MiB %d KiB; get 1 MiB %d KiB, %d MiB %d KiB",
		smallPut>>10, big, bigPut>>10, smallGet>>10, big, bigGet>>10)
	const slack = 12 << 20 // a part, and what the collector has not looked at yet
	if bigPut > smallPut+slack || bigGet > smallGet+slack {
		t.Error("memory grows with the size")
	}
}
