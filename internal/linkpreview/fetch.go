package linkpreview

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// userAgent names us to the servers of pages.
const userAgent = "Mozilla/5.0 (compatible; Parley link preview)"

// parseURL reads the address of something on the web and brings it into the form
// by which it is remembered.
func parseURL(text string) (*url.URL, error) {
	refuse := func(why string) (*url.URL, error) { return nil, fmt.Errorf("%w: %s", ErrURL, why) }
	if len(text) > maxURLBytes {
		return refuse(fmt.Sprintf("longer than %d bytes", maxURLBytes))
	}
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil {
		return refuse("it cannot be read")
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return refuse("it must begin with http:// or https://")
	case u.User != nil:
		return refuse("it must not contain a name or a password")
	case u.Hostname() == "" || strings.Contains(u.Host, "%"):
		return refuse("it has no host")
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

// guard decides which addresses may be connected to. It is asked with the
// address itself, once names are resolved, for every connection: neither DNS nor
// redirects get past it.
type guard struct {
	usual *ssrf.Guardian
	allow []netip.Prefix
}

func newGuard(allow []netip.Prefix) *guard { return &guard{usual: ssrf.New(), allow: allow} }

// control is for net.Dialer.
func (g *guard) control(network, address string, c syscall.RawConn) error {
	if ap, err := netip.ParseAddrPort(address); err == nil {
		ip := ap.Addr().Unmap()
		if slices.ContainsFunc(g.allow, func(p netip.Prefix) bool { return p.Contains(ip) }) {
			return nil
		}
	}
	return g.usual.Safe(network, address, c)
}

// newClient makes a client that uses no proxy, keeps no connection and no cookie,
// and decompresses nothing by itself.
func newClient(g *guard, resolver *net.Resolver) *http.Client {
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: -1, Control: g.control, Resolver: resolver}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: 5 * time.Second, DisableKeepAlives: true,
			DisableCompression: true, MaxResponseHeaderBytes: maxHeaders, ResponseHeaderTimeout: fetchTime,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return fmt.Errorf("%w: more than %d redirects", ErrNoPreview, maxRedirects)
			}
			u, err := parseURL(r.URL.String())
			if err != nil {
				return fmt.Errorf("%w: it is redirected to something else", ErrNoPreview)
			}
			r.URL = u
			r.Header.Del("Referer")
			return nil
		},
	}
}

// get begins to fetch something whose type is to be one of those wanted. The
// caller closes the body.
func (s *Service) get(ctx context.Context, u *url.URL, accept, encoding string, wanted func(kind string) bool) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("%w: it cannot be read", ErrURL)
	}
	r.Header.Set("User-Agent", userAgent)
	r.Header.Set("Accept", accept)
	r.Header.Set("Accept-Encoding", encoding)
	res, err := s.client.Do(r)
	if err != nil {
		return nil, failed(err)
	}
	kind, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	switch {
	case res.StatusCode != http.StatusOK:
		err = fmt.Errorf("%w: the page answered %d", ErrNoPreview, res.StatusCode)
	case err != nil || !wanted(kind):
		err = fmt.Errorf("%w: it is of another type", ErrNoPreview)
	default:
		return res, nil
	}
	res.Body.Close()
	return nil, err
}

// failed is what to say of an error of the network. Refused addresses, names that
// do not exist and closed ports look the same: nobody is to find out with our
// help what there is in networks that are not his.
func failed(err error) error {
	var ours *url.Error
	if errors.As(err, &ours) && errors.Is(ours.Err, ErrNoPreview) {
		return ours.Err
	}
	var network net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &network) && network.Timeout() {
		return ErrTimeout
	}
	return ErrUnreachable
}

// body is what of a page is looked at, decompressed. Both sides of the
// decompression are bounded, so that a small answer cannot become an endless one.
func body(res *http.Response) (io.Reader, error) {
	raw := io.LimitReader(res.Body, maxPageBytes)
	switch strings.ToLower(res.Header.Get("Content-Encoding")) {
	case "", "identity":
		return raw, nil
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(raw)
		if err != nil {
			return nil, fmt.Errorf("%w: it cannot be decompressed", ErrNoPreview)
		}
		return io.LimitReader(z, maxPageBytes), nil
	}
	return nil, fmt.Errorf("%w: it cannot be decompressed", ErrNoPreview)
}
