package relay

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/internal/fake/faults"
	"parley/internal/netease"
	"parley/internal/rongcloud"
	"parley/store"
)

// A message that waits is not waited for when its author's account is deleted, or
// all of the conversation.
func TestGoneWhileWaiting(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	routes := map[string][]string{netease.Service: {s.grp}}
	r, stop := s.relay(nil, routes)
	s.write(r, s.grp, "first")
	s.until("first", func() bool { return r.count.Sent.Load() == 1 })
	stop()
	s.write(nil, s.grp, "of nobody")
	s.mu.Lock()
	s.gone = s.ann
	s.mu.Unlock()
	r, _ = s.relay(nil, routes)
	s.until("given up", func() bool { return r.count.Dead.Load() == 1 })
	s.mu.Lock()
	s.gone = 0
	s.mu.Unlock()
	var ending atomic.Bool
	s.neHost.Choose(func(path string, _ int) faults.Mode {
		if strings.HasSuffix(path, "/team/remove.action") {
			ending.Store(true)
		}
		return faults.Reset
	})
	s.write(r, s.grp, "too late")
	s.until("waiting", func() bool { return r.count.Retried.Load() > 2 })
	if err := s.mem.DeleteTopic(t.Context(), s.grp, true, time.Now().UTC()); err != nil {
		t.Fatal(err)
	}
	r.Members(s.grp)
	s.until("the end is told", ending.Load)
	s.neHost.Choose(nil)
	s.until("dismissed", func() bool { return len(s.ne.Teams()) == 0 })
	if texts, _ := s.sent(netease.Service); !slices.Equal(texts, []string{"first"}) {
		t.Errorf("sent %q", texts)
	}
}

// What RongCloud may have taken does not go twice: of a connection that is cut
// after the message was sent, nobody can tell. The next message waits until the
// service answers, so that an outage does not cost one after the other.
func TestUnsure(t *testing.T) {
	t.Parallel()
	for _, mode := range []faults.Mode{faults.Lost, faults.Truncate, faults.Reset, faults.Gateway} {
		s := newSite(t)
		r, _ := s.relay(nil, map[string][]string{rongcloud.Service: {s.p2p}})
		s.write(r, s.p2p, "first")
		s.until("first", func() bool { return r.count.Sent.Load() == 1 })
		var down atomic.Bool
		var tries atomic.Int64
		down.Store(true)
		s.rongHost.Choose(func(path string, _ int) faults.Mode {
			switch {
			case !down.Load():
				return faults.None
			case path == "/message/private/publish.json":
				tries.Add(1)
				return mode
			}
			return faults.Refuse
		})
		s.write(r, s.p2p, "perhaps", "after it")
		s.until("given up", func() bool { return r.count.Dead.Load() == 1 && r.count.Retried.Load() > 2 })
		if n := tries.Load(); n != 1 {
			t.Errorf("mode %v: sent %d times", mode, n)
		}
		down.Store(false)
		s.until("sent", func() bool { return r.count.Sent.Load() == 2 })
		want := []string{"first", "after it"}
		if mode == faults.Lost || mode == faults.Truncate {
			want = []string{"first", "perhaps", "after it"}
		}
		if texts, _ := s.sent(rongcloud.Service); !slices.Equal(texts, want) || r.count.Dead.Load() != 1 {
			t.Errorf("mode %v: got %q, %d given up", mode, texts, r.count.Dead.Load())
		}
	}
}

// While the service answers all but messages, more and more time goes by between
// those that are risked.
func TestUnsureInARow(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r, _ := s.relay(nil, map[string][]string{rongcloud.Service: {s.p2p}})
	s.rongHost.Choose(func(path string, _ int) faults.Mode {
		if path == "/message/private/publish.json" {
			return faults.Reset
		}
		return faults.None
	})
	s.write(r, s.p2p, "a", "b", "c", "d")
	s.until("given up", func() bool { return r.count.Dead.Load() == 4 })
	r.Published(s.p2p, 0)
	s.rongHost.Choose(func(string, int) faults.Mode { return faults.None })
	s.write(r, s.p2p, "e")
	s.until("sent", func() bool { return r.count.Sent.Load() == 1 })
	s.mu.Lock()
	defer s.mu.Unlock()
	if want := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}; !slices.Equal(s.slept, want) {
		t.Errorf("slept %v, want %v", s.slept, want)
	}
}

// What is given up is so although we are told to stop, or the store does not take
// the note.
func TestGivenUpForGood(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	st := &dying{Store: s.mem}
	st.left.Store(-1)
	r, stop := s.relay(st, map[string][]string{rongcloud.Service: {s.p2p}})
	stop()
	l := r.lane(rongcloud.Service, s.p2p)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.bury(gone, &store.Message{Topic: s.p2p, Seq: 1}, errors.New("lost")); err != nil {
		t.Error(err)
	}
	st.refuse = "rd:"
	if err := l.bury(gone, &store.Message{Topic: s.p2p, Seq: 2}, errors.New("lost")); err != nil {
		t.Error(err)
	}
	mark, err := s.mem.Value(t.Context(), l.cursorKey(), time.Now())
	if err != nil || string(mark.Data) != "2" {
		t.Errorf("the mark: %v, %v", mark, err)
	}
	if list, err := s.mem.ListValues(t.Context(), "rd:", "", 0); err != nil || len(list) != 1 {
		t.Errorf("%d notes, %v", len(list), err)
	}
}

// A message that cannot have been sent goes when it can be.
func TestUnsent(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	sealed := httptest.NewTLSServer(s.rongHost) // of an authority that nobody knows
	defer sealed.Close()
	sealed.Config.ErrorLog = log.New(io.Discard, "", 0)
	o := s.rongClient.Options
	o.Hosts = []string{sealed.URL}
	s.rongClient = rongcloud.New(o)
	r, stop := s.relay(nil, map[string][]string{rongcloud.Service: {s.p2p}})
	s.write(r, s.p2p, "patience")
	s.until("tried", func() bool { return r.count.Retried.Load() > 2 })
	stop()
	if n := r.count.Dead.Load(); n != 0 {
		t.Errorf("%d given up", n)
	}
}

// A message for somebody who may not read is none that was sent.
func TestNobodyReads(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r, _ := s.relay(nil, map[string][]string{rongcloud.Service: {s.p2p}})
	if err := s.mem.DeleteSub(t.Context(), s.p2p, s.bob, time.Now().UTC()); err != nil {
		t.Fatal(err)
	}
	s.write(r, s.p2p, "are you there?")
	s.until("skipped", func() bool { return r.count.Skipped.Load() == 1 })
	if n := r.count.Sent.Load(); n != 0 || len(s.rong.Messages()) != 0 {
		t.Errorf("%d counted, sent %v", n, s.rong.Messages())
	}
}
