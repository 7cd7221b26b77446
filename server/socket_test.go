package server

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"parley/internal/wstest"
	"parley/store/mem"
)

// dialWS opens a WebSocket of the test's own.
func dialWS(t *testing.T, d *wstest.Socket) *websocket.Conn {
	t.Helper()
	ws, _, err := websocket.DefaultDialer.Dial(d.URL, http.Header{"X-Tinode-APIKey": {d.APIKey}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ws.Close() })
	return ws
}

func send(t *testing.T, ws *websocket.Conn, frame string) {
	t.Helper()
	if err := ws.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
		t.Fatal(err)
	}
}

// until reads until a message contains text, and returns it.
func until(t *testing.T, ws *websocket.Conn, text string) string {
	t.Helper()
	_ = ws.SetReadDeadline(time.Now().Add(30 * time.Second))
	for {
		_, m, err := ws.ReadMessage()
		if err != nil {
			t.Fatalf("waiting for %q: %v", text, err)
		}
		if strings.Contains(string(m), text) {
			return string(m)
		}
	}
}

// enter logs an account of that name in and returns its ID.
func (h *harness) enter(t *testing.T, ws *websocket.Conn, login string) string {
	t.Helper()
	a, err := h.account(login, "somebody", "")
	if err != nil {
		t.Fatal(err)
	}
	send(t, ws, `{"hi":{"id":"h","ver":"0.25"}}`)
	until(t, ws, `"id":"h"`)
	send(t, ws, `{"login":{"id":"l","scheme":"token","secret":"`+a.Token+`"}}`)
	until(t, ws, `"code":200`)
	return a.User
}

// TestFrameOverTheLimit: the connection is closed with 1009 and without a ctrl;
// a frame of exactly the limit is taken.
func TestFrameOverTheLimit(t *testing.T) {
	t.Parallel()
	h := newHarness(t, testConfig(t, `{"max_message_size":4096}`), mem.New())
	d := h.socket(t, quiet)
	a, b := dialWS(t, d), dialWS(t, d)
	h.enter(t, a, "annabel")
	h.enter(t, b, "bartholomew")
	frame := func(n int) string {
		const head, tail = `{"pub":{"id":"1","topic":"me","content":"`, `"}}`
		return head + strings.Repeat("x", n-len(head)-len(tail)) + tail
	}
	send(t, a, frame(4096))
	until(t, a, `"code":409`)
	send(t, a, frame(4097))
	_ = a.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, m, err := a.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseMessageTooBig) {
		t.Errorf("got %q, %v; want close 1009", m, err)
	}
	send(t, b, `{"sub":{"id":"2","topic":"me"}}`)
	until(t, b, `"code":200`)
}

// TestBinaryFrame is processed as if it were text (wire.md §1.3).
func TestBinaryFrame(t *testing.T) {
	t.Parallel()
	h := newHarness(t, testConfig(t, ""), mem.New())
	ws := dialWS(t, h.socket(t, quiet))
	if err := ws.WriteMessage(websocket.BinaryMessage, []byte(`{"hi":{"id":"1","ver":"0.25"}}`)); err != nil {
		t.Fatal(err)
	}
	kind, m, err := ws.ReadMessage()
	if err != nil || kind != websocket.TextMessage || !strings.Contains(string(m), `"code":201`) {
		t.Errorf("%d %s %v", kind, m, err)
	}
}

// TestFloodOverSocket: a client that sends 2,000 requests before it reads one
// answer gets all of them, in order.
func TestFloodOverSocket(t *testing.T) {
	t.Parallel()
	h := newHarness(t, testConfig(t, ""), mem.New())
	ws := dialWS(t, h.socket(t, quiet))
	h.enter(t, ws, "annabel")
	send(t, ws, `{"sub":{"id":"s","topic":"new1"}}`)
	var created struct{ Ctrl struct{ Topic string } }
	if err := json.Unmarshal([]byte(until(t, ws, `"id":"s"`)), &created); err != nil {
		t.Fatal(err)
	}
	const n = 2000
	for i := range n {
		send(t, ws, fmt.Sprintf(`{"pub":{"id":"p%d","topic":%q,"noecho":true,"content":"x"}}`, i, created.Ctrl.Topic))
	}
	for i := range n {
		m := until(t, ws, `"ctrl"`)
		if want := fmt.Sprintf(`"id":"p%d","topic":%q,"params":{"seq":%d}`, i, created.Ctrl.Topic, i+1); !strings.Contains(m, want) {
			t.Fatalf("got %s, want %s", m, want)
		}
	}
}

