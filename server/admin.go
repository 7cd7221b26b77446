package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"parley/auth"
	"parley/auth/basic"
	"parley/internal/config"
	"parley/server/admin"
	"parley/server/session"
	"parley/server/topic"
	"parley/store"
)

// NewAdmin is the operator's way to a store that no server uses: the same
// operations, with nobody connected.
func NewAdmin(cfg *config.Config, st store.Store, log *slog.Logger, now func() time.Time) *admin.Service {
	passwords := newBasic(cfg, st, nil)
	live := session.NewRegistry(session.Deps{Hub: noTopics{}, Store: st, Schemes: auth.NewSet(nil), Log: log, Now: now})
	return newAdmin(cfg, st, passwords, live, now)
}

func newAdmin(cfg *config.Config, st store.Store, passwords *basic.Scheme, live admin.Live, now func() time.Time) *admin.Service {
	tc := topicConfig(cfg)
	return admin.New(admin.Deps{
		Store: st, Basic: passwords, Live: live, Now: now,
		Config: admin.Config{
			Access: tc.NewUserDefault(), LoginTags: cfg.Auth.Basic.AddToTags, EmailTags: cfg.Validation.Email.AddToTags,
			TokenLifetime: cfg.Auth.Token.ExpireIn,
		},
	})
}

func newBasic(cfg *config.Config, st store.Logins, d basic.Deriver) *basic.Scheme {
	a := &cfg.Auth
	return basic.New(st, basic.Rules{
		Name: a.NameOf(config.SchemeBasic), AddToTags: a.Basic.AddToTags,
		MinLogin: a.Basic.MinLoginLength, MinPassword: a.Basic.MinPasswordLength, Deriver: d,
	})
}

// serveAdmin answers the operator until ctx is done; then what he asked for is
// finished as far as shutdownTime allows. It closes the listener.
func (s *Server) serveAdmin(ctx context.Context, l net.Listener) error {
	srv := &http.Server{
		Handler: admin.Handler(s.admin), ReadHeaderTimeout: readHeaderTimeout,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		limit, cancel := context.WithTimeout(context.Background(), shutdownTime)
		defer cancel()
		if srv.Shutdown(limit) != nil {
			_ = srv.Close() // a long backup ends with an error
		}
	})
	err := srv.Serve(l)
	if !stop() {
		<-stopped
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	s.log.Error("the operator's commands are out of order", "err", err)
	return err
}

// noTopics is the hub of a server that does not run.
type noTopics struct{}

func (noTopics) Post(string, topic.Event) error             { return store.ErrClosed }
func (noTopics) PostLive(string, topic.Event) (bool, error) { return false, nil }
func (noTopics) Detach(string, *topic.Attachment)           {}
func (noTopics) Urge(string, topic.Event)                   {}
