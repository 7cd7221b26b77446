package wechat

import (
	"encoding/json"
	"net/http"
	"time"
)

// token is the plain kind: each call makes a new one, and the one before dies.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("grant_type") != "client_credential" {
		fail(w, 40002, "invalid grant_type")
		return
	}
	a := s.app(w, q.Get("appid"), q.Get("secret"))
	if a == nil || !s.quota(w, "/cgi-bin/token", a.ID) {
		return
	}
	answer(w, s.issue(a.ID, false))
}

// issue makes a token and shortens the life of the one before.
func (s *Server) issue(app string, stable bool) map[string]any {
	key := app + " plain"
	if stable {
		key = app + " stable"
	}
	now := s.Now()
	if old := s.tokens[s.latest[key]]; old != nil && old.expires.After(now.Add(tokenOverlap)) {
		old.expires = now.Add(tokenOverlap)
	}
	text := s.secret("AT-")
	s.tokens[text] = &token{app, stable, now.Add(tokenLife)}
	s.latest[key] = text
	return map[string]any{"access_token": text, "expires_in": int(tokenLife / time.Second)}
}

// stableToken gives the same one while it has more than five minutes to live.
func (s *Server) stableToken(w http.ResponseWriter, r *http.Request) {
	var in struct {
		GrantType    string `json:"grant_type"`
		AppID        string `json:"appid"`
		Secret       string `json:"secret"`
		ForceRefresh bool   `json:"force_refresh"`
	}
	if r.URL.RawQuery != "" || !strictJSON(w, r, &in) {
		return
	}
	if in.GrantType != "client_credential" {
		fail(w, 40002, "invalid grant_type")
		return
	}
	a := s.app(w, in.AppID, in.Secret)
	if a == nil || !s.quota(w, "/cgi-bin/stable_token", a.ID) {
		return
	}
	if in.ForceRefresh && !s.quota(w, "force_refresh", a.ID) {
		return
	}
	text := s.latest[a.ID+" stable"]
	if t := s.tokens[text]; t != nil && !in.ForceRefresh {
		if left := t.expires.Sub(s.Now()); left > tokenOverlap {
			answer(w, map[string]any{"access_token": text, "expires_in": int(left / time.Second)})
			return
		}
	}
	answer(w, s.issue(a.ID, true))
}

// strictJSON reads a body that is JSON, has no other members and is called so.
func strictJSON(w http.ResponseWriter, r *http.Request, out any) bool {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(out); err != nil {
		fail(w, 47001, "data format error")
		return false
	}
	return true
}

// caller checks the access token of a request.
func (s *Server) caller(w http.ResponseWriter, r *http.Request, path string) *App {
	text := r.URL.Query().Get("access_token")
	t := s.tokens[text]
	switch {
	case text == "":
		fail(w, 41001, "access_token missing")
		return nil
	case t == nil:
		fail(w, 40001, "invalid credential, access_token is invalid or not latest, could get access_token by getStableAccessToken "+text)
		return nil
	case !t.expires.After(s.Now()):
		fail(w, 42001, "access_token expired")
		return nil
	case !s.quota(w, path, t.app):
		return nil
	}
	return s.apps[t.app]
}

func (s *Server) ticket(w http.ResponseWriter, r *http.Request) {
	if !only(w, r, "access_token", "type") {
		return
	}
	a := s.caller(w, r, "/cgi-bin/ticket/getticket")
	switch {
	case a == nil:
	case a.Kind != "oa":
		fail(w, 48001, "api unauthorized")
	case r.URL.Query().Get("type") != "jsapi":
		fail(w, 40097, "invalid args")
	default:
		text := s.secret("TICKET-")
		s.tickets[text] = &ticket{a.ID, s.Now().Add(tokenLife)}
		answer(w, map[string]any{"errcode": 0, "errmsg": "ok", "ticket": text, "expires_in": int(tokenLife / time.Second)})
	}
}

// CheckPage tells whether a page's configuration is one that WeChat would take:
// signed with a ticket of the app that is still good.
func (s *Server) CheckPage(app, url, nonce string, timestamp int64, signature string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for text, t := range s.tickets {
		if t.app == app && t.expires.After(s.Now()) && pageSignature(text, nonce, timestamp, url) == signature {
			return true
		}
	}
	return false
}
