package wechat

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"parley/auth"
	"parley/auth/signin"
	fake "parley/internal/fake/wechat"
	api "parley/internal/wechat"
	"parley/store/mem"
	"parley/wsproto"
)

func newScheme(t testing.TB, base string) *Scheme {
	t.Helper()
	return newSchemeOn(t, base, mem.New())
}

func newSchemeOn(t testing.TB, base string, st *mem.Store) *Scheme {
	t.Helper()
	s, err := New(Deps{
		Logins: st, States: st, Keys: [][]byte{bytes.Repeat([]byte{1}, 32)}, Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		HTTP: api.NewOnceHTTP(), Base: base, Newcomers: true,
		Apps: []App{{"wx1", "secret-of-wx1", Account}, {"wx2", "secret-of-wx2", Website}, {"wx3", "secret-of-wx3", Mini}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// No answer of WeChat's makes the server ask anybody but WeChat.
func TestPictureHost(t *testing.T) {
	t.Parallel()
	s := newScheme(t, "")
	for address, want := range map[string]bool{
		"https://thirdwx.qlogo.cn/mmopen/x/0": true, "http://wx.qlogo.cn/mmopen/x/132": true, "https://api.weixin.qq.com/x": true,
		"": false, "https://qlogo.cn.evil.example/x": false, "https://evilqlogo.cn/x": false, "https://wx.qlogo.cn@evil.example/": false,
		"https://wx.qlogo.cn:8080/": false, "file:///etc/passwd": false, "https://127.0.0.1/": false, "http://api.weixin.qq.com/x": false,
		"gopher://wx.qlogo.cn/": false, "//wx.qlogo.cn/x": false, "https://wx.qlogo.cn/x#y": false, "https://user@wx.qlogo.cn/": false,
	} {
		if got := s.pictureHost(address); got != want {
			t.Errorf("%q: %t", address, got)
		}
	}
}

func TestPortrait(t *testing.T) {
	t.Parallel()
	body := []byte{}
	status := 200
	asked := ""
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.Path
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}))
	defer srv.Close()
	s := newScheme(t, srv.URL)
	for name, tc := range map[string]struct {
		body   []byte
		status int
		kind   string
	}{
		"jpeg": {fake.Portrait(), 200, "jpeg"}, "png": {[]byte("\x89PNG\r\n\x1a\n"), 200, "png"}, "page": {[]byte("<html><script>"), 200, ""},
		"svg": {[]byte("<svg onload=x>"), 200, ""}, "gone": {fake.Portrait(), 404, ""}, "empty": {nil, 200, ""},
		"large": {append(fake.Portrait(), make([]byte, portraitLimit)...), 200, ""},
	} {
		body, status = tc.body, tc.status
		kind, data := s.portrait(t.Context(), srv.URL+"/mmopen/x/0")
		if kind != tc.kind || (data != nil) != (tc.kind != "") || asked != "/mmopen/x/132" {
			t.Errorf("%s: %q, %d bytes, asked for %s", name, kind, len(data), asked)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if kind, _ := s.portrait(ctx, srv.URL+"/x"); kind != "" {
		t.Error(kind)
	}
}

func TestTidy(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		" a\x00b\xff\n": "a b", "": "", "\u0007": "", strings.Repeat("微", 100): strings.Repeat("微", maxName), "安 👩‍👧": "安 👩‍👧",
	} {
		if got := tidy(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// FuzzSecret: what a stranger sends as a secret is refused, and asks WeChat only
// where it is what a mini-program sends.
func FuzzSecret(f *testing.F) {
	asked := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		_, _ = io.WriteString(w, `{"errcode":40029,"errmsg":"invalid code"}`)
	}))
	f.Cleanup(srv.Close)
	for _, s := range []string{"", "{", "{}", `{"flow":"mp","code":"x"}`, `{"flow":"mp","app":"wx3","code":"\u0000"}`, `{"flow":"oa","code":"x"}`, "AAAA:verifier", `{"code":["x"]}`} {
		f.Add([]byte(s))
	}
	s := newScheme(f, srv.URL)
	f.Fuzz(func(t *testing.T, secret []byte) {
		asked = 0
		rec, err := s.Authenticate(t.Context(), secret)
		known := false
		for _, e := range []error{auth.ErrMalformed, auth.ErrFailed, auth.ErrUnsupported, auth.ErrBusy, auth.ErrExpired, wsproto.ErrDenied} {
			known = known || errors.Is(err, e)
		}
		if rec != nil || !known || asked > 1 || asked == 1 && !errors.Is(err, auth.ErrFailed) {
			t.Fatalf("%q: %v, %v, asked %d times", secret, rec, err, asked)
		}
	})
}

// A state is good once, after a restart, too, even in the browser that began.
func TestStateOnce(t *testing.T) {
	t.Parallel()
	st := mem.New()
	s := newSchemeOn(t, "", st)
	begun, err := s.Begin(t.Context(), Website, "https://chat.example.com/cb", "/", "")
	if err != nil {
		t.Fatal(err)
	}
	_, state, _ := strings.Cut(begun.URL, "&state=")
	state, _, _ = strings.Cut(state, "#")
	for i, want := range []int{http.StatusForbidden, http.StatusBadRequest, http.StatusBadRequest} {
		_, err := s.Finish(t.Context(), Website, url.Values{"state": {state}}, begun.Value)
		var p *signin.Problem
		if !errors.As(err, &p) || p.Status != want {
			t.Errorf("%d: %v, want %d", i, err, want)
		}
		s = newSchemeOn(t, "", st)
	}
}
