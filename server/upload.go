package server

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"time"

	"parley/media"
	"parley/server/files"
	"parley/server/session"
	"parley/store"
	"parley/wsproto"
)

// Limits of what comes beside a file.
const (
	formBytes   = 64 << 10 // of the body: boundaries, headers of parts, fields
	maxFields   = 32
	maxField    = 4 << 10 // bytes; a token has about 300
	answerTime  = 10 * time.Second
	newAccTopic = "newacc" // the avatar of somebody who signs up
)

// upload is a request to take a file (surfaces.md §1.8).
type upload struct {
	server *Server
	w      http.ResponseWriter
	r      *http.Request
	rc     *http.ResponseController
	body   *paced

	creds     credentials
	id, topic string

	who     *session.Identity // nil: nobody yet
	file    *store.File       // nil: none yet
	refused error             // why a stranger's was not taken, until it is known whether he is one
}

func (s *Server) serveUpload(w http.ResponseWriter, r *http.Request) {
	if s.cors(w, r, http.MethodPost, http.MethodPut, http.MethodHead, http.MethodOptions) {
		return
	}
	q := r.URL.Query()
	u := &upload{
		server: s, w: w, r: r, rc: http.NewResponseController(w),
		creds: s.credentials(r), id: q.Get("id"), topic: q.Get("topic"),
	}
	limited := r.Body
	if limit := s.cfg.Media.MaxUploadBytes; limit > 0 {
		limited = http.MaxBytesReader(w, r.Body, limit+formBytes)
	}
	u.body = &paced{Reader: limited, rc: u.rc, pace: s.pace}
	if err := u.receive(); err != nil {
		if u.file != nil {
			s.files.Discard(r.Context(), u.file)
		}
		e := s.fileError(err)
		s.log.Debug("upload refused", "addr", s.remote(r), "code", e.Code, "err", err)
		u.answer(e)
		linger(w, r)
		return
	}
	u.answer(u.taken())
	u.body.end()
}

// receive does it in the order of surfaces.md §1.8.
func (u *upload) receive() error {
	s, r := u.server, u.r
	switch r.Method {
	case http.MethodPost, http.MethodPut, http.MethodHead:
	default:
		return wsproto.ErrNotAllowed
	}
	limit := s.cfg.Media.MaxUploadBytes
	if limit > 0 && r.ContentLength > limit+formBytes {
		return media.ErrTooLarge
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	form := err == nil && kind == "multipart/form-data"
	if r.Method == http.MethodHead {
		who, err := s.identify(r, u.creds)
		if err == nil && who == nil {
			err = wsproto.ErrAuthRequired
		}
		return err
	}
	if form {
		return u.multipart(params["boundary"])
	}
	if kind == "application/x-www-form-urlencoded" || r.ContentLength == 0 {
		return wsproto.ErrMalformed
	}
	return u.take(u.body, r.Header.Get("Content-Type"), r.ContentLength, true)
}

// multipart takes the file while it comes: nothing is kept in memory, or in
// temporary files. What says who sends it may come after it, as published clients
// do with the topic.
func (u *upload) multipart(boundary string) error {
	if boundary == "" {
		return wsproto.ErrMalformed
	}
	parts := multipart.NewReader(u.body, boundary)
	for n := 0; ; n++ {
		part, err := parts.NextRawPart()
		switch {
		case errors.Is(err, io.EOF):
			return u.complete()
		case err != nil:
			return formError(err)
		case n >= maxFields:
			return wsproto.ErrMalformed
		case part.FormName() == "file":
			if u.file != nil || u.refused != nil {
				return wsproto.ErrMalformed
			}
			err = u.take(part, part.Header.Get("Content-Type"), max(u.r.ContentLength, 0), false)
			if u.who == nil && u.topic != newAccTopic && errors.Is(err, files.ErrPicture) {
				u.refused, err = err, nil
			}
		default:
			err = u.field(part)
		}
		if err != nil {
			return err
		}
	}
}

// formError tells errors of the connection from those of the form.
func formError(err error) error {
	var tooBig *http.MaxBytesError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &tooBig), errors.As(err, &timeout) && timeout.Timeout():
		return err
	}
	return wsproto.ErrMalformed
}

