package session

import (
	"sync/atomic"
	"time"

	"parley/wsproto"
)

// Memory is a client inside the process: a session without a socket. Tests play
// transcripts on it; it needs no goroutine.
type Memory struct{ s *Session }

// OpenMemory opens a session. recv gets each message to the client; closed is
// told once when the session ends. Both must return at once and must not call
// back. It returns nil if the server is shutting down.
func (r *Registry) OpenMemory(recv func(message []byte), closed func(code int, reason string)) *Memory {
	c := &memoryConn{recv: recv, closed: closed}
	s := r.Open(c, "memory")
	if s == nil {
		return nil
	}
	c.session.Store(s)
	return &Memory{s}
}

// Handle takes a frame from the client. Frames must be handed over one at a time.
func (m *Memory) Handle(frame []byte) { m.s.Handle(frame) }

// Close ends the session from the client's side.
func (m *Memory) Close() { m.s.Closed() }

// memoryConn is the transport of such a session: the client takes everything at
// once, and answers pings.
type memoryConn struct {
	recv    func(message []byte)
	closed  func(code int, reason string)
	session atomic.Pointer[Session]
}

// TryWrite implements transport.
func (c *memoryConn) TryWrite(p []byte) (int, error) {
	for f := wsproto.Frame(p); len(f) > 0; {
		control := f[0]&0x08 != 0 // RFC 6455 §5.2: opcodes from 8 up
		var message []byte
		if message, f = f.Next(); control {
			c.session.Load().alive()
		} else {
			c.recv(message)
		}
	}
	return len(p), nil
}

// Write implements transport.
func (c *memoryConn) Write(ps [][]byte, _ time.Duration) error {
	for _, p := range ps {
		if _, err := c.TryWrite(p); err != nil {
			return err
		}
	}
	return nil
}

// Close implements transport.
func (c *memoryConn) Close(code int, reason string) { c.closed(code, reason) }

// Settle is how long after the last event all frames have certainly left,
// those included that wait for company (flushSoon).
const Settle = 2 * maxFlush
