//go:build linux

package bench

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// handler receives what a connection reads. Both methods run on the loop's goroutine; the payload
// is valid only during the call.
type handler interface {
	message(c *conn, payload []byte)
	closed(c *conn)
}

var errClosed = errors.New("connection is closed")

// keptOutBytes is how large an emptied output buffer may be to be kept for the next frames.
const keptOutBytes = 16 << 10

// conn is a client's WebSocket connection which is read by a loop.
type conn struct {
	tag     int // free for the owner of the connection
	user    *user
	retries int // how often the server put off a {sub}

	loop    *loop
	fd      int
	handler atomic.Pointer[handler]
	waiter  atomic.Pointer[waiter]
	serial  atomic.Uint32 // ids of call

	// Owned by the loop's goroutine.
	rest    []byte // the beginning of a frame which is not complete yet
	parts   []byte // payloads of a fragmented message
	dirty   bool
	upgrade chan error // not nil until the handshake is over
	accept  string

	wmu     sync.Mutex // guards the following
	out     []byte     // frames the kernel has not taken yet
	blocked bool       // EPOLLOUT is armed
	mute    bool       // never reads
	key     uint32
	ended   bool
}

// stopReading makes the connection read no more, for good.
func (c *conn) stopReading() {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	if !c.ended {
		c.mute = true
		c.arm()
	}
}

// localPort is the port that the connection comes from; zero if it is closed.
func (c *conn) localPort() int {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	if c.ended {
		return 0
	}
	if sa, err := unix.Getsockname(c.fd); err == nil {
		if in, ok := sa.(*unix.SockaddrInet4); ok {
			return in.Port
		}
	}
	return 0
}

// handle sets what receives the messages which no call is waiting for; nil drops them.
func (c *conn) handle(h handler) {
	if h == nil {
		c.handler.Store(nil)
		return
	}
	c.handler.Store(&h)
}

// send writes a text message; it says whether the connection was still open.
func (c *conn) send(payload []byte) bool {
	if !c.enqueue(opText, payload) {
		return false
	}
	c.flush()
	return true
}

// queue adds a text message to be written once the current event has been handled. It must be
// called on the loop's goroutine.
func (c *conn) queue(payload []byte) bool {
	if !c.enqueue(opText, payload) {
		return false
	}
	c.flushLater()
	return true
}

// flushLater must be called on the loop's goroutine.
func (c *conn) flushLater() {
	if !c.dirty {
		c.dirty = true
		c.loop.dirty = append(c.loop.dirty, c)
	}
}

// close says goodbye and ends the sending side; the loop frees the connection when the server has
// closed it too.
func (c *conn) close() {
	c.enqueue(opClose, []byte{0x03, 0xe8}) // 1000, RFC 6455 §7.4.1
	c.flush()
	c.shutdown(unix.SHUT_WR)
}

// abort ends the connection at once.
func (c *conn) abort() { c.shutdown(unix.SHUT_RDWR) }

func (c *conn) shutdown(how int) {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	if !c.ended {
		_ = unix.Shutdown(c.fd, how)
	}
}

func (c *conn) enqueue(op byte, payload []byte) bool {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	if c.ended {
		return false
	}
	c.key = c.key*1664525 + 1013904223
	c.out = appendFrame(c.out, op, c.key, payload)
	return true
}

// flush writes as much of the output as the kernel takes.
func (c *conn) flush() {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	for len(c.out) > 0 && !c.ended {
		n, err := unix.Write(c.fd, c.out)
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			if !c.blocked {
				c.blocked = true
				c.arm()
			}
			return
		case err != nil:
			c.out = nil // the loop learns of the failure from epoll
			return
		default:
			c.out = c.out[:copy(c.out, c.out[n:])]
		}
	}
	if cap(c.out) > keptOutBytes {
		c.out = nil
	}
	if c.blocked && !c.ended {
		c.blocked = false
		c.arm()
	}
}

// arm tells epoll what the connection waits for; wmu must be held.
func (c *conn) arm() {
	ev := unix.EpollEvent{Fd: int32(c.fd)}
	if !c.mute {
		ev.Events |= unix.EPOLLIN | unix.EPOLLRDHUP
	}
	if c.blocked {
		ev.Events |= unix.EPOLLOUT
	}
	_ = unix.EpollCtl(c.loop.epfd, unix.EPOLL_CTL_MOD, c.fd, &ev)
}

// event handles what epoll reported.
func (c *conn) event(what uint32) {
	if what&unix.EPOLLOUT != 0 {
		c.flush()
	}
	if what&(unix.EPOLLIN|unix.EPOLLRDHUP) != 0 {
		c.read()
	} else if what&(unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		c.finish(errClosed)
	}
}

// read takes what has arrived and hands on the complete frames.
func (c *conn) read() {
	n, err := unix.Read(c.fd, c.loop.buf)
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return
	case err != nil:
		c.finish(err)
		return
	case n == 0:
		c.finish(errClosed)
		return
	}
	data := c.loop.buf[:n]
	kept := len(c.rest) > 0
	if kept {
		c.rest = append(c.rest, data...)
		data = c.rest
	}
	if c.upgrade != nil {
		if data, err = c.handshake(data); err != nil {
			c.finish(err)
			return
		}
	}
	for c.upgrade == nil {
		f, used, err := parseFrame(data)
		if err != nil {
			c.finish(err)
			return
		}
		if used == 0 {
			break
		}
		data = data[used:]
		c.frame(f)
	}
	switch {
	case len(data) == 0:
		c.rest = nil
	case kept:
		c.rest = c.rest[:copy(c.rest, data)]
	default:
		c.rest = append([]byte(nil), data...)
	}
}

func (c *conn) frame(f frame) {
	switch f.op {
	case opText, opBinary, opContinuation:
		switch {
		case !f.fin:
			c.parts = append(c.parts, f.payload...)
		case len(c.parts) > 0:
			whole := append(c.parts, f.payload...)
			c.parts = nil
			c.message(whole)
		default:
			c.message(f.payload)
		}
	case opPing:
		if c.enqueue(opPong, f.payload) {
			c.flushLater()
		}
	}
}

// message gives a message to the call which waits for it, or else to the handler.
func (c *conn) message(p []byte) {
	if w := c.waiter.Load(); w != nil && w.takes(kindOf(p)) {
		if id, ok := skimStr(p, "id"); ok && bytes.Equal(id, w.id) {
			code, _ := skimInt(p, "code")
			if c.waiter.CompareAndSwap(w, nil) {
				w.done <- ctrl{code: code, raw: bytes.Clone(p)}
			}
			return
		}
	}
	if h := c.handler.Load(); h != nil {
		(*h).message(c, p)
	}
}

// finish frees the connection. It runs on the loop's goroutine, so that the number of the file
// descriptor cannot be given to another connection while an event for this one is on its way.
func (c *conn) finish(err error) {
	c.wmu.Lock()
	if c.ended {
		c.wmu.Unlock()
		return
	}
	c.ended = true
	c.out = nil
	c.loop.conns[c.fd].Store(nil)
	unix.Close(c.fd)
	c.wmu.Unlock()
	c.loop.open.Add(-1)
	if c.upgrade != nil {
		c.upgrade <- err
		c.upgrade = nil
	}
	if w := c.waiter.Swap(nil); w != nil {
		w.done <- ctrl{err: fmt.Errorf("connection lost: %w", err)}
	}
	if h := c.handler.Load(); h != nil {
		(*h).closed(c)
	}
}
