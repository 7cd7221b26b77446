package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"parley/store/mem"
)

// visitor sends HTTP requests to a server as somebody.
type visitor struct {
	t     *testing.T
	base  string
	token string
}

// newVisitor is somebody with an account of a server that answers HTTP.
func newVisitor(t *testing.T, h *harness, name string) *visitor {
	t.Helper()
	srv := httptest.NewServer(h.routes())
	t.Cleanup(srv.Close)
	t.Cleanup(func() {
		if err := h.end(); err != nil {
			t.Error(err)
		}
	})
	v := &visitor{t: t, base: srv.URL}
	return v.as(h, name)
}

// as is another visitor of the same server.
func (v *visitor) as(h *harness, name string) *visitor {
	v.t.Helper()
	a, err := h.account(strings.ToLower(name), name, "auth")
	if err != nil {
		v.t.Fatal(err)
	}
	return &visitor{v.t, v.base, a.Token}
}

// do sends a request; fields are pairs of a name and a value, of headers.
func (v *visitor) do(method, path string, body io.Reader, fields ...string) (*http.Response, string) {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, v.base+path, body)
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("X-Tinode-APIKey", stockAPIKey)
	if v.token != "" {
		r.Header.Set("X-Tinode-Auth", "Token "+v.token)
	}
	for i := 0; i < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return res, string(text)
}

func TestLinkPreview(t *testing.T) {
	t.Parallel()
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int32
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.Header.Get("X-Tinode-Auth") != "" || r.Header.Get("Cookie") != "" {
			t.Errorf("the page was told too much: %v", r.Header)
		}
		switch r.URL.Path {
		case "/p.png":
			w.Header().Set("Content-Type", "image/png")
			_, _ = w.Write(picture.Bytes())
		case "/text":
			w.Header().Set("Content-Type", "text/plain")
		default:
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, `<title>A page</title><meta name="description" content="About it"><meta property="og:image" content="/p.png">`)
		}
	}))
	t.Cleanup(page.Close)
	h := newHarness(t, testConfig(t, `{"link_preview": {"allowed_networks": ["127.0.0.1"]}}`), mem.New())
	anna := newVisitor(t, h, "Anna")
	path := "/v0/urlpreview?url=" + url.QueryEscape(page.URL+"/page")
	res, text := anna.do("GET", path, nil)
	var got struct {
		Title, Description, URL string
		ImageURL                string `json:"image_url"`
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil || res.StatusCode != 200 {
		t.Fatalf("got %s %s", res.Status, text)
	}
	if got.Title != "A page" || got.Description != "About it" || got.URL != page.URL+"/page" || !strings.HasPrefix(got.ImageURL, "/v0/urlpreview/image/") {
		t.Errorf("got %s", text)
	}
	res, text = anna.do("GET", got.ImageURL, nil)
	if res.StatusCode != 200 || text != picture.String() || res.Header.Get("Content-Type") != "image/png" ||
		res.Header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(res.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("the picture: got %s %v", res.Status, res.Header)
	}
	before := asked.Load()
	stranger := &visitor{t, anna.base, ""}
	for _, tt := range []struct {
		name   string
		who    *visitor
		method string
		path   string
		fields []string
		status int
	}{
		{"nobody", stranger, "GET", path, nil, 401},
		{"nobody, the picture", stranger, "GET", got.ImageURL, nil, 401},
		{"without an API key", anna, "GET", path, []string{"X-Tinode-APIKey", "x"}, 403},
		{"wrong password", anna, "GET", path, []string{"X-Tinode-Auth", "basic YW5uYTp3cm9uZw=="}, 401},
		{"method", anna, "POST", path, nil, 405},
		{"no address", anna, "GET", "/v0/urlpreview", nil, 400},
		{"no web page", anna, "GET", "/v0/urlpreview?url=" + url.QueryEscape(page.URL+"/text"), nil, 404},
		{"a private network", anna, "GET", "/v0/urlpreview?url=http%3A%2F%2F127.0.0.2%2F", nil, 502},
		{"any picture", anna, "GET", "/v0/urlpreview/image/" + url.PathEscape(page.URL+"/p.png"), nil, 404},
		{"an altered picture", anna, "GET", got.ImageURL[:len(got.ImageURL)-4] + "AAAA", nil, 404},
		{"HEAD", anna, "HEAD", path, nil, 200},
	} {
		res, text := tt.who.do(tt.method, tt.path, nil, tt.fields...)
		if res.StatusCode != tt.status || tt.status >= 400 && !strings.Contains(text, fmt.Sprintf(`"code":%d`, tt.status)) {
			t.Errorf("%s: got %s %s, want %d", tt.name, res.Status, text, tt.status)
		}
	}
	if n := asked.Load() - before; n != 1 { // the text
		t.Errorf("the page was asked %d times more, want 1", n)
	}
}

func TestLinkPreviewOff(t *testing.T) {
	t.Parallel()
	h := newHarness(t, testConfig(t, `{"link_preview": {"enabled": false}}`), mem.New())
	anna := newVisitor(t, h, "Anna")
	if res, text := anna.do("GET", "/v0/urlpreview?url=http%3A%2F%2Fexample.com", nil); res.StatusCode != 404 {
		t.Errorf("got %s %s", res.Status, text)
	}
}

// TestLinkPreviewLimit: who asks for too many waits, and others do not.
func TestLinkPreviewLimit(t *testing.T) {
	t.Parallel()
	h := newHarness(t, testConfig(t, `{"limits": {"link_previews_per_user": "1/h, burst 2", "exempt": []}}`), mem.New())
	anna := newVisitor(t, h, "Anna")
	bert := anna.as(h, "Bert")
	for i, want := range []int{400, 400, 429} {
		res, text := anna.do("GET", "/v0/urlpreview?url=x", nil)
		if res.StatusCode != want || want == 429 && (res.Header.Get("Retry-After") == "" || !strings.Contains(text, `"retry":`)) {
			t.Errorf("%d: got %s %s, want %d", i, res.Status, text, want)
		}
	}
	if res, text := bert.do("GET", "/v0/urlpreview?url=x", nil); res.StatusCode != 400 {
		t.Errorf("Bert: got %s %s", res.Status, text)
	}
}
