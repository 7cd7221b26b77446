package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"parley/auth/wechat"
	"parley/bridge/wechatapi"
	"parley/internal/config"
	"parley/internal/mailbox"
	"parley/internal/outbound"
	api "parley/internal/wechat"
	"parley/push"
	pushwechat "parley/push/wechat"
	"parley/wsproto"
)

// weChat is what the server has of WeChat; nil: nothing is configured.
type weChat struct {
	signIn  *wechat.Scheme // nil: nobody signs in by it
	api     *wechatapi.Service
	push    *pushwechat.Sender // nil: nobody is told by it
	convert *converter         // nil: voice messages are kept as they are
	log     *slog.Logger
	events  *mailbox.Box[pushed]
}

// newWeChat builds it. keys are those of the tokens.
func newWeChat(d *Deps, keys [][]byte, foreign *bridges) (*weChat, error) {
	cfg := &d.Config.Bridges.WeChat
	if !cfg.Enabled {
		return nil, nil
	}
	w := &weChat{log: d.Log, convert: newConverter(cfg.Voice.Command, cfg.Voice.Type)}
	w.events = mailbox.New(maxPushed, nil, w.happenedAll)
	deps := wechatapi.Deps{
		Base: cfg.APIBase, HTTP: api.NewHTTP(), Vault: foreign.vault, Hide: foreign.redact, Now: d.Now, Log: d.Log,
	}
	var apps []wechat.App
	for i := range cfg.Apps {
		a := &cfg.Apps[i]
		deps.Apps = append(deps.Apps, wechatapi.App{
			ID: a.AppID, Secret: string(a.AppSecret), Kind: wechatapi.Kind(a.Kind), PushToken: string(a.PushToken), AESKey: string(a.AESKey), JSDomains: a.JSDomains,
		})
		apps = append(apps, wechat.App{ID: a.AppID, Secret: string(a.AppSecret), Kind: a.Kind})
	}
	var err error
	if w.api, err = wechatapi.New(deps); err != nil {
		return nil, err
	}
	if d.Config.Auth.NameOf(config.SchemeWeChat) == "" {
		return w, nil
	}
	w.signIn, err = wechat.New(wechat.Deps{
		Logins: d.Store, States: d.Store, Keys: keys, Now: d.Now, Log: d.Log, HTTP: api.NewOnceHTTP(), Apps: apps, Base: cfg.APIBase, Authorize: cfg.OpenBase,
		RedirectBase: cfg.RedirectBase, Newcomers: cfg.AutoCreate && d.Config.Registration.Mode == config.RegistrationOpen,
	})
	if err != nil {
		return nil, err
	}
	w.push = newWeChatPush(d, w)
	return w, nil
}

// newWeChatPush is the sender of notifications; nil if no template is configured.
func newWeChatPush(d *Deps, w *weChat) *pushwechat.Sender {
	cfg := &d.Config.Bridges.WeChat.Push
	account, mini := w.api.First(wechatapi.Account), w.api.First(wechatapi.Mini)
	var routes []pushwechat.Route
	for _, r := range []struct {
		kind pushwechat.Kind
		app  string
		*config.WeChatTemplate
	}{
		{pushwechat.Template, account, &cfg.Template}, {pushwechat.Subscription, account, &cfg.Subscription}, {pushwechat.Mini, mini, &cfg.Mini},
	} {
		if r.TemplateID == "" {
			continue
		}
		route := pushwechat.Route{Kind: r.kind, App: r.app, TemplateID: r.TemplateID, URL: r.URL, Page: r.Page, MiniApp: mini}
		for _, f := range r.Fields {
			route.Fields = append(route.Fields, pushwechat.Field{Name: f.Name, Text: string(f.Value)})
		}
		routes = append(routes, route)
	}
	if len(routes) == 0 {
		return nil
	}
	return pushwechat.New(pushwechat.Deps{
		Routes: routes, API: w.api, People: w.signIn, Names: d.Store, Values: d.Store, UserRate: cfg.UserRate, Rate: cfg.Rate, Now: d.Now, Log: d.Log,
	})
}

// weChatRoutes serves what pages in WeChat and WeChat itself ask for.
func (s *Server) weChatRoutes(mux *http.ServeMux) {
	if s.wechat == nil {
		return
	}
	if s.wechat.api.HasPages() {
		mux.HandleFunc(s.cfg.APIPath+"v0/wechat/jssdk", s.get(s.serveJSSDK))
	}
	if s.files != nil && s.wechat.api.First(wechatapi.Account) != "" {
		mux.HandleFunc(s.cfg.APIPath+"v0/wechat/voice", s.serveVoice)
	}
	mux.HandleFunc(s.cfg.APIPath+"v0/hook/wechat", s.serveWeChatHook)
	mux.HandleFunc(s.cfg.APIPath+"v0/hook/wechat/{app}", s.serveWeChatHook)
}

// weChatTime bounds what one request may ask of WeChat.
const weChatTime = 8 * time.Second

// serveJSSDK answers a page with what it needs for wx.config (docs/bridges.md).
func (s *Server) serveJSSDK(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Origin")
	if origin := r.Header.Get("Origin"); origin != "" {
		if !s.wechat.api.AllowsOrigin(origin) {
			s.refuse(w, http.StatusForbidden, wsproto.ErrDenied.With("what", "origin"))
			return
		}
		h.Set("Access-Control-Allow-Origin", origin)
	}
	ctx, cancel := context.WithTimeout(r.Context(), weChatTime)
	defer cancel()
	c, err := s.wechat.api.JSConfig(ctx, r.URL.Query().Get("url"))
	switch {
	case errors.Is(err, wechatapi.ErrForeign):
		s.refuse(w, http.StatusForbidden, wsproto.ErrDenied.With("what", "url"))
	case err != nil:
		s.log.Warn("a page was not signed for WeChat", "err", err)
		s.refuse(w, http.StatusServiceUnavailable, wsproto.ErrUnavailable) // whatever it is, it is not the page's fault
	default:
		s.json(w, c)
	}
}

// weChatError is what a failure of WeChat means to a client; nil if it is none.
func (s *Server) weChatError(err error) *wsproto.Error {
	var failed *outbound.Error
	if api.Code(err) == 0 && !errors.Is(err, api.ErrAnswer) && !errors.Is(err, wechatapi.ErrQuota) && !errors.As(err, &failed) && !errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	s.log.Warn("WeChat did not do what it was asked for", "err", err)
	return wsproto.ErrUnavailable
}

// run sends notifications until ctx is done or everything is closed and sent.
func (w *weChat) run(ctx context.Context) error {
	if w == nil || w.push == nil {
		return nil
	}
	return w.push.Run(ctx)
}

// close works off what waits, until ctx is done.
func (w *weChat) close(ctx context.Context) error {
	if w == nil {
		return nil
	}
	err := w.events.Close(ctx)
	if w.push != nil {
		err = errors.Join(err, w.push.Close(ctx))
	}
	return err
}

// senders are those that tell people who are away.
func (w *weChat) senders() []push.Sender {
	if w == nil || w.push == nil {
		return nil
	}
	return []push.Sender{w.push}
}
