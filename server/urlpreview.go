package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"parley/internal/linkpreview"
	"parley/wsproto"
)

// previewPath is that of link previews, after the API path.
const previewPath = "v0/urlpreview"

// newPreviews makes what looks at web pages; nil if nobody is to.
func newPreviews(d *Deps, keys [][]byte) (*linkpreview.Service, error) {
	c := &d.Config.LinkPreview
	if !c.Enabled {
		return nil, nil
	}
	return linkpreview.New(linkpreview.Options{Keys: keys, Allow: c.AllowNets(), Now: d.Now})
}

// previewRoutes serves previews and their pictures: those are not loaded by
// clients themselves, who would tell the page's server who reads the message.
func (s *Server) previewRoutes(mux *http.ServeMux) {
	if s.previews == nil {
		return
	}
	mux.HandleFunc(s.cfg.APIPath+previewPath, s.preview(s.servePreview))
	mux.HandleFunc(s.cfg.APIPath+previewPath+"/image/{token}", s.preview(s.servePreviewImage))
}

// preview lets in users, as often as they may come, and answers errors. Requests
// are those of files (surfaces.md §1.14).
func (s *Server) preview(serve func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.cors(w, r, http.MethodGet, http.MethodHead, http.MethodOptions) {
			return
		}
		s.get(func(w http.ResponseWriter, r *http.Request) {
			who, err := s.identify(r, s.credentials(r))
			if err == nil && who == nil {
				err = wsproto.ErrAuthRequired
			}
			if err == nil {
				if wait := s.sessions.ChargePreview(s.remote(r), who.User); wait > 0 {
					s.refuseBusy(w, wait)
					return
				}
				err = serve(w, r)
			}
			if err != nil {
				w.Header().Set("Cache-Control", "no-store")
				e := s.previewError(err)
				s.refuse(w, e.Code, e)
			}
		})(w, r)
	}
}

// previewError is what clients are told; "what" is for people.
func (s *Server) previewError(err error) *wsproto.Error {
	tell := func(code int, text string) *wsproto.Error {
		return (&wsproto.Error{Code: code, Text: text}).With("what", err.Error())
	}
	var refusal *wsproto.Error
	switch {
	case errors.As(err, &refusal):
		return refusal
	case errors.Is(err, linkpreview.ErrURL):
		return wsproto.ErrMalformed.With("what", err.Error())
	case errors.Is(err, linkpreview.ErrToken), errors.Is(err, linkpreview.ErrNoPreview):
		return wsproto.ErrNotFound.With("what", err.Error())
	case errors.Is(err, linkpreview.ErrUnreachable):
		return tell(http.StatusBadGateway, "page not reachable")
	case errors.Is(err, linkpreview.ErrTimeout):
		return tell(http.StatusGatewayTimeout, "page too slow")
	}
	return wsproto.ErrUnavailable // linkpreview.ErrBusy, or the client has gone
}

// previewAnswer is a preview (surfaces.md §1.14); the last two are ours.
type previewAnswer struct {
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	ImageURL    string `json:"image_url,omitempty"` // of this server
	URL         string `json:"url"`
	SiteName    string `json:"site_name,omitempty"`
}

func (s *Server) servePreview(w http.ResponseWriter, r *http.Request) error {
	p, err := s.previews.Preview(r.Context(), r.URL.Query().Get("url"))
	if err != nil {
		return err
	}
	a := previewAnswer{Title: p.Title, Description: p.Description, URL: p.URL, SiteName: p.Site}
	if p.Image != "" {
		a.ImageURL = s.cfg.APIPath + previewPath + "/image/" + p.Image
	}
	text, err := json.Marshal(&a)
	if err != nil {
		return fmt.Errorf("preview: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	s.keep(h, 10*time.Minute)
	_, _ = w.Write(text) // he has gone: his affair
	return nil
}

func (s *Server) servePreviewImage(w http.ResponseWriter, r *http.Request) error {
	i, err := s.previews.Image(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", i.Type)
	h.Set("Content-Length", strconv.Itoa(len(i.Data)))
	h.Set("Content-Security-Policy", inert)
	s.keep(h, 24*time.Hour)
	rc := http.NewResponseController(w)
	_, _ = (&pacedWriter{ResponseWriter: w, rc: rc, pace: s.pace}).Write(i.Data)
	_ = rc.SetWriteDeadline(time.Time{})
	return nil
}

// keep lets the user's own cache keep an answer.
func (s *Server) keep(h http.Header, age time.Duration) {
	h.Set("Cache-Control", fmt.Sprintf("private, max-age=%d", int(age/time.Second)))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer") // the URL may have a token in it
}
