// Package server puts the parts together: it orders start and stop, serves
// HTTP, and owns everything that lives as long as the process.
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"parley/auth"
	"parley/auth/basic"
	"parley/auth/code"
	"parley/auth/oidc"
	"parley/auth/reset"
	"parley/auth/token"
	"parley/auth/totp"
	"parley/auth/validate"
	"parley/internal/audit"
	"parley/internal/chat"
	"parley/internal/config"
	"parley/internal/linkpreview"
	"parley/media"
	"parley/push"
	"parley/server/admin"
	"parley/server/files"
	"parley/server/hub"
	"parley/server/session"
	"parley/server/topic"
	"parley/server/tus"
	"parley/store"
)

// Deps is what a server is made of.
type Deps struct {
	Config *config.Config
	Store  store.Store // not closed by the server
	Log    *slog.Logger
	Now    func() time.Time
	Build  string // of the program, shown to users

	Passwords basic.Deriver // works on passwords; nil: this process does
	Senders   []push.Sender // of notifications, beside those that the configuration asks for

	Certificates Certificates // nil: nothing is encrypted
	Media        media.Store  // nil: there are no files; not closed by the server
	Files        string       // folder of these; empty: elsewhere than on this machine
	Uploads      string       // folder of unfinished uploads; empty: files come in one piece only
	// Admin is where the operator's commands come in; nil: nowhere. It is
	// closed with the server.
	Admin net.Listener
	// Metrics is where figures can be read; nil: nowhere. It is closed with the
	// server.
	Metrics net.Listener
}

// Server is a chat server.
type Server struct {
	build      string
	cfg        *config.Config
	store      store.Store
	log        *slog.Logger
	clock      func() time.Time
	oidc       *oidc.Scheme // nil: nobody signs in through others
	release    func()       // gives back memory of the store
	hub        *hub.Hub
	sessions   *session.Registry
	posts      *posts
	reset      *reset.Service
	validators *validate.Set
	audit      *audit.Log
	certs      Certificates // nil: no TLS
	http       *http.Server
	admin      *admin.Service
	metrics    *prometheus.Registry
	scraped    net.Listener         // Deps.Metrics
	operator   net.Listener         // Deps.Admin
	files      *files.Service       // nil: there are none
	tus        *tus.Service         // nil: files come in one piece only
	previews   *linkpreview.Service // nil: there are none
	origins    origins              // whose pages may use files
	pace       pace                 // of uploads and downloads
	bridges    *bridges
	wechat     *weChat   // nil: there is none of it
	push       *push.Fan // nil: nobody who is away is told
}

// lateDevices are the sessions as topics ask for them: each needs the other.
type lateDevices struct{ *session.Registry }

// Limits that are not for administrators to change.
const (
	maxPage      = 100  // messages of one {get data}
	mailboxLimit = 4096 // events waiting for one topic
	idleAfter    = 4 * time.Second
	uaDelay      = 5 * time.Second
	storeTimeout = 10 * time.Second
)