func (u *upload) field(part *multipart.Part) error {
	value, err := io.ReadAll(io.LimitReader(part, maxField+1))
	if err != nil {
		return formError(err)
	}
	if len(value) > maxField {
		return wsproto.ErrMalformed
	}
	switch name := part.FormName(); name {
	case "id":
		u.id = string(value)
	case "topic":
		u.topic = string(value)
	default:
		u.creds.form(name, string(value))
	}
	return nil
}

// take stores the file. last tells that nothing more is known of its sender
// later.
func (u *upload) take(r io.Reader, kind string, size int64, last bool) error {
	s := u.server
	if err := u.identify(last); err != nil {
		return err
	}
	up := files.Upload{Body: r, Type: kind, Size: size, Picture: u.who == nil}
	if u.who != nil {
		up.Owner = u.who.User
	}
	if wait := s.sessions.ChargeUpload(s.remote(u.r), up.Owner); wait > 0 {
		return wsproto.TooMany(wait)
	}
	f, err := s.files.Receive(u.r.Context(), up)
	if err != nil {
		return err
	}
	u.file = f
	if !last {
		return nil
	}
	return u.still()
}

// identify finds out who sends the file. Without credentials it may be the
// avatar of a stranger, which is a picture and nobody's; whether it is may be
// said after it.
func (u *upload) identify(last bool) error {
	s := u.server
	c := u.creds
	if s.cookies(u.r, c).apiKey == "" && !last {
		return nil // it may follow; complete asks again
	}
	who, err := s.identify(u.r, c)
	if err != nil {
		return err
	}
	u.who = who
	if who == nil && last && u.topic != newAccTopic {
		return wsproto.ErrAuthRequired
	}
	return nil
}

// complete looks again when everything has been said.
func (u *upload) complete() error {
	if u.file == nil && u.refused == nil {
		return wsproto.ErrMalformed
	}
	if u.who != nil {
		return u.still()
	}
	if err := u.identify(true); err != nil {
		return err
	}
	switch {
	case u.who != nil && u.refused != nil: // he says so after the file: too late for what is no picture
		return wsproto.ErrAuthRequired
	case u.refused != nil:
		return u.refused
	case u.who == nil:
		return nil
	}
	return u.server.files.Claim(u.r.Context(), u.file, u.who.User)
}

// still makes sure that the sender of a file that took a long time is still who
// he was.
func (u *upload) still() error {
	if u.who == nil {
		return nil
	}
	return u.server.sessions.Still(u.r.Context(), u.server.remote(u.r), u.who)
}

// taken is the good answer.
func (u *upload) taken() *wsproto.Error {
	if u.file == nil { // HEAD
		return wsproto.OK
	}
	s, f := u.server, u.file
	s.log.Debug("file received", "file", f.ID.String(), "uid", f.Owner.String(), "type", f.Type, "size", f.Size)
	e := wsproto.OK.With("url", s.files.URL(f)).With("size", f.Size).With("mime", f.Type)
	if at := s.files.Expires(f); !at.IsZero() {
		e = e.With("expires", wsproto.Time{Time: at})
	}
	if f.Width > 0 {
		e = e.With("width", f.Width).With("height", f.Height)
	}
	if f.Thumb != "" {
		e = e.With("thumb", s.files.URL(f)+"?"+thumbQuery)
	}
	return e
}

func (u *upload) answer(e *wsproto.Error) {
	h := u.w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if e.Code == http.StatusMethodNotAllowed {
		h.Set("Allow", "POST, PUT, HEAD, OPTIONS")
	}
	if retry, ok := e.Params["retry"].(int); ok {
		h.Set("Retry-After", itoa(retry))
	}
	if e.Code >= http.StatusBadRequest {
		h.Set("Connection", "close") // the rest of the body is not wanted
	}
	_ = u.rc.SetWriteDeadline(time.Now().Add(answerTime)) // fails in tests only
	body := e.Reply(u.id, "", u.server.now()).JSON(nil)
	h.Set("Content-Length", itoa(len(body)))
	u.w.WriteHeader(e.Code)
	if u.r.Method != http.MethodHead {
		_, _ = u.w.Write(body) // he has gone: his affair
	}
	_ = u.rc.SetWriteDeadline(time.Time{})
}
