package mediatest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	"parley/media"
)

// big is more than what any store sends in one piece.
const big = 17<<20 + 321

func putCases() []testCase {
	return []testCase{
		{"put/a size nobody said", func(k *kit) {
			want := noise(big)
			n, err := k.Put(k.ctx, "big", &uneven{p: want}, media.PutOptions{Limit: big, Type: "video/mp4"})
			k.must("Put", err)
			if n != big {
				k.Errorf("got size %d, want %d", n, big)
			}
			k.wantBlob("big", want)
		}},
		{"put/nothing", func(k *kit) {
			k.put("empty", nil)
			k.wantBlob("empty", nil)
		}},
		{"put/a size that is not true", func(k *kit) {
			for i, size := range []int64{1, 1000, 100 << 20} {
				key := fmt.Sprintf("k%d", i)
				_, err := k.Put(k.ctx, key, &uneven{p: noise(500)}, media.PutOptions{Size: size})
				k.must("Put", err)
				k.wantBlob(key, noise(500))
			}
		}},
		{"put/exactly the limit", func(k *kit) {
			_, err := k.Put(k.ctx, "full", &uneven{p: noise(1000)}, media.PutOptions{Limit: 1000})
			k.must("Put", err)
			k.wantBlob("full", noise(1000))
		}},
		{"put/one byte more than the limit", func(k *kit) {
			_, err := k.Put(k.ctx, "over", &uneven{p: noise(1001)}, media.PutOptions{Limit: 1000})
			k.wantErr("Put", err, media.ErrTooLarge)
			k.wantNone("over")
		}},
		{"put/an endless reader", func(k *kit) {
			for _, limit := range []int64{1, 20 << 20} {
				r := &endless{}
				_, err := k.Put(k.ctx, "endless", r, media.PutOptions{Limit: limit})
				k.wantErr("Put", err, media.ErrTooLarge)
				if r.taken > limit+1<<20 {
					k.Errorf("got %d bytes taken, want little more than %d", r.taken, limit)
				}
				k.wantNone("endless")
			}
		}},
		{"put/a reader that fails", func(k *kit) {
			boom := errors.New("the sender is gone")
			for _, n := range []int{0, 1, 100_000, big} {
				_, err := k.Put(k.ctx, "half", broken(noise(n), boom), media.PutOptions{})
				k.wantErr("Put", err, boom)
				k.wantNone("half")
			}
		}},
		{"put/a context that ends", func(k *kit) {
			ctx, cancel := context.WithCancel(k.ctx)
			_, err := k.Put(ctx, "late", &trigger{after: 8 << 20, do: cancel}, media.PutOptions{Limit: 1 << 30})
			k.wantErr("Put", err, context.Canceled)
			k.wantNone("late")
		}},
		{"put/what was there stays after an error", func(k *kit) {
			old := []byte("what was there")
			k.put("twice", old)
			boom := errors.New("the sender is gone")
			_, err := k.Put(k.ctx, "twice", broken(noise(5000), boom), media.PutOptions{})
			k.wantErr("Put", err, boom)
			_, err = k.Put(k.ctx, "twice", bytes.NewReader(noise(5000)), media.PutOptions{Limit: 10})
			k.wantErr("Put", err, media.ErrTooLarge)
			k.wantBlob("twice", old)
		}},
		{"put/what was there is replaced", func(k *kit) {
			k.put("twice", noise(5000))
			k.put("twice", []byte("short"))
			k.wantBlob("twice", []byte("short"))
		}},
		{"put/the same key at once", putAtOnce},
	}
}

// putAtOnce: whoever comes last, the blob is one of them and whole.
func putAtOnce(k *kit) {
	const writers, size = 8, 300_000
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			p := bytes.Repeat([]byte{'a' + byte(i)}, size)
			if _, err := k.Put(k.ctx, "one", &uneven{p: p}, media.PutOptions{}); err != nil {
				k.Errorf("Put: got error %v, want none", err)
			}
		})
	}
	wg.Wait()
	b, err := k.Open(k.ctx, "one")
	k.must("Open", err)
	first := make([]byte, 1)
	_, err = b.Read(first)
	k.must("Read", err)
	k.must("Close", b.Close())
	k.wantBlob("one", bytes.Repeat(first, size))
}

// trigger is endless, and calls do once after bytes were taken.
type trigger struct {
	endless
	after int64
	do    func()
}

func (t *trigger) Read(p []byte) (int, error) {
	n, err := t.endless.Read(p)
	if t.do != nil && t.taken > t.after {
		t.do()
		t.do = nil
	}
	return n, err
}
