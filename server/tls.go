package server

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"parley/wsproto"
)

// Certificates is where the server's certificates come from; internal/certs has
// what can be used.
type Certificates interface {
	// TLS is the configuration for the listener.
	TLS() *tls.Config
	// Challenges answers what an authority asks over plain HTTP, and leaves the
	// rest to next.
	Challenges(next http.Handler) http.Handler
	// Run keeps them fresh until ctx is done.
	Run(ctx context.Context) error
}

// strict tells browsers never to come without TLS again (RFC 6797), on every
// answer that is encrypted.
func (s *Server) strict(next http.Handler) http.Handler {
	age := int64(s.cfg.TLS.StrictMaxAge / time.Second)
	if s.certs == nil || age <= 0 {
		return next
	}
	value := "max-age=" + strconv.FormatInt(age, 10)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", value)
		next.ServeHTTP(w, r)
	})
}

// redirects is the server of the plain port: it sends everybody to the
// encrypted one, which listens at main.
func (s *Server) redirects(main net.Addr) *http.Server {
	port := ""
	if t, ok := main.(*net.TCPAddr); ok && t.Port != 443 {
		port = ":" + strconv.Itoa(t.Port)
	}
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.redirect(w, r, port) })
	return &http.Server{
		Handler: s.certs.Challenges(h), ReadTimeout: readHeaderTimeout, WriteTimeout: readHeaderTimeout,
		IdleTimeout: keepAliveTimeout, MaxHeaderBytes: maxHeaderBytes, ErrorLog: s.http.ErrorLog,
	}
}

// redirect answers 308: the method stays what it was, and the client may
// remember it.
func (s *Server) redirect(w http.ResponseWriter, r *http.Request, port string) {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
		if strings.Contains(h, ":") {
			host = "[" + h + "]"
		}
	}
	if host == "" { // HTTP/1.0: there is nowhere to send it
		s.refuse(w, http.StatusBadRequest, wsproto.ErrMalformed)
		return
	}
	uri := r.URL.RequestURI()
	if !strings.HasPrefix(uri, "/") { // OPTIONS *
		uri = "/"
	}
	w.Header().Set("Location", "https://"+host+port+uri)
	w.WriteHeader(http.StatusPermanentRedirect)
}

// serveHTTP runs a server until it is shut down.
func serveHTTP(h *http.Server, l net.Listener) error {
	if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
