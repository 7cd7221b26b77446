package wechatapi

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

	"parley/auth/seal"
	fake "parley/internal/fake/wechat"
	"parley/internal/outbound"
	"parley/internal/wechat"
	"parley/store/mem"
	"parley/store/vault"
)

const (
	oaID   = "wx00000000000000oa"
	miniID = "wx000000000000mini"
)

// nodes is a WeChat and servers that share a store.
type nodes struct {
	t    *testing.T
	fake *fake.Server
	box  *seal.Box
	st   *mem.Store
	log  *lockedBuffer

	mu  sync.Mutex
	add time.Duration
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (n *nodes) now() time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	return time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC).Add(n.add)
}

func (n *nodes) advance(d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.add += d
}

func newNodes(t *testing.T) *nodes {
	t.Helper()
	box, err := seal.New([][]byte{bytes.Repeat([]byte{7}, 32)}, "test")
	if err != nil {
		t.Fatal(err)
	}
	n := &nodes{t: t, box: box, st: mem.New(), log: &lockedBuffer{}}
	n.fake = fake.New(n.now,
		fake.App{ID: oaID, Secret: "oa-secret-sentinel", Kind: "oa", PushToken: "pushToken", AESKey: strayKey},
		fake.App{ID: miniID, Secret: "mini-secret-sentinel", Kind: "mini"},
	)
	t.Cleanup(func() {
		n.fake.Close()
		for _, secret := range n.fake.Secrets() {
			if strings.Contains(n.log.text(), secret) {
				t.Errorf("the log has the secret %s:\n%s", secret, n.log.text())
			}
		}
	})
	return n
}

// node makes one more server.
func (n *nodes) node(change ...func(*Deps)) *Service {
	n.t.Helper()
	d := Deps{
		Apps: []App{
			{ID: oaID, Secret: "oa-secret-sentinel", Kind: Account, PushToken: "pushToken", AESKey: strayKey, JSDomains: []string{"chat.example.com"}},
			{ID: miniID, Secret: "mini-secret-sentinel", Kind: Mini},
		},
		Base: n.fake.URL, HTTP: wechat.NewHTTP(), Vault: vault.New(n.st, n.box, n.now), Hide: new(outbound.Redactor), Now: n.now,
		Log: slog.New(slog.NewTextHandler(n.log, nil)), Sleep: func(context.Context, time.Duration) error { return nil },
	}
	for _, f := range change {
		f(&d)
	}
	s, err := New(d)
	if err != nil {
		n.t.Fatal(err)
	}
	return s
}

// ask makes a call that needs a token.
func ask(ctx context.Context, s *Service) error {
	_, err := s.Voice(ctx, oaID, "unknown")
	if errors.Is(err, ErrMedia) {
		return nil
	}
	return err
}

const tokenPath = "/cgi-bin/stable_token"

