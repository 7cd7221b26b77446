package topic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// device is a session of the test.
type device struct {
	sink
	uid chat.UID

	mu     sync.Mutex // guards the following
	a      *Attachment
	inCall bool
	closed bool
	got    []string
}

func (d *device) Send(f wsproto.Frame) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(f) > 0 {
		var m []byte
		m, f = f.Next()
		d.got = append(d.got, string(m))
	}
}

func (d *device) Later(f wsproto.Frame) { d.Send(f) }
func (d *device) Reply(f wsproto.Frame) { d.Send(f) }

func (d *device) Attachment(string) *Attachment {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.a
}

func (d *device) SetAttachment(_ string, a *Attachment) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed && a != nil {
		return false
	}
	d.a = a
	return true
}

func (d *device) SetInCall(_ string, in bool) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return false
	}
	d.inCall = in
	return true
}

func (d *device) codes() (list []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, m := range d.got {
		if _, code, ok := strings.Cut(m, `"code":`); ok {
			list = append(list, code[:3])
		}
	}
	d.got = nil
	return list
}

// line is a p2p topic of the users 1 and 2, with calls.
type line struct {
	*Topic
	t       *testing.T
	devices []*device
}

const ringTime = 3 * time.Second

func newLine(t *testing.T, wrap func(Store) Store) *line {
	deps := testDeps()
	deps.Config.CallsEnabled, deps.Config.CallTimeout = true, ringTime
	deps.Store = wrap(deps.Store)
	ctx := context.Background()
	var subs []store.Sub
	name := chat.P2PName(1, 2)
	for uid := chat.UID(1); uid <= 2; uid++ {
		me := store.Sub{Topic: uid.MeName(), User: uid, Want: chat.ModeMe, Given: chat.ModeMe}
		err := deps.Store.CreateUser(ctx, &store.NewUser{User: store.User{ID: uid, Access: chat.Access{Auth: chat.ModeP2P}}, Me: me})
		if err != nil {
			t.Fatal(err)
		}
		subs = append(subs, store.Sub{Topic: name, User: uid, Want: chat.ModeP2P, Given: chat.ModeP2P})
	}
	if err := deps.Store.CreateTopic(ctx, &store.Topic{Name: name}, nil, subs...); err != nil {
		t.Fatal(err)
	}
	l := &line{Topic: New(deps, name), t: t}
	for _, uid := range []chat.UID{1, 1, 2, 2} {
		l.devices = append(l.devices, &device{uid: uid})
	}
	return l
}

func (l *line) put(d *device, m *wsproto.ClientMsg) {
	l.t.Helper()
	err := l.Put(&Request{Session: d, Msg: m, Name: l.kind.nameFor(d.uid), User: d.uid, Level: chat.LevelAuth, TS: l.now()})
	if err != nil {
		l.t.Error(err)
	}
}

func (l *line) sub(d *device)   { l.put(d, &wsproto.ClientMsg{Sub: &wsproto.Sub{ID: "s"}}) }
func (l *line) leave(d *device) { l.put(d, &wsproto.ClientMsg{Leave: &wsproto.Leave{ID: "l"}}) }
func (l *line) start(d *device) {
	l.put(d, &wsproto.ClientMsg{Pub: &wsproto.Pub{
		ID: "p", Head: map[string]json.RawMessage{"webrtc": json.RawMessage(`"started"`)}, Content: json.RawMessage(`"ring"`),
	}})
}

func (l *line) say(d *device) {
	l.put(d, &wsproto.ClientMsg{Pub: &wsproto.Pub{ID: "p", Content: json.RawMessage(`"text"`)}})
}

func (l *line) note(d *device, event string, seq int) {
	l.put(d, &wsproto.ClientMsg{Note: &wsproto.Note{What: "call", Event: event, Seq: seq, Payload: json.RawMessage(`1`)}})
}

// lose closes a device as a session is closed: first it is, then topics hear
// of it. A new one takes its place.
func (l *line) lose(i int) {
	d := l.devices[i]
	d.mu.Lock()
	d.closed = true
	a, inCall := d.a, d.inCall
	d.mu.Unlock()
	l.devices[i] = &device{uid: d.uid}
	if a != nil {
		_ = l.Urge(Detached{a})
	}
	if inCall {
		_ = l.Urge(Lost{d})
	}
}

