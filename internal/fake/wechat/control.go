package wechat

import (
	"crypto/rand"
	"strings"
)

// AddUser makes somebody known.
func (s *Server) AddUser(u User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.Consents == nil {
		u.Consents = make(map[string]int)
	}
	s.users[u.Name] = &u
}

// Change changes a user or what else f touches, safely.
func (s *Server) Change(name string, f func(*User)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.users[name])
}

// AllowRedirect registers a host with all apps.
func (s *Server) AllowRedirect(host string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.apps {
		a.RedirectHosts = append(a.RedirectHosts, host)
	}
}

// AMR is a voice message of so many frames of 20 ms, in which nothing is heard.
func AMR(frames int) []byte {
	b := []byte("#!AMR\n")
	for range frames {
		b = append(append(b, 7<<3|4), make([]byte, 31)...)
	}
	return b
}

// Fail makes requests of a path fail; a zero Fault ends it.
func (s *Server) Fail(path string, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f == (Fault{}) {
		delete(s.faults, path)
		return
	}
	s.faults[path] = &f
}

// Calls is how often a path was asked for.
func (s *Server) Calls(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[path]
}

// Sent lists what was delivered.
func (s *Server) Sent() []Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Sent(nil), s.sent...)
}

// ExpireTokens makes all access tokens of an app invalid before their time.
func (s *Server) ExpireTokens(app string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for text, t := range s.tokens {
		if t.app == app {
			delete(s.tokens, text)
		}
	}
	for key := range s.latest {
		if strings.HasPrefix(key, app+" ") {
			delete(s.latest, key)
		}
	}
}

// Secrets lists every token, ticket and session key that was handed out so far,
// and the apps' own: none of them may be seen outside of the server.
func (s *Server) Secrets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := append([]string(nil), s.seen...)
	for _, a := range s.apps {
		list = append(list, a.Secret)
	}
	return list
}

// secret makes one, with a beginning that tells tests what it is.
func (s *Server) secret(prefix string) string {
	text := prefix + rand.Text()
	s.seen = append(s.seen, text)
	return text
}

// AddMedia keeps something that a user uploaded through an app, and returns its
// ID.
func (s *Server) AddMedia(app, kind, contentType string, body []byte) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := "media_" + rand.Text()
	s.media[id] = &media{app, kind, contentType, body, s.Now().Add(mediaLife)}
	return id
}

// LoginCode is what wx.login of a mini-program gives somebody.
func (s *Server) LoginCode(app, user string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newCode(app, user, "mini")
}

func (s *Server) newCode(app, user, scope string) string {
	code := "code" + rand.Text()
	s.codes[code] = &authCode{app: app, user: user, scope: scope, expires: s.Now().Add(codeLife)}
	return code
}
