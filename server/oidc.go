package server

import (
	"context"
	"encoding/json"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"parley/auth/oidc"
	"parley/auth/signin"
	"parley/auth/wechat"
	"parley/internal/audit"
	"parley/server/session"
	"parley/store"
	"parley/wsproto"
)

// oidcRoutes serves the pages of signing in through somebody else
// (docs/protocol.md). Without providers only the list is there, and empty.
func (s *Server) oidcRoutes(mux *http.ServeMux) {
	mux.HandleFunc(s.cfg.APIPath+"v0/auth/providers", s.get(s.serveProviders))
	for name, sc := range s.thirds() {
		d := signInDesk{s, name, sc}
		mux.HandleFunc(s.cfg.APIPath+"v0/auth/"+name+"/{provider}/start", s.get(d.serveSignIn))
		mux.HandleFunc(s.cfg.APIPath+"v0/auth/"+name+"/{provider}/callback", s.get(d.serveSignedIn))
	}
}

// signInScheme is a scheme of signing in with a browser at somebody else's.
type signInScheme interface {
	RedirectBase(provider string) (base string, ok bool)
	CookieName(state string) string
	Begin(ctx context.Context, provider, callback, next, challenge string) (*signin.Start, error)
	Finish(ctx context.Context, provider string, query url.Values, cookie string) (next string, err error)
}

// thirds are those that are configured, by their names in addresses.
func (s *Server) thirds() map[string]signInScheme {
	m := make(map[string]signInScheme)
	if s.oidc != nil {
		m[oidc.Name] = s.oidc
	}
	if s.wechat != nil && s.wechat.signIn != nil {
		m[wechat.Name] = s.wechat.signIn
	}
	return m
}

// signInDesk serves the pages of one of them.
type signInDesk struct {
	*Server
	name   string
	scheme signInScheme
}

// get refuses all methods but GET and HEAD.
func (s *Server) get(f http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			s.refuse(w, http.StatusMethodNotAllowed, wsproto.ErrNotAllowed)
			return
		}
		f(w, r)
	}
}

// signInButton is a way to sign in: its title, and where that begins.
type signInButton struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Start string `json:"start"` // path on this server
}

// signInButtons is empty, not nil, if there are none. WeChat's own browser has
// another way than others.
func (s *Server) signInButtons(inWeChat bool) []signInButton {
	list := []signInButton{}
	if s.oidc != nil {
		for _, p := range s.oidc.Providers() {
			list = append(list, signInButton{p.ID, p.Title, s.cfg.APIPath + "v0/auth/oidc/" + p.ID + "/start"})
		}
	}
	if s.wechat != nil && s.wechat.signIn != nil {
		for _, way := range s.wechat.signIn.Ways(inWeChat) {
			list = append(list, signInButton{wechat.Name, s.wechat.signIn.Title(), s.cfg.APIPath + "v0/auth/wechat/" + way + "/start"})
		}
	}
	return list
}

// serveProviders lists the ways to sign in, for the buttons of clients.
func (s *Server) serveProviders(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "max-age=60")
	h.Set("Vary", "User-Agent")
	s.json(w, map[string]any{"providers": s.signInButtons(wechat.Inside(r.UserAgent()))})
}

// json answers with a value.
func (s *Server) json(w http.ResponseWriter, v any) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	_ = json.NewEncoder(w).Encode(v) // the browser has gone: its affair
}

// serveSignIn sends the browser to the provider, with a cookie that says so.
func (s *signInDesk) serveSignIn(w http.ResponseWriter, r *http.Request) {
	private(w)
	callback, ok := s.callback(r)
	if !ok {
		s.problem(w, r, &signin.Problem{Status: http.StatusNotFound, Text: "There is no such way to sign in."})
		return
	}
	q := r.URL.Query()
	start, err := s.scheme.Begin(r.Context(), r.PathValue("provider"), callback.String(), q.Get("redirect"), q.Get("challenge"))
	if err != nil {
		s.problem(w, r, err)
		return
	}
	http.SetCookie(w, flowCookie(callback, start.Cookie, start.Value, start.MaxAge))
	http.Redirect(w, r, start.URL, http.StatusFound)
}

