package wechat

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/internal/chat"
	"parley/internal/limit"
	"parley/internal/outgoing"
	api "parley/internal/wechat"
	"parley/push"
	"parley/store"
	"parley/store/mem"
)

// weChat records what is sent and answers as a test wants it.
type weChat struct {
	mu    sync.Mutex
	sent  []*message
	paths []string
	codes map[string]int // path → errcode
	fail  error          // once
}

func (w *weChat) Call(_ context.Context, app, path string, body, _ any) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	m := body.(*message)
	w.paths = append(w.paths, app+path)
	if err := w.fail; err != nil {
		w.fail = nil
		return err
	}
	if code := w.codes[path]; code != 0 {
		return &api.Error{Path: path, Code: code}
	}
	w.sent = append(w.sent, m)
	return nil
}

func (w *weChat) took() ([]*message, []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	m, p := w.sent, w.paths
	w.sent, w.paths = nil, nil
	return m, p
}

// people have openids "<app>-<user>" unless they are strangers.
type people struct{ strangers map[chat.UID]bool }

func (p people) OpenID(_ context.Context, u chat.UID, app string) (string, error) {
	if p.strangers[u] {
		return "", nil
	}
	return app + "-" + u.String(), nil
}

const ann, bob, cat chat.UID = 1, 2, 3

type world struct {
	*Sender
	t    *testing.T
	api  *weChat
	st   *mem.Store
	now  time.Time
	logs *bytes.Buffer
}

func newWorld(t *testing.T, rate limit.Rate, routes ...Route) *world {
	t.Helper()
	w := &world{t: t, api: &weChat{codes: make(map[string]int)}, st: mem.New(), now: time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC), logs: &bytes.Buffer{}}
	for u, name := range map[chat.UID]string{ann: "Ann", bob: "Bob", cat: ""} {
		nu := &store.NewUser{
			User: store.User{ID: u, Created: w.now, Updated: w.now, Public: fmt.Appendf(nil, `{"fn":%q}`, name)},
			Me:   store.Sub{Topic: u.MeName(), User: u, Created: w.now, Updated: w.now},
		}
		if err := w.st.CreateUser(t.Context(), nu); err != nil {
			t.Fatal(err)
		}
	}
	w.Sender = New(Deps{
		Routes: routes, API: w.api, People: people{map[chat.UID]bool{cat: true}}, Names: w.st, Values: w.st, UserRate: rate, Now: func() time.Time { return w.now },
		Log: slog.New(slog.NewTextHandler(w.logs, nil)),
	})
	return w
}

// send pushes a receipt and sends what it leads to.
func (w *world) send(r *push.Receipt) ([]*message, []string) {
	w.t.Helper()
	w.Push(w.t.Context(), r)
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = w.Run(ctx) }()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		c := w.Counts()
		if c.Sent+c.Dropped+c.Retried >= c.Queued && c.Waiting == c.Queued-c.Sent-c.Dropped {
			break
		}
	}
	cancel()
	<-done
	w.queue = outgoing.New("again", w.Log, w.deliver)
	return w.api.took()
}

func message1(seq int, to ...push.Recipient) *push.Receipt {
	return &push.Receipt{
		What: push.Msg, Topic: chat.P2PName(ann, bob), At: time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC), From: ann, Seq: seq,
		Content: []byte(`"the secret text"`), To: to,
	}
}

var template = Route{
	Kind: Template, App: "oa", TemplateID: "T", URL: "https://chat.example.com/?a&b", Page: "pages/chat", MiniApp: "mini",
	Fields: []Field{{"thing1", "{from}"}, {"number2", "{count}"}, {"time3", "{time}"}, {"thing4", "{topic}"}},
}

