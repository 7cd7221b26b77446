package relay

import (
	"bytes"
	"context"
	crand "crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/internal/chat"
	"parley/internal/fake/faults"
	fakenetease "parley/internal/fake/netease"
	fakerong "parley/internal/fake/rongcloud"
	"parley/internal/limit"
	"parley/internal/netease"
	"parley/internal/outbound"
	"parley/internal/rongcloud"
	"parley/store"
	"parley/store/mem"
)

const (
	appKey = "0123456789abcdef0123456789abcdef"
	secret = "s3cret-of-the-app"
)

// site is two conversations, both services, and a store that may die.
type site struct {
	t        *testing.T
	mem      *mem.Store
	rong     *fakerong.Service
	ne       *fakenetease.Service
	rongHost *fakerong.Host
	neHost   *fakenetease.Host
	ann, bob chat.UID
	p2p, grp string

	rongClient *rongcloud.Client
	neClient   *netease.Client

	mu    sync.Mutex // of what the hub would do
	logs  bytes.Buffer
	slept []time.Duration
	gone  chat.UID // whose account was deleted
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, mem: mem.New(), ann: chat.NewUID(), bob: chat.NewUID(), grp: chat.NewGroupName()}
	s.p2p = chat.P2PName(s.ann, s.bob)
	t.Cleanup(func() {
		if strings.Contains(s.logs.String(), secret) {
			t.Error("the secret is in the log")
		}
	})
	s.rong = &fakerong.Service{AppKey: appKey, Secret: secret, Now: time.Now}
	s.ne = &fakenetease.Service{AppKey: appKey, Secret: secret, Now: time.Now}
	s.rongHost, s.neHost = s.rong.Host(), s.ne.Host()
	a, b := httptest.NewServer(s.rongHost), httptest.NewServer(s.neHost)
	t.Cleanup(a.Close)
	t.Cleanup(b.Close)
	redact := &outbound.Redactor{}
	redact.Set("x", secret)
	doer := outbound.NewClient(outbound.Options{Timeout: 5 * time.Second})
	s.rongClient = rongcloud.New(rongcloud.Options{AppKey: appKey, AppSecret: secret, Hosts: []string{a.URL}, Doer: doer, Now: time.Now, Rand: crand.Reader, Redact: redact})
	s.neClient = netease.New(netease.Options{AppKey: appKey, AppSecret: secret, Bases: []string{b.URL + fakenetease.Path}, Doer: doer, Now: time.Now, Rand: crand.Reader, Redact: redact})
	now := time.Now().UTC().Truncate(time.Millisecond)
	for _, u := range []chat.UID{s.ann, s.bob} {
		err := s.mem.CreateUser(t.Context(), &store.NewUser{User: store.User{ID: u}, Me: store.Sub{Topic: u.MeName(), User: u}})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{s.p2p, s.grp} {
		var subs []store.Sub
		for _, u := range []chat.UID{s.ann, s.bob} {
			given := chat.ModeGroup
			if u == s.ann {
				given = chat.ModeFull
			}
			subs = append(subs, store.Sub{Topic: name, User: u, Created: now, Updated: now, Want: chat.ModeFull, Given: given})
		}
		err := s.mem.CreateTopic(t.Context(), &store.Topic{Name: name, Public: json.RawMessage(`{"fn":"Friends"}`)}, nil, subs...)
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// dying is a store that dies after some operations, as a process does: what was
// begun later never happens.
type dying struct {
	*mem.Store
	left atomic.Int64 // operations; negative: it lives
	odds float64      // of a failure that passes

	refuse string // keys that are not taken begin with it; empty: all are
}

var errDead = errors.New("dead")

func (d *dying) spend() error {
	if d.odds > 0 && rand.Float64() < d.odds {
		return errors.New("the store fails now and then")
	}
	if d.left.Load() < 0 {
		return nil
	}
	if d.left.Add(-1) <= 0 {
		d.left.Store(0)
		return errDead
	}
	return nil
}

func (d *dying) PutValue(ctx context.Context, v *store.Value) error {
	if err := d.spend(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if d.refuse != "" && strings.HasPrefix(v.Key, d.refuse) {
		return errors.New("the store does not take it")
	}
	return d.Store.PutValue(ctx, v)
}

func (d *dying) SwapValue(ctx context.Context, v *store.Value, old []byte, at time.Time) error {
	if err := d.spend(); err != nil {
		return err
	}
	return d.Store.SwapValue(ctx, v, old, at)
}

func (d *dying) History(ctx context.Context, topic string, q store.HistoryQuery) ([]store.Message, error) {
	if err := d.spend(); err != nil {
		return nil, err
	}
	return d.Store.History(ctx, topic, q)
}

// publish is what a topic does: each once, in order.
func (s *site) publish(ctx context.Context, st *dying, topic string, from chat.UID, head map[string]json.RawMessage, content json.RawMessage, once string) (int, error) {
	if st != nil {
		if err := st.spend(); err != nil {
			return 0, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if once != "" {
		if seq, _, err := s.mem.Published(ctx, topic, from, once); err == nil {
			return seq, nil
		}
	}
	t, err := s.mem.Topic(ctx, topic)
	if err != nil {
		return 0, err
	}
	m := &store.Message{Topic: topic, Seq: t.Seq + 1, From: from, At: time.Now().UTC(), Content: content, Once: once}
	if head != nil {
		if m.Head, err = json.Marshal(head); err != nil {
			return 0, err
		}
	}
	return m.Seq, s.mem.Append(ctx, m)
}

type publisher struct {
	s  *site
	st *dying
}

func (p publisher) Publish(ctx context.Context, topic string, from chat.UID, head map[string]json.RawMessage, content json.RawMessage, once string) (int, error) {
	return p.s.publish(ctx, p.st, topic, from, head, content, once)
}

// relay runs one until stop.
func (s *site) relay(st *dying, routes map[string][]string) (r *Relay, stop func()) {
	s.t.Helper()
	if st == nil {
		st = &dying{Store: s.mem}
		st.left.Store(-1)
	}
	var list []Route
	for name, topics := range routes {
		var c Carrier
		if name == rongcloud.Service {
			x := NewRongCloud(s.rongClient, st, time.Now)
			x.pace.rate, x.slow.rate, c = limit.Rate{}, limit.Rate{}, x
		} else {
			x := NewNetEase(s.neClient, st, time.Now)
			x.pace.rate, c = limit.Rate{}, x
		}
		list = append(list, Route{c, topics})
	}
	r, err := New(s.t.Context(), Deps{
		Store: st, Publish: publisher{s, st}, Final: func(err error) bool { return err.Error() == "final" },
		Ensure: s.ensure, Log: slog.New(slog.NewTextHandler(&lockedWriter{s: s}, &slog.HandlerOptions{Level: slog.LevelDebug})), Now: time.Now,
		Redact: func(s string) string { return s },
		Sleep: func(ctx context.Context, d time.Duration) {
			s.mu.Lock()
			s.slept = append(s.slept, d)
			s.mu.Unlock()
			sleep(ctx, time.Millisecond)
		},
	}, list...)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	var once sync.Once
	stop = func() { once.Do(func() { cancel(); <-done }) }
	s.t.Cleanup(stop)
	return r, stop
}

type lockedWriter struct{ s *site }

func (w *lockedWriter) Write(p []byte) (int, error) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	return w.s.logs.Write(p)
}

func (s *site) ensure(ctx context.Context, service string, u chat.UID) error {
	s.mu.Lock()
	gone := s.gone == u
	s.mu.Unlock()
	if gone {
		return fmt.Errorf("read the user: %w", store.ErrNotFound)
	}
	id, err := s.mem.BridgeID(ctx, service, u, time.Now())
	if err != nil || id.Created {
		return err
	}
	if service == netease.Service {
		if _, err := s.neClient.Create(ctx, u.External(), "x", ""); err != nil && !errors.Is(err, netease.ErrExists) {
			return err
		}
	}
	id.Created = true
	return s.mem.UpdateBridgeID(ctx, id)
}

// write publishes texts as a client does.
func (s *site) write(r *Relay, topic string, texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		if _, err := s.publish(s.t.Context(), nil, topic, s.ann, nil, quote(text), ""); err != nil {
			s.t.Fatal(err)
		}
		if r != nil {
			r.Published(topic, 0)
		}
	}
}

// until waits for a condition.
func (s *site) until(what string, cond func() bool) {
	s.t.Helper()
	for end := time.Now().Add(2 * time.Minute); !cond(); {
		if time.Now().After(end) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.t.Fatalf("%s: not within 2 minutes; log:\n%.3000s", what, s.logs.String())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// sent lists what a service has got, as texts, and their marks.
func (s *site) sent(service string) (texts []string, marks []Mark) {
	if service == rongcloud.Service {
		for _, m := range s.rong.Messages() {
			var c struct{ Content, Extra string }
			if err := json.Unmarshal([]byte(m.Content), &c); err != nil {
				s.t.Fatal(err)
			}
			texts, marks = append(texts, c.Content), append(marks, readMark(c.Extra))
		}
		return texts, marks
	}
	for _, m := range s.ne.Messages() {
		var b struct{ Msg string }
		if err := json.Unmarshal([]byte(m.Body), &b); err != nil {
			s.t.Fatal(err)
		}
		texts, marks = append(texts, b.Msg), append(marks, readMark(m.Ext))
	}
	return texts, marks
}

// arrive is a callback of a service about a message that Bob wrote there.
func (s *site) arrive(r *Relay, service, topic, text, id, mark string) error {
	group, to, conv := "", s.ann.External(), "PERSON"
	if topic == s.grp {
		conv = "GROUP"
		if service == netease.Service {
			conv = "TEAM"
			for _, team := range s.ne.Teams() { // the last: one may have been made whose ID was lost
				group = max(group, team.ID)
			}
		} else {
			group = chat.ExternalGroup(topic)
		}
		to = group
	}
	if service == rongcloud.Service {
		content, _ := json.Marshal(map[string]string{"content": text, "extra": mark})
		return r.FromRongCloud(s.t.Context(), fakerong.Routed(s.bob.External(), to, conv, "RC:TxtMsg", string(content), id, "iOS", time.Now()))
	}
	return r.FromNetEase(s.t.Context(), fakenetease.Copied(s.bob.External(), to, conv, text, mark, id, "IOS", time.Now()))
}

// texts are the messages of a topic that came from outside, in order.
func (s *site) texts(topic string) []string {
	s.t.Helper()
	ms, err := s.mem.History(s.t.Context(), topic, store.HistoryQuery{})
	if err != nil {
		s.t.Fatal(err)
	}
	var list []string
	for _, m := range slices.Backward(ms) {
		if m.From == s.bob {
			var text string
			if err := json.Unmarshal(m.Content, &text); err != nil {
				s.t.Fatal(err)
			}
			list = append(list, text)
		}
	}
	return list
}

func numbered(prefix string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprint(prefix, i)
	}
	return list
}

// unreliable lets a tenth of the requests fail before anything was done and, for
// a service that tells repetitions apart, a tenth after.
func unreliable(lost bool) func(string, int) faults.Mode {
	return func(string, int) faults.Mode {
		switch n := rand.IntN(100); {
		case n < 4, n < 10 && !lost: // says that nothing was done
			return faults.Refuse
		case n < 7:
			return faults.Gateway
		case n < 10:
			return faults.Reset
		case n < 15 && lost:
			return faults.Lost
		case n < 20 && lost:
			return faults.Truncate
		}
		return faults.None
	}
}

// A thousand messages each way, through services and a store that fail every
// tenth time and repeat every tenth callback, arrive in order and once.
func TestThousand(t *testing.T) {
	t.Parallel()
	const n = 1000
	for _, service := range []string{rongcloud.Service, netease.Service} {
		for _, group := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/group=%t", service, group), func(t *testing.T) {
				t.Parallel()
				s := newSite(t)
				topic := s.p2p
				if group {
					topic = s.grp
				}
				s.rongHost.Choose(unreliable(false))
				s.neHost.Choose(unreliable(true))
				st := &dying{Store: s.mem, odds: 0.1}
				st.left.Store(-1)
				var r *Relay
				for r == nil {
					func() {
						st.odds = 0
						defer func() { st.odds = 0.1 }()
						r, _ = s.relay(st, map[string][]string{service: {topic}})
					}()
				}
				s.write(r, topic, "first") // so that the accounts and the group are there
				s.until("first", func() bool { texts, _ := s.sent(service); return len(texts) > 0 })
				out, in := numbered("out ", n), numbered("in ", n)
				var g sync.WaitGroup
				g.Go(func() { s.write(r, topic, out...) })
				g.Go(func() {
					for i, text := range in {
						for sends := 1 + rand.IntN(10)/9; sends > 0; {
							if s.arrive(r, service, topic, text, fmt.Sprint("id-", i), "") == nil {
								sends-- // a callback that was not taken is sent again
							}
						}
					}
				})
				g.Wait()
				s.until("out", func() bool { return r.count.Sent.Load() == n+1 })
				s.until("in", func() bool { return len(s.texts(topic)) == n && r.count.Queued.Load() == 0 })
				texts, marks := s.sent(service)
				if !slices.Equal(texts[1:], out) {
					t.Errorf("out: %d messages, in order %t", len(texts)-1, slices.IsSorted(marksOf(marks)))
				}
				if got := s.texts(topic); !slices.Equal(got, in) {
					t.Errorf("in: %d messages", len(got))
				}
				if r.count.Duplicates.Load() == 0 || r.count.Retried.Load() == 0 || r.count.Dead.Load() != 0 {
					t.Errorf("%d duplicates, %d retried, %d dead", r.count.Duplicates.Load(), r.count.Retried.Load(), r.count.Dead.Load())
				}
			})
		}
	}
}

func marksOf(marks []Mark) []int {
	var seqs []int
	for _, m := range marks {
		seqs = append(seqs, m.Seq)
	}
	return seqs
}

// However often the process dies, and wherever, nothing is lost and nothing is
// published twice. To a service that cannot tell repetitions apart a message may
// go again, with the same mark.
func TestDies(t *testing.T) {
	t.Parallel()
	for _, service := range []string{rongcloud.Service, netease.Service} {
		t.Run(service, func(t *testing.T) {
			t.Parallel()
			const n = 200
			s := newSite(t)
			routes := map[string][]string{service: {s.p2p}}
			r, stop := s.relay(nil, routes)
			s.write(r, s.p2p, "first")
			s.until("first", func() bool { return r.count.Sent.Load() == 1 })
			stop()
			out, in := numbered("out ", n), numbered("in ", n)
			s.write(nil, s.p2p, out...)
			sent := func() int { texts, _ := s.sent(service); return len(texts) }
			next := 0
			for deaths := 0; deaths < 20 || deaths < 300 && (next < n || sent() <= n); deaths++ {
				st := &dying{Store: s.mem}
				st.left.Store(-1)
				r, stop := s.relay(st, routes)
				st.left.Store(2 + rand.Int64N(20))
				for next < n && s.arrive(r, service, s.p2p, in[next], fmt.Sprint("id-", next), "") == nil {
					next++
				}
				for i := 0; i < 20 && st.left.Load() > 0; i++ {
					time.Sleep(time.Millisecond)
				}
				stop()
			}
			r, _ = s.relay(nil, routes)
			for ; next < n; next++ {
				if err := s.arrive(r, service, s.p2p, in[next], fmt.Sprint("id-", next), ""); err != nil {
					t.Fatal(err)
				}
			}
			seen := func() []string {
				texts, marks := s.sent(service)
				var list []string
				for i, text := range texts {
					if service == netease.Service || !slices.Contains(marks[:i], marks[i]) {
						list = append(list, text)
					}
				}
				return list
			}
			s.until("out", func() bool { return len(seen()) == n+1 })
			s.until("in", func() bool { return len(s.texts(s.p2p)) == n && r.count.Queued.Load() == 0 })
			if got := seen(); !slices.Equal(got[1:], out) {
				t.Errorf("out: %q", got)
			}
			if got := s.texts(s.p2p); !slices.Equal(got, in) {
				t.Errorf("in: %q", got)
			}
		})
	}
}

// Three guards against loops, and a conversation that goes to two services.
func TestLoops(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r, _ := s.relay(nil, map[string][]string{rongcloud.Service: {s.p2p}, netease.Service: {s.p2p}})
	s.write(r, s.p2p, "first")
	s.until("first", func() bool { return r.count.Sent.Load() == 2 })
	seq := func() int {
		topic, err := s.mem.Topic(t.Context(), s.p2p)
		if err != nil {
			t.Fatal(err)
		}
		return topic.Seq
	}
	accept := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	// It comes back: by the source, by the mark, and in spite of either.
	rongText, _ := json.Marshal(map[string]string{"content": "first", "extra": ""})
	accept(r.FromRongCloud(t.Context(), fakerong.Routed(s.ann.External(), s.bob.External(), "PERSON", "RC:TxtMsg", string(rongText), "UID-1", "Server", time.Now())))
	accept(r.FromNetEase(t.Context(), fakenetease.Copied(s.ann.External(), s.bob.External(), "PERSON", "first", "", "9000", "REST", time.Now())))
	for service, id := range map[string]string{rongcloud.Service: "UID-2", netease.Service: "9001"} {
		accept(s.arrive(r, service, s.p2p, "first", id, Mark{Topic: s.p2p, Seq: 1, Server: r.server}.String()))
		accept(s.arrive(r, service, s.p2p, "far", id+"x", Mark{Topic: "grpX", Seq: 1, Server: "another", Hops: 2}.String()))
	}
	if r.count.Loops.Load() != 6 || seq() != 1 {
		t.Errorf("%d loops, seq %d", r.count.Loops.Load(), seq())
	}
	// What comes in from one goes to the other, once, and never back.
	accept(s.arrive(r, rongcloud.Service, s.p2p, "from rongcloud", "UID-3", ""))
	s.until("published", func() bool { return len(s.texts(s.p2p)) == 1 })
	r.Published(s.p2p, 0)
	s.until("carried on", func() bool { texts, _ := s.sent(netease.Service); return len(texts) == 2 })
	_, marks := s.sent(netease.Service)
	if marks[1].Hops != 1 || marks[1].Server != r.server {
		t.Errorf("marks %+v", marks)
	}
	accept(s.arrive(r, netease.Service, s.p2p, "from rongcloud", "9009", marks[1].String()))
	// Another server's message that has been through two services stays here.
	accept(s.arrive(r, netease.Service, s.p2p, "of another server", "9010", Mark{Topic: "grpX", Seq: 5, Server: "another", Hops: 1}.String()))
	s.until("published", func() bool { return len(s.texts(s.p2p)) == 2 })
	r.Published(s.p2p, 0)
	s.until("looked at", func() bool { return r.count.Skipped.Load() == 3 }) // by one lane the first, by both the second
	if texts, _ := s.sent(rongcloud.Service); len(texts) != 1 || seq() != 3 {
		t.Errorf("to rongcloud: %q, seq %d", texts, seq())
	}
	ms, err := s.mem.History(t.Context(), s.p2p, store.HistoryQuery{})
	if err != nil || string(ms[1].Head) != `{"bridge":"rongcloud","bridge-hops":1,"bridge-id":"UID-3"}` {
		t.Errorf("head %s, %v", ms[1].Head, err)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r, _ := s.relay(nil, map[string][]string{rongcloud.Service: {s.p2p}})
	// Not configured, not ours, not known there, nothing in it, not a message.
	known := s.bob.External()
	content := `{"content":"x"}`
	_ = s.ensure(t.Context(), rongcloud.Service, s.bob)
	stranger := chat.NewUID().External()
	for i, f := range []url.Values{
		fakerong.Routed(known, stranger, "PERSON", "RC:TxtMsg", content, "u1", "iOS", time.Now()),
		fakerong.Routed(known, "someone", "PERSON", "RC:TxtMsg", content, "u2", "iOS", time.Now()),
		fakerong.Routed(s.ann.External(), known, "PERSON", "RC:TxtMsg", content, "u3", "iOS", time.Now()), // never had a token
		fakerong.Routed("someone", known, "PERSON", "RC:TxtMsg", content, "u4", "iOS", time.Now()),
		fakerong.Routed(known, s.ann.External(), "TEMPGROUP", "RC:TxtMsg", content, "u5", "iOS", time.Now()),
		fakerong.Routed(known, s.ann.External(), "PERSON", "RC:CmdMsg", content, "u6", "iOS", time.Now()),
		fakerong.Routed(known, s.ann.External(), "PERSON", "RC:TxtMsg", `{"content":""}`, "u7", "iOS", time.Now()),
		fakerong.Routed(known, s.ann.External(), "PERSON", "RC:TxtMsg", `[]`, "u8", "iOS", time.Now()),
		fakerong.Routed(known, s.ann.External(), "PERSON", "RC:ImgMsg", `{"imageUri":"javascript:alert(1)"}`, "u9", "iOS", time.Now()),
		fakerong.Routed(known, chat.ExternalGroup(s.grp), "GROUP", "RC:TxtMsg", content, "u10", "iOS", time.Now()),
	} {
		if err := r.FromRongCloud(t.Context(), f); err != nil || r.count.Discarded.Load() != int64(i+1) {
			t.Errorf("%v: %v, %d discarded", f, err, r.count.Discarded.Load())
		}
	}
	if err := r.FromRongCloud(t.Context(), url.Values{}); !errors.Is(err, rongcloud.ErrForm) {
		t.Errorf("got %v", err)
	}
	if err := r.FromNetEase(t.Context(), []byte(`{"eventType":"2"}`)); !errors.Is(err, netease.ErrForm) {
		t.Errorf("got %v", err)
	}
	n := &r.count
	if got := [3]int64{n.NoTopic.Load(), n.NoUser.Load(), n.NoContent.Load()}; got != [3]int64{4, 2, 4} {
		t.Errorf("why: got %v", got)
	}
	s.mu.Lock()
	if lines := strings.Count(s.logs.String(), "a message from outside is dropped"); lines != 10 {
		t.Errorf("%d lines in the log", lines)
	}
	s.mu.Unlock()
	if list, err := s.mem.ListValues(t.Context(), "ri:", "", 0); err != nil || len(list) != 0 {
		t.Errorf("kept: %v, %v", list, err)
	}
}

// What a service will never take does not stop what comes after it.
func TestDead(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r, _ := s.relay(nil, map[string][]string{netease.Service: {s.p2p}})
	s.write(r, s.p2p, "first")
	s.until("first", func() bool { return r.count.Sent.Load() == 1 })
	if err := s.neClient.Block(t.Context(), s.ann.External()); err != nil {
		t.Fatal(err)
	}
	s.write(r, s.p2p, "refused")
	s.until("dead", func() bool { return r.count.Dead.Load() == 1 })
	if err := s.neClient.Unblock(t.Context(), s.ann.External()); err != nil {
		t.Fatal(err)
	}
	s.write(r, s.p2p, "last")
	s.until("last", func() bool { return r.count.Sent.Load() == 2 })
	s.neHost.Always(faults.Refuse) // answers, and refuses, ten times
	s.write(r, s.p2p, "again and again")
	s.until("dead", func() bool { return r.count.Dead.Load() == 2 })
	s.neHost.Always(faults.Reset) // does not answer at all: that may take as long as it takes
	s.write(r, s.p2p, "patience")
	time.Sleep(40 * time.Millisecond)
	s.neHost.Always(faults.None)
	s.until("patience", func() bool { return r.count.Sent.Load() == 3 })
	list, err := s.mem.ListValues(t.Context(), "rd:"+netease.Service+":"+s.p2p+":", "", 0)
	if err != nil || len(list) != 2 || !strings.Contains(string(list[0].Data), "blocked") {
		t.Errorf("dead: %v, %v", list, err)
	}
	if texts, _ := s.sent(netease.Service); !slices.Equal(texts, []string{"first", "last", "patience"}) {
		t.Errorf("got %q", texts)
	}
}

// An account that is gone over there is made again.
func TestAccountGone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r, _ := s.relay(nil, map[string][]string{netease.Service: {s.p2p}})
	for _, u := range []chat.UID{s.ann, s.bob} { // believed to be there
		id, err := s.mem.BridgeID(t.Context(), netease.Service, u, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		id.Created = true
		if err := s.mem.UpdateBridgeID(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	s.write(r, s.p2p, "hello")
	s.until("sent", func() bool { return r.count.Sent.Load() == 1 })
	if texts, _ := s.sent(netease.Service); !slices.Equal(texts, []string{"hello"}) || s.ne.Account(s.bob.External()).ID == "" {
		t.Errorf("got %q", texts)
	}
}

func TestMembers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	routes := map[string][]string{rongcloud.Service: {s.grp}, netease.Service: {s.grp}}
	r, stop := s.relay(nil, routes)
	s.write(r, s.grp, "hello")
	s.until("sent", func() bool { return r.count.Sent.Load() == 2 })
	stop()
	want := []string{s.ann.External(), s.bob.External()}
	is := func(want []string) {
		t.Helper()
		slices.Sort(want)
		got := s.rong.Members(chat.ExternalGroup(s.grp))
		slices.Sort(got)
		team := s.ne.Teams()[0].Members
		slices.Sort(team)
		if !slices.Equal(got, want) || !slices.Equal(team, want) {
			t.Errorf("got %v and %v, want %v", got, team, want)
		}
	}
	is(want)
	cid := chat.NewUID()
	err := s.mem.CreateUser(t.Context(), &store.NewUser{User: store.User{ID: cid}, Me: store.Sub{Topic: cid.MeName(), User: cid}})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC()
	sub := store.Sub{Topic: s.grp, User: cid, Created: now, Updated: now, Want: chat.ModeGroup, Given: chat.ModeGroup}
	if err := s.mem.PutSubs(t.Context(), sub); err != nil {
		t.Fatal(err)
	}
	if err := s.mem.DeleteSub(t.Context(), s.grp, s.bob, now); err != nil {
		t.Fatal(err)
	}
	r, _ = s.relay(nil, routes)
	s.write(r, s.grp, "who is here?")
	s.until("sent", func() bool { return r.count.Sent.Load() == 2 })
	is([]string{s.ann.External(), cid.External()})
}

func TestRender(t *testing.T) {
	t.Parallel()
	file := func(tp, data string) string {
		return `{"txt":" ","fmt":[{"at":0,"len":1,"key":0}],"ent":[{"tp":"` + tp + `","data":` + data + `}]}`
	}
	for content, want := range map[string]Body{
		`"hello"`: {Text: "hello"},
		`{"txt":"bold","fmt":[{"tp":"ST","len":4}]}`: {Text: "bold"},
		file("IM", `{"ref":"https://x.example/a.png","mime":"image/png","width":3,"height":4,"size":5,"name":"a.png"}`): {File: &File{Kind: Image, Name: "a.png", Mime: "image/png", URL: "https://x.example/a.png", Size: 5, Width: 3, Height: 4}},
		file("IM", `{"val":"AAAA","name":"b.png"}`):                                         {Text: "[image] b.png"},
		file("EX", `{"ref":"/v0/file/s/x","name":"c.pdf"}`):                                 {Text: "[file] c.pdf"},
		file("AU", `{"ref":"https://x.example/a.aac","duration":1500}`):                     {File: &File{Kind: Audio, URL: "https://x.example/a.aac", Millis: 1500}},
		`{"txt":"see","ent":[{"tp":"EX","data":{"ref":"https://x.example/d","name":"d"}}]}`: {Text: "see\n[file] d https://x.example/d"},
	} {
		got, ok := render(nil, json.RawMessage(content))
		if a, b := fmt.Sprintf("%+v %+v", got, got.File), fmt.Sprintf("%+v %+v", want, want.File); !ok || got.Text != want.Text || (got.File == nil) != (want.File == nil) || got.File != nil && *got.File != *want.File {
			t.Errorf("%s: got %s, want %s", content, a, b)
		}
		c, h := got.content()
		var head json.RawMessage
		if h != nil {
			head, _ = json.Marshal(h)
		}
		back, ok := render(head, c)
		if !ok || back.Text != got.Text || got.File != nil && (back.File == nil || *back.File != *got.File) {
			t.Errorf("%s: and back %+v", c, back)
		}
	}
	for _, content := range []string{`""`, `"  "`, `7`, `{}`, `null`, `[1]`} {
		if got, ok := render(nil, json.RawMessage(content)); ok {
			t.Errorf("%s: %+v", content, got)
		}
	}
	if _, ok := render(json.RawMessage(`{"webrtc":"started"}`), json.RawMessage(`"x"`)); ok {
		t.Error("a call is no message")
	}
}

func FuzzRender(f *testing.F) {
	f.Add(`{"a":1}`, `{"txt":" ","ent":[{"tp":"IM","data":{"ref":"https://x/y"}}]}`)
	f.Fuzz(func(t *testing.T, head, content string) {
		b, ok := render(json.RawMessage(head), json.RawMessage(content))
		if !ok {
			return
		}
		if c, _ := b.content(); !json.Valid(c) {
			t.Errorf("%+v is %s", b, c)
		}
		if _, m := rongContent(&b); m == nil {
			t.Error("no content")
		}
		neteaseBody(&b)
	})
}
