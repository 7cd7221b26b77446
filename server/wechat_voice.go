package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"parley/bridge/wechatapi"
	"parley/server/files"
	"parley/server/session"
	"parley/store"
	"parley/wsproto"
)

const (
	maxVoiceRequest = 1024             // bytes
	voiceTime       = 40 * time.Second // to fetch and to store one
)

// Refusals of voice messages.
var (
	errVoiceGone = wsproto.ErrNotFound.With("what", "media_id")
	errVoiceKind = &wsproto.Error{Code: http.StatusUnsupportedMediaType, Text: "not a voice message"}
)

// serveVoice fetches what somebody recorded by the JS-SDK, which WeChat keeps for
// three days, and stores it as a file of his (docs/bridges.md). The answer
// is that of an upload, and the duration in milliseconds.
func (s *Server) serveVoice(w http.ResponseWriter, r *http.Request) {
	if s.cors(w, r, http.MethodPost, http.MethodOptions) {
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	reply, err := s.takeVoice(r)
	if err != nil {
		reply = s.voiceError(err)
		if retry, ok := reply.Params["retry"].(int); ok {
			w.Header().Set("Retry-After", itoa(retry))
		}
	}
	s.refuse(w, reply.Code, reply)
}

func (s *Server) takeVoice(r *http.Request) (*wsproto.Error, error) {
	if r.Method != http.MethodPost {
		return nil, wsproto.ErrNotAllowed
	}
	who, err := s.identify(r, s.credentials(r))
	switch {
	case err != nil:
		return nil, err
	case who == nil:
		return nil, wsproto.ErrAuthRequired
	}
	var in struct {
		MediaID string `json:"media_id"`
		App     string `json:"app"` // empty: the first service account
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxVoiceRequest+1))
	if err != nil || len(body) > maxVoiceRequest || json.Unmarshal(body, &in) != nil || in.MediaID == "" {
		return nil, wsproto.ErrMalformed
	}
	if wait := s.sessions.ChargeUpload(s.remote(r), who.User); wait > 0 {
		return nil, wsproto.TooMany(wait)
	}
	ctx, cancel := context.WithTimeout(r.Context(), voiceTime)
	defer cancel()
	if in.App == "" {
		in.App = s.wechat.api.First(wechatapi.Account)
	}
	v, err := s.wechat.api.Voice(ctx, in.App, in.MediaID)
	if err != nil {
		return nil, err
	}
	f, err := s.keepVoice(ctx, who, v)
	if err != nil {
		return nil, err
	}
	reply := wsproto.OK.With("url", s.files.URL(f)).With("size", f.Size).With("mime", f.Type).With("duration", v.Duration.Milliseconds())
	if at := s.files.Expires(f); !at.IsZero() {
		reply = reply.With("expires", wsproto.Time{Time: at})
	}
	return reply, nil
}

// keepVoice stores a voice message in a form that browsers play, if the operator
// has a program for that and it works, or else as it is.
func (s *Server) keepVoice(ctx context.Context, who *session.Identity, v *wechatapi.Voice) (*store.File, error) {
	data, kind := v.Data, wechatapi.MediaType
	if c := s.wechat.convert; c != nil {
		other, err := c.run(ctx, data)
		if err != nil {
			s.log.Warn("a voice message was not converted, and is kept as AMR", "err", err)
		} else {
			data, kind = other, c.kind
		}
	}
	return s.files.Receive(ctx, files.Upload{Owner: who.User, Body: bytes.NewReader(data), Type: kind, Size: int64(len(data))})
}

func (s *Server) voiceError(err error) *wsproto.Error {
	switch {
	case errors.Is(err, wechatapi.ErrMedia), errors.Is(err, wechatapi.ErrApp):
		return errVoiceGone
	case errors.Is(err, wechatapi.ErrKind):
		return errVoiceKind
	}
	if e := s.weChatError(err); e != nil {
		return e
	}
	return s.fileError(err)
}
