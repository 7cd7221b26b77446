package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"parley/bridge/wechatapi"
	"parley/wsproto"
)

// pushed is an event, and the app that it came to.
type pushed struct {
	app string
	*wechatapi.Event
}

const maxPushed = 1000 // events that wait

// serveWeChatHook takes what WeChat pushes, and answers at once; what follows
// from it happens afterwards (bridges.md §C9).
func (s *Server) serveWeChatHook(w http.ResponseWriter, r *http.Request) {
	private(w)
	app := r.PathValue("app")
	if app == "" {
		app = s.wechat.api.OnlyHook()
	}
	if !s.wechat.api.Hooked(app) {
		s.refuse(w, http.StatusNotFound, wsproto.ErrNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	switch r.Method {
	case http.MethodGet:
		echo, err := s.wechat.api.Echo(app, r.URL.Query())
		if err != nil {
			s.hookRefused(w, r, app, http.StatusUnauthorized, err)
			return
		}
		_, _ = io.WriteString(w, echo) // its sender has signed the request
	case http.MethodPost:
		s.takePush(w, r, app)
	default:
		w.Header().Set("Allow", "GET, POST")
		s.refuse(w, http.StatusMethodNotAllowed, wsproto.ErrNotAllowed)
	}
}

func (s *Server) hookRefused(w http.ResponseWriter, r *http.Request, app string, status int, err error) {
	s.log.Warn("a push in the name of WeChat was refused", "app", app, "addr", s.remote(r), "err", err)
	w.WriteHeader(status)
}

const (
	hookRead  = 5 * time.Second // WeChat waits no longer, so nobody has to send slower
	hookStore = 3 * time.Second
)

func (s *Server) takePush(w http.ResponseWriter, r *http.Request, app string) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(hookRead))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, wechatapi.MaxPush))
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		s.hookRefused(w, r, app, http.StatusRequestEntityTooLarge, err)
		return
	case err != nil:
		s.hookRefused(w, r, app, http.StatusBadRequest, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), hookStore)
	defer cancel()
	e, first, err := s.wechat.api.Receive(ctx, app, r.URL.Query(), body)
	switch {
	case errors.Is(err, wechatapi.ErrSignature), errors.Is(err, wechatapi.ErrCipher):
		s.hookRefused(w, r, app, http.StatusUnauthorized, err)
		return
	case errors.Is(err, wechatapi.ErrMalformed):
		s.hookRefused(w, r, app, http.StatusBadRequest, err)
		return
	case err != nil: // the store is away: WeChat will come again
		s.hookRefused(w, r, app, http.StatusServiceUnavailable, err)
		return
	}
	if first {
		if err := s.wechat.events.Put(pushed{app, e}); err != nil {
			s.log.Warn("an event of WeChat was dropped", "app", app, "event", e.Event, "err", err)
		}
	}
	_, _ = io.WriteString(w, "success")
}

const eventTime = 10 * time.Second

// happenedAll is the work after the answers.
func (w *weChat) happenedAll(batch []pushed) {
	for _, e := range batch {
		ctx, cancel := context.WithTimeout(context.Background(), eventTime)
		if err := w.happened(ctx, e); err != nil {
			w.log.Warn("an event of WeChat was lost", "app", e.app, "event", e.Event, "err", err)
		}
		cancel()
	}
}

// happened notes what an event means for notifications. Messages that people
// write to the account itself lead nowhere.
func (w *weChat) happened(ctx context.Context, e pushed) error {
	w.log.Debug("WeChat tells", "app", e.app, "type", e.Type, "event", e.Event.Event, "status", e.Status)
	if w.push == nil || e.Type != "event" {
		return nil
	}
	switch strings.ToLower(e.Event.Event) {
	case "subscribe", "unsubscribe":
		w.push.Follows(e.app, e.From, strings.EqualFold(e.Event.Event, "subscribe"))
	case "subscribe_msg_popup_event", "subscribe_msg_change_event":
		u, err := w.signIn.UserOf(ctx, e.app, e.From)
		if err != nil || u == 0 {
			return err
		}
		change := strings.EqualFold(e.Event.Event, "subscribe_msg_change_event")
		for _, c := range e.Choices {
			if change && c.Accepted { // settings changed: no consent for another message
				continue
			}
			if err := w.push.Consent(ctx, e.app, u, c.Template, c.Accepted); err != nil {
				return err
			}
		}
	}
	return nil
}
