// Package linkpreview says what a web page is about: its title, its description
// and its picture, fetched for people who shall not have to open it. It connects
// to public addresses alone, and everything that it takes from others is bounded
// in size and time. It knows neither who asks nor how the answer travels.
package linkpreview

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"
)

// Why there is no preview. The text of a returned error, which begins with that
// of one of these, is for whoever asked: it says nothing of networks that are not
// his business.
var (
	ErrURL         = errors.New("not the address of a web page")
	ErrUnreachable = errors.New("the page cannot be reached")
	ErrTimeout     = errors.New("the page takes too long")
	ErrNoPreview   = errors.New("no preview")
	ErrBusy        = errors.New("too many previews are being made")
	ErrToken       = errors.New("not the address of a picture, or an old one")
)

// Limits of what is taken from strangers.
const (
	maxURLBytes   = 2048
	maxRedirects  = 4
	maxHeaders    = 64 << 10
	maxPageBytes  = 256 << 10 // as sent, and again when decompressed
	maxImageBytes = 2 << 20
	maxImageSide  = 8192
	maxPixels     = 40_000_000
	maxFetches    = 32 // at a time

	maxTitle       = 200 // runes
	maxDescription = 500
	maxSite        = 80

	keptPreviews  = 2048
	keptImages    = 16 << 20 // bytes
	previewFor    = time.Hour
	refusalFor    = time.Minute
	imageValidFor = 7 * 24 * time.Hour
	fetchTime     = 10 * time.Second
)

// Preview is what is known of a page. Texts are plain, on one line, and may be
// empty, but not all of them.
type Preview struct {
	URL         string // where the page was in the end
	Title       string
	Description string
	Site        string
	Image       string // token for Service.Image; empty: there is none
}

// Image is a picture of a preview.
type Image struct {
	Type string // image/png, image/jpeg, image/gif or image/webp: what it is, not what was claimed
	Data []byte // read-only
}

// Options are what a Service is made of. The zero value of each but Keys is the
// usual one.
type Options struct {
	// Keys sign the tokens of pictures: the first signs, all of them verify.
	Keys [][]byte
	// Allow are networks that may be reached, on any port, although they are
	// private.
	Allow []netip.Prefix
	// Resolver finds addresses; nil: that of the system.
	Resolver *net.Resolver
	// Timeout bounds all of one fetch; 0: 10 s.
	Timeout time.Duration
	Now     func() time.Time // nil: time.Now
}

// Service makes previews and keeps those of late. All methods are safe from any
// goroutine.
type Service struct {
	client  *http.Client
	signer  signer
	timeout time.Duration
	now     func() time.Time
	places  chan struct{} // one for each fetch

	flights  singleflight.Group
	previews *lru.Cache[string, previewEntry]
	images   *imageCache
}

// previewEntry is a preview, or why there is none.
type previewEntry struct {
	preview *Preview
	err     error
	until   time.Time
}

// New makes a Service. It starts nothing.
func New(o Options) (*Service, error) {
	s := &Service{timeout: o.Timeout, now: o.Now, places: make(chan struct{}, maxFetches), images: newImageCache()}
	if s.timeout <= 0 {
		s.timeout = fetchTime
	}
	if s.now == nil {
		s.now = time.Now
	}
	var err error
	if s.signer, err = newSigner(o.Keys); err != nil {
		return nil, err
	}
	if s.previews, err = lru.New[string, previewEntry](keptPreviews); err != nil {
		return nil, err
	}
	s.client = newClient(newGuard(o.Allow), o.Resolver)
	return s, nil
}

// Preview describes the page at an address. It returns ErrURL, ErrUnreachable,
// ErrTimeout, ErrNoPreview or ErrBusy, wrapped, or the error of ctx.
func (s *Service) Preview(ctx context.Context, rawURL string) (*Preview, error) {
	u, err := parseURL(rawURL)
	if err != nil {
		return nil, err
	}
	key := u.String()
	if e, ok := s.previews.Get(key); ok && s.now().Before(e.until) {
		return e.preview, e.err
	}
	v, err := s.once(ctx, "page "+key, func(ctx context.Context) (any, error) {
		p, err := s.fetchPage(ctx, u)
		e := previewEntry{preview: p, err: err, until: s.now().Add(previewFor)}
		switch {
		case errors.Is(err, ErrBusy):
			return nil, err
		case err != nil:
			e.until = s.now().Add(refusalFor)
		}
		s.previews.Add(key, e)
		return p, err
	})
	if err != nil {
		return nil, err
	}
	return v.(*Preview), nil
}

// Image fetches the picture of a preview. Only what was signed for one is
// fetched; errors are ErrToken and those of Preview.
func (s *Service) Image(ctx context.Context, token string) (*Image, error) {
	address, err := s.signer.open(token, s.now())
	if err != nil {
		return nil, err
	}
	u, err := parseURL(address)
	if err != nil {
		return nil, err
	}
	key := u.String()
	if i, err, ok := s.images.get(key, s.now()); ok {
		return i, err
	}
	v, err := s.once(ctx, "image "+key, func(ctx context.Context) (any, error) {
		i, err := s.fetchImage(ctx, u)
		if !errors.Is(err, ErrBusy) {
			s.images.put(key, i, err, s.now())
		}
		return i, err
	})
	if err != nil {
		return nil, err
	}
	return v.(*Image), nil
}

// once runs f for all who ask for the same at the same time. It goes on when one
// of them goes, and within a bounded number of others.
func (s *Service) once(ctx context.Context, key string, f func(context.Context) (any, error)) (any, error) {
	result := s.flights.DoChan(key, func() (v any, err error) {
		defer func() {
			if p := recover(); p != nil { // hostile input found a fault in a decoder
				v, err = nil, fmt.Errorf("%w: it cannot be read", ErrNoPreview)
			}
		}()
		select {
		case s.places <- struct{}{}:
			defer func() { <-s.places }()
		default:
			return nil, ErrBusy
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.timeout)
		defer cancel()
		return f(ctx)
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-result:
		return r.Val, r.Err
	}
}

// signedImage is the token of a page's picture; empty if its address is none.
func (s *Service) signedImage(base *url.URL, ref string) string {
	u, err := base.Parse(ref)
	if err != nil {
		return ""
	}
	if u, err = parseURL(u.String()); err != nil {
		return ""
	}
	return s.signer.sign(u.String(), s.now())
}
