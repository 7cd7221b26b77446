package outbound

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestRedactor(t *testing.T) {
	t.Parallel()
	var r Redactor
	r.Set("app", "s3cret/+key", "", "abc")
	r.Set("token", "first-token")
	r.Set("token", "second-token")
	for in, want := range map[string]string{
		"the secret s3cret/+key is wrong": "the secret *** is wrong",
		"?secret=s3cret%2F%2Bkey&x=1":     "?secret=***&x=1",
		"czNjcmV0LytrZXk= in base64":      "*** in base64",
		"7333637265742f2b6b6579":          "***",
		"first-token, second-token":       "first-token, ***",
		"abc is too short":                "abc is too short",
		"a\nb\x00c\x7fd":                  "a b c d",
		strings.Repeat("ü", 150):          strings.Repeat("ü", 100) + "…",
	} {
		if got := r.Clean(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	var none *Redactor
	if got := none.Hide("x"); got != "x" {
		t.Errorf("got %q", got)
	}
}

func get(t *testing.T, c Doer, target string, limit int64) (*Answer, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	return Do(c, r, limit)
}

func TestClient(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { t.Error("another host was asked") }))
	defer other.Close()
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, other.URL, http.StatusFound)
		case "/here":
			http.Redirect(w, r, "/ok", http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/slow":
			<-release
		case "/cut":
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("x"))
		default:
			_, _ = w.Write([]byte("hello"))
		}
	}))
	defer srv.Close()
	defer close(release)
	c := NewClient(Options{Timeout: 200 * time.Millisecond})
	if a, err := get(t, c, srv.URL+"/here", 5); err != nil || string(a.Body) != "hello" || a.Status != http.StatusOK {
		t.Errorf("within the host: %+v, %v", a, err)
	}
	for path, want := range map[string]error{"/away": errRedirect, "/loop": errRedirect, "/long": ErrTooLong} {
		_, err := get(t, c, srv.URL+path+"?access_token=s3cret", 4)
		var ue *url.Error
		if !errors.Is(err, want) || errors.As(err, &ue) || strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, path := range []string{"/slow", "/cut"} {
		_, err := get(t, c, srv.URL+path, 200)
		if !HostDown(err) || NotSent(err) {
			t.Errorf("%s: %v", path, err)
		}
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	if _, err := get(t, c, gone.URL, 1); !NotSent(err) || !HostDown(err) {
		t.Errorf("refused: %v", err)
	}
	sealed := httptest.NewTLSServer(nil) // of an authority that nobody knows
	defer sealed.Close()
	sealed.Config.ErrorLog = log.New(io.Discard, "", 0)
	if _, err := get(t, c, sealed.URL, 1); !NotSent(err) || !HostDown(err) {
		t.Errorf("no TLS: %v", err)
	}
	mute, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and never says a word
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	if _, err := get(t, c, "https://"+mute.Addr().String(), 1); !NotSent(err) || !HostDown(err) {
		t.Errorf("no handshake: %v", err)
	}
	if _, err := get(t, c, "http://"+mute.Addr().String(), 1); NotSent(err) || !HostDown(err) {
		t.Errorf("no answer: %v", err)
	}
	if HostDown(context.Canceled) {
		t.Error("a caller that has gone is no fault of the host")
	}
}

func TestClientPost(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	defer srv.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL, strings.NewReader("secret=1"))
	if err != nil {
		t.Fatal(err)
	}
	if a, err := Do(NewClient(Options{}), r, 1000); err != nil || a.Status != http.StatusTemporaryRedirect {
		t.Errorf("got %+v, %v", a, err)
	}
}
