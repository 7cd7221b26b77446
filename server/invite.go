package server

import (
	"net/http"
	"time"

	"parley/server/session"
	"parley/wsproto"
)

// inviteFor is how long a browser remembers the code of a link.
const inviteFor = 7 * 24 * time.Hour

// serveInvite is the link that people are sent: it leaves the code in the
// browser and leads to the web client. It does not tell whether the code is
// good: that would be an answer to whoever guesses.
func (s *Server) serveInvite(w http.ResponseWriter, r *http.Request) {
	code := r.PathValue("code")
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		s.refuse(w, http.StatusMethodNotAllowed, wsproto.ErrNotAllowed)
		return
	case !isCode(code) || s.cfg.StaticData == "-":
		s.refuse(w, http.StatusNotFound, wsproto.ErrNotFound)
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: session.InviteCookie, Value: code, Path: s.cfg.APIPath, MaxAge: int(inviteFor / time.Second),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil,
	})
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, s.cfg.StaticMount, http.StatusSeeOther)
}

const maxCode = 64

// isCode tells whether a text could be the code of an invitation.
func isCode(code string) bool {
	for _, c := range []byte(code) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return code != "" && len(code) <= maxCode
}
