package server

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"parley/wsproto"
)

// Limits of the HTTP server (surfaces.md §1.1).
const (
	readHeaderTimeout = 10 * time.Second
	keepAliveTimeout  = 30 * time.Second
	maxHeaderBytes    = 16 << 10
)

// routes is everything that is served.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc(s.cfg.APIPath+"v0/channels", s.serveChannels)
	mux.HandleFunc(s.cfg.APIPath+"v0/channels/lp", s.serveLongPoll)
	mux.HandleFunc(s.cfg.APIPath+"v0/channels/lp/{$}", s.serveLongPoll)
	if s.posts.page != nil && resettable(&s.cfg.Auth) != "" {
		mux.HandleFunc(s.cfg.APIPath+resetPath, s.serveReset)
	}
	mux.HandleFunc(s.cfg.APIPath+"v0/invite/{code}", s.serveInvite)
	s.oidcRoutes(mux)
	s.weChatRoutes(mux)
	info := s.clientInfo()
	mux.HandleFunc(s.cfg.APIPath+"v0/client", s.get(serveClient(info)))
	s.fileRoutes(mux)
	s.tusRoutes(mux)
	s.previewRoutes(mux)
	s.bridgeRoutes(mux)
	s.hookRoutes(mux)
	mux.HandleFunc(s.cfg.APIPath+"v0/", func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, http.StatusNotFound, wsproto.ErrNotFound)
	})
	if s.cfg.StaticData != "-" {
		mux.Handle(s.cfg.StaticMount, http.StripPrefix(strings.TrimSuffix(s.cfg.StaticMount, "/"), s.static(info)))
	}
	if s.cfg.StaticData == "-" || s.cfg.StaticMount != "/" {
		mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
			s.refuse(w, http.StatusNotFound, wsproto.ErrNotFound)
		})
	}
	return s.limited(s.bounded(mux))
}

// bodyTime is how long a request may take to come, but for files, which set
// times of their own.
const bodyTime = 30 * time.Second

// bounded ends requests whose bodies do not come, whether a handler reads them
// or not. Who waits for long polling has sent all of his.
func (s *Server) bounded(next http.Handler) http.Handler {
	files := s.cfg.APIPath + "v0/file/"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 && !strings.HasPrefix(r.URL.Path, files) {
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTime)) // fails in tests only
		}
		next.ServeHTTP(w, r)
	})
}

// refuse answers an HTTP request with a {ctrl}.
func (s *Server) refuse(w http.ResponseWriter, status int, e *wsproto.Error) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	body := e.Reply("", "", s.now()).JSON(nil)
	w.Header().Set("Content-Length", itoa(len(body))) // it is whole, though linger goes on
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// serveChannels opens a session over WebSocket.
func (s *Server) serveChannels(w http.ResponseWriter, r *http.Request) {
	if !validAPIKey(s.cfg.APIKeySalt, requestAPIKey(r)) {
		s.refuse(w, http.StatusForbidden, wsproto.ErrAPIKey)
		return
	}
	if r.Method != http.MethodGet {
		s.refuse(w, http.StatusMethodNotAllowed, wsproto.ErrNotAllowed)
		return
	}
	if limit := s.cfg.Limits.MaxSessions; limit > 0 && s.sessions.Len() >= limit {
		s.refuse(w, http.StatusServiceUnavailable, wsproto.ErrUnavailable)
		return
	}
	if s.sessions.Crowded(s.remote(r)) {
		s.refuseBusy(w, crowdedRetry)
		return
	}
	s.sessions.ServeWebSocket(w, r, s.remote(r), int64(s.cfg.MaxMessageBytes))
}

// remote is the client's address; behind a proxy that is trusted, the one that
// it names (surfaces.md §1.5).
func (s *Server) remote(r *http.Request) string {
	if s.cfg.UseXForwardedFor {
		ip, err := netip.ParseAddr(strings.TrimSpace(r.Header.Get("X-Forwarded-For")))
		if err == nil && ip.IsGlobalUnicast() && !ip.IsPrivate() {
			return ip.String()
		}
	}
	return r.RemoteAddr
}

// static serves the web client: the one that is built in, or a folder.
func (s *Server) static(info *clientFiles) http.Handler {
	if s.cfg.StaticData == "" {
		return s.get(s.webapp(info))
	}
	files := http.FileServer(http.Dir(s.cfg.StaticData))
	return s.get(func(w http.ResponseWriter, r *http.Request) {
		s.pageHeaders(w.Header())
		if age := int(s.cfg.CacheControl / time.Second); age > 0 {
			w.Header().Set("Cache-Control", "must-revalidate, public, max-age="+strconv.Itoa(age))
		}
		files.ServeHTTP(&jsonErrors{ResponseWriter: w, server: s}, r)
	})
}

// pageHeaders are those of every page, whoever made it.
func (s *Server) pageHeaders(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "origin")
	if s.cfg.XFrameOptions != "-" {
		h.Set("X-Frame-Options", s.cfg.XFrameOptions)
	}
}

// jsonErrors lets a handler's errors appear as a {ctrl}, like all others of the
// server (surfaces.md §1.11).
type jsonErrors struct {
	http.ResponseWriter
	server *Server
	failed bool // the body of the handler is not wanted
}

func (w *jsonErrors) WriteHeader(status int) {
	if status < http.StatusBadRequest {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.failed = true
	w.Header().Del("Content-Length")
	w.server.refuse(w.ResponseWriter, status, &wsproto.Error{Code: status, Text: http.StatusText(status)})
}

func (w *jsonErrors) Write(p []byte) (int, error) {
	if w.failed {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}
