package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"parley/bridge/relay"
	"parley/internal/chat"
	"parley/internal/config"
	"parley/internal/netease"
	"parley/internal/rongcloud"
	"parley/server/hub"
	"parley/server/topic"
	"parley/wsproto"
)

// maxHook is the longest body of a callback.
const maxHook = 1 << 20

// relayTopics are the canonical names of a relay list.
func relayTopics(list []string) []string {
	var names []string
	for _, entry := range list {
		if name := config.RelayTopic(entry); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// newRelay makes the relay of the conversations that are configured.
func (b *bridges) newRelay(ctx context.Context, d *Deps, publish relay.Publisher) error {
	cfg := &d.Config.Bridges
	var routes []relay.Route
	if b.rongcloud != nil {
		routes = append(routes, relay.Route{Carrier: relay.NewRongCloud(b.rongcloud, d.Store, d.Now), Topics: relayTopics(cfg.RongCloud.Relay)})
	}
	if b.netease != nil {
		routes = append(routes, relay.Route{Carrier: relay.NewNetEase(b.netease, d.Store, d.Now), Topics: relayTopics(cfg.NetEase.Relay)})
	}
	var err error
	b.relay, err = relay.New(ctx, relay.Deps{
		Store: d.Store, Publish: publish, Final: finalRefusal, Ensure: b.manager.Ensure, Log: d.Log, Now: d.Now, Redact: b.redact.Clean,
	}, routes...)
	return err
}

// finalRefusal tells what a topic will say again.
func finalRefusal(err error) bool {
	var e *wsproto.Error
	return errors.As(err, &e) && e.Code < http.StatusInternalServerError && e.Code != http.StatusTooManyRequests
}

// lateHub publishes through the hub, which is made after the relay.
type lateHub struct{ hub *hub.Hub }

// Publish implements relay.Publisher.
func (h *lateHub) Publish(ctx context.Context, name string, from chat.UID, head map[string]json.RawMessage, content json.RawMessage, once string) (int, error) {
	type result struct {
		seq int
		err error
	}
	done := make(chan result, 1)
	err := h.hub.Post(name, topic.Post{
		From: from, Head: head, Content: content, Once: once, Done: func(seq int, err error) { done <- result{seq, err} },
	})
	if err != nil {
		return 0, err
	}
	select {
	case r := <-done:
		return r.seq, r.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// hookRoutes serves what services of others tell us of messages.
func (s *Server) hookRoutes(mux *http.ServeMux) {
	path := s.cfg.APIPath + "v0/hook/"
	if s.bridges.rongcloud != nil {
		mux.HandleFunc("POST "+path+"rongcloud/msg", s.hookRongCloud(s.bridges.relay.FromRongCloud))
		// Who is online over there is no business of ours; the vendor wants an answer.
		mux.HandleFunc("POST "+path+"rongcloud/status", s.hookRongCloud(nil))
	}
	if s.bridges.netease != nil {
		mux.HandleFunc("POST "+path+"netease", s.hookNetEase)
	}
}

// hookAnswer answers a callback. It says nothing of why it is refused: who signs
// properly knows.
func (s *Server) hookAnswer(w http.ResponseWriter, service string, err error) {
	var status int
	var tooLong *http.MaxBytesError
	switch {
	case err == nil:
		status = http.StatusOK
	case errors.Is(err, rongcloud.ErrSignature), errors.Is(err, netease.ErrSignature), errors.Is(err, relay.ErrNonce):
		status = http.StatusUnauthorized
	case errors.As(err, &tooLong):
		status = http.StatusRequestEntityTooLarge
	case errors.Is(err, rongcloud.ErrForm), errors.Is(err, netease.ErrForm):
		status = http.StatusOK // nothing for us, and nothing to be sent again
	default:
		s.log.Error("a callback was not taken", "bridge", service, "err", err)
		status = http.StatusServiceUnavailable // 500 would count as taken (bridges.md §B8)
	}
	if status == http.StatusUnauthorized {
		s.log.Warn("a callback was refused", "bridge", service, "err", err)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, map[bool]string{true: "ok", false: "no"}[err == nil])
}

func (s *Server) hookRongCloud(take func(context.Context, url.Values) error) http.HandlerFunc {
	cfg := &s.cfg.Bridges.RongCloud
	return func(w http.ResponseWriter, r *http.Request) {
		s.hookAnswer(w, rongcloud.Service, func() error {
			nonce, err := rongcloud.Verify(r.URL.Query(), s.now(), string(cfg.AppSecret), string(cfg.PreviousSecret))
			if err != nil {
				return err
			}
			return s.bridges.relay.Once(r.Context(), rongcloud.Service, nonce, 2*rongcloud.Skew, func() error {
				body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxHook))
				if err != nil || take == nil {
					return err
				}
				form, err := url.ParseQuery(string(body))
				if err != nil {
					return fmt.Errorf("%w: the body is no form", rongcloud.ErrForm)
				}
				return take(r.Context(), form)
			})
		}())
	}
}

func (s *Server) hookNetEase(w http.ResponseWriter, r *http.Request) {
	cfg := &s.cfg.Bridges.NetEase
	s.hookAnswer(w, netease.Service, func() error {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxHook))
		if err != nil {
			return err
		}
		if err := netease.Verify(r.Header, body, s.now(), cfg.AppKey, string(cfg.AppSecret), string(cfg.PreviousSecret)); err != nil {
			// The address is tried out with {} when it is saved, signed or not.
			if netease.Probe(body) && r.Header.Get("CheckSum") == "" {
				return nil
			}
			return err
		}
		if netease.Probe(body) {
			return nil
		}
		return s.bridges.relay.FromNetEase(r.Context(), body)
	}())
}