// New builds a server. It starts nothing.
func New(d Deps) (*Server, error) {
	cfg := d.Config
	keys := make([][]byte, len(cfg.Auth.Token.Keys))
	for i, k := range cfg.Auth.Token.Keys {
		keys[i] = []byte(k)
	}
	tokens, err := token.New(keys, cfg.Auth.Token.SerialNumber, cfg.Auth.Token.ExpireIn, d.Now)
	if err != nil {
		return nil, fmt.Errorf("auth_config.token: %w", err)
	}
	posts, err := newPosts(cfg, d.Log)
	if err != nil {
		return nil, err
	}
	validators := validate.New(d.Store, tokens, keys, d.Now, methods(cfg, posts)...)
	third, err := signIn(&d, keys)
	if err != nil {
		return nil, err
	}
	factor, err := totp.New(d.Store, keys, cfg.Auth.TOTP.Issuer, d.Now)
	if err != nil {
		return nil, fmt.Errorf("auth_config.totp: %w", err)
	}
	log := audit.New(d.Store, d.Log, d.Now)
	foreign, err := newBridges(&d, keys)
	if err != nil {
		return nil, err
	}
	var publisher lateHub
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	if err := foreign.newRelay(ctx, &d, &publisher); err != nil {
		return nil, err
	}
	wx, err := newWeChat(&d, keys, foreign)
	if err != nil {
		return nil, fmt.Errorf("bridges.wechat: %w", err)
	}
	s := &Server{
		bridges: foreign, wechat: wx, push: push.NewFan(d.Log, append(wx.senders(), d.Senders...)...),
		build: d.Build, cfg: cfg, store: d.Store, log: d.Log, clock: d.Now, certs: d.Certificates, oidc: third,
		posts: posts, validators: validators, audit: log, operator: d.Admin, scraped: d.Metrics, release: func() {},
	}
	s.reset = reset.New(reset.Deps{
		Scheme: resettable(&cfg.Auth), Store: d.Store, Addresses: validators, Posts: posts.forReset(), FormURL: formURL(cfg),
		Issued: func(u chat.UID) { log.Record(store.AuditEntry{Act: audit.LoginReset, User: u}) }, Log: d.Log, Now: d.Now,
		Codes: code.New(d.Store, keys, code.Rules{
			Length: cfg.Auth.Code.CodeLength, MaxTries: cfg.Auth.Code.MaxRetries, Lifetime: cfg.Auth.Code.ExpireIn,
		}, d.Now),
	})
	known, passwords, err := schemes(&d, tokens, s.reset, third, wx)
	if err != nil {
		return nil, err
	}
	s.files, s.pace = newFiles(&d, d.Now), filePace
	_, _, s.origins = cfg.Media.Serve()
	if s.tus, err = s.newTus(&d); err != nil {
		return nil, err
	}
	if s.previews, err = newPreviews(&d, keys); err != nil {
		return nil, err
	}
	var linker topic.Files
	if s.files != nil {
		linker = s.files
	}
	tc := topicConfig(cfg)
	tc.Started, tc.ImmutableTags, tc.TagsFor = d.Now(), immutable(cfg, known), known.TagsFor
	if st, ok := d.Store.(interface{ ReleaseMemory() }); ok {
		s.release = st.ReleaseMemory
	}
	var devices lateDevices
	var pusher topic.Pusher // nil, and not a nil *Fan: receipts cost something
	if s.push != nil {
		pusher = s.push
	}
	s.hub = hub.New(topic.Deps{
		Store: d.Store, Push: pusher, Validator: validators, Factor: factor, Devices: &devices, Audit: log, Log: d.Log, Now: d.Now, Config: tc,
		Files: linker, Profile: foreign.profile(), Published: foreign.relay.Published, Members: foreign.relay.Members,
	})
	publisher.hub = s.hub
	s.sessions = session.NewRegistry(session.Deps{
		Hub: s.hub, Store: d.Store, Schemes: known, Token: tokens, Passwords: passwords, Reset: s.reset,
		Validators: validators, Factor: factor, Bridges: foreign.manager, Audit: log, Log: d.Log, Now: d.Now,
		Files: linker, Config: session.Config{
			Hello: hello(cfg, validators, d.Build, s.files != nil), Calls: calls(&cfg.WebRTC), OutboxBytes: cfg.Limits.OutboxBytes,
			MaxPending: cfg.Limits.MaxPendingRequests, Permanent: cfg.PermanentAccounts, Country: cfg.DefaultCountry,
			Limits: limits(&cfg.Limits), Topic: tc, Registration: session.Registration{
				Closed:   cfg.Registration.Mode == config.RegistrationClosed,
				Invite:   cfg.Registration.Mode == config.RegistrationInvite,
				ByDomain: len(cfg.Registration.EmailDomains) > 0, Providers: cfg.Registration.Providers,
			},
		},
	})
	devices.Registry = s.sessions
	s.admin = newAdmin(cfg, d.Store, newBasic(cfg, d.Store, d.Passwords), s.sessions, log, d.Now)
	s.admin.Revoked = s.sessions.Revoked
	s.metrics = newMetrics(s)
	s.http = &http.Server{
		Handler: s.strict(s.routes()), ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: keepAliveTimeout,
		MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(d.Log.Handler(), slog.LevelDebug),
	}
	return s, nil
}

