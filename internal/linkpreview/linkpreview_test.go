package linkpreview

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testKeys = [][]byte{[]byte(strings.Repeat("k", 32))}

// service may reach 127.0.0.1 and public addresses.
func service(t *testing.T, o Options) *Service {
	t.Helper()
	o.Keys = testKeys
	if o.Allow == nil {
		o.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// site serves one handler on 127.0.0.1.
func site(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

func page(kind, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write([]byte(text))
	}
}

func TestPreview(t *testing.T) {
	t.Parallel()
	const html = "text/html; charset=utf-8"
	long := strings.Repeat("ä", maxTitle+10)
	tests := []struct {
		name, kind, page string
		want             Preview
	}{
		{"title alone", html, `<!doctype html><title> A &amp; B
			c </title>`, Preview{Title: "A & B c"}},
		{"open graph goes first", html, `<head><title>t</title><meta property="og:title" content="OG"><meta name="description" content="d">
			<meta property="og:site_name" content="Site"></head>`, Preview{Title: "OG", Description: "d", Site: "Site"}},
		{"twitter goes before the title", html, `<title>t</title><meta name="twitter:title" content="T"><meta name="Twitter:Description" content="D">`, Preview{Title: "T", Description: "D"}},
		{"the first of two", html, `<meta property="og:title" content="1"><meta property="og:title" content="2">`, Preview{Title: "1"}},
		{"nothing of the body", html, `<head></head><body><title>body</title><meta property="og:title" content="x"></body>`, Preview{}},
		{"script is no markup", html, `<head><script>"<title>s</title>"</script><title>t</title></head>`, Preview{Title: "t"}},
		{"charset of the header", "text/html; charset=windows-1251", "<title>\xcf\xf0\xe8\xe2\xe5\xf2</title>", Preview{Title: "Привет"}},
		{"charset of the page", "text/html", "<meta charset=shift_jis><title>\x93\xfa\x96{</title>", Preview{Title: "日本"}},
		{"broken UTF-8", html, "<title>a\xff\xfeb</title>", Preview{Title: "ab"}},
		{"too long", html, "<title>" + long + "</title>", Preview{Title: strings.Repeat("ä", maxTitle) + "…"}},
		{"direction and invisible characters", html, "<title>a\u202eb\u2066c\u200b\x07d</title>", Preview{Title: "abcd"}},
		{"markup in an attribute stays text", html, `<meta property="og:title" content="&lt;script&gt;alert(1)&lt;/script&gt;">`, Preview{Title: "<script>alert(1)</script>"}},
		{"XHTML", "application/xhtml+xml", `<title>x</title>`, Preview{Title: "x"}},
		{"unclosed", html, `<head><title>never closed`, Preview{Title: "never closed"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			url := site(t, page(tt.kind, tt.page))
			got, err := service(t, Options{}).Preview(t.Context(), url)
			if tt.want == (Preview{}) {
				if !errors.Is(err, ErrNoPreview) {
					t.Errorf("got %v, %v, want ErrNoPreview", got, err)
				}
				return
			}
			tt.want.URL = url
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(*got, tt.want); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRefusedURLs(t *testing.T) {
	t.Parallel()
	s := service(t, Options{})
	for _, u := range []string{
		"", "example.com", "//example.com/", "ftp://example.com/", "file:///etc/passwd", "javascript:alert(1)", "gopher://example.com/",
		"http://", "http:///path", "http://user@example.com/", "http://user:secret@example.com/", "http://:80/",
		"http://[fe80::1%25eth0]/", "http://exa mple.com/", "http://example.com:port/", "https://example.com/" + strings.Repeat("a", maxURLBytes),
		"http://\x00/", "data:text/html,<title>x</title>",
	} {
		if _, err := s.Preview(t.Context(), u); !errors.Is(err, ErrURL) {
			t.Errorf("%q: got %v, want ErrURL", u, err)
		}
	}
}

// TestPrivateNetworks are not connected to, however they are written. A
// connection would fail differently, or not at all: the guard is asked, too.
func TestPrivateNetworks(t *testing.T) {
	t.Parallel()
	s := service(t, Options{Allow: []netip.Prefix{}})
	g := newGuard(nil)
	for _, host := range []string{
		"127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1",
		"192.0.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1",
		"::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1",
		"64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "2001:db8::1", "100::1",
	} {
		address := net.JoinHostPort(host, "80")
		network := "tcp4"
		if strings.Contains(host, ":") {
			network = "tcp6"
		}
		if err := g.control(network, address, nil); err == nil {
			t.Errorf("%s is let through", host)
		}
		if _, err := s.Preview(t.Context(), "http://"+address+"/"); !errors.Is(err, ErrUnreachable) {
			t.Errorf("%s: got %v, want ErrUnreachable", host, err)
		}
	}
	for _, host := range []string{"localhost", "LOCALHOST", "2130706433", "0x7f.1", "0177.0.0.1"} {
		if _, err := s.Preview(t.Context(), "http://"+host+"/"); !errors.Is(err, ErrUnreachable) {
			t.Errorf("%s: got %v, want ErrUnreachable", host, err)
		}
	}
	for _, address := range []string{"93.184.216.34:22", "93.184.216.34:8080", "[2606:2800:220:1::1]:6379"} {
		if err := g.control("tcp4", address, nil); err == nil {
			t.Errorf("%s is let through", address)
		}
	}
	for _, address := range []string{"93.184.216.34:80", "93.184.216.34:443", "[2606:2800:220:1::1]:443"} {
		if err := g.control("tcp4", address, nil); err != nil {
			t.Errorf("%s is refused: %v", address, err)
		}
	}
}

// forbidden is a server on an address that must not be reached.
func forbidden(t *testing.T) (url string, touched func() bool) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Skip("no 127.0.0.2 on this machine:", err)
	}
	var n atomic.Int32
	srv := httptest.NewUnstartedServer(page("text/html", "<title>secret</title>"))
	srv.Listener.Close()
	srv.Listener = l
	srv.Config.ConnState = func(net.Conn, http.ConnState) { n.Add(1) }
	srv.Start()
	t.Cleanup(srv.Close)
	return srv.URL, func() bool { return n.Load() > 0 }
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	secret, touched := forbidden(t)
	good := site(t, page("text/html", "<title>there</title>"))
	var loops atomic.Int32
	tests := []struct {
		name   string
		to     string
		status int
		want   error
	}{
		{"to another page", good, 302, nil},
		{"permanently", good, 308, nil},
		{"into a private network", secret, 302, ErrUnreachable},
		{"to metadata of a cloud", "http://169.254.169.254/latest/meta-data/", 301, ErrUnreachable},
		{"to a file", "file:///etc/passwd", 302, ErrNoPreview},
		{"with a password", strings.Replace(good, "http://", "http://a:b@", 1), 302, ErrNoPreview},
		{"without an address", "", 302, ErrNoPreview},
		{"in a ring", "/", 302, ErrNoPreview},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			url := site(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Referer() != "" || r.Header.Get("Cookie") != "" {
					t.Errorf("told too much: %v", r.Header)
				}
				if tt.to == "/" {
					loops.Add(1)
				}
				if tt.to != "" {
					w.Header().Set("Location", tt.to)
				}
				http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
				w.WriteHeader(tt.status)
			})
			got, err := service(t, Options{}).Preview(t.Context(), url)
			if !errors.Is(err, tt.want) || tt.want == nil && got.Title != "there" {
				t.Errorf("got %v, %v, want %v", got, err, tt.want)
			}
		})
	}
	t.Cleanup(func() {
		if touched() {
			t.Error("the private address was connected to")
		}
		if n := loops.Load(); n != maxRedirects+1 {
			t.Errorf("%d requests in a ring, want %d", n, maxRedirects+1)
		}
	})
}

// TestHostileAnswers end in time, with little memory.
func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	bomb := func() []byte { // 64 MiB of nothing
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		zero := make([]byte, 1<<20)
		for range 64 {
			_, _ = z.Write(zero)
		}
		z.Close()
		return b.Bytes()
	}()
	html := func(w http.ResponseWriter) { w.Header().Set("Content-Type", "text/html") }
	tests := []struct {
		name  string
		serve http.HandlerFunc
		want  error
	}{
		{"endless body", func(w http.ResponseWriter, r *http.Request) {
			html(w)
			for r.Context().Err() == nil {
				if _, err := w.Write(bytes.Repeat([]byte("<meta a=b>"), 1000)); err != nil {
					return
				}
			}
		}, ErrNoPreview},
		{"endless attribute", func(w http.ResponseWriter, r *http.Request) {
			html(w)
			_, _ = w.Write([]byte("<meta content='"))
			for r.Context().Err() == nil {
				if _, err := w.Write(bytes.Repeat([]byte("x"), 10000)); err != nil {
					return
				}
			}
		}, ErrNoPreview},
		{"slow body", func(w http.ResponseWriter, r *http.Request) {
			html(w)
			for r.Context().Err() == nil {
				_, _ = w.Write([]byte("<"))
				w.(http.Flusher).Flush()
				select {
				case <-r.Context().Done():
				case <-time.After(50 * time.Millisecond):
				}
			}
		}, ErrTimeout},
		{"no answer", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, ErrTimeout},
		{"gzip bomb", func(w http.ResponseWriter, _ *http.Request) {
			html(w)
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb)
		}, ErrNoPreview},
		{"no gzip after all", func(w http.ResponseWriter, _ *http.Request) {
			html(w)
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write([]byte("<title>t</title>"))
		}, ErrNoPreview},
		{"unknown compression", func(w http.ResponseWriter, _ *http.Request) {
			html(w)
			w.Header().Set("Content-Encoding", "br")
			_, _ = w.Write([]byte("<title>t</title>"))
		}, ErrNoPreview},
		{"long headers", func(w http.ResponseWriter, _ *http.Request) {
			html(w)
			w.Header().Set("X-Long", strings.Repeat("x", maxHeaders+1))
			_, _ = w.Write([]byte("<title>t</title>"))
		}, ErrUnreachable},
		{"wrong type", page("application/json", "<title>t</title>"), ErrNoPreview},
		{"no type that can be read", page(";;;", "<title>t</title>"), ErrNoPreview},
		{"a picture", page("image/png", "<title>t</title>"), ErrNoPreview},
		{"empty", page("text/html", ""), ErrNoPreview},
		{"not found", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<title>t</title>", 404) }, ErrNoPreview},
		{"deep markup", page("text/html", strings.Repeat("<div><svg><math>", 10000)), ErrNoPreview},
		{"cut off", func(w http.ResponseWriter, _ *http.Request) {
			html(w)
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte("<p>"))
		}, ErrNoPreview},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			got, err := service(t, Options{Timeout: 2 * time.Second}).Preview(t.Context(), site(t, tt.serve))
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, %v, want %v", got, err, tt.want)
			}
			if d := time.Since(start); d > 10*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
}

