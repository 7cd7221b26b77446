package server

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"parley/server/session"
	"parley/wsproto"
)

// Times of one request of long polling; see bodyTime.
const (
	writeTime = 10 * time.Second // for a client to take each writePart of an answer
	writePart = 256 << 10
)

// lpRequest is a request of long polling: sessions without a connection, where
// each message either way is a request (wire.md §1.4, surfaces.md §1.7).
type lpRequest struct {
	server *Server
	w      http.ResponseWriter
	r      *http.Request
	rc     *http.ResponseController

	key, sid, id string
	body         []byte // once isRead, with
	err          error
	isRead       bool
	isForm       bool // the body held parameters: it is no message
}

func (s *Server) serveLongPoll(w http.ResponseWriter, r *http.Request) {
	q := &lpRequest{server: s, w: w, r: r, rc: http.NewResponseController(w)}
	q.header()
	if r.ContentLength != 0 { // of a body that is never read, too
		_ = q.rc.SetReadDeadline(time.Now().Add(bodyTime)) // fails in tests only
	}
	q.parameters()
	switch {
	case !validAPIKey(s.cfg.APIKeySalt, q.key):
		q.refuse(http.StatusForbidden, wsproto.ErrAPIKey)
	case r.Method != http.MethodGet && r.Method != http.MethodPost:
		q.refuse(http.StatusMethodNotAllowed, wsproto.ErrNotAllowed)
	case q.sid == "":
		q.open()
	default:
		q.use()
	}
}

// header sets what all answers have.
func (q *lpRequest) header() {
	h := q.w.Header()
	h.Set("Content-Type", "text/plain")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Access-Control-Allow-Origin", "*")
	if q.r.ProtoAtLeast(1, 1) {
		h.Set("Cache-Control", "no-cache, no-store, must-revalidate")
	} else {
		h.Set("Pragma", "no-cache")
	}
	h.Set("Expires", "0")
}

// parameters are taken from the query. Only what is missing there is looked for
// in a form: a message that its client calls a form by mistake, as curl does, is
// a message.
func (q *lpRequest) parameters() {
	query := q.r.URL.Query()
	q.key = cmp.Or(q.r.Header.Get("X-Tinode-APIKey"), query.Get("apikey"))
	q.sid, q.id = query.Get("sid"), query.Get("id")
	if (q.key == "" || q.sid == "") && hasForm(q.r) {
		q.form()
	}
	if q.key == "" {
		if c, err := q.r.Cookie("apikey"); err == nil {
			q.key = c.Value
		}
	}
}

func hasForm(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && (kind == "application/x-www-form-urlencoded" || kind == "multipart/form-data")
}

// form looks for parameters in the body.
func (q *lpRequest) form() {
	body, err := q.read()
	if err != nil {
		return // as if there were none; who reads it again gets the error again
	}
	r := q.r.WithContext(q.r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	key, sid := r.PostFormValue("apikey"), r.PostFormValue("sid")
	q.isForm = q.key == "" && key != "" || q.sid == "" && sid != ""
	q.key, q.sid, q.id = cmp.Or(q.key, key), cmp.Or(q.sid, sid), cmp.Or(q.id, r.PostFormValue("id"))
	if r.MultipartForm != nil {
		_ = r.MultipartForm.RemoveAll() // the limit of the body leaves nothing to be removed
	}
}

// read is the body of the request.
func (q *lpRequest) read() ([]byte, error) {
	if q.isRead {
		return q.body, q.err
	}
	q.isRead = true
	q.body, q.err = io.ReadAll(http.MaxBytesReader(q.w, q.r.Body, int64(q.server.cfg.MaxMessageBytes)))
	if q.err != nil {
		q.err = wsproto.ErrMalformed
		return nil, q.err
	}
	// From here on, net/http reads to see whether the client is still there.
	_ = q.rc.SetReadDeadline(time.Time{})
	return q.body, nil
}

// open makes a session. Whatever else the request says is ignored.
func (q *lpRequest) open() {
	s := q.server
	if limit := s.cfg.Limits.MaxSessions; limit > 0 && s.sessions.Len() >= limit {
		q.refuse(http.StatusServiceUnavailable, wsproto.ErrUnavailable)
		return
	}
	if s.sessions.Crowded(s.remote(q.r)) {
		s.refuseBusy(q.w, crowdedRetry)
		return
	}
	sid, err := s.sessions.OpenPoller(s.remote(q.r))
	if err != nil {
		q.refuse(http.StatusServiceUnavailable, wsproto.ErrUnavailable)
		return
	}
	created := wsproto.Created.With("sid", sid).Reply(q.id, "", s.now())
	_ = q.answer(http.StatusCreated, created.JSON(nil))
}

// use is a request of a session: a message, or a poll if there is none.
func (q *lpRequest) use() {
	p := q.server.sessions.Poller(q.sid)
	if p == nil {
		q.refuse(http.StatusForbidden, wsproto.ErrSession)
		return
	}
	if q.r.ContentLength > int64(q.server.cfg.MaxMessageBytes) {
		q.refuse(http.StatusExpectationFailed, wsproto.ErrMalformed)
		return
	}
	ctx := q.r.Context()
	err := session.ErrNothing
	if q.r.ContentLength != 0 && !q.isForm {
		if err = p.Receive(ctx, q.read); err == nil {
			_ = q.answer(http.StatusOK, nil)
			return
		}
	}
	if errors.Is(err, session.ErrNothing) {
		err = p.Fetch(ctx, func(message []byte) error { return q.answer(http.StatusOK, message) })
	}
	var refusal *wsproto.Error
	switch {
	case errors.Is(err, session.ErrNothing):
		_ = q.answer(http.StatusOK, nil)
	case errors.Is(err, session.ErrEnded):
		q.refuse(http.StatusForbidden, wsproto.ErrSession)
	case errors.As(err, &refusal):
		q.refuse(refusal.Code, refusal)
	} // else it was answered, or the client has gone
}

func (q *lpRequest) refuse(status int, e *wsproto.Error) {
	_ = q.answer(status, e.Reply("", "", q.server.now()).JSON(nil))
}

// answer writes the whole answer, and tells whether the connection took it.
func (q *lpRequest) answer(status int, body []byte) error {
	parts := time.Duration(1 + len(body)/writePart)
	_ = q.rc.SetWriteDeadline(time.Now().Add(parts * writeTime)) // fails in tests only
	q.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	q.w.WriteHeader(status)
	_, err := q.w.Write(body)
	if err = errors.Join(err, q.rc.Flush()); err != nil {
		return err
	}
	// The connection serves other requests after this one.
	_ = q.rc.SetWriteDeadline(time.Time{})
	return nil
}