func TestTokenShared(t *testing.T) {
	t.Parallel()
	n := newNodes(t)
	n.fake.Fail(tokenPath, fake.Fault{Delay: 20 * time.Millisecond})
	a, b := n.node(), n.node()
	var all sync.WaitGroup
	for i := range 200 {
		s := a
		if i%2 == 1 {
			s = b
		}
		all.Go(func() {
			if err := ask(t.Context(), s); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := n.fake.Calls(tokenPath); got != 1 {
		t.Errorf("%d tokens were fetched, want 1", got)
	}
	// A node that starts later takes it from the store, where it is sealed.
	if err := ask(t.Context(), n.node()); err != nil {
		t.Error(err)
	}
	rec, err := n.st.Value(t.Context(), "wechat:token:"+oaID, n.now())
	if err != nil || bytes.Contains(rec.Data, []byte("AT-")) {
		t.Errorf("%q, %v", rec, err)
	}
	n.fake.Fail(tokenPath, fake.Fault{})
	n.advance(7200*time.Second - margin - time.Second)
	if err := ask(t.Context(), b); err != nil || n.fake.Calls(tokenPath) != 1 {
		t.Errorf("%v, %d calls", err, n.fake.Calls(tokenPath))
	}
	n.advance(2 * time.Second)
	for _, s := range []*Service{a, b, a} {
		if err := ask(t.Context(), s); err != nil {
			t.Error(err)
		}
	}
	if got := n.fake.Calls(tokenPath); got != 2 {
		t.Errorf("%d tokens were fetched in two lifetimes, want 2", got)
	}
}

// A token dies before its time: one renewal, one repetition, on all nodes.
func TestTokenRefused(t *testing.T) {
	t.Parallel()
	n := newNodes(t)
	a, b := n.node(), n.node()
	for _, s := range []*Service{a, b} {
		if err := ask(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	n.fake.ExpireTokens(oaID)
	for _, s := range []*Service{a, b} {
		if err := ask(t.Context(), s); err != nil {
			t.Error(err)
		}
	}
	if got, media := n.fake.Calls(tokenPath), n.fake.Calls("/cgi-bin/media/get"); got != 2 || media != 6 {
		t.Errorf("%d tokens, %d calls; want 2 and 6", got, media)
	}
	// Again at once: one forced fetch in ten seconds is all there is.
	n.fake.ExpireTokens(oaID)
	if err := ask(t.Context(), a); wechat.Code(err) != 40001 {
		t.Error(err)
	}
	n.advance(forcedPause)
	if err := ask(t.Context(), a); err != nil {
		t.Error(err)
	}
	if got := n.fake.Calls(tokenPath); got != 3 {
		t.Errorf("%d tokens, want 3", got)
	}
}

// Whatever WeChat says, a call is repeated once.
func TestRefreshRule(t *testing.T) {
	t.Parallel()
	for _, code := range []int{40001, 40014, 42001} {
		n := newNodes(t)
		s := n.node()
		n.fake.Fail("/cgi-bin/media/get", fake.Fault{Code: code})
		if err := ask(t.Context(), s); wechat.Code(err) != code {
			t.Errorf("%d: %v", code, err)
		}
		// The stable token is the same again: there is nothing to try.
		if got := n.fake.Calls("/cgi-bin/media/get"); got != 1 {
			t.Errorf("%d: %d calls with one token", code, got)
		}
		n.advance(time.Hour)
		n.fake.ExpireTokens(oaID)
		if err := ask(t.Context(), s); wechat.Code(err) != code {
			t.Errorf("%d: %v", code, err)
		}
		if got := n.fake.Calls("/cgi-bin/media/get"); got != 3 {
			t.Errorf("%d: %d calls, want 3", code, got)
		}
		if got := n.fake.Calls(tokenPath); got != 3 {
			t.Errorf("%d: %d fetches, want 3", code, got)
		}
	}
	n := newNodes(t)
	n.fake.Fail("/cgi-bin/media/get", fake.Fault{Code: 48001})
	if err := ask(t.Context(), n.node()); wechat.Code(err) != 48001 || n.fake.Calls("/cgi-bin/media/get") != 1 {
		t.Errorf("%v, %d calls", err, n.fake.Calls("/cgi-bin/media/get"))
	}
}

func TestBusyAndQuota(t *testing.T) {
	t.Parallel()
	n := newNodes(t)
	s := n.node()
	n.fake.Fail("/cgi-bin/media/get", fake.Fault{Code: -1, Times: 3})
	if err := ask(t.Context(), s); err != nil {
		t.Error(err)
	}
	n.fake.Fail("/cgi-bin/media/get", fake.Fault{Code: -1, Times: 4})
	if err := ask(t.Context(), s); wechat.Code(err) != -1 || n.fake.Calls("/cgi-bin/media/get") != 8 {
		t.Errorf("%v, %d calls", err, n.fake.Calls("/cgi-bin/media/get"))
	}
	n.fake.Quota["/cgi-bin/ticket/getticket"] = 1
	for i, want := range []int{0, 45009, 0} { // 0 is not asked
		_, err := s.JSConfig(t.Context(), "https://chat.example.com/")
		if wechat.Code(err) != want || (err == nil) != (i == 0) {
			t.Errorf("%d: %v", i, err)
		}
		s.values.memory = map[string]kept{}
		_ = s.Vault.(*vault.Vault).Drop(t.Context(), "wechat:ticket:"+oaID)
	}
	if got := n.fake.Calls("/cgi-bin/ticket/getticket"); got != 2 {
		t.Errorf("%d calls, want 2", got)
	}
	n.advance(n.fake.NextDay().Sub(n.now()))
	if _, err := s.JSConfig(t.Context(), "https://chat.example.com/"); err != nil {
		t.Error(err)
	}
}

func TestWeChatDown(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]fake.Fault{
		"500": {Status: 500}, "reset": {Reset: true}, "garbage": {Garbage: "<html>"}, "half": {Garbage: `{"access_token":"AT-`},
		"empty": {Garbage: " "}, "no token": {Garbage: "{}"}, "list": {Garbage: "[]"}, "wrong type": {Garbage: `{"access_token":1}`},
	} {
		n := newNodes(t)
		s := n.node()
		n.fake.Fail(tokenPath, f)
		err := ask(t.Context(), s)
		if err == nil || strings.Contains(err.Error(), "sentinel") {
			t.Errorf("%s: %v", name, err)
		}
		n.fake.Fail(tokenPath, fake.Fault{})
		if err := ask(t.Context(), s); err != nil {
			t.Errorf("%s: afterwards: %v", name, err)
		}
		n.fake.Fail("/cgi-bin/media/get", f)
		if err := ask(t.Context(), s); err == nil || strings.Contains(err.Error(), "access_token=") || strings.Contains(err.Error(), "AT-") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// downVault is a store that does not answer.
type downVault struct{}

var errDown = errors.New("store is down")

func (downVault) Get(context.Context, string) ([]byte, error) { return nil, errDown }

func (downVault) Put(context.Context, string, []byte, time.Time) error { return errDown }

func (downVault) Lease(context.Context, string, time.Duration) (func(), bool, error) {
	return nil, false, errDown
}

// Without the store a node still has its token, and fetches it once.
func TestStoreDown(t *testing.T) {
	t.Parallel()
	n := newNodes(t)
	s := n.node(func(d *Deps) { d.Vault = downVault{} })
	for range 3 {
		if err := ask(t.Context(), s); err != nil {
			t.Error(err)
		}
	}
	if got := n.fake.Calls(tokenPath); got != 1 {
		t.Errorf("%d tokens were fetched, want 1", got)
	}
}

// Who gives up waiting does not end the fetch.
func TestCallerLeaves(t *testing.T) {
	t.Parallel()
	n := newNodes(t)
	s := n.node()
	n.fake.Fail(tokenPath, fake.Fault{Delay: 50 * time.Millisecond})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	if err := ask(ctx, s); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if err := ask(t.Context(), s); err != nil || n.fake.Calls(tokenPath) != 1 {
		t.Errorf("%v, %d calls", err, n.fake.Calls(tokenPath))
	}
}

func TestMisconfigured(t *testing.T) {
	t.Parallel()
	n := newNodes(t)
	s := n.node(func(d *Deps) { d.Apps[0].Secret = "another-secret" })
	if err := ask(t.Context(), s); wechat.Code(err) != 40125 {
		t.Error(err)
	}
	if text := n.log.text(); !strings.Contains(text, "bridges.wechat.apps") || !strings.Contains(text, "65a1b2c3-4d5e6f70-11223344") || strings.Contains(text, "another-secret") {
		t.Error(text)
	}
	if _, err := New(Deps{Apps: []App{{ID: "x", PushToken: "t", AESKey: "short"}}, Hide: new(outbound.Redactor)}); err == nil {
		t.Error("a short EncodingAESKey was taken")
	}
}

func TestJSConfig(t *testing.T) {
	t.Parallel()
	n := newNodes(t)
	a, b := n.node(), n.node()
	const page = "https://chat.example.com/m/?topic=grpAbC&x=%E4%B8%AD"
	for _, s := range []*Service{a, b, a} {
		c, err := s.JSConfig(t.Context(), page)
		if err != nil {
			t.Fatal(err)
		}
		if c.AppID != oaID || c.Timestamp != n.now().Unix() || !n.fake.CheckPage(oaID, page, c.NonceStr, c.Timestamp, c.Signature) {
			t.Errorf("%+v", c)
		}
		if n.fake.CheckPage(oaID, page+"#x", c.NonceStr, c.Timestamp, c.Signature) {
			t.Error("the signature is good for another page")
		}
	}
	if got := n.fake.Calls("/cgi-bin/ticket/getticket"); got != 1 {
		t.Errorf("%d tickets were fetched, want 1", got)
	}
	n.fake.ExpireTokens(oaID) // a ticket outlives its token
	if _, err := a.JSConfig(t.Context(), page); err != nil || n.fake.Calls(tokenPath) != 1 {
		t.Error(err)
	}
	for _, foreign := range []string{
		"", "chat.example.com", "https://example.com/", "https://chat.example.com:8443/", "https://chat.example.com@evil.example/", "ftp://chat.example.com/",
		"https://evil.example\\@chat.example.com/", "https://user@chat.example.com/", "https://chat.example.com/#x", "https://chat.example.com/ x",
		"https://chat.example.com.evil.example/", "javascript:https://chat.example.com/", "https://chat.example.com/" + strings.Repeat("x", maxPage),
	} {
		if _, err := a.JSConfig(t.Context(), foreign); err != ErrForeign {
			t.Errorf("%q: %v", foreign, err)
		}
	}
}

// amr is a voice message of so many frames of 12.2 kbit/s.
func amr(frames int) []byte {
	b := bytes.Clone(amrMagic)
	for range frames {
		b = append(append(b, 7<<3|4), make([]byte, 31)...)
	}
	return b
}

func TestVoice(t *testing.T) {
	t.Parallel()
	n := newNodes(t)
	s := n.node()
	id := n.fake.AddMedia(oaID, "voice", "audio/amr", amr(150))
	v, err := s.Voice(t.Context(), oaID, id)
	if err != nil || v.Duration != 3*time.Second || !bytes.Equal(v.Data, amr(150)) {
		t.Fatalf("%v, %v", v, err)
	}
	for name, want := range map[string]struct {
		id  string
		err error
	}{
		"unknown": {"gone", ErrMedia}, "path": {"../x", ErrMedia}, "empty": {"", ErrMedia}, "long": {strings.Repeat("x", 257), ErrMedia},
		"video":   {n.fake.AddMedia(oaID, "video", "", nil), ErrKind},
		"picture": {n.fake.AddMedia(oaID, "image", "image/jpeg", fake.Portrait()), ErrKind},
		"too big": {n.fake.AddMedia(oaID, "voice", "audio/amr", amr(maxVoice/32)), outbound.ErrTooLong},
		"silence": {n.fake.AddMedia(oaID, "voice", "audio/amr", amrMagic), ErrKind},
		"broken":  {n.fake.AddMedia(oaID, "voice", "audio/amr", append(amr(1), 9<<3, 0)), ErrKind},
	} {
		if _, err := s.Voice(t.Context(), oaID, want.id); !errors.Is(err, want.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	n.advance(72*time.Hour + time.Second)
	if _, err := s.Voice(t.Context(), oaID, id); err != ErrMedia {
		t.Errorf("after three days: %v", err)
	}
}

func TestReceive(t *testing.T) {
	t.Parallel()
	n := newNodes(t)
	a, b := n.node(), n.node()
	take := func(s *Service, p fake.Push) (*Event, bool, error) {
		address, body := n.fake.Prepare("", p)
		return s.Receive(t.Context(), oaID, queryOf(t, address), []byte(body))
	}
	text := `<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[oAnn]]></FromUserName><CreateTime>1</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[subscribe]]></Event></xml>`
	if e, first, err := take(a, fake.Push{App: oaID, Body: text, Encrypt: true}); err != nil || !first || e.Event != "subscribe" || e.From != "oAnn" {
		t.Errorf("%+v, %t, %v", e, first, err)
	}
	for _, s := range []*Service{a, b} { // WeChat repeats what was answered late
		if e, first, err := take(s, fake.Push{App: oaID, Body: text, Encrypt: true}); err != nil || first || e == nil {
			t.Errorf("%+v, %t, %v", e, first, err)
		}
	}
	for name, p := range map[string]fake.Push{
		"plain": {App: oaID, Body: text}, "token": {App: oaID, Body: text, Encrypt: true, Token: "wrong"},
		"old": {App: oaID, Body: text, Encrypt: true, Age: 301}, "tampered": {App: oaID, Body: text, Encrypt: true, Tampered: true},
	} {
		if _, _, err := take(a, p); err != ErrSignature {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := take(a, fake.Push{App: oaID, Body: text, Encrypt: true, OtherApp: miniID}); err != ErrCipher {
		t.Errorf("for another app: %v", err)
	}
	if _, _, err := a.Receive(t.Context(), miniID, nil, nil); err != ErrApp {
		t.Error(err)
	}
	if a.OnlyHook() != oaID || a.Hooked(miniID) {
		t.Error("hooks")
	}
}

func BenchmarkReceive(b *testing.B) {
	h := &hook{tokens: []string{"AAAAA"}, crypt: officialCrypt(b), now: func() time.Time { return time.Unix(1714112445, 0) }}
	q := queryOf(b, "?encrypt_type=aes&timestamp=1714112445&nonce=415670741&msg_signature=046e02f8204d34f8ba5fa3b1db94908f3df2e9b3")
	body := fmt.Appendf(nil, `{"ToUserName":"x","Encrypt":%q}`, officialEncrypt)
	for b.Loop() {
		if _, err := h.open(q, body); err != nil {
			b.Fatal(err)
		}
	}
}