// TestGzip is understood.
func TestGzip(t *testing.T) {
	t.Parallel()
	url := site(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Encoding", r.Header.Get("Accept-Encoding"))
		z := gzip.NewWriter(w)
		fmt.Fprint(z, "<title>small</title>")
		z.Close()
	})
	if p, err := service(t, Options{}).Preview(t.Context(), url); err != nil || p.Title != "small" {
		t.Errorf("got %v, %v", p, err)
	}
}

// TestOnce: many who ask for the same cost one fetch, later ones none, and one
// who goes away spoils nothing.
func TestOnce(t *testing.T) {
	t.Parallel()
	var fetched atomic.Int32
	release := make(chan struct{})
	url := site(t, func(w http.ResponseWriter, _ *http.Request) {
		fetched.Add(1)
		<-release
		page("text/html", "<title>once</title>")(w, nil)
	})
	now := time.Now()
	var clock sync.Mutex
	s := service(t, Options{Now: func() time.Time { clock.Lock(); defer clock.Unlock(); return now }})
	impatient, leave := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() { _, err := s.Preview(impatient, url); gone <- err }()
	for fetched.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	leave()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("who left got %v", err)
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if p, err := s.Preview(t.Context(), url+"/#part"); err != nil || p.Title != "once" {
				t.Errorf("got %v, %v", p, err)
			}
		})
	}
	close(release)
	all.Wait()
	for range 3 {
		if _, err := s.Preview(t.Context(), url+"/"); err != nil {
			t.Error(err)
		}
	}
	if n := fetched.Load(); n > 2 { // with and without the slash
		t.Errorf("fetched %d times", n)
	}
	before := fetched.Load()
	clock.Lock()
	now = now.Add(previewFor)
	clock.Unlock()
	if _, err := s.Preview(t.Context(), url+"/"); err != nil || fetched.Load() != before+1 {
		t.Errorf("%v; fetched %d times after an hour, want %d", err, fetched.Load(), before+1)
	}
}

