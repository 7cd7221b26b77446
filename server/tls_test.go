package server

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"parley/internal/certs"
	"parley/internal/certs/certstest"
	"parley/store/mem"
)

// encrypted is a server with TLS, and what is needed to talk with it.
type encrypted struct {
	*harness
	ca          *certstest.Authority
	main, plain string // addresses
	client      *http.Client
	stop        func()
}

// newEncrypted serves until the test ends, with an empty config or another.
func newEncrypted(t testing.TB, config string) *encrypted {
	t.Helper()
	e := &encrypted{ca: certstest.New(t)}
	certFile, keyFile := e.ca.Files(t, t.TempDir())
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	files, err := certs.OpenFiles(certFile, keyFile, log, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	st := mem.New()
	s, err := New(Deps{Config: testConfig(t, config), Store: st, Log: log, Now: time.Now, Build: "test:0", Passwords: quick{}, Certificates: files})
	if err != nil {
		t.Fatal(err)
	}
	e.harness = &harness{s, st}
	var listeners [2]net.Listener
	for i := range listeners {
		if listeners[i], err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
	}
	e.main, e.plain = listeners[0].Addr().String(), listeners[1].Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, listeners[0], listeners[1]) }()
	ended := false
	e.stop = func() {
		if cancel(); !ended {
			ended = true
			if err := <-done; err != nil {
				t.Errorf("Serve: %v", err)
			}
		}
	}
	transport := &http.Transport{TLSClientConfig: e.ca.Client(), ForceAttemptHTTP2: true}
	e.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(func() { transport.CloseIdleConnections(); e.stop() })
	return e
}

func (e *encrypted) dial(t testing.TB) *websocket.Conn {
	t.Helper()
	d := websocket.Dialer{TLSClientConfig: e.ca.Client()}
	ws, _, err := d.Dial("wss://"+e.main+"/v0/channels", http.Header{"X-Tinode-APIKey": {stockAPIKey}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.Close() })
	return ws
}