// TestCallsAtRandom: whatever four devices of two users do, there is one call at
// a time, each ends in exactly one final state, and nothing is left.
func TestCallsAtRandom(t *testing.T) {
	t.Parallel()
	for seed := range uint64(120) {
		synctest.Test(t, func(t *testing.T) {
			l := newLine(t, func(s Store) Store { return s })
			rnd := rand.New(rand.NewPCG(seed, 1))
			l.sub(l.devices[0])
			synctest.Wait() // a topic to which nobody ever attached unloads itself
			for range 60 {
				l.step(rnd)
				if rnd.IntN(3) > 0 { // else the next one is in the same batch
					synctest.Wait()
				}
			}
			synctest.Wait()
			for i := range l.devices {
				l.lose(i)
			}
			synctest.Wait()
			if l.call != nil {
				t.Errorf("seed %d: a call is left", seed)
			}
			before := l.rec.Seq
			time.Sleep(2 * ringTime)
			synctest.Wait()
			if l.rec.Seq != before {
				t.Errorf("seed %d: a timer was left", seed)
			}
			if err := l.history(); err != nil {
				t.Errorf("seed %d: %v", seed, err)
			}
			_ = l.Close(context.Background())
			l.idle.Stop()
		})
		if t.Failed() {
			return
		}
	}
}

// step does one thing.
func (l *line) step(rnd *rand.Rand) {
	i := rnd.IntN(len(l.devices))
	d := l.devices[i]
	switch n := rnd.IntN(20); {
	case n < 4:
		l.sub(d)
	case n < 5:
		l.leave(d)
	case n < 8:
		l.start(d)
	case n < 9:
		l.say(d)
	case n < 10:
		l.lose(i)
	case n < 11:
		time.Sleep(time.Duration(rnd.IntN(int(2 * ringTime))))
	case n < 12 && d.uid == 2 && rnd.IntN(4) == 0:
		l.put(d, &wsproto.ClientMsg{Leave: &wsproto.Leave{ID: "u", Unsub: true}})
	default:
		synctest.Wait()
		seq := rnd.IntN(10)
		if c := l.call; c != nil && rnd.IntN(8) > 0 {
			seq = c.seq
		}
		events := []string{"ringing", "accept", "accept", "offer", "answer", "hang-up", "nonsense"}
		l.note(d, events[rnd.IntN(len(events))], seq)
	}
}

// history checks the states that the messages tell.
func (l *line) history() error {
	all, err := l.Store.History(context.Background(), l.name, store.HistoryQuery{Limit: 1000})
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b store.Message) int { return a.Seq - b.Seq })
	active, accepted, caller := 0, false, chat.UID(0)
	for i, m := range all {
		if m.Seq != i+1 {
			return fmt.Errorf("seq %d after %d", m.Seq, i)
		}
		var head struct {
			Replace, WebRTC string
			Sender          chat.UID
		}
		if len(m.Head) == 0 {
			continue
		}
		if err := json.Unmarshal(m.Head, &head); err != nil {
			return err
		}
		ours := head.Replace == fmt.Sprintf(":%d", active) && m.From == caller && head.Sender != caller
		switch s := head.WebRTC; {
		case s == "started" && active == 0:
			active, accepted, caller = m.Seq, false, m.From
		case s == callAccepted && ours && !accepted:
			accepted = true
		case s == callFinished && ours && accepted,
			(s == callMissed || s == callDeclined) && ours && !accepted,
			s == callDisconnected && ours:
			active = 0
		default:
			return fmt.Errorf("message %d: %s while call %d is active (accepted: %t)", m.Seq, m.Head, active, accepted)
		}
	}
	if active != 0 {
		return fmt.Errorf("call %d has not ended", active)
	}
	return nil
}

// TestCallStartsInOneBatch: of two that wait in the mailbox together the first
// gets through; if it can't be stored, the next one does.
func TestCallStartsInOneBatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		fails int
		want  []string // codes that each device gets
	}{
		{"first wins", 0, []string{"202 202", "486 202"}},
		{"first is not stored", 1, []string{"500 202", "486 202"}},
		{"second is not stored", 2, []string{"500 500", "202 202"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := &failing{}
			l := newLine(t, func(s Store) Store { f.Store = s; return f })
			a, b := l.devices[0], l.devices[2]
			l.sub(a)
			l.sub(b)
			synctest.Wait()
			a.codes()
			b.codes()
			f.left = c.fails
			l.handle([]Event{
				l.request(a, "text"), l.request(a, "call"), l.request(b, "call"), l.request(b, "text"),
			})
			for i, d := range []*device{a, b} {
				if got := strings.Join(d.codes(), " "); got != c.want[i] {
					t.Errorf("%s: device %d got %s, want %s", c.name, i, got, c.want[i])
				}
			}
			if l.call == nil {
				t.Errorf("%s: no call", c.name)
			}
			l.hangUp(t)
		})
	}
}