// TestBusy: servers that keep us waiting take a bounded number of places.
func TestBusy(t *testing.T) {
	t.Parallel()
	var waiting atomic.Int32
	url := site(t, func(_ http.ResponseWriter, r *http.Request) { waiting.Add(1); <-r.Context().Done() })
	s := service(t, Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	s.timeout = 3 * time.Second
	var busy atomic.Int32
	var all sync.WaitGroup
	for n := range maxFetches + 10 {
		all.Go(func() {
			if _, err := s.Preview(ctx, fmt.Sprint(url, "/", n)); errors.Is(err, ErrBusy) {
				busy.Add(1)
			}
		})
	}
	all.Wait()
	if n := waiting.Load(); n > maxFetches || busy.Load() < 10 {
		t.Errorf("%d fetches at a time, %d refused", n, busy.Load())
	}
	for deadline := time.Now().Add(10 * time.Second); len(s.places) > 0 && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	if len(s.places) > 0 {
		t.Error("places were not given back")
	}
}

func picture(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestImage(t *testing.T) {
	t.Parallel()
	small := picture(t, 3, 2)
	wide := bytes.Clone(small)
	copy(wide[16:20], []byte{0, 0, 0x40, 0}) // IHDR width 16384; the checksum is wrong then, too
	secret, touched := forbidden(t)
	tests := []struct {
		name  string
		serve http.HandlerFunc
		want  error
	}{
		{"a picture", page("image/png", string(small)), nil},
		{"a picture of another type than claimed", page("image/jpeg", string(small)), nil},
		{"a page", page("text/html", string(small)), ErrNoPreview},
		{"a page that claims to be a picture", page("image/png", "<html><script>alert(1)</script>"), ErrNoPreview},
		{"a drawing with a program", page("image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), ErrNoPreview},
		{"absurd dimensions", page("image/png", string(wide)), ErrNoPreview},
		{"too large", page("image/png", string(small)+strings.Repeat("x", maxImageBytes)), ErrNoPreview},
		{"too large, and says so", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "image/png")
			w.Header().Set("Content-Length", fmt.Sprint(1<<40))
			_, _ = w.Write(small)
		}, ErrNoPreview},
		{"compressed", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "image/png")
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(small)
		}, ErrNoPreview},
		{"elsewhere", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, secret, http.StatusFound) }, ErrUnreachable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			mux := http.NewServeMux()
			mux.HandleFunc("/dir/", page("text/html", `<base href="/other/"><title>t</title><meta property="og:image" content="picture.png?a=1&amp;b=2">`))
			mux.HandleFunc("/other/picture.png", tt.serve)
			url := site(t, mux.ServeHTTP)
			s := service(t, Options{})
			p, err := s.Preview(t.Context(), url+"/dir/page")
			if err != nil || p.Image == "" {
				t.Fatalf("got %v, %v", p, err)
			}
			for range 2 { // fetched, and remembered
				got, err := s.Image(t.Context(), p.Image)
				if !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
				if tt.want == nil && (got.Type != "image/png" || !bytes.Equal(got.Data, small)) {
					t.Errorf("got %s, %d bytes", got.Type, len(got.Data))
				}
			}
		})
	}
	t.Cleanup(func() {
		if touched() {
			t.Error("the private address was connected to")
		}
	})
}

