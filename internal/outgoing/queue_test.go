package outgoing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// kit is a queue whose send function does what the test says.
type kit struct {
	*Queue[string]
	log  bytes.Buffer
	stop func() // ends Run at once

	mu    sync.Mutex
	at    []time.Duration // of the attempts, since the start
	start time.Time
}

func start(t *testing.T, send func(ctx context.Context, n int) error) *kit {
	k := &kit{start: time.Now()}
	k.Queue = New("test", slog.New(slog.NewTextHandler(&k.log, nil)), func(ctx context.Context, _ string) error {
		k.mu.Lock()
		k.at = append(k.at, time.Since(k.start))
		n := len(k.at)
		k.mu.Unlock()
		return send(ctx, n)
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- k.Run(ctx) }()
	k.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(k.stop)
	return k
}

func (k *kit) put(t *testing.T, until time.Time) {
	t.Helper()
	if err := k.Put(Job[string]{Message: "x", To: "ann@example.com", Until: until}); err != nil {
		t.Fatal(err)
	}
}

var errBusy = errors.New("450 <Ann@Example.com> try later")

func TestTriesAgainWithGrowingDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := start(t, func(_ context.Context, n int) error {
			if n < 5 {
				return errBusy
			}
			return nil
		})
		k.put(t, time.Time{})
		time.Sleep(time.Hour)
		k.stop()
		if got := fmt.Sprint(k.at); got != "[0s 10s 30s 1m10s 2m30s]" {
			t.Errorf("attempts at %s", got)
		}
		if c := k.Counts(); c != (Counts{Queued: 1, Sent: 1, Retried: 4}) {
			t.Errorf("%+v", c)
		}
	})
}

func TestGivesUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		until time.Duration
		tries int
	}{"after an hour": {0, 10}, "when it is of no use any more": {15 * time.Minute, 7}, "a longer use does not count": {9 * time.Hour, 10}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				k := start(t, func(context.Context, int) error { return errBusy })
				until := time.Time{}
				if c.until != 0 {
					until = time.Now().Add(c.until)
				}
				k.put(t, until)
				time.Sleep(3 * time.Hour)
				k.stop()
				if len(k.at) != c.tries || k.Counts().Dropped != 1 || k.Counts().Waiting != 0 {
					t.Errorf("attempts at %v, %+v", k.at, k.Counts())
				}
				if text := k.log.String(); !strings.Contains(text, "level=ERROR") || strings.Contains(strings.ToLower(text), "ann@") ||
					!strings.Contains(text, "450 <a…@example.com> try later") {
					t.Errorf("log %s", text)
				}
			})
		})
	}
}

func TestPermanentIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := start(t, func(context.Context, int) error { return fmt.Errorf("send: %w", Permanent(errBusy)) })
		k.put(t, time.Time{})
		time.Sleep(time.Hour)
		if c := k.Counts(); len(k.at) != 1 || c != (Counts{Queued: 1, Dropped: 1}) {
			t.Errorf("%v %+v", k.at, c)
		}
	})
}

func TestPanicIsOneMessage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := start(t, func(_ context.Context, n int) error {
			if n == 1 {
				panic("oops")
			}
			return nil
		})
		k.put(t, time.Time{})
		k.put(t, time.Time{})
		synctest.Wait()
		if err := k.Close(t.Context()); err != nil {
			t.Error(err)
		}
		k.stop()
		if c := k.Counts(); c != (Counts{Queued: 2, Sent: 1, Dropped: 1}) {
			t.Errorf("%+v", c)
		}
	})
}

// TestHanging: servers that never answer cost one deadline each, and nobody who
// puts anything waits.
func TestHanging(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := start(t, func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() })
		for range queueLimit {
			k.put(t, time.Time{})
		}
		synctest.Wait()
		for range workerCount { // the workers have taken as many
			k.put(t, time.Time{})
		}
		if err := k.Put(Job[string]{}); !errors.Is(err, ErrFull) || !errors.Is(k.Ready(), ErrFull) {
			t.Errorf("over the limit: %v", err)
		}
		if time.Since(k.start) != 0 {
			t.Error("Put has waited")
		}
		time.Sleep(tryTime + time.Second)
		synctest.Wait()
		if c := k.Counts(); c.Retried != workerCount {
			t.Errorf("%+v", c)
		}
	})
}

func TestCloseTriesOnceMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := start(t, func(_ context.Context, n int) error {
			if n <= 10 || n == 15 {
				return errBusy
			}
			return nil
		})
		for range 10 {
			k.put(t, time.Time{})
		}
		time.Sleep(time.Second)
		if err := k.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if c := k.Counts(); c != (Counts{Queued: 10, Sent: 9, Retried: 10, Dropped: 1}) || time.Since(k.start) != time.Second {
			t.Errorf("%+v after %s", c, time.Since(k.start))
		}
		if err := k.Put(Job[string]{}); !errors.Is(err, ErrClosed) {
			t.Errorf("Put after Close: %v", err)
		}
		if err := k.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestCloseHasADeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := start(t, func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() })
		for range 50 {
			k.put(t, time.Time{})
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := k.Close(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(k.start) != 5*time.Second {
			t.Errorf("%v after %s", err, time.Since(k.start))
		}
		if c := k.Counts(); c.Dropped != 50 || c.Waiting != 0 {
			t.Errorf("%+v", c)
		}
	})
}

func TestCloseWithoutRun(t *testing.T) {
	t.Parallel()
	q := New("test", slog.New(slog.DiscardHandler), func(context.Context, string) error { return nil })
	if err := q.Put(Job[string]{}); err != nil {
		t.Fatal(err)
	}
	if err := q.Close(t.Context()); err != nil || q.Counts().Dropped != 1 {
		t.Errorf("%v, %+v", err, q.Counts())
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	k := start(t, func(_ context.Context, _ int) error { return nil })
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				k.put(t, time.Time{})
			}
		})
	}
	all.Wait()
	if err := k.Close(t.Context()); err != nil || k.Counts().Sent != 800 {
		t.Errorf("%v, %+v", err, k.Counts())
	}
}

func TestShort(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"ann@example.com": "a…@example.com", "éa@x": "é…@x", "@x": "…@x", "+4915123456789": "+49…89", "12": "…", "": "…",
	} {
		if got := Short(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
