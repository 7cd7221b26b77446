package server

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// origins are the pages of other sites that may use files (surfaces.md §1.10):
// absolute URLs, in which a label * of the host stands for one label; or "*"
// alone for all.
type origins []string

// allow tells whether a page may, by the Origin that its browser sends.
func (list origins) allow(origin string) bool {
	return origin != "" && slices.ContainsFunc(list, func(o string) bool { return o == "*" || o == origin || matches(o, origin) })
}

func matches(pattern, origin string) bool {
	if !strings.Contains(pattern, "*") {
		return false
	}
	pScheme, pHost, ok1 := strings.Cut(pattern, "://")
	oScheme, oHost, ok2 := strings.Cut(origin, "://")
	p, o := strings.Split(pHost, "."), strings.Split(oHost, ".")
	if !ok1 || !ok2 || pScheme != oScheme || len(p) != len(o) {
		return false
	}
	for i := range p {
		if p[i] != o[i] && (p[i] != "*" || o[i] == "" || strings.ContainsAny(o[i], ":/@")) {
			return false
		}
	}
	return true
}

// Headers that clients set, and those that they may look at.
const (
	corsAllowed = "*, Authorization, Content-Type, If-None-Match, Range, X-Tinode-APIKey, X-Tinode-Auth"
	corsExposed = "Content-Disposition, Content-Length, Content-Range, ETag, Location"
)

// cors sets the headers for pages of other sites on every answer, and answers
// preflights: it returns true if nothing is left to be done.
func (s *Server) cors(w http.ResponseWriter, r *http.Request, methods ...string) bool {
	h, origin := w.Header(), r.Header.Get("Origin")
	h.Add("Vary", "Origin")
	allowed := s.origins.allow(origin)
	if allowed {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Set("Access-Control-Expose-Headers", corsExposed)
	}
	if r.Method != http.MethodOptions {
		return false
	}
	h.Add("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers")
	h.Set("Allow", strings.Join(methods, ", "))
	if want := r.Header.Get("Access-Control-Request-Method"); allowed && slices.Contains(methods, want) {
		h.Set("Access-Control-Allow-Headers", corsAllowed)
		h.Set("Access-Control-Allow-Methods", strings.Join(methods, ", "))
		h.Set("Access-Control-Max-Age", "86400")
	}
	w.WriteHeader(http.StatusNoContent)
	return true
}

// ownPage tells requests that a page of ours or of an allowed origin makes, or
// no page at all: only for those, cookies say who somebody is (design.md §7).
func (s *Server) ownPage(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return s.origins.allow(r.Header.Get("Origin"))
	}
	origin := r.Header.Get("Origin")
	if origin == "" || s.origins.allow(origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host == r.Host
}
