package wechatapi

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	fake "parley/internal/fake/wechat"
	"parley/internal/outbound"
)

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
		if _, _, err := take(a, p); !errors.Is(err, ErrSignature) || errors.Is(err, errStale) != (name == "old") {
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

// The signature of what is plain does not cover the body: its nonce is good for
// one body, on all nodes and after restarts.
func TestReceivePlain(t *testing.T) {
	t.Parallel()
	n := newNodes(t)
	plain := func(d *Deps) {
		for i := range d.Apps {
			d.Apps[i].AESKey = ""
		}
	}
	a, b := n.node(plain), n.node(plain)
	text := `<xml><FromUserName>oAnn</FromUserName><CreateTime>1</CreateTime><MsgType>event</MsgType><Event>subscribe</Event></xml>`
	address, body := n.fake.Prepare("", fake.Push{App: oaID, Body: text})
	q := queryOf(t, address)
	if _, first, err := a.Receive(t.Context(), oaID, q, []byte(body)); err != nil || !first {
		t.Errorf("%t, %v", first, err)
	}
	if _, first, err := b.Receive(t.Context(), oaID, q, []byte(body)); err != nil || first {
		t.Errorf("repeated by WeChat: %t, %v", first, err)
	}
	if _, _, err := b.Receive(t.Context(), oaID, q, []byte(strings.Replace(body, "oAnn", "oBob", 1))); err != ErrSignature {
		t.Errorf("with another body: %v", err)
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