// TestSecureWebSocket: many and large messages arrive whole and in order, and
// the end is told with its code.
func TestSecureWebSocket(t *testing.T) {
	t.Parallel()
	e := newEncrypted(t, `{"limits":{"outbox_bytes":16777216}}`) // however slowly this reads
	a, b := e.dial(t), e.dial(t)
	user := e.enter(t, a, "annabel")
	e.enter(t, b, "bartholomew")
	send(t, b, `{"sub":{"id":"s","topic":"`+user+`"}}`)
	until(t, b, `"id":"s"`)
	send(t, a, `{"sub":{"id":"s","topic":"me"}}`)
	until(t, a, `"id":"s"`)
	const n, size = 300, 20_000 // more than the buffers of the connection hold
	text := strings.Repeat("x", size)
	go func() {
		for i := range n {
			_ = b.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"pub":{"id":"p%d","topic":%q,"content":"%d-%s"}}`, i, user, i, text))
		}
	}()
	for i := range n {
		if got := until(t, b, `{"data"`); !strings.Contains(got, fmt.Sprintf(`"%d-%s"`, i, text)) {
			t.Fatalf("message %d: %.200s", i, got)
		}
	}
	e.stop()
	until(t, a, `"text":"server shutdown"`)
	_ = a.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, m, err := a.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseGoingAway) {
		t.Errorf("got %q, %v; want close 1001", m, err)
	}
}

// TestNoPlaintext: nothing goes past TLS, however much is written at a time.
func TestNoPlaintext(t *testing.T) {
	t.Parallel()
	e := newEncrypted(t, "")
	raw, err := net.Dial("tcp", e.main)
	if err != nil {
		t.Fatal(err)
	}
	seen := &tap{Conn: raw}
	cfg := e.ca.Client()
	cfg.ServerName = "localhost"
	d := websocket.Dialer{NetDialTLSContext: func(context.Context, string, string) (net.Conn, error) { return tls.Client(seen, cfg), nil }}
	ws, _, err := d.Dial("wss://localhost/v0/channels", http.Header{"X-Tinode-APIKey": {stockAPIKey}})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	e.enter(t, ws, "annabel")
	for i := range 100 {
		send(t, ws, fmt.Sprintf(`{"get":{"id":"%d","topic":"me","what":"desc"}}`, i))
	}
	until(t, ws, `"id":"99"`)
	if text := seen.String(); strings.Contains(text, "ctrl") || len(text) < 1000 {
		t.Errorf("%d bytes, or some of them in the clear", len(text))
	}
}

// tap remembers what comes in.
type tap struct {
	net.Conn
	strings.Builder
}

func (t *tap) Write(p []byte) (int, error) { return t.Conn.Write(p) }

func (t *tap) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	t.Builder.Write(p[:n])
	return n, err
}

func (e *encrypted) get(t testing.TB, url string) (*http.Response, string) {
	t.Helper()
	resp, err := e.client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

// TestSecureHTTP: pages and long polling have HSTS; HTTP/2 is not offered; a
// client that does not encrypt is told.
func TestSecureHTTP(t *testing.T) {
	t.Parallel()
	e := newEncrypted(t, "")
	for path, want := range map[string]string{"/": `<div id="app">`, "/v0/channels/lp?apikey=" + stockAPIKey: `"code":201`, "/v0/x": `"code":404`} {
		resp, text := e.get(t, "https://"+e.main+path)
		if !strings.Contains(text, want) || resp.ProtoMajor != 1 {
			t.Errorf("%s: %s %s", path, resp.Proto, text)
		}
		if got := resp.Header.Get("Strict-Transport-Security"); got != "max-age=604800" {
			t.Errorf("%s: HSTS %q", path, got)
		}
	}
	resp, text := e.get(t, "http://"+e.main+"/")
	if resp.StatusCode != http.StatusBadRequest || !strings.Contains(text, "HTTPS") {
		t.Errorf("plain: %s %q", resp.Status, text)
	}
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS11, tls.VersionTLS12, tls.VersionTLS13} {
		cfg := e.ca.Client()
		cfg.MinVersion, cfg.MaxVersion = version, version
		conn, err := tls.Dial("tcp", e.main, cfg)
		if (err == nil) != (version >= tls.VersionTLS12) {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
		if err == nil {
			conn.Close()
		}
	}
}

// TestRedirect: the host and the rest of the address stay as they are.
func TestRedirect(t *testing.T) {
	t.Parallel()
	e := newEncrypted(t, "")
	_, port, _ := net.SplitHostPort(e.main)
	for request, want := range map[string]string{
		"GET / HTTP/1.1\r\nHost: chat.example.com\r\n":                           "308 https://chat.example.com:PORT/",
		"POST /v0/channels/lp?a=b%20c HTTP/1.1\r\nHost: chat.example.com:80\r\n": "308 https://chat.example.com:PORT/v0/channels/lp?a=b%20c",
		"GET //evil.example/ HTTP/1.1\r\nHost: a\r\n":                            "308 https://a:PORT//evil.example/",
		"GET / HTTP/1.1\r\nHost: [::1]:80\r\n":                                   "308 https://[::1]:PORT/",
		"OPTIONS * HTTP/1.1\r\nHost: a\r\n":                                      "200 ", // net/http answers that itself
		"GET / HTTP/1.0\r\n":                                                     "400 ",
		"GET / HTTP/1.1\r\nHost: a b\r\n":                                        "400 ",
	} {
		conn, err := net.Dial("tcp", e.plain)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "%sConnection: close\r\n\r\n", request)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%q: %v", request, err)
		}
		got := fmt.Sprint(resp.StatusCode, " ", resp.Header.Get("Location"))
		if want = strings.ReplaceAll(want, "PORT", port); got != want {
			t.Errorf("%q: got %q, want %q", request, got, want)
		}
		if resp.Header.Get("Strict-Transport-Security") != "" {
			t.Errorf("%q: HSTS in the clear (RFC 6797 §7.2)", request)
		}
		conn.Close()
	}
}