// TestNoOpenProxy: pictures are fetched for tokens alone that were made here, not
// long ago.
func TestNoOpenProxy(t *testing.T) {
	t.Parallel()
	var fetched atomic.Int32
	url := site(t, func(w http.ResponseWriter, _ *http.Request) {
		fetched.Add(1)
		page("image/png", string(picture(t, 1, 1)))(w, nil)
	})
	s := service(t, Options{})
	now := time.Now()
	good := s.signer.sign(url, now)
	flipped := []byte(good)
	flipped[len(flipped)-2] ^= 1
	other, err := newSigner([][]byte{[]byte("another key")})
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{
		"empty": "", "an address": url, "altered": string(flipped), "cut off": good[:20], "of another key": other.sign(url, now),
		"old": s.signer.sign(url, now.Add(-imageValidFor-25*time.Hour)),
	} {
		if _, err := s.Image(t.Context(), token); !errors.Is(err, ErrToken) {
			t.Errorf("%s: got %v, want ErrToken", name, err)
		}
	}
	if fetched.Load() > 0 {
		t.Error("something was fetched")
	}
	if _, err := s.Image(t.Context(), good); err != nil {
		t.Error(err)
	}
	renewed, err := New(Options{Keys: [][]byte{[]byte("new key"), testKeys[0]}, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := renewed.Image(t.Context(), good); err != nil {
		t.Errorf("after a change of the key: %v", err)
	}
}

// TestImageCache holds no more bytes than it may.
func TestImageCache(t *testing.T) {
	t.Parallel()
	c, now := newImageCache(), time.Now()
	for n := range 40 {
		c.put(fmt.Sprint(n%30), &Image{Data: make([]byte, 1<<20)}, nil, now)
	}
	sum := 0
	for _, e := range c.all.Values() {
		sum += e.cost()
	}
	if sum != c.bytes || sum > keptImages || sum < keptImages*9/10 {
		t.Errorf("%d bytes kept, %d counted, %d allowed", sum, c.bytes, keptImages)
	}
}