func TestTemplate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, limit.Rate{}, template)
	sent, paths := w.send(message1(7, push.Recipient{User: ann, Attached: 1}, push.Recipient{User: bob, Read: 4}, push.Recipient{User: cat}))
	if len(sent) != 1 || len(paths) != 1 || paths[0] != "oa"+string(Template) {
		t.Fatalf("%+v %v", sent, paths)
	}
	m := sent[0]
	if got := fmt.Sprint(m.Data); got != "map[number2:{3} thing1:{Ann} thing4:{Ann} time3:{2026-01-05 20:00}]" {
		t.Error(got)
	}
	if m.To != "oa-"+bob.String() || m.Template != "T" || m.URL != template.URL || m.Mini.AppID != "mini" || m.ID == "" || strings.Contains(fmt.Sprintf("%+v", m), "secret") {
		t.Errorf("%+v", m)
	}
	for name, r := range map[string]*push.Receipt{
		"attached": message1(8, push.Recipient{User: bob, Attached: 1}), "an edit": {What: push.Msg, From: ann, Silent: true, To: []push.Recipient{{User: bob}}},
		"invited": {What: push.Sub, From: ann, To: []push.Recipient{{User: bob}}}, "read": {What: push.Read, From: bob, To: []push.Recipient{{User: bob}}},
		"his own": message1(8, push.Recipient{User: ann}), "stranger": message1(8, push.Recipient{User: cat}), "nobody": message1(8),
	} {
		if sent, paths := w.send(r); len(sent)+len(paths) != 0 {
			t.Errorf("%s: %+v %v", name, sent, paths)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	route := template
	route.Fields = []Field{{"thing1", "{text}"}, {"phrase2", "{from} wrote"}, {"first", "{text}"}}
	w := newWorld(t, limit.Rate{}, route)
	for content, want := range map[string]string{
		`"hello\nyou"`:                       "map[first:{hello you} phrase2:{Ann …} thing1:{hello you}]",
		`{"txt":"bold"}`:                     "map[first:{bold} phrase2:{Ann …} thing1:{bold}]",
		`17`:                                 "map[first:{…} phrase2:{Ann …} thing1:{…}]",
		`"` + strings.Repeat("长", 300) + `"`: "map[first:{" + strings.Repeat("长", 200) + "} phrase2:{Ann …} thing1:{" + strings.Repeat("长", 19) + "…}]",
	} {
		r := message1(1, push.Recipient{User: bob})
		r.Content = []byte(content)
		sent, _ := w.send(r)
		if len(sent) != 1 || fmt.Sprint(sent[0].Data) != want {
			t.Errorf("%s: %v", content, sent[0].Data)
		}
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, limit.Rate{Every: time.Minute, Burst: 2}, template)
	total := 0
	for seq := range 5 {
		sent, _ := w.send(message1(seq+1, push.Recipient{User: bob}))
		total += len(sent)
	}
	if c := w.Counts(); total != 2 || c.Limited != 3 {
		t.Errorf("%d sent, %+v", total, c)
	}
	w.now = w.now.Add(time.Minute)
	if sent, _ := w.send(message1(9, push.Recipient{User: bob})); len(sent) != 1 {
		t.Error("the rate does not recover")
	}
}

// A consent is good for one message, on whatever node it is used.
func TestConsent(t *testing.T) {
	t.Parallel()
	sub := Route{Kind: Subscription, App: "oa", TemplateID: "S", Fields: []Field{{"thing1", "{from}"}}}
	mini := Route{Kind: Mini, App: "mini", TemplateID: "M", Page: "pages/chat", Fields: []Field{{"thing1", "{from}"}}}
	w := newWorld(t, limit.Rate{}, sub, mini)
	to := push.Recipient{User: bob}
	if sent, paths := w.send(message1(1, to)); len(sent)+len(paths) != 0 {
		t.Errorf("without a consent: %v", paths)
	}
	agree := func(app, template string, yes bool) {
		t.Helper()
		if err := w.Consent(t.Context(), app, bob, template, yes); err != nil {
			t.Fatal(err)
		}
	}
	agree("oa", "S", true)
	agree("mini", "M", true)
	agree("mini", "M", true)
	agree("mini", "other", true)
	var got []string
	for seq := range 5 {
		_, paths := w.send(message1(seq+2, to))
		got = append(got, paths...)
	}
	want := []string{"oa" + string(Subscription), "mini" + string(Mini), "mini" + string(Mini)}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
	agree("oa", "S", true)
	agree("oa", "S", false)
	if _, paths := w.send(message1(9, to)); len(paths) != 0 {
		t.Errorf("after a no: %v", paths)
	}
	// WeChat knows of no consent: the next way is tried, and the count forgotten.
	agree("oa", "S", true)
	agree("oa", "S", true)
	agree("mini", "M", true)
	w.api.codes[string(Subscription)] = codeDeclined
	if sent, paths := w.send(message1(10, to)); len(paths) != 2 || len(sent) != 1 || sent[0].State != "formal" || sent[0].Page != "pages/chat" {
		t.Errorf("%v", paths)
	}
	if _, paths := w.send(message1(11, to)); len(paths) != 0 {
		t.Errorf("%v", paths)
	}
	// Many at once use up no more than there are.
	for range 10 {
		agree("mini", "M", true)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	taken := 0
	for range 40 {
		all.Go(func() {
			for {
				ok, err := w.takeConsent(context.Background(), &mini, bob)
				if err != nil {
					continue // too many at once: again
				}
				if ok {
					mu.Lock()
					taken++
					mu.Unlock()
				}
				return
			}
		})
	}
	all.Wait()
	if taken != 10 {
		t.Errorf("%d of 10 consents were used", taken)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	to := push.Recipient{User: bob}
	for name, tc := range map[string]struct {
		code  int
		calls int // of two messages
		log   string
	}{
		"does not follow": {codeFollow, 1, "no way leads"}, "template": {codeTemplate, 2, "bridges.wechat.push"}, "data": {codeData, 2, "template=T"},
		"quota": {codeQuota, 2, "refused and dropped"}, "unknown openid": {codeOpenID, 2, "no way leads"}, "twice": {codeTwice, 2, ""},
		"something": {50002, 2, "refused and dropped"},
	} {
		w := newWorld(t, limit.Rate{}, template)
		w.api.codes[string(Template)] = tc.code
		_, first := w.send(message1(1, to))
		_, second := w.send(message1(2, to))
		if len(first)+len(second) != tc.calls || !strings.Contains(w.logs.String(), tc.log) {
			t.Errorf("%s: %v %v %s", name, first, second, w.logs)
		}
		if tc.code == codeFollow {
			w.api.codes = nil
			w.Follows("oa", "oa-"+bob.String(), true)
			if sent, _ := w.send(message1(3, to)); len(sent) != 1 {
				t.Errorf("%s: afterwards %v", name, sent)
			}
		}
	}
}

// A token that has died is not the message's fault: it is tried again.
func TestDeadToken(t *testing.T) {
	t.Parallel()
	for _, code := range []int{40001, 40014, 42001} {
		w := newWorld(t, limit.Rate{}, template)
		w.api.codes[string(Template)] = code
		j := &job{to: bob, from: ann, topic: chat.P2PName(ann, bob), paid: make(map[int]bool)}
		if err := w.deliver(t.Context(), j); err == nil || fmt.Sprintf("%T", err) == fmt.Sprintf("%T", outgoing.Permanent(nil)) {
			t.Errorf("%d: %v", code, err)
		}
	}
}

// An attempt that may have arrived does not become two messages.
func TestUnclear(t *testing.T) {
	t.Parallel()
	mini := Route{Kind: Mini, App: "mini", TemplateID: "M", Fields: []Field{{"thing1", "{from}"}}}
	w := newWorld(t, limit.Rate{}, mini)
	if err := w.Consent(t.Context(), "mini", bob, "M", true); err != nil {
		t.Fatal(err)
	}
	w.api.fail = errors.New("timeout")
	j := &job{to: bob, from: ann, topic: chat.P2PName(ann, bob), paid: make(map[int]bool)}
	if err := w.deliver(t.Context(), j); err == nil {
		t.Error("no error")
	}
	w.api.codes[string(Mini)] = codeDeclined // because it did arrive
	if err := w.deliver(t.Context(), j); err != nil {
		t.Error(err)
	}
}
