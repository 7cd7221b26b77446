package server

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"parley/internal/config"
	"parley/media"
	"parley/server/files"
	"parley/server/session"
	"parley/server/topic"
	"parley/store"
	"parley/wsproto"
)

// Paths of files, after the API path.
const (
	uploadPath   = "v0/file/u/"
	downloadPath = "v0/file/s/"
)

// What clients are told about files, beside the codes of wsproto. They look at
// the code and show the text.
var (
	errTooLarge = &wsproto.Error{Code: http.StatusRequestEntityTooLarge, Text: "too large"}
	errSlow     = &wsproto.Error{Code: http.StatusRequestTimeout, Text: "too slow"}
	errPicture  = &wsproto.Error{Code: http.StatusUnsupportedMediaType, Text: "not a picture"}
	errRange    = &wsproto.Error{Code: http.StatusRequestedRangeNotSatisfiable, Text: "range not satisfiable"}
	errNoSpace  = &wsproto.Error{Code: http.StatusInsufficientStorage, Text: "no space left"}
)

// newFiles makes what handles files; nil if there are none.
func newFiles(d *Deps, now func() time.Time) *files.Service {
	if d.Media == nil {
		return nil
	}
	m := &d.Config.Media
	url, cacheControl, _ := m.Serve()
	return files.New(files.Deps{
		Store: d.Store, Blobs: d.Media, Log: d.Log, Now: now,
		Config: files.Config{
			MaxBytes: m.MaxUploadBytes, MaxPixels: m.MaxPixels, ServeURL: url, CacheControl: cacheControl,
			AnyUser: m.Access == config.MediaUsers, GCPeriod: m.GCPeriod, GCBlock: m.GCBlockSize,
		},
	})
}

// fileRoutes serves uploads and downloads, the latter also under the path that
// serve_url names.
func (s *Server) fileRoutes(mux *http.ServeMux) {
	if s.files == nil {
		return
	}
	up, down := s.cfg.APIPath+uploadPath, s.cfg.APIPath+downloadPath
	mux.HandleFunc(up+"{$}", s.serveUpload)
	mux.HandleFunc(strings.TrimSuffix(up, "/"), s.serveUpload) // a redirect would lose the body
	mux.HandleFunc(down+"{name}", s.serveDownload)
	serve, _, _ := s.cfg.Media.Serve()
	if u, err := url.Parse(serve); err == nil && strings.HasSuffix(u.Path, "/") && u.Path != down && u.Path != "/" {
		mux.HandleFunc(u.Path+"{name}", s.serveDownload)
	}
}

// credentials are what a request says of its sender (surfaces.md §1.3, §1.4).
type credentials struct {
	apiKey, scheme, secret, sid string
	broken                      bool // a header that has not two parts
}

// header reads what needs no body: headers, query, cookies. What a form says
// comes before cookies, and is filled in by form.
func (s *Server) credentials(r *http.Request) (c credentials) {
	h, q := r.Header, r.URL.Query()
	if c.apiKey = h.Get("X-Tinode-APIKey"); c.apiKey == "" {
		c.apiKey = q.Get("apikey")
	}
	c.sid = q.Get("sid")
	for _, name := range []string{"X-Tinode-Auth", "Authorization"} {
		if text := h.Get(name); text != "" {
			parts := strings.Split(text, " ")
			if c.broken = len(parts) != 2; !c.broken {
				c.scheme, c.secret = parts[0], parts[1]
			}
			return c
		}
	}
	if c.scheme = q.Get("auth"); c.scheme != "" {
		c.secret = strings.ReplaceAll(q.Get("secret"), " ", "+") // of a + that was not escaped
	}
	return c
}

// form takes a field of a form for what is missing.
func (c *credentials) form(name, value string) {
	set := func(field *string) {
		if *field == "" {
			*field = value
		}
	}
	switch name {
	case "apikey":
		set(&c.apiKey)
	case "auth":
		set(&c.scheme)
	case "secret":
		set(&c.secret)
	case "sid":
		set(&c.sid)
	}
}

// cookies take the place of what is missing, on pages of ours.
func (s *Server) cookies(r *http.Request, c credentials) credentials {
	value := func(name string) string {
		if k, err := r.Cookie(name); err == nil {
			return k.Value
		}
		return ""
	}
	if c.apiKey == "" {
		c.apiKey = value("apikey")
	}
	if scheme, secret := value("auth"), value("secret"); c.scheme == "" && !c.broken && scheme != "" && secret != "" && s.ownPage(r) {
		c.scheme, c.secret = scheme, secret
		if text, err := url.QueryUnescape(secret); err == nil && strings.Contains(secret, "%") {
			c.secret = text
		}
	}
	return c
}

// identify finds out who it is; nil without an error: he does not say.
func (s *Server) identify(r *http.Request, c credentials) (*session.Identity, error) {
	c = s.cookies(r, c)
	switch {
	case !validAPIKey(s.cfg.APIKeySalt, c.apiKey):
		return nil, wsproto.ErrAPIKey
	case c.broken:
		return nil, wsproto.ErrMalformed
	case c.scheme != "":
		secret, err := wsproto.DecodeBase64(c.secret)
		if err != nil {
			return nil, wsproto.ErrMalformed
		}
		return s.sessions.Identify(r.Context(), s.remote(r), c.scheme, secret)
	case c.sid != "":
		return s.sessions.BySID(c.sid), nil
	}
	return nil, nil
}

// fileError is what an error means to the client. Those of ours are logged.
func (s *Server) fileError(err error) *wsproto.Error {
	m := &s.cfg.Media
	var tooBig *http.MaxBytesError
	var known *wsproto.Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, media.ErrTooLarge), errors.As(err, &tooBig):
		return errTooLarge.With("what", "size").With("limit", m.MaxUploadBytes)
	case errors.Is(err, files.ErrPixels):
		return errTooLarge.With("what", "pixels").With("limit", m.MaxPixels)
	case errors.Is(err, files.ErrSide):
		return errTooLarge.With("what", "side").With("limit", files.MaxSide)
	case errors.Is(err, files.ErrEmpty), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, multipart.ErrMessageTooLarge), errors.Is(err, io.EOF):
		return wsproto.ErrMalformed
	case errors.Is(err, files.ErrPicture):
		return errPicture
	case errors.Is(err, files.ErrDenied):
		return wsproto.ErrDenied
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errSlow
	case errors.Is(err, media.ErrFull):
		s.log.Error("a file was refused: no space left", "err", err)
		return errNoSpace
	case errors.Is(err, context.Canceled):
		return wsproto.ErrUnavailable // its sender has gone
	case errors.Is(err, store.ErrNotFound):
		return wsproto.ErrNotFound
	}
	return topic.ErrorFor(err, s.log)
}

// truth reads a flag of a query.
func truth(text string) bool {
	v, err := strconv.ParseBool(text)
	return err == nil && v
}
