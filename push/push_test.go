package push

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"parley/internal/chat"
)

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// slow is a sender that waits to be let go.
type slow struct {
	name string
	gate chan struct{}
	mu   sync.Mutex
	got  []int
}

func (s *slow) Name() string { return s.name }

func (s *slow) Push(ctx context.Context, r *Receipt) {
	if s.gate != nil {
		select {
		case <-s.gate:
		case <-ctx.Done():
			return
		}
	}
	if r.Seq == 13 {
		panic("thirteen")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, r.Seq)
}

func (s *slow) seen() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.got)
}

func TestFan(t *testing.T) {
	t.Parallel()
	quick, stuck := &slow{name: "quick"}, &slow{name: "stuck", gate: make(chan struct{})}
	f := NewFan(quiet(), quick, stuck)
	const all = 5000
	begin := time.Now()
	for i := range all {
		if i%500 == 0 {
			time.Sleep(time.Millisecond) // quick keeps up
		}
		f.Notify(&Receipt{What: Msg, Seq: i})
	}
	if d := time.Since(begin); d > 5*time.Second {
		t.Errorf("publishing waited %v for a sender that is stuck", d)
	}
	close(stuck.gate)
	if err := f.Close(t.Context()); err != nil {
		t.Error(err)
	}
	c := f.Counts()
	if c["stuck"].Dropped == 0 || c["stuck"].Accepted != all || int64(stuck.seen()) != all-c["stuck"].Dropped-1 {
		t.Errorf("%+v, %d seen", c, stuck.seen())
	}
	if int64(quick.seen()) != all-c["quick"].Dropped-1 { // one panicked
		t.Errorf("%+v, %d seen", c, quick.seen())
	}
	f.Notify(&Receipt{Seq: 1}) // after Close: dropped
	if f.Counts()["quick"].Dropped != c["quick"].Dropped+1 {
		t.Error("a late receipt was not counted")
	}
	var none *Fan
	none.Notify(&Receipt{})
	if err := none.Close(t.Context()); err != nil || NewFan(quiet()) != nil {
		t.Error("no senders")
	}
}

func TestFanCloseInTime(t *testing.T) {
	t.Parallel()
	f := NewFan(quiet(), &slow{name: "stuck", gate: make(chan struct{})})
	f.Notify(&Receipt{})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	begin := time.Now()
	_ = f.Close(ctx)
	if time.Since(begin) > 5*time.Second {
		t.Error("Close waits for a sender for ever")
	}
}

func TestReceipt(t *testing.T) {
	t.Parallel()
	a, b := chat.UID(1), chat.UID(2)
	r := &Receipt{What: Msg, Topic: chat.P2PName(a, b), From: a, Seq: 7}
	for name, tc := range map[string]struct {
		to     Recipient
		silent bool
		quiet  bool
		unread int
	}{
		"away":     {Recipient{User: b, Read: 4}, false, false, 3},
		"attached": {Recipient{User: b, Attached: 1, Read: 6}, false, true, 1},
		"himself":  {Recipient{User: a, Read: 2}, false, true, 0},
		"an edit":  {Recipient{User: b, Read: 7}, true, true, 0},
	} {
		r.Silent = tc.silent
		if r.Quiet(&tc.to) != tc.quiet || r.Unread(&tc.to) != tc.unread {
			t.Errorf("%s: quiet %t, unread %d", name, r.Quiet(&tc.to), r.Unread(&tc.to))
		}
	}
	if r.Name(a) != b.String() || (&Receipt{Topic: "grpABC"}).Name(a) != "grpABC" {
		t.Error("names")
	}
}