func (l *line) request(d *device, what string) *Request {
	p := &wsproto.Pub{ID: "p", NoEcho: true, Content: json.RawMessage(`1`)}
	if what == "call" {
		p.Head = map[string]json.RawMessage{"webrtc": json.RawMessage(`1`)}
	}
	return &Request{Session: d, Msg: &wsproto.ClientMsg{Pub: p}, User: d.uid, TS: l.now()}
}

// hangUp loses all devices and ends the topic.
func (l *line) hangUp(t *testing.T) {
	t.Helper()
	for i := range l.devices {
		l.lose(i)
	}
	synctest.Wait()
	if l.call != nil {
		t.Error("a call is left")
	}
	_ = l.Close(context.Background())
	l.idle.Stop()
}

// failing is a store that does not take the next few messages.
type failing struct {
	Store
	left int
}

func (f *failing) Append(ctx context.Context, ms ...*store.Message) error {
	if f.left > 0 {
		f.left--
		return errors.New("no space left on device")
	}
	return f.Store.Append(ctx, ms...)
}

// TestCallEndsWithoutStore: that the end can't be written does not keep it from
// ending, nor the parties from hearing of it.
func TestCallEndsWithoutStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &failing{}
		l := newLine(t, func(s Store) Store { f.Store = s; return f })
		a, b := l.devices[0], l.devices[2]
		l.sub(a)
		l.sub(b)
		l.start(a)
		synctest.Wait()
		f.left = 2
		l.note(b, "accept", 1)
		l.note(b, "answer", 1)
		l.note(b, "hang-up", 1)
		synctest.Wait()
		for _, want := range []string{`"event":"accept"`, `"event":"answer"`, `"event":"hang-up"`} {
			if !slices.ContainsFunc(a.got, func(m string) bool { return strings.Contains(m, want) }) {
				t.Errorf("the caller does not hear of %s: %q", want, a.got)
			}
		}
		if l.call != nil || b.inCall || l.rec.Seq != 1 {
			t.Errorf("call %v, in call: %t, seq %d", l.call, b.inCall, l.rec.Seq)
		}
		a.codes()
		l.start(a)
		synctest.Wait()
		if got := a.codes(); !slices.Equal(got, []string{"202"}) {
			t.Errorf("the next call: %v", got)
		}
		l.hangUp(t)
	})
}

// TestAcceptOfClosedSession: a device that has gone meanwhile is no party; others
// may still answer.
func TestAcceptOfClosedSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, func(s Store) Store { return s })
		a, b, b2 := l.devices[0], l.devices[2], l.devices[3]
		l.sub(a)
		l.start(a)
		synctest.Wait()
		b.closed = true
		l.note(b, "accept", 1)
		synctest.Wait()
		if l.call == nil || l.call.isAccepted() {
			t.Fatalf("call %+v", l.call)
		}
		l.note(b2, "accept", 1)
		synctest.Wait()
		if l.call == nil || l.call.callee.session != Session(b2) || !b2.inCall {
			t.Errorf("call %+v", l.call)
		}
		l.hangUp(t)
	})
}

// TestLateTimeout: the timer has fired while the call was being accepted, or after
// it ended and another began.
func TestLateTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, func(s Store) Store { return s })
		a, b := l.devices[0], l.devices[2]
		l.sub(a)
		l.start(a)
		synctest.Wait()
		first := l.call
		l.note(b, "accept", 1)
		_ = l.Urge(callTimeout{first})
		synctest.Wait()
		if l.call != first {
			t.Error("an accepted call has timed out")
		}
		l.note(b, "hang-up", 1)
		l.start(a)
		_ = l.Urge(callTimeout{first})
		synctest.Wait()
		if l.call == nil || l.call == first {
			t.Error("a call has timed out in place of the one before")
		}
		l.hangUp(t)
	})
}

// TestCallOfBrokenTopic: a panic leaves no timer.
func TestCallOfBrokenTopic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, func(s Store) Store { return s })
		l.sub(l.devices[0])
		l.start(l.devices[0])
		synctest.Wait()
		timer := l.call.timer
		_ = l.Put(broken{})
		synctest.Wait()
		if l.call != nil || timer.Stop() {
			t.Error("the call is left")
		}
	})
}

type broken struct{}

func (broken) apply(*Topic) { panic("a broken invariant") }