func (s *Server) now() time.Time { return s.clock().UTC().Truncate(time.Millisecond) }

// immutable are the namespaces of tags that clients cannot change.
func immutable(cfg *config.Config, known *auth.Set) []string {
	list := append(cfg.ImmutableTags(), known.Namespaces()...)
	slices.Sort(list)
	return slices.Compact(list)
}

func topicConfig(cfg *config.Config) topic.Config {
	return topic.Config{
		MaxSubscribers: cfg.MaxSubscribers, MaxTags: cfg.MaxTags, MaxResults: cfg.Store.MaxResults, MaxPage: maxPage,
		DeleteAge: cfg.MessageDeleteAge, P2PDelete: cfg.P2PDeleteEnabled, AliasTag: cfg.AliasTag,
		ImmutableTags: cfg.ImmutableTags(), MaskedTags: cfg.MaskedTags,
		MailboxLimit: mailboxLimit, IdleAfter: idleAfter, UADelay: uaDelay, StoreTimeout: storeTimeout,
		MaxData: cfg.MaxMessageBytes, CallsEnabled: cfg.WebRTC.On(), CallTimeout: cfg.WebRTC.CallTimeout,
	}
}

// methods are the validators that are in use.
func methods(cfg *config.Config, p *posts) []validate.Method {
	e, t := &cfg.Validation.Email, &cfg.Validation.Tel
	known := map[string]validate.Method{
		"email": {
			AddToTags: e.AddToTags, Domains: cfg.EmailDomains(), CodeLength: e.Config.CodeLength,
			MaxRetries: e.Config.MaxRetries, DebugResponse: string(e.Config.DebugResponse),
		},
		"tel": {
			AddToTags: t.AddToTags, CodeLength: t.Config.CodeLength,
			MaxRetries: t.Config.MaxRetries, DebugResponse: string(t.Config.DebugResponse),
		},
	}
	var out []validate.Method
	required := cfg.RequiredCreds()
	for _, name := range cfg.Validators() {
		m := known[name]
		m.Name = name
		if post := p.byMethod[name]; post != nil {
			m.Post = post
		}
		for level, names := range required {
			if slices.Contains(names, name) {
				m.Required = append(m.Required, level)
			}
		}
		out = append(out, m)
	}
	return out
}

// unlimitedUpload is what clients are told if there is no limit: 0 would mean
// that there are no uploads.
const unlimitedUpload = 1 << 40

// hello are the limits that {hi} announces (wire.md §2.3).
func hello(cfg *config.Config, v *validate.Set, build string, files bool) map[string]any {
	upload := int64(0)
	if files {
		if upload = cfg.Media.MaxUploadBytes; upload == 0 {
			upload = unlimitedUpload
		}
	}
	h := map[string]any{
		"ver": session.ProtocolVersion, "build": build, "maxMessageSize": cfg.MaxMessageBytes,
		"maxSubscriberCount": cfg.MaxSubscribers, "maxTagCount": cfg.MaxTags,
		"minTagLength": chat.MinTagLen, "maxTagLength": chat.MaxTagLen, "maxFileUploadSize": upload,
		"msgDelAge": int(cfg.MessageDeleteAge / time.Second),
	}
	if mode := cfg.Registration.Mode; mode != config.RegistrationOpen { // ours: docs/protocol/registration.md
		h["registration"] = mode
	}
	if req := v.RequiredByLevel(); req != nil {
		h["reqCred"] = req
	}
	return h
}

// calls is what {hi} announces of them.
func calls(w *config.WebRTC) session.Calls {
	c := session.Calls{Timeout: w.CallTimeout, Secret: []byte(w.TURNSecret), TTL: w.TURNTTL}
	if !w.On() {
		return c
	}
	for _, s := range w.ICEServers {
		c.Servers = append(c.Servers, session.ICEServer{
			URLs: s.URLs, Username: s.Username, Credential: string(s.Credential), CredentialType: s.CredentialType,
			Derived: s.Derived(),
		})
	}
	return c
}

