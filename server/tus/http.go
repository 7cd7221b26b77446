package tus

import (
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"parley/internal/chat"
	"parley/media"
	"parley/wsproto"
)

// The protocol.
const (
	version    = "1.0.0"
	extensions = "creation,creation-with-upload,expiration,termination"
	pieceType  = "application/offset+octet-stream"

	maxMetadata = 4 << 10
	maxName     = 255 // bytes
)

// Methods are those that pages may use.
var Methods = []string{http.MethodPost, http.MethodGet, http.MethodHead, http.MethodPatch, http.MethodDelete, http.MethodOptions}

// Headers that pages may send, and see.
const (
	Headers = "Content-Type, Tus-Resumable, Upload-Length, Upload-Metadata, Upload-Offset, X-HTTP-Method-Override"
	Exposed = "Content-Location, Location, Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version, Upload-Expires, Upload-Length, Upload-Metadata, Upload-Offset"
)

// Refusals that are not in wsproto.
var (
	errTooLarge = &wsproto.Error{Code: http.StatusRequestEntityTooLarge, Text: "too large"}
	errFull     = &wsproto.Error{Code: http.StatusInsufficientStorage, Text: "no space left"}
	errLocked   = &wsproto.Error{Code: http.StatusLocked, Text: "locked"}
	errVersion  = &wsproto.Error{Code: http.StatusPreconditionFailed, Text: "version not supported"}
	errType     = &wsproto.Error{Code: http.StatusUnsupportedMediaType, Text: "must be " + pieceType}
	errOffset   = &wsproto.Error{Code: http.StatusConflict, Text: "command out of sequence"}
	errSlow     = &wsproto.Error{Code: http.StatusRequestTimeout, Text: "too slow"}
	errCutOff   = &wsproto.Error{Code: http.StatusBadRequest, Text: "the request broke off"}
)

func malformed(what string) *wsproto.Error { return wsproto.ErrMalformed.With("what", what) }

func isRefusal(err error) bool {
	var e *wsproto.Error
	var later Later
	return errors.As(err, &e) && e.Code < 500 && !errors.As(err, &later)
}

// isFull tells that there is no room.
func isFull(err error) bool {
	var e *wsproto.Error
	return errors.Is(err, media.ErrFull) || errors.As(err, &e) && e.Code == errFull.Code
}

// Announce sets the headers of an answer to OPTIONS, for which nobody has to say
// who he is.
func (s *Service) Announce(h http.Header) {
	h.Set("Tus-Resumable", version)
	h.Set("Tus-Version", version)
	h.Set("Tus-Extension", extensions)
	if s.Config.MaxFile > 0 {
		h.Set("Tus-Max-Size", strconv.FormatInt(s.Config.MaxFile, 10))
	}
}

// Serve handles a request of a user.
func (s *Service) Serve(w http.ResponseWriter, r *http.Request, user chat.UID) {
	h := w.Header()
	h.Set("Tus-Resumable", version)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if err := s.serve(w, r, user); err != nil {
		s.refuse(w, r, err)
	}
}

func (s *Service) serve(w http.ResponseWriter, r *http.Request, user chat.UID) error {
	method := r.Method
	if m := r.Header.Get("X-HTTP-Method-Override"); m != "" && method == http.MethodPost {
		method = m
	}
	reads := method == http.MethodHead || method == http.MethodGet
	if v := r.Header.Get("Tus-Resumable"); v != version && (!reads || v != "") {
		w.Header().Set("Tus-Version", version)
		return errVersion.With("what", "the header Tus-Resumable must be "+version)
	}
	id := strings.TrimPrefix(r.URL.Path, s.Config.Path)
	if id == "" {
		if method != http.MethodPost {
			w.Header().Set("Allow", "POST, OPTIONS")
			return wsproto.ErrNotAllowed
		}
		return s.post(w, r, user)
	}
	u := s.find(user, id)
	if u == nil {
		return wsproto.ErrNotFound
	}
	switch method {
	case http.MethodGet:
		return s.get(w, r, u)
	case http.MethodHead:
		return s.head(w, r, u)
	case http.MethodPatch:
		return s.patch(w, r, u)
	case http.MethodDelete:
		return s.delete(w, r, u)
	}
	w.Header().Set("Allow", "GET, HEAD, PATCH, DELETE, OPTIONS")
	return wsproto.ErrNotAllowed
}

// refuse answers with a {ctrl}, and logs what is our fault.
func (s *Service) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var e *wsproto.Error
	switch {
	case errors.As(err, &e):
	case errors.Is(err, media.ErrFull):
		s.Log.Error("no space left for an upload", "err", err)
		e = errFull
	case r.Context().Err() != nil: // nobody is there to read it
		e = errCutOff
	default:
		s.Log.Error("upload failed", "err", err)
		e = wsproto.ErrInternal
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if r.ContentLength != 0 {
		Unwanted(w)
	}
	body := e.Reply("", "", s.Now().UTC()).JSON(nil)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(e.Code)
	_, _ = w.Write(body)
}

