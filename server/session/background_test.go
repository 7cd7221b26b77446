package session

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"parley/server/topic"
)

// graceHub notes which topics are told that a session counts from now on.
type graceHub struct {
	fakeHub
	told []string
}

func (h *graceHub) Urge(name string, e topic.Event) {
	if _, ok := e.(topic.Foreground); !ok {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.told = append(h.told, name)
}

func (h *graceHub) sorted() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	slices.Sort(h.told)
	return fmt.Sprint(h.told)
}

// TestGrace: 5 s after its {hi} a background session comes to the fore in all
// topics, but not if it has closed before; others have no timer.
func TestGrace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		hi, sub    string
		background bool // what the sub attaches
		stays      bool
		told       string
	}{
		{`"ver":"0.25","bkg":true`, ``, true, true, "[grpX grpY]"},
		{`"ver":"0.25","bkg":true`, ``, true, false, "[]"},
		{`"ver":"0.25"`, ``, false, true, "[]"},
		{`"ver":"0.25"`, `,"bkg":true`, false, true, "[]"},
		{`"ver":"0.17"`, `,"bkg":true`, false, true, "[]"},
		{`"ver":"0.16.3"`, `,"bkg":true`, true, true, "[grpX grpY]"},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := &graceHub{}
				r := testRegistry(h)
				s := r.Open(newFakeConn(1<<20), "test")
				s.Handle([]byte(`{"hi":{` + c.hi + `}}`))
				s.uid = 1
				s.Handle([]byte(`{"sub":{"id":"1","topic":"grpX"` + c.sub + `}}`))
				if q := h.events[0].(*topic.Request); q.Background != c.background || s.Background() != c.background {
					t.Errorf("asked for the background: %v, it is: %v", q.Background, s.Background())
				}
				for _, name := range []string{"grpX", "grpY"} {
					s.SetAttachment(name, new(topic.Attachment))
				}
				time.Sleep(graceTime - time.Millisecond)
				synctest.Wait()
				if told := h.sorted(); told != "[]" {
					t.Errorf("too early: %v", told)
				}
				if !c.stays {
					s.Closed()
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				if told := h.sorted(); told != c.told || c.stays && s.Background() {
					t.Errorf("told %v, want %v; in the background: %v", told, c.told, s.Background())
				}
				s.Closed()
			})
		})
	}
}