// Serve answers on a listener until ctx is done, then shuts down in order and
// returns nil. With Certificates, l is encrypted, and who comes to the listener
// plain, if it is not nil, is sent there. Serve closes both.
func (s *Server) Serve(ctx context.Context, l, plain net.Listener) error {
	if plain != nil {
		defer plain.Close()
	}
	if err := s.sessions.Load(ctx); err != nil {
		if ctx.Err() != nil { // told to stop before it began
			err = nil
		}
		for _, l := range []net.Listener{s.operator, s.scraped} {
			if l != nil {
				err = errors.Join(err, l.Close())
			}
		}
		return errors.Join(err, l.Close())
	}
	s.audit.Record(store.AuditEntry{Act: audit.ServerStarted, Detail: s.build})
	defer s.audit.Record(store.AuditEntry{Act: audit.ServerStopped})
	// Pings go on until the sessions are closed; hence a context of their own.
	pings, stopPings := context.WithCancel(context.Background())
	defer stopPings()
	ctx, stop := context.WithCancel(ctx) // or when a listener fails
	defer stop()
	var g errgroup.Group
	g.Go(func() error { return s.sessions.Run(pings) })
	g.Go(func() error { return newKeeper(s.release).run(pings) })
	g.Go(func() error { return s.posts.run(pings) })
	g.Go(func() error { return s.wechat.run(pings) })
	g.Go(func() error { return s.sweep(ctx) })
	g.Go(func() error { return s.collectAccounts(ctx) })
	if s.files != nil {
		g.Go(func() error { return s.files.Run(ctx) })
	}
	if s.tus != nil {
		g.Go(func() error { return s.tus.Run(ctx) })
	}
	if s.oidc != nil {
		g.Go(func() error { return s.oidc.Run(ctx) })
	}
	if s.bridges.manager != nil {
		g.Go(func() error { return s.bridges.manager.Run(pings) })
		g.Go(func() error { return s.bridges.relay.Run(ctx) })
		if err := s.suspended(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("services of others do not learn who is suspended", "err", err)
		}
	}
	work, stopWork := context.WithCancel(ctx)
	defer stopWork()
	if s.operator != nil {
		g.Go(func() error { return s.serveAdmin(work, s.operator) })
	}
	if s.scraped != nil {
		g.Go(func() error { return s.serveMetrics(pings, s.scraped) })
	}
	failed := make(chan error, 2)
	listen := func(h *http.Server, l net.Listener) {
		g.Go(func() error {
			err := serveHTTP(h, l)
			failed <- err
			return err
		})
	}
	closePlain := func() {}
	if s.certs != nil {
		if plain != nil {
			redirects := s.redirects(l.Addr())
			closePlain = func() { _ = redirects.Close() }
			listen(redirects, plain)
		}
		l = tls.NewListener(l, s.certs.TLS())
		g.Go(func() error { return s.certs.Run(ctx) })
	}
	listen(s.http, l)
	select {
	case <-ctx.Done():
	case err := <-failed:
		if err != nil {
			s.log.Error("listening failed", "err", err)
		}
	}
	stop()
	closePlain()
	stopWork()
	err := s.shutdown()
	stopPings()
	return errors.Join(err, g.Wait())
}

// shutdownTime bounds the orderly end.
const shutdownTime = 10 * time.Second

// shutdown is start in reverse: nobody new, then the sessions, then the topics,
// then the messages that wait to be sent.
// The store is closed by whoever opened it.
func (s *Server) shutdown() error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	step := func(what string, f func(context.Context) error) error {
		if err := f(ctx); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		return nil
	}
	if s.tus != nil { // what came is kept, and the client goes on when we are back
		s.tus.Close()
	}
	// Requests of long polling end when their sessions do.
	stopped := make(chan error, 1)
	go func() { stopped <- step("stop listening", s.http.Shutdown) }()
	closed := step("close sessions", s.sessions.Close)
	topics := step("close topics", s.hub.Close)
	resets := step("answer requests for new passwords", s.reset.Close)
	s.validators.Close()
	pushes := step("pass on notifications", s.push.Close)
	// Mail servers and WeChat that are away are no failure of ours; the log has
	// what was lost.
	_ = s.wechat.close(ctx)
	_ = s.posts.close(ctx)
	return errors.Join(<-stopped, closed, topics, resets, pushes)
}