// TestReaderThatNeverReads is closed as slow, and takes nobody down with it.
func TestReaderThatNeverReads(t *testing.T) {
	t.Parallel()
	h := newHarness(t, testConfig(t, `{"limits":{"outbox_bytes":300000}}`), mem.New())
	d := h.socket(t, quiet)
	deaf, a, b := dialWS(t, d), dialWS(t, d), dialWS(t, d)
	if err := deaf.NetConn().(*net.TCPConn).SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	h.enter(t, a, "annabel")
	h.enter(t, b, "bartholomew")
	h.enter(t, deaf, "deaf-one")
	send(t, a, `{"sub":{"id":"s","topic":"new1"}}`)
	var created struct{ Ctrl struct{ Topic string } }
	if err := json.Unmarshal([]byte(until(t, a, `"id":"s"`)), &created); err != nil {
		t.Fatal(err)
	}
	for _, ws := range []*websocket.Conn{b, deaf} {
		send(t, ws, `{"sub":{"id":"s","topic":"`+created.Ctrl.Topic+`"}}`)
		until(t, ws, `"id":"s"`)
	}
	content := strings.Repeat("x", 100_000)
	const n = 200 // 20 MB: more than any socket holds
	for i := range n {
		send(t, a, fmt.Sprintf(`{"pub":{"id":"p%d","topic":%q,"noecho":true,"content":%q}}`, i, created.Ctrl.Topic, content))
		until(t, a, fmt.Sprintf(`"id":"p%d"`, i))
		until(t, b, `"data"`)
	}
	if got := h.sessions.Len(); got != 2 {
		t.Errorf("%d sessions are open, want 2", got)
	}
}

// TestAPIKey: the key is looked for in four places (wire.md §1.2).
func TestAPIKey(t *testing.T) {
	t.Parallel()
	h := newHarness(t, testConfig(t, ""), mem.New())
	d := h.socket(t, quiet)
	url := "http" + strings.TrimPrefix(d.URL, "ws")
	ask := func(method, query, body string, header ...string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, url+query, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i+1 < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(text)
	}
	const form = "application/x-www-form-urlencoded"
	forged := "AQEAAAABAAD_rAp4DJh05a1HAwFT3A6L"
	for _, c := range []struct {
		name, method, query, body string
		header                    []string
		status                    int
	}{
		{"none", "GET", "", "", nil, 403},
		{"header", "POST", "", "", []string{"X-Tinode-APIKey", stockAPIKey}, 405},
		{"query", "POST", "?apikey=" + stockAPIKey, "", nil, 405},
		{"form", "POST", "", "apikey=" + stockAPIKey, []string{"Content-Type", form}, 405},
		{"cookie", "POST", "", "", []string{"Cookie", "apikey=" + stockAPIKey}, 405},
		{"forged", "GET", "?apikey=" + forged, "", nil, 403},
		{"garbage", "GET", "?apikey=x", "", nil, 403},
		{"the first that is not empty", "GET", "?apikey=" + stockAPIKey, "", []string{"X-Tinode-APIKey", forged}, 403},
		{"no upgrade", "GET", "", "", []string{"X-Tinode-APIKey", stockAPIKey}, 400},
	} {
		status, text := ask(c.method, c.query, c.body, c.header...)
		if status != c.status {
			t.Errorf("%s: got %d %s, want %d", c.name, status, text, c.status)
		}
		want := map[int]string{403: "valid API key required", 405: "operation or method not allowed"}[status]
		if want != "" && !strings.Contains(text, fmt.Sprintf(`{"ctrl":{"code":%d,"text":%q,"ts":"`, status, want)) {
			t.Errorf("%s: got %s", c.name, text)
		}
	}
}