// Unwanted has the connection end soon: the rest of the request's body will not
// be read.
func Unwanted(w http.ResponseWriter) {
	w.Header().Set("Connection", "close")
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(leftTime)) // fails in tests only
}

// post begins an upload.
func (s *Service) post(w http.ResponseWriter, r *http.Request, user chat.UID) error {
	rec := record{Owner: user, Metadata: r.Header.Get("Upload-Metadata"), Created: s.Now().UTC()}
	var err error
	if r.Header.Get("Upload-Defer-Length") != "" {
		return malformed("the length must be known from the beginning: Upload-Length")
	}
	if rec.Size, err = strconv.ParseInt(r.Header.Get("Upload-Length"), 10, 64); err != nil || rec.Size < 1 {
		return malformed("Upload-Length must be the number of bytes, at least 1")
	}
	if err := rec.parse(); err != nil {
		return err
	}
	u, err := s.create(rec)
	if err != nil {
		return err
	}
	w.Header().Set("Location", s.Config.Path+u.id)
	if isPiece(r) { // a part of it comes at once
		return s.receive(w, r, u, http.StatusCreated)
	}
	s.state(w, u)
	w.WriteHeader(http.StatusCreated)
	return nil
}

// parse reads the metadata: pairs of a name and a value in base64. Unknown ones
// are kept.
func (rec *record) parse() error {
	if len(rec.Metadata) > maxMetadata {
		return malformed(fmt.Sprintf("Upload-Metadata must not be longer than %d bytes", maxMetadata))
	}
	for pair := range strings.SplitSeq(rec.Metadata, ",") {
		name, text, _ := strings.Cut(strings.TrimSpace(pair), " ")
		value, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if err != nil {
			return malformed("the values of Upload-Metadata must be in base64")
		}
		switch name {
		case "filetype", "type", "contentType":
			if rec.Type == "" && len(value) <= maxName {
				rec.Type = string(value)
			}
		case "filename", "name":
			if rec.Name == "" && len(value) <= maxName {
				rec.Name = string(value)
			}
		}
	}
	return nil
}

// isPiece tells a request whose body is a part of a file.
func isPiece(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == pieceType
}

// state tells in headers how far an upload is. The caller holds it.
func (s *Service) state(w http.ResponseWriter, u *upload) {
	s.mu.Lock()
	expires, result := s.expires(u), u.result
	s.mu.Unlock()
	h := w.Header()
	h.Set("Upload-Offset", strconv.FormatInt(u.offset, 10))
	h.Set("Upload-Expires", expires.UTC().Format(http.TimeFormat))
	if result != nil {
		h.Set("Content-Location", result.URL)
	}
}

// nothing is the interrupt of a request that does not wait for its client.
func nothing() {}

// head tells how far an upload is. If all of it is there and it was not handed
// on, because something failed or the process ended, that is done now.
func (s *Service) head(w http.ResponseWriter, r *http.Request, u *upload) error {
	release, err := s.take(r.Context(), u, nothing)
	if err != nil {
		return err
	}
	defer release()
	if u.offset == u.Size {
		if _, err := s.finish(r.Context(), u); err != nil {
			return err
		}
	}
	w.Header().Set("Upload-Length", strconv.FormatInt(u.Size, 10))
	if u.Metadata != "" {
		w.Header().Set("Upload-Metadata", u.Metadata)
	}
	s.state(w, u)
	w.WriteHeader(http.StatusOK)
	return nil
}

// get answers with what an upload in one piece would be answered with, once the
// upload is finished, and until then with how far it is. It interrupts nobody.
func (s *Service) get(w http.ResponseWriter, _ *http.Request, u *upload) error {
	s.mu.Lock()
	result, expires := u.result, s.expires(u)
	s.mu.Unlock()
	reply := &wsproto.Error{Code: wsproto.OK.Code, Text: wsproto.OK.Text}
	status := http.StatusOK
	if result != nil {
		reply.Raw = result.Params
	} else {
		info, err := s.folder.Stat(dataName(u.id))
		offset := int64(0)
		if err == nil {
			offset = info.Size()
		}
		status = http.StatusAccepted
		reply = wsproto.Accepted.WithAll(map[string]any{"offset": offset, "length": u.Size, "expires": wsproto.Time{Time: expires}})
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(reply.Reply("", "", s.Now().UTC().Truncate(time.Millisecond)).JSON(nil))
	return nil
}

// patch takes a part of a file.
func (s *Service) patch(w http.ResponseWriter, r *http.Request, u *upload) error {
	if !isPiece(r) {
		return errType
	}
	return s.receive(w, r, u, http.StatusNoContent)
}

// delete gives an upload up.
func (s *Service) delete(w http.ResponseWriter, r *http.Request, u *upload) error {
	release, err := s.take(r.Context(), u, nothing)
	if err != nil {
		return err
	}
	defer release()
	s.drop(u)
	w.WriteHeader(http.StatusNoContent)
	return nil
}