// serveSignedIn takes the browser back from the provider and sends it on to
// where it began, with a one-time code.
func (s *signInDesk) serveSignedIn(w http.ResponseWriter, r *http.Request) {
	private(w)
	q := r.URL.Query()
	name, value := s.scheme.CookieName(q.Get("state")), ""
	if name != "" {
		if c, err := r.Cookie(name); err == nil {
			value = c.Value
		}
		if callback, ok := s.callback(r); ok {
			http.SetCookie(w, flowCookie(callback, name, "", -1)) // it has done its work
		}
	}
	next, err := s.scheme.Finish(r.Context(), r.PathValue("provider"), q, value)
	if err != nil {
		if p := (*signin.Problem)(nil); errors.As(err, &p) && p.Denied {
			s.audit.Record(store.AuditEntry{Act: audit.LoginFailed, From: session.HostOf(s.remote(r)), Detail: s.name})
		}
		s.problem(w, r, err)
		return
	}
	w.Header().Set("Location", next) // a path of ours, and a fragment: as it is
	w.WriteHeader(http.StatusSeeOther)
}

// private keeps addresses and pages of a sign-in out of caches, other sites and
// frames.
func private(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
}

// flowCookie goes to the callback alone. Lax, because the provider sends the
// browser there.
func flowCookie(callback *url.URL, name, value string, age time.Duration) *http.Cookie {
	c := &http.Cookie{
		Name: name, Value: value, Path: callback.EscapedPath(), MaxAge: int(age / time.Second),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: callback.Scheme == "https",
	}
	if age < 0 {
		c.MaxAge = -1
	}
	return c
}

// callback is the address to which the provider of a request sends people back:
// beneath the configured URL of this server, or the one that the browser used.
func (s *signInDesk) callback(r *http.Request) (*url.URL, bool) {
	id := r.PathValue("provider")
	base, ok := s.scheme.RedirectBase(id)
	if !ok {
		return nil, false
	}
	if base == "" {
		base = s.origin(r)
	}
	u, err := url.Parse(base + s.cfg.APIPath + "v0/auth/" + s.name + "/" + id + "/callback")
	return u, err == nil && u.Host != ""
}

// origin is how the browser addresses this server: behind a proxy that is
// trusted, as that says.
func (s *Server) origin(r *http.Request) string {
	scheme, host := "http", r.Host
	if r.TLS != nil {
		scheme = "https"
	}
	if s.cfg.UseXForwardedFor {
		if strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
			scheme = "https"
		}
		if h := r.Header.Get("X-Forwarded-Host"); h != "" {
			host = h
		}
	}
	if strings.ContainsAny(host, "/\\?#@, ") || len(host) > 260 {
		host = "" // callback refuses it
	}
	return scheme + "://" + host
}

// problemPage is what somebody sees who cannot sign in.
var problemPage = template.Must(template.New("").Parse(`<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Sign-in</title></head>
<body>
<h1>Sign-in did not work</h1>
<p>{{.Text}}</p>
<p><a href="{{.Back}}">Back</a></p>
</body>
</html>
`))

// problem answers with a page, and logs why.
func (s *signInDesk) problem(w http.ResponseWriter, r *http.Request, err error) {
	p := &signin.Problem{Status: http.StatusInternalServerError, Text: "Something went wrong here.", Cause: err}
	errors.As(err, &p)
	s.log.Warn("sign-in failed", "provider", r.PathValue("provider"), "addr", s.remote(r), "err", p)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(p.Status)
	_ = problemPage.Execute(w, map[string]string{"Text": p.Text, "Back": s.cfg.StaticMount})
}
