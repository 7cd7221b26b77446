package server

import (
	"context"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"parley/internal/wstest"
	"parley/store/mem"
)

// pipes is a listener without a network: time can be simulated around it.
type pipes struct {
	accept chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.accept:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error { close(p.closed); return nil }

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	theirs, ours := net.Pipe()
	select {
	case p.accept <- theirs:
		return ours, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// overPipes serves HTTP without a network until end is called, which shuts the
// server down too.
func (h *harness) overPipes() (client *http.Client, end func() error) {
	p := &pipes{make(chan net.Conn), make(chan struct{})}
	served := make(chan error, 1)
	go func() { served <- h.http.Serve(p) }()
	transport := &http.Transport{DialContext: p.dial, MaxIdleConnsPerHost: 100}
	return &http.Client{Transport: transport}, func() error {
		err := h.end()
		settled() // polls have got what they wait for
		transport.CloseIdleConnections()
		_ = h.http.Close()
		<-served
		return err
	}
}

// longPoll dials sessions over long polling.
func (h *harness) longPoll(client *http.Client) *wstest.LongPoll {
	return &wstest.LongPoll{
		URL: "http://parley/v0/channels/lp", APIKey: stockAPIKey, Client: client, Wait: settled,
		Leave: func(sid string) {
			if p := h.sessions.Poller(sid); p != nil {
				p.Close()
			}
		},
	}
}

// lpClient makes single requests, as no client library would.
type lpClient struct {
	t      *testing.T
	client *http.Client
	url    string
}

// lpAnswer is what came back.
type lpAnswer struct {
	status int
	body   string
	header http.Header
}

func (c *lpClient) do(ctx context.Context, method, query string, body io.Reader, header ...string) (lpAnswer, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.url+query, body)
	if err != nil {
		return lpAnswer{}, err
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return lpAnswer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return lpAnswer{resp.StatusCode, string(text), resp.Header}, err
}

// ask is a POST with a stock API key.
func (c *lpClient) ask(query, body string, header ...string) lpAnswer {
	c.t.Helper()
	a, err := c.do(c.t.Context(), http.MethodPost, "?apikey="+stockAPIKey+query, strings.NewReader(body), header...)
	if err != nil {
		c.t.Fatal(err)
	}
	return a
}

func (c *lpClient) open() (sid string) {
	c.t.Helper()
	a := c.ask("", "")
	m := regexp.MustCompile(`^{"ctrl":{"params":{"sid":"([A-Za-z0-9_-]{11})"},"code":201,"text":"created","ts":"[^"]+"}}$`).FindStringSubmatch(a.body)
	if a.status != http.StatusCreated || m == nil {
		c.t.Fatalf("no session: %d %s", a.status, a.body)
	}
	return "&sid=" + m[1]
}

// poll runs beside the test.
func (c *lpClient) poll(ctx context.Context, sid string) <-chan lpAnswer {
	out := make(chan lpAnswer, 1)
	go func() {
		a, err := c.do(ctx, http.MethodPost, "?apikey="+stockAPIKey+sid, nil)
		if err != nil {
			a.body = err.Error()
		}
		out <- a
	}()
	settled()
	return out
}

func (a lpAnswer) check(t *testing.T, what string, status int, body string) {
	t.Helper()
	if a.status != status || !strings.Contains(a.body, body) || body == "" && a.body != "" {
		t.Errorf("%s: got %d %s, want %d %s", what, a.status, a.body, status, body)
	}
	for name, want := range map[string]string{
		"Content-Type": "text/plain", "Access-Control-Allow-Origin": "*", "Expires": "0",
		"Cache-Control": "no-cache, no-store, must-revalidate", "X-Content-Type-Options": "nosniff",
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s: %s is %q", what, name, got)
		}
	}
}

// simulated runs a test of long polling in simulated time.
func simulated(t *testing.T, config string, f func(t *testing.T, h *harness, c *lpClient)) {
	t.Helper()
	t.Parallel()
	cfg := testConfig(t, config)
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, cfg, mem.New())
		client, end := h.overPipes()
		f(t, h, &lpClient{t, client, "http://parley/v0/channels/lp"})
		if err := end(); err != nil {
			t.Error(err)
		}
	})
}
