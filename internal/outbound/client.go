package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"syscall"
	"time"
)

// Doer is the only way out; tests put something else in its place.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// Options of NewClient; zero values are the defaults.
type Options struct {
	Timeout     time.Duration // of a whole request; 0: 10 s
	IdleTimeout time.Duration // of a kept connection; 0: 50 s
	PerHost     int           // idle connections; 0: 8
}

// maxRedirects within one host.
const maxRedirects = 3

var errRedirect = errors.New("it sends us to another host")

// NewClient makes a client with a transport of its own. It follows a redirect
// only of a GET, and only within the host.
func NewClient(o Options) *http.Client {
	set := func(d *time.Duration, def time.Duration) {
		if *d == 0 {
			*d = def
		}
	}
	set(&o.Timeout, 10*time.Second)
	set(&o.IdleTimeout, 50*time.Second)
	if o.PerHost == 0 {
		o.PerHost = 8
	}
	return &http.Client{
		Timeout: o.Timeout,
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: o.Timeout,
			IdleConnTimeout: o.IdleTimeout, MaxIdleConnsPerHost: o.PerHost, MaxResponseHeaderBytes: 64 << 10,
			ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			switch {
			case via[0].Method != http.MethodGet:
				return http.ErrUseLastResponse
			case r.URL.Host != via[0].URL.Host || r.URL.Scheme != via[0].URL.Scheme || len(via) > maxRedirects:
				return errRedirect
			}
			return nil
		},
	}
}

// Error is a request that failed before there was an answer. Its text has the
// host and the path, and no query: that may have secrets in it.
type Error struct {
	Host, Path string
	Err        error
	Unsent     bool // no connection was got that it could have been sent on
}

// Error is "host/path: what".
func (e *Error) Error() string { return fmt.Sprintf("%s%s: %v", e.Host, e.Path, e.Err) }

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// ErrTooLong is an answer that is longer than allowed.
var ErrTooLong = errors.New("the answer is too long")

// Answer is a response that was read to its end.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends a request and reads the answer, of at most limit bytes. The error is
// an *Error; its cause is never a *url.Error.
func Do(d Doer, r *http.Request, limit int64) (*Answer, error) {
	var tried, open atomic.Bool // hooks run on goroutines of the transport
	r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		GetConn: func(string) { tried.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { open.Store(true) },
	}))
	fail := func(err error) (*Answer, error) {
		var ue *url.Error
		for errors.As(err, &ue) { // it quotes the URL
			err = ue.Err
		}
		return nil, &Error{Host: r.URL.Host, Path: r.URL.Path, Err: err, Unsent: tried.Load() && !open.Load()}
	}
	res, err := d.Do(r)
	if err != nil {
		return fail(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	switch {
	case err != nil:
		return fail(err)
	case int64(len(body)) > limit:
		return fail(ErrTooLong)
	}
	return &Answer{Status: res.StatusCode, Header: res.Header, Body: body}, nil
}

// NotSent tells that nothing of a request can have reached the other side: there
// was no connection, or no TLS on it.
func NotSent(err error) bool {
	var e *Error
	var dns *net.DNSError
	var op *net.OpError
	return errors.As(err, &e) && e.Unsent || errors.As(err, &dns) || errors.As(err, &op) && op.Op == "dial" || errors.Is(err, syscall.ECONNREFUSED)
}

// HostDown tells an error after which another host should be asked: time-outs,
// names that are not found, connections that are refused or break.
func HostDown(err error) bool {
	var ne net.Error
	return NotSent(err) || errors.As(err, &ne) && ne.Timeout() || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, syscall.ETIMEDOUT) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}
