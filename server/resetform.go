package server

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"parley/auth"
	"parley/auth/letter"
	"parley/wsproto"
)

// resetPath is where the page for new passwords is, below api_path: for apps that
// know no codes (wire.md §15.4, rule 9). It works without scripts.
const resetPath = "v0/reset"

const (
	maxFormBytes = 16 << 10
	formTime     = 20 * time.Second // logins may be waiting for a processor
)

// serveReset shows the page, and takes what was filled in.
func (s *Server) serveReset(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		q := r.URL.Query()
		s.showReset(w, r, http.StatusOK, letter.Page{Method: q.Get("meth"), Cred: q.Get("cred"), Code: q.Get("code"), Lang: q.Get("lang")})
	case http.MethodPost:
		r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
		if err := r.ParseForm(); err != nil {
			s.refuse(w, http.StatusBadRequest, wsproto.ErrMalformed)
			return
		}
		s.takeReset(w, r)
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		s.refuse(w, http.StatusMethodNotAllowed, wsproto.ErrNotAllowed)
	}
}

func (s *Server) takeReset(w http.ResponseWriter, r *http.Request) {
	f := r.PostForm
	p := letter.Page{
		Method: f.Get("meth"), Cred: strings.TrimSpace(f.Get("cred")), Code: strings.TrimSpace(f.Get("code")), Lang: f.Get("lang"),
	}
	status := http.StatusOK
	password := f.Get("password")
	if password != f.Get("again") {
		p.Fault, status = "differ", http.StatusUnprocessableEntity
	} else {
		ctx, cancel := context.WithTimeout(r.Context(), formTime)
		defer cancel()
		secret := s.reset.Normal([]byte(p.Code+":"+resetMethod(&p)+":"+p.Cred), s.cfg.DefaultCountry)
		p.Fault, status = s.resetFault(s.sessions.ResetPassword(ctx, secret, password, s.remote(r)))
	}
	if p.Fault == "" {
		p.Done, p.HostUrl = true, hostURL(s.cfg.Validation.Email.Config.HostURL)
	}
	s.showReset(w, r, status, p)
}

// resetMethod is that of the link; for those who found the page without one, that
// of what they filled in.
func resetMethod(p *letter.Page) string {
	switch {
	case p.Method != "":
		return p.Method
	case strings.Contains(p.Cred, "@"):
		return "email"
	}
	return "tel"
}

// resetFault is what the page says of an error, and its status.
func (s *Server) resetFault(err error) (fault string, status int) {
	var we *wsproto.Error
	switch {
	case err == nil:
		return "", http.StatusOK
	case errors.As(err, &we) && we.Code == wsproto.ErrTooMany.Code:
		return "later", http.StatusTooManyRequests
	case errors.Is(err, auth.ErrPolicy):
		return "short", http.StatusUnprocessableEntity
	case errors.Is(err, auth.ErrFailed), errors.Is(err, auth.ErrExpired), errors.Is(err, auth.ErrMalformed), errors.As(err, &we):
		return "wrong", http.StatusForbidden
	case !errors.Is(err, auth.ErrBusy):
		s.log.Error("new password not set", "err", err)
	}
	return "later", http.StatusServiceUnavailable
}

func (s *Server) showReset(w http.ResponseWriter, r *http.Request, status int, p letter.Page) {
	if p.Lang == "" {
		p.Lang = r.Header.Get("Accept-Language")
	}
	p.Min = s.cfg.Auth.Basic.MinPasswordLength
	page, err := s.posts.page.Page(p)
	if err != nil {
		s.log.Error("page for new passwords", "err", err)
		s.refuse(w, http.StatusInternalServerError, wsproto.ErrInternal)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", letter.PagePolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer") // the address of the page has the code in it
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(page)
	}
}
