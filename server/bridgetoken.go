package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"parley/auth/bridge"
	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// maxTokenRequest is the longest body of a request for credentials.
const maxTokenRequest = 4 << 10

var errTokenRequest = &wsproto.Error{Code: http.StatusRequestEntityTooLarge, Text: "too long"}

// tokenRequest is its body; all of it may be missing.
type tokenRequest struct {
	Name  string `json:"name"`  // of the service, where the path has none
	Force bool   `json:"force"` // the one that is kept does not work
	Room  string `json:"room"`  // topic whose calls it is for
}

// bridgeRoutes serves credentials to clients that could not wait for them at
// login, or whose ones have expired (docs/bridges.md).
func (s *Server) bridgeRoutes(mux *http.ServeMux) {
	if s.bridges.manager == nil {
		return
	}
	mux.HandleFunc(s.cfg.APIPath+"v0/bridges/{name}/token", s.serveBridgeToken)
	mux.HandleFunc(s.cfg.APIPath+"v0/bridge/token", s.serveBridgeToken)
}

func (s *Server) serveBridgeToken(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if r.Method != http.MethodPost {
		h.Set("Allow", "POST")
		s.refuse(w, http.StatusMethodNotAllowed, wsproto.ErrNotAllowed)
		return
	}
	v, err := s.bridgeToken(w, r)
	var refused *bridge.Refused
	var known *wsproto.Error
	switch {
	case err == nil:
		h.Set("Content-Type", "application/json; charset=utf-8")
		h.Set("X-Content-Type-Options", "nosniff")
		_ = json.NewEncoder(w).Encode(v) // the client has gone: its affair
	case errors.As(err, &refused):
		e := &wsproto.Error{Code: refused.Code, Text: refused.Text}
		if refused.Retry > 0 {
			h.Set("Retry-After", strconv.Itoa(refused.Retry))
			e = e.With("retry", refused.Retry)
		}
		s.refuse(w, e.Code, e)
	case errors.Is(err, bridge.ErrUnknown):
		s.refuse(w, http.StatusNotFound, wsproto.ErrNotFound)
	case errors.As(err, &known):
		s.refuse(w, known.Code, known)
	default:
		s.log.Error("no credentials for a client", "err", err)
		s.refuse(w, http.StatusInternalServerError, wsproto.ErrInternal)
	}
}

func (s *Server) bridgeToken(w http.ResponseWriter, r *http.Request) (map[string]any, error) {
	u, err := s.bearer(r)
	if err != nil {
		return nil, err
	}
	q, err := readTokenRequest(w, r)
	if err != nil {
		return nil, err
	}
	if name := r.PathValue("name"); name != "" {
		q.Name = name
	}
	var room *bridge.Room
	if q.Room != "" {
		if room, err = s.room(r.Context(), u, q.Room); err != nil {
			return nil, err
		}
	}
	if q.Name == "" { // all of them, as a login has them
		return s.bridges.manager.Login(r.Context(), u), nil
	}
	return s.bridges.manager.Token(r.Context(), q.Name, u, q.Force, room)
}

// bearer is whose login token the headers carry.
func (s *Server) bearer(r *http.Request) (chat.UID, error) {
	if !validAPIKey(s.cfg.APIKeySalt, r.Header.Get("X-Tinode-APIKey")) {
		return 0, wsproto.ErrAPIKey
	}
	text := r.Header.Get("X-Tinode-Auth")
	if text == "" {
		text = r.Header.Get("Authorization")
	}
	scheme, secret, ok := strings.Cut(text, " ")
	if !ok {
		return 0, wsproto.ErrAuthRequired
	}
	token, err := wsproto.DecodeBase64(secret)
	if err != nil {
		return 0, wsproto.ErrMalformed.With("what", "auth")
	}
	return s.sessions.TokenUser(r.Context(), s.remote(r), scheme, token)
}

func readTokenRequest(w http.ResponseWriter, r *http.Request) (*tokenRequest, error) {
	q := &tokenRequest{}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxTokenRequest))
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return nil, errTokenRequest
	case err != nil:
		return nil, wsproto.ErrMalformed.With("what", "body")
	}
	if len(strings.TrimSpace(string(body))) == 0 {
		return q, nil
	}
	// A form of another site needs no leave of ours; JSON does.
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return nil, wsproto.ErrMalformed.With("what", "content-type")
	}
	if err := json.Unmarshal(body, q); err != nil {
		return nil, wsproto.ErrMalformed.With("what", "body")
	}
	return q, nil
}

// room is that of a conversation, named as the client calls it, whose member the
// user is. Its name is the canonical one, the same for both users of a chat.
func (s *Server) room(ctx context.Context, u chat.UID, name string) (*bridge.Room, error) {
	topic, _, ok := chat.GroupName(name)
	if peer, err := chat.ParseUID(name); err == nil {
		topic = chat.P2PName(u, peer)
		ok = topic != ""
	}
	if !ok {
		return nil, wsproto.ErrTopicNotFound.With("what", "room")
	}
	sub, err := s.store.Sub(ctx, topic, u)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && !sub.Deleted.IsZero():
		return nil, wsproto.ErrDenied
	case err != nil:
		return nil, err
	}
	mode := sub.Want & sub.Given
	if !mode.Has(chat.ModeJoin) || mode&(chat.ModeRead|chat.ModeWrite) == 0 {
		return nil, wsproto.ErrDenied
	}
	return &bridge.Room{Name: topic, Write: mode.Has(chat.ModeWrite)}, nil
}
