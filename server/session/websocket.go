package session

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/gorilla/websocket"

	"parley/wsproto"
)

// upgrader's buffers are small: frames are mostly smaller than 1 KB, and all
// writing after the handshake goes past gorilla, through the outbox.
var upgrader = websocket.Upgrader{
	ReadBufferSize:  512,
	WriteBufferSize: 1024,
	WriteBufferPool: &sync.Pool{},
	CheckOrigin:     func(*http.Request) bool { return true }, // a session needs a token, not an origin
}

// ServeWebSocket turns a request into a session. It returns after the upgrade,
// so that the buffers of net/http are freed; the session has a goroutine of its
// own.
func (r *Registry) ServeWebSocket(w http.ResponseWriter, req *http.Request, remote string, maxFrame int64) {
	ws, err := upgrader.Upgrade(w, req, nil)
	if err != nil {
		return // gorilla has answered
	}
	c := newWSConn(ws)
	s := r.Open(c, remote)
	if s == nil {
		c.Close(closeAway, reasonShutdown)
		return
	}
	s.invite = r.inviteOf(req)
	ws.SetReadLimit(maxFrame)
	ws.SetPongHandler(func(string) error { s.alive(); return nil })
	ws.SetPingHandler(func(data string) error {
		s.alive()
		s.Reply(controlFrame(websocket.PongMessage, []byte(data)))
		return nil
	})
	go s.read(ws)
}

// read is the session's goroutine: one frame after the other. It ends with the
// connection; the answer to a Close is the last frame, whatever others send
// meanwhile (RFC 6455 §5.5.1).
func (s *Session) read(ws *websocket.Conn) {
	var answer wsproto.Frame
	defer func() { s.close(reasonLost, answer, closeSilently) }()
	ws.SetCloseHandler(func(code int, _ string) error {
		if code == websocket.CloseNoStatusReceived {
			code = closeNormal
		}
		answer = controlFrame(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""))
		return nil
	})
	for {
		_, r, err := ws.NextReader()
		if err != nil {
			return
		}
		if err := s.readFrame(r); err != nil {
			return
		}
	}
}

// frames are buffers that are needed only while a frame is read and decoded:
// what is kept of it is copied.
var frames = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxKeptBuffer keeps a rare large frame from being remembered for ever.
const maxKeptBuffer = 64 << 10

func (s *Session) readFrame(r io.Reader) error {
	buf := frames.Get().(*bytes.Buffer)
	buf.Reset()
	_, err := buf.ReadFrom(r)
	if err == nil {
		s.Handle(buf.Bytes())
	}
	if buf.Cap() <= maxKeptBuffer {
		frames.Put(buf)
	}
	return err
}

// controlFrame is a control frame with at most 125 bytes (RFC 6455 §5.5).
func controlFrame(opcode byte, payload []byte) []byte {
	payload = payload[:min(len(payload), 125)]
	return append([]byte{0x80 | opcode, byte(len(payload))}, payload...)
}

// wsConn is a WebSocket as the outbox writes to it: past gorilla, straight to
// the connection.
type wsConn struct {
	conn   net.Conn
	secure *tls.Conn       // conn, if it is encrypted
	raw    syscall.RawConn // nil where writing without waiting is not possible: never set if secure is

	mu     sync.Mutex
	closed bool
}

// newWSConn finds out how to write. Under TLS the socket is not ours: what is
// written there past tls.Conn would go out in the clear and break the stream. So
// everything waits for the goroutine that drains the outbox.
func newWSConn(ws *websocket.Conn) *wsConn {
	c := &wsConn{conn: ws.NetConn()}
	switch conn := c.conn.(type) {
	case *tls.Conn:
		c.secure = conn
	case *net.TCPConn:
		if canTryWrite {
			c.raw, _ = conn.SyscallConn()
		}
	}
	return c
}

// TryWrite implements transport.
func (c *wsConn) TryWrite(p []byte) (int, error) {
	if c.raw == nil {
		return 0, nil
	}
	w := tryWriters.Get().(*tryWriter)
	w.p, w.n, w.err = p, 0, nil
	err := c.raw.Write(w.attempt)
	n := w.n
	if err == nil {
		err = w.err
	}
	w.p = nil
	tryWriters.Put(w)
	return n, err
}

// tryWriter is one attempt to write; its function is made once, not for each.
type tryWriter struct {
	p       []byte
	n       int
	err     error
	attempt func(fd uintptr) bool
}

var tryWriters = sync.Pool{New: func() any {
	w := new(tryWriter)
	w.attempt = func(fd uintptr) bool {
		w.n, w.err = tryWrite(fd, w.p)
		return true // done, whether or not all was written
	}
	return w
}}

// maxWrite is how much may go out under one deadline: a slow line is given time
// for each part of a long answer.
const maxWrite = 256 << 10

// Write implements transport.
func (c *wsConn) Write(ps [][]byte, wait time.Duration) error {
	size := 0
	for _, p := range ps {
		size += len(p)
	}
	if size <= maxWrite && c.secure == nil { // the usual case, in one system call
		if err := c.conn.SetWriteDeadline(time.Now().Add(wait)); err != nil {
			return err
		}
		bufs := net.Buffers(ps)
		_, err := bufs.WriteTo(c.conn)
		return err
	}
	// Joined for TLS, too: each Write makes records of its own.
	for all := bytes.Join(ps, nil); len(all) > 0; {
		part := all[:min(len(all), maxWrite)]
		if err := c.conn.SetWriteDeadline(time.Now().Add(wait)); err != nil {
			return err
		}
		if _, err := c.conn.Write(part); err != nil {
			return err
		}
		all = all[len(part):]
	}
	return nil
}

// Close implements transport.
func (c *wsConn) Close(code int, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.closed = true
	if code == closeSilently {
		c.drop()
		return
	}
	payload := binary.BigEndian.AppendUint16(nil, uint16(code))
	frame := controlFrame(websocket.CloseMessage, append(payload, reason...))
	if c.secure != nil {
		go c.farewell(frame)
		return
	}
	_, _ = c.TryWrite(frame)
	_ = c.conn.Close()
}

// drop ends the connection at once. tls.Conn.Close would first say goodbye, and
// wait up to 5 s for a client that does not read.
func (c *wsConn) drop() {
	if c.secure != nil {
		_ = c.secure.NetConn().Close()
		return
	}
	_ = c.conn.Close()
}

// farewellWait bounds what closing an encrypted connection may take.
const farewellWait = time.Second

// farewell writes the last frame of an encrypted connection and closes it, on a
// goroutine of its own: there is no writing without waiting, and whoever closes
// a session has others to close. It ends after farewellWait at the latest.
func (c *wsConn) farewell(frame []byte) {
	late := time.AfterFunc(farewellWait, c.drop) // whatever is being waited for, Close included
	defer late.Stop()
	if _, err := c.secure.Write(frame); err != nil {
		c.drop()
		return
	}
	_ = c.secure.Close()
}
