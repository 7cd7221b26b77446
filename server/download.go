package server

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"parley/internal/chat"
	"parley/media"
	"parley/server/files"
	"parley/server/session"
	"parley/store"
	"parley/wsproto"
)

// thumbQuery asks for the small copy of a picture.
const thumbQuery = "thumb=1"

// inert keeps a file from doing anything in a browser, whatever is in it.
const inert = "default-src 'none'; sandbox; frame-ancestors 'none'"

// download is a request for a file (surfaces.md §1.9).
type download struct {
	server *Server
	w      *pacedWriter
	r      *http.Request
	file   *store.File
	small  bool // the small copy
}

func (s *Server) serveDownload(w http.ResponseWriter, r *http.Request) {
	if s.cors(w, r, http.MethodGet, http.MethodHead, http.MethodOptions) {
		return
	}
	d := &download{
		server: s, r: r,
		w: &pacedWriter{ResponseWriter: w, rc: http.NewResponseController(w), pace: s.pace},
	}
	defer func() { _ = d.w.rc.SetWriteDeadline(time.Time{}) }() // the connection serves others after this one
	if err := d.serve(); err != nil {
		d.refuse(s.fileError(err))
	}
}

func (d *download) serve() error {
	s, r := d.server, d.r
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return wsproto.ErrNotAllowed
	}
	c := s.credentials(r)
	who, err := s.identify(r, c)
	switch {
	case err != nil:
		return err
	case who == nil:
		return wsproto.ErrAuthRequired
	}
	if err := d.find(who); err != nil {
		return err
	}
	d.header(c.scheme == "" && c.sid == "")
	if d.mayRedirect() {
		if done, err := d.redirect(); done || err != nil {
			return err
		}
	}
	b, err := s.files.Open(r.Context(), d.file, d.small)
	if err != nil {
		return err
	}
	defer b.Close()
	knownRange(r)
	w := &rangeWriter{ResponseWriter: d.w}
	http.ServeContent(w, r, "", d.file.Updated, b)
	if w.refused { // Content-Range says how much there is
		return errRange
	}
	return nil
}

// knownRange leaves out ranges that have no meaning: in other units than bytes,
// and of what is not fetched (RFC 9110 §14.2).
func knownRange(r *http.Request) {
	unit, set, _ := strings.Cut(r.Header.Get("Range"), "=")
	if r.Method == http.MethodGet && strings.EqualFold(unit, "bytes") {
		r.Header.Set("Range", "bytes="+set) // as net/http spells it
	} else {
		r.Header.Del("Range")
	}
}

// rangeWriter keeps back net/http's refusal of a range: ours are {ctrl}.
type rangeWriter struct {
	http.ResponseWriter
	refused bool
}

func (w *rangeWriter) WriteHeader(status int) {
	if w.refused = status == http.StatusRequestedRangeNotSatisfiable; !w.refused {
		w.ResponseWriter.WriteHeader(status)
	}
}

func (w *rangeWriter) Write(b []byte) (int, error) {
	if w.refused {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

// find looks for the file, if he may have it.
func (d *download) find(who *session.Identity) error {
	id, err := chat.FileName(d.r.PathValue("name"))
	if err != nil {
		return wsproto.ErrNotFound
	}
	d.file, err = d.server.files.MayFetch(d.r.Context(), who.User, id)
	if errors.Is(err, store.ErrNotFound) {
		return wsproto.ErrNotFound
	}
	if err == nil {
		d.small = d.file.Thumb != "" && truth(d.r.URL.Query().Get("thumb"))
	}
	return err
}

func (d *download) mediaType() string {
	if d.small {
		return d.file.Thumb
	}
	return d.file.Type
}

func (d *download) etag() string {
	if d.small {
		return `"` + d.file.ETag + `-t"`
	}
	return `"` + d.file.ETag + `"`
}

// disposition lets a browser show pictures, sound and film, and store the rest.
func (d *download) disposition() string {
	if truth(d.r.URL.Query().Get("asatt")) || files.Active(d.mediaType()) {
		return "attachment"
	}
	return ""
}

// cacheControl is the configured one, for the user's own cache alone: others may
// not see the file.
func (d *download) cacheControl() string {
	_, value, _ := d.server.cfg.Media.Serve()
	if strings.Contains(value, "private") || strings.Contains(value, "public") || strings.Contains(value, "no-store") {
		return value
	}
	return strings.TrimSuffix("private, "+value, ", ")
}

func (d *download) header(byCookie bool) {
	h := d.w.Header()
	h.Set("Content-Type", d.mediaType())
	h.Set("ETag", d.etag())
	h.Set("Cache-Control", d.cacheControl())
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", inert)
	h.Set("Referrer-Policy", "no-referrer") // the URL may have a token in it
	if value := d.disposition(); value != "" {
		h.Set("Content-Disposition", value)
	}
	if byCookie { // another site's page must not embed what its visitor may see
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
	}
}

// mayRedirect: pages that may load nothing from other hosts, as the built-in
// client, ask for the bytes themselves.
func (d *download) mayRedirect() bool {
	text := d.r.URL.Query().Get("redirect")
	return text == "" || truth(text)
}

// redirect sends the client to the blob store itself, where that has links. Not
// 308, as with the reference: who may fetch a file changes.
func (d *download) redirect() (done bool, err error) {
	s, r := d.server, d.r
	link, err := s.files.Link(r.Context(), d.file, d.small, media.LinkOptions{
		Type: d.mediaType(), Disposition: d.disposition(), CacheControl: d.cacheControl(), Method: r.Method,
	})
	if err != nil || link == "" {
		return false, err
	}
	h := d.w.Header()
	if etagged(r.Header.Get("If-None-Match"), d.etag()) {
		h.Del("Content-Type")
		d.w.WriteHeader(http.StatusNotModified)
		return true, nil
	}
	h.Set("Location", link)
	h.Set("Cache-Control", "no-store") // the link ends soon
	h.Del("Content-Disposition")
	h.Set("Content-Type", "application/json; charset=utf-8")
	e := &wsproto.Error{Code: http.StatusTemporaryRedirect, Text: "temporary redirect"}
	d.w.WriteHeader(e.Code)
	if r.Method != http.MethodHead {
		_, _ = d.w.Write(e.Reply("", "", s.now()).JSON(nil))
	}
	return true, nil
}

// etagged tells whether a list of If-None-Match has a tag (RFC 9110 §13.1.2).
func etagged(list, tag string) bool {
	for one := range strings.SplitSeq(list, ",") {
		if one = strings.TrimPrefix(strings.TrimSpace(one), "W/"); one == tag || one == "*" {
			return true
		}
	}
	return false
}

func (d *download) refuse(e *wsproto.Error) {
	h := d.w.Header()
	for _, name := range []string{"ETag", "Content-Disposition", "Last-Modified"} {
		h.Del(name)
	}
	h.Set("Cache-Control", "no-store")
	if e.Code == http.StatusMethodNotAllowed {
		h.Set("Allow", "GET, HEAD, OPTIONS")
	}
	if retry, ok := e.Params["retry"].(int); ok {
		h.Set("Retry-After", itoa(retry))
	}
	d.server.refuse(d.w, e.Code, e)
}

func itoa(n int) string { return strconv.Itoa(n) }
