package mailbox

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOrderWithManyWriters(t *testing.T) {
	t.Parallel()
	const writers, each = 8, 2000
	var got [writers][]int // by writer; touched by handle alone
	busy := false
	b := New(writers*each, nil, func(batch [][2]int) {
		if busy {
			t.Error("handled twice at a time")
		}
		busy = true
		for _, v := range batch {
			got[v[0]] = append(got[v[0]], v[1])
		}
		busy = false
	})
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				if err := b.Put([2]int{w, i}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for w := range writers {
		if len(got[w]) != each || !slices.IsSorted(got[w]) {
			t.Errorf("writer %d: %d values, in order: %v", w, len(got[w]), slices.IsSorted(got[w]))
		}
	}
}

func TestLimitAndCost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		b := New(10, func(n int) int { return n }, func([]int) { <-hold })
		put := func(n int, want error) {
			t.Helper()
			if err := b.Put(n); !errors.Is(err, want) {
				t.Errorf("Put(%d) = %v, want %v", n, err, want)
			}
		}
		put(10, nil)
		synctest.Wait() // it is being handled, and does not count any more
		put(4, nil)
		put(6, nil)
		put(1, ErrFull)
		put(0, nil)
		hold <- struct{}{}
		synctest.Wait()
		put(11, ErrFull)
		put(10, nil)
		close(hold)
		synctest.Wait()
	})
}

func TestCloseWaitsForWhatIsQueued(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var got []int
		b := New(100, nil, func(batch []int) {
			time.Sleep(time.Second)
			got = append(got, batch...)
		})
		for i := range 5 {
			if err := b.Put(i); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := b.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close with little time: %v", err)
		}
		if err := b.Put(9); !errors.Is(err, ErrClosed) {
			t.Errorf("Put after Close: %v", err)
		}
		if err := b.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if !slices.Equal(got, []int{0, 1, 2, 3, 4}) {
			t.Errorf("handled %v", got)
		}
		if err := b.Close(t.Context()); err != nil {
			t.Errorf("Close of a closed box: %v", err)
		}
	})
}

func TestCloseIfEmpty(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b *Box[int]
		var closed []bool
		b = New(10, nil, func(batch []int) {
			if batch[0] == 1 {
				_ = b.Put(2) // comes in while 1 is being handled
			}
			closed = append(closed, b.CloseIfEmpty())
		})
		if err := b.Put(1); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if !slices.Equal(closed, []bool{false, true}) {
			t.Errorf("closed: %v", closed)
		}
		if err := b.Put(3); !errors.Is(err, ErrClosed) {
			t.Errorf("Put: %v", err)
		}
	})
}

func TestCloseNowDropsTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		n := 0
		b := New(10, nil, func(batch []int) { n += len(batch); <-hold })
		_ = b.Put(1)
		synctest.Wait()
		_ = b.Put(2)
		b.CloseNow()
		close(hold)
		synctest.Wait()
		if n != 1 {
			t.Errorf("%d handled", n)
		}
	})
}

// Not parallel: it counts goroutines.
func TestIdleBoxHasNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	var done sync.WaitGroup
	boxes := make([]Box[int], 1000)
	for i := range boxes {
		done.Add(1)
		boxes[i].Init(nil, 1, nil, func([]int) { done.Done() })
		if err := boxes[i].Put(1); err != nil {
			t.Fatal(err)
		}
	}
	done.Wait()
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines more than before", runtime.NumGoroutine()-before)
		}
	}
}

func BenchmarkPut(b *testing.B) {
	var done sync.WaitGroup
	box := New(1<<30, nil, func(batch []int) { done.Add(-len(batch)) })
	for b.Loop() {
		done.Add(1)
		_ = box.Put(1)
		done.Wait()
	}
}