func TestNewAPIKey(t *testing.T) {
	t.Parallel()
	salt := []byte("salt")
	for _, root := range []bool{false, true} {
		key := NewAPIKey(salt, 513, root)
		if len(key) != 32 || !validAPIKey(salt, key) || validAPIKey([]byte("other"), key) {
			t.Errorf("key %q", key)
		}
	}
}

// TestUnknownPaths are answered with a ctrl (wire.md §1.1).
func TestUnknownPaths(t *testing.T) {
	t.Parallel()
	h := newHarness(t, testConfig(t, `{"static_data":"-"}`), mem.New())
	d := h.socket(t, quiet)
	base := "http" + strings.TrimSuffix(strings.TrimPrefix(d.URL, "ws"), "/v0/channels")
	for _, path := range []string{"/v0/nosuch", "/nosuch", "/"} {
		resp, err := http.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 404 || !strings.Contains(string(text), `{"ctrl":{"code":404,"text":"not found","ts":"`) {
			t.Errorf("%s: %d %s", path, resp.StatusCode, text)
		}
	}
}

// TestNothingFollowsClose: whoever closes is answered with the last frame of the
// connection, however much others send him at that moment (RFC 6455 §5.5.1).
func TestNothingFollowsClose(t *testing.T) {
	t.Parallel()
	h := newHarness(t, testConfig(t, `{"limits":{"messages_per_session":"off","messages_per_user":"off","requests_per_session":"off","requests_per_user":"off"}}`), mem.New())
	d := h.socket(t, quiet)
	writer := dialWS(t, d)
	h.enter(t, writer, "annabel")
	send(t, writer, `{"sub":{"id":"s","topic":"new","set":{"desc":{"defacs":{"auth":"JRWPS","anon":"N"}}}}}`)
	var made struct{ Ctrl struct{ Topic string } }
	if err := json.Unmarshal([]byte(until(t, writer, `"id":"s"`)), &made); err != nil {
		t.Fatal(err)
	}
	group := made.Ctrl.Topic
	reader, err := h.account("bartholomew", "somebody", "")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	stop := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
			}
			if writer.WriteMessage(websocket.TextMessage, []byte(`{"pub":{"topic":"`+group+`","noecho":true,"content":"x"}}`)) != nil {
				return
			}
		}
	}()
	for range 120 {
		ws := dialWS(t, d)
		send(t, ws, `{"hi":{"id":"h","ver":"0.25"}}`)
		send(t, ws, `{"login":{"id":"l","scheme":"token","secret":"`+reader.Token+`"}}`)
		send(t, ws, `{"sub":{"id":"s","topic":"`+group+`"}}`)
		in := bufio.NewReader(ws.NetConn()) // past gorilla, which looks no further than Close
		_ = ws.NetConn().SetReadDeadline(time.Now().Add(30 * time.Second))
		closed, asked := false, false
		for {
			opcode, text, err := rawFrame(in)
			if err != nil {
				break
			}
			if closed {
				t.Fatalf("after the answer to Close: %s", text)
			}
			closed = opcode == websocket.CloseMessage
			if !asked && strings.Contains(text, `"data"`) {
				asked = true
				if err := ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Minute)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if !asked || !closed {
			t.Fatalf("data came: %v, Close was answered: %v", asked, closed)
		}
	}
	close(stop)
	<-done
}

// rawFrame reads a frame of a server.
func rawFrame(in *bufio.Reader) (opcode int, text string, err error) {
	var head [2]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return 0, "", err
	}
	n := uint64(head[1])
	if n >= 126 {
		long := make([]byte, map[uint64]int{126: 2, 127: 8}[n])
		if _, err := io.ReadFull(in, long); err != nil {
			return 0, "", err
		}
		n = 0
		for _, b := range long {
			n = n<<8 | uint64(b)
		}
	}
	p := make([]byte, n)
	_, err = io.ReadFull(in, p)
	return int(head[0] & 15), string(p), err
}
