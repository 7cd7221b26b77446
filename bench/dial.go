//go:build linux

package bench

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"net/url"
	"time"

	"golang.org/x/sys/unix"
)

// connectTimeout bounds the making of a TCP connection.
const connectTimeout = 10 * time.Second

// endpoint is a parsed WebSocket address.
type endpoint struct {
	addr unix.SockaddrInet4
	host string
	path string
}

// parseEndpoint accepts ws:// addresses on 127.0.0.0/8 only: a load generator stays at home.
func parseEndpoint(raw string) (endpoint, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return endpoint{}, fmt.Errorf("address %q: %w", raw, err)
	}
	var e endpoint
	if u.Scheme != "ws" {
		return e, fmt.Errorf("address %q: only ws:// is supported", raw)
	}
	host := u.Hostname()
	if host == "localhost" {
		host = "127.0.0.1"
	}
	var port int
	if _, err := fmt.Sscanf(u.Port(), "%d", &port); err != nil {
		return e, fmt.Errorf("address %q: no port", raw)
	}
	ip := &e.addr.Addr
	if _, err := fmt.Sscanf(host, "%d.%d.%d.%d", &ip[0], &ip[1], &ip[2], &ip[3]); err != nil || ip[0] != 127 {
		return e, fmt.Errorf("address %q: not a loopback IPv4 address", raw)
	}
	e.addr.Port, e.host, e.path = port, u.Host, u.RequestURI()
	return e, nil
}

// dialOptions says how to connect.
type dialOptions struct {
	apiKey      string
	rcvBufBytes int // size of the receive buffer; zero leaves it to the system
}

// dial connects and completes the WebSocket handshake. Safe from any goroutine but the loop's.
func (l *loop) dial(ctx context.Context, e *endpoint, opt dialOptions) (*conn, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	if fd >= len(l.conns) {
		unix.Close(fd)
		return nil, errors.New("too many open files")
	}
	c := &conn{loop: l, fd: fd, key: mrand.Uint32() | 1, upgrade: make(chan error, 1)}
	if err := c.connect(e, opt); err != nil {
		unix.Close(fd)
		return nil, err
	}
	upgrade := c.upgrade // the loop sets the field to nil once the handshake is over
	if err := c.askUpgrade(e, opt.apiKey); err != nil {
		return nil, err
	}
	t := time.NewTimer(callTimeout)
	defer t.Stop()
	select {
	case err = <-upgrade:
	case <-t.C:
		err = errNoReply
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err != nil {
		c.abort()
		return nil, fmt.Errorf("websocket handshake: %w", err)
	}
	return c, nil
}

// connect makes the TCP connection.
func (c *conn) connect(e *endpoint, opt dialOptions) error {
	if opt.rcvBufBytes > 0 {
		if err := unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, opt.rcvBufBytes); err != nil {
			return fmt.Errorf("SO_RCVBUF: %w", err)
		}
	}
	// The port is chosen by connect, not by bind, so that every source address has all of them.
	_ = unix.SetsockoptInt(c.fd, unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	if err := unix.Bind(c.fd, &unix.SockaddrInet4{Addr: c.loop.nextSource()}); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	addr := e.addr
	err := unix.Connect(c.fd, &addr)
	if err == unix.EINPROGRESS {
		err = awaitConnect(c.fd)
	}
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	return unix.SetsockoptInt(c.fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
}

// awaitConnect waits for the end of a connection attempt.
func awaitConnect(fd int) error {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
	for end := time.Now().Add(connectTimeout); ; {
		n, err := unix.Poll(fds, int(time.Until(end).Milliseconds()))
		switch {
		case err == unix.EINTR && time.Now().Before(end):
		case err != nil:
			return err
		case n == 0:
			return unix.ETIMEDOUT
		default:
			code, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
			if err == nil && code != 0 {
				err = unix.Errno(code)
			}
			return err
		}
	}
}

// askUpgrade hands the connection to the loop and sends the request for the upgrade.
func (c *conn) askUpgrade(e *endpoint, apiKey string) error {
	var nonce [16]byte
	_, _ = rand.Read(nonce[:]) // never fails
	secKey := base64.StdEncoding.EncodeToString(nonce[:])
	sum := sha1.Sum([]byte(secKey + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) // RFC 6455 §1.3
	c.accept = base64.StdEncoding.EncodeToString(sum[:])

	l := c.loop
	l.conns[c.fd].Store(c)
	l.open.Add(1)
	ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP, Fd: int32(c.fd)}
	if err := unix.EpollCtl(l.epfd, unix.EPOLL_CTL_ADD, c.fd, &ev); err != nil {
		c.finish(err) // epoll does not know the connection, so the loop cannot touch it
		return fmt.Errorf("epoll_ctl: %w", err)
	}
	c.wmu.Lock()
	c.out = fmt.Appendf(c.out, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\nX-Tinode-APIKey: %s\r\n\r\n",
		e.path, e.host, secKey, apiKey)
	c.wmu.Unlock()
	c.flush()
	return nil
}

// handshake consumes the server's reply to the request for the upgrade, once it is complete.
func (c *conn) handshake(data []byte) ([]byte, error) {
	end := bytes.Index(data, []byte("\r\n\r\n"))
	if end < 0 {
		return data, nil
	}
	head := data[:end]
	if line, _, _ := bytes.Cut(head, []byte("\r\n")); !bytes.Contains(line, []byte(" 101 ")) {
		return nil, fmt.Errorf("refused: %s", line)
	}
	if !bytes.Contains(head, []byte(c.accept)) {
		return nil, errors.New("wrong Sec-WebSocket-Accept")
	}
	c.upgrade <- nil
	c.upgrade = nil
	return data[end+4:], nil
}
