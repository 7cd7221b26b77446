package hub

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"parley/internal/chat"
	"parley/server/topic"
	"parley/store"
	"parley/store/mem"
	"parley/wsproto"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// session is a client of the test.
type session struct {
	replies  atomic.Int64 // with the code or part that was asked for
	want     string
	answered chan struct{}

	mu       sync.Mutex // guards the following
	attached map[string]*topic.Attachment
}

func newSession(want string) *session {
	return &session{want: want, answered: make(chan struct{}, 1), attached: map[string]*topic.Attachment{}}
}

func (s *session) Reply(f wsproto.Frame) {
	for len(f) > 0 {
		var m []byte
		if m, f = f.Next(); strings.Contains(string(m), s.want) {
			s.replies.Add(1)
		}
	}
}

func (s *session) Send(wsproto.Frame)  {}
func (s *session) Later(wsproto.Frame) {}

func (s *session) Attachment(name string) *topic.Attachment {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.attached[name]
}

func (s *session) SetAttachment(name string, a *topic.Attachment) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.attached[name] = a; a == nil {
		delete(s.attached, name)
	}
	return true
}

func (s *session) OnMe() bool              { return false }
func (s *session) Background() bool        { return false }
func (s *session) UserAgent() string       { return "test" }
func (s *session) LastActive() time.Time   { return time.Time{} }
func (s *session) Answered(*topic.Request) { s.answered <- struct{}{} }

func (s *session) SetInCall(string, bool) bool { return true }

func testHub(t *testing.T) (*Hub, *mem.Store) {
	t.Helper()
	st := mem.New()
	now := time.Now().UTC().Truncate(time.Millisecond)
	for id := chat.UID(1); id <= 2; id++ {
		err := st.CreateUser(t.Context(), &store.NewUser{
			User: store.User{ID: id, Created: now, Updated: now, Access: chat.Access{Auth: chat.ModeUser}},
			Me:   store.Sub{Topic: id.MeName(), User: id, Created: now, Updated: now, Want: chat.ModeMe, Given: chat.ModeMe},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	err := st.CreateTopic(t.Context(), &store.Topic{Name: "grpX", Created: now, Updated: now, Touched: now, Owner: 1}, nil,
		store.Sub{Topic: "grpX", User: 1, Created: now, Updated: now, Want: chat.ModeFull, Given: chat.ModeFull})
	if err != nil {
		t.Fatal(err)
	}
	h := New(topic.Deps{
		Store: st, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now,
		Config: topic.Config{
			MaxSubscribers: 8, MaxResults: 100, MaxPage: 100, MailboxLimit: 100, IdleAfter: 4 * time.Second, UADelay: time.Second,
			StoreTimeout: time.Second,
		},
	})
	t.Cleanup(func() {
		if err := h.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return h, st
}

// ask posts a request and waits until it is dealt with.
func (s *session) ask(h *Hub, name string, m *wsproto.ClientMsg) error {
	r := &topic.Request{Session: s, Msg: m, Name: name, User: 1, Level: chat.LevelAuth, TS: time.Now().UTC()}
	if err := h.Post(name, r); err != nil {
		return err
	}
	<-s.answered
	return nil
}

// TestPostToSleepingTopic: a topic nobody attaches to goes to sleep after each
// batch; requests that come in meanwhile wake a new one, and each is answered
// once.
func TestPostToSleepingTopic(t *testing.T) {
	t.Parallel()
	h, _ := testHub(t)
	const clients, each = 16, 300
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() {
			s := newSession(`"meta"`)
			for n := range each {
				m := &wsproto.ClientMsg{Get: &wsproto.Get{ID: fmt.Sprint(n), GetQuery: wsproto.GetQuery{What: "desc"}}}
				if err := s.ask(h, "grpX", m); err != nil {
					t.Error(err)
				}
			}
			if got := s.replies.Load(); got != each {
				t.Errorf("client %d: %d answers", i, got)
			}
		})
	}
	all.Wait()
	if err := h.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if n := h.Len(); n != 0 {
		t.Errorf("%d topics are left", n)
	}
}

// TestAttachAndLeave: the same with sessions that attach, so that topics fall
// asleep by their timer.
func TestAttachAndLeave(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, _ := testHub(t)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				s := newSession(`"code":200`)
				for n := range 20 {
					sub := &wsproto.ClientMsg{Sub: &wsproto.Sub{ID: "s"}}
					leave := &wsproto.ClientMsg{Leave: &wsproto.Leave{ID: "l"}}
					for _, m := range []*wsproto.ClientMsg{sub, leave} {
						if err := s.ask(h, "grpX", m); err != nil {
							t.Error(err)
						}
					}
					time.Sleep(time.Duration(n) * 500 * time.Millisecond) // simulated: around IdleAfter
				}
				if got := s.replies.Load(); got != 40 {
					t.Errorf("%d answers", got)
				}
			})
		}
		all.Wait()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if n := h.Len(); n != 0 {
			t.Errorf("%d topics are still awake", n)
		}
		if live, err := h.PostLive("grpX", topic.TagChange{}); live || err != nil {
			t.Errorf("PostLive: %v, %v", live, err)
		}
	})
}

// TestClosed: after Close nothing is taken.
func TestClosed(t *testing.T) {
	t.Parallel()
	h, _ := testHub(t)
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.Post("grpX", topic.TagChange{}); err == nil {
		t.Error("posted")
	}
}

func TestOnMe(t *testing.T) {
	t.Parallel()
	h, _ := testHub(t)
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() { h.AddOnMe(7, 1); h.AddOnMe(7, 1); h.AddOnMe(7, -1) })
	}
	all.Wait()
	if got := h.OnMe(7); got != 100 || h.OnMe(8) != 0 {
		t.Errorf("got %d", got)
	}
}
