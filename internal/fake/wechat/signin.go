package wechat

import (
	"bytes"
	"fmt"
	"html/template"
	"image"
	"image/jpeg"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// authorizePage asks a person, as WeChat does: in its own browser with a button,
// elsewhere with a picture to be scanned.
var authorizePage = template.Must(template.New("").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>WeChat</title></head><body>
<h1>{{.Title}}</h1>
{{range .Users}}<p><a class="allow" id="{{.Name}}" href="{{.Link}}">Allow as {{.Name}}</a></p>
{{end}}<p><a id="deny" href="{{.Deny}}">Do not allow</a></p>
</body></html>
`))

var states = regexp.MustCompile(`^[A-Za-z0-9]{1,128}$`)

// authorize wants the parameters in their order, a registered host, and the
// right kind of browser.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	inside := r.URL.Path == "/connect/oauth2/authorize"
	q := r.URL.Query()
	bad := func(text string) { http.Error(w, text, http.StatusBadRequest) }
	order := ""
	for part := range strings.SplitSeq(r.URL.RawQuery, "&") {
		key, _, _ := strings.Cut(part, "=")
		order += key + " "
	}
	a := s.apps[q.Get("appid")]
	back, err := url.Parse(q.Get("redirect_uri"))
	scopes := map[string]bool{"snsapi_login": !inside, "snsapi_base": inside, "snsapi_userinfo": inside}
	switch {
	case order != "appid redirect_uri response_type scope state ":
		bad("parameters in another order: " + order)
	case a == nil || inside && a.Kind != "oa" || !inside && a.Kind != "web":
		bad("appid")
	case err != nil || !has(a.RedirectHosts, back.Host) || back.Scheme != "https" && back.Hostname() != "127.0.0.1" && back.Hostname() != "localhost":
		bad("redirect_uri: host not registered")
	case q.Get("response_type") != "code" || !scopes[q.Get("scope")]:
		bad("response_type or scope")
	case !states.MatchString(q.Get("state")):
		bad("state")
	case inside && !strings.Contains(r.UserAgent(), "MicroMessenger"):
		bad("please open this page in the WeChat client")
	default:
		s.offer(w, a, back, q)
	}
}

func (s *Server) offer(w http.ResponseWriter, a *App, back *url.URL, q url.Values) {
	type link struct{ Name, Link string }
	title := "Scan with WeChat"
	if a.Kind == "oa" {
		title = "The account wants to know your nickname and picture"
	}
	target := func(v url.Values) string {
		u := *back
		v.Set("state", q.Get("state"))
		u.RawQuery = v.Encode()
		return u.String()
	}
	var list []link
	for name, u := range s.users {
		if u.OpenIDs[a.ID] != "" {
			list = append(list, link{name, target(url.Values{"code": {s.newCode(a.ID, name, q.Get("scope"))}})})
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = authorizePage.Execute(w, map[string]any{"Title": title, "Users": list, "Deny": target(url.Values{})})
}

func has(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// take uses up a code, and says so if it cannot.
func (s *Server) take(w http.ResponseWriter, app, text string) *authCode {
	c := s.codes[text]
	switch {
	case text == "":
		fail(w, 41008, "missing code")
	case c == nil || c.app != app:
		fail(w, 40029, "invalid code")
	case c.used:
		fail(w, 40163, "code been used")
	case !c.expires.After(s.Now()):
		fail(w, 42003, "code expired")
	default:
		c.used = true
		return c
	}
	return nil
}

func (s *Server) exchange(w http.ResponseWriter, r *http.Request) {
	if !only(w, r, "appid", "secret", "code", "grant_type") {
		return
	}
	q := r.URL.Query()
	if q.Get("grant_type") != "authorization_code" {
		fail(w, 40002, "invalid grant_type")
		return
	}
	a := s.app(w, q.Get("appid"), q.Get("secret"))
	if a == nil {
		return
	}
	c := s.take(w, a.ID, q.Get("code"))
	if c == nil {
		return
	}
	if c.scope == "mini" {
		fail(w, 40029, "invalid code")
		return
	}
	u := s.users[c.user]
	text := s.secret("WEB-")
	s.grants[text] = &authCode{app: a.ID, user: c.user, scope: c.scope, expires: s.Now().Add(tokenLife)}
	out := map[string]any{
		"access_token": text, "expires_in": 7200, "refresh_token": s.secret("REFRESH-"), "openid": s.openID(u, a.ID), "scope": c.scope,
	}
	if u.UnionID != "" {
		out["unionid"] = u.UnionID
	}
	if u.Snapshot {
		out["openid"], out["unionid"], out["is_snapshotuser"] = "oFAKE"+u.Name, "uFAKE"+u.Name, 1
	}
	answer(w, out)
}

func (s *Server) openID(u *User, app string) string { return u.OpenIDs[app] }

func (s *Server) userInfo(w http.ResponseWriter, r *http.Request) {
	if !only(w, r, "access_token", "openid", "lang") {
		return
	}
	q := r.URL.Query()
	g := s.grants[q.Get("access_token")]
	switch {
	case g == nil:
		fail(w, 40001, "invalid credential")
		return
	case !g.expires.After(s.Now()):
		fail(w, 42001, "access_token expired")
		return
	case g.scope == "snsapi_base":
		fail(w, 48001, "api unauthorized")
		return
	}
	u := s.users[g.user]
	if q.Get("openid") != s.openID(u, g.app) {
		fail(w, 40003, "invalid openid")
		return
	}
	out := map[string]any{
		"openid": q.Get("openid"), "nickname": u.Nickname, "sex": 0, "province": "", "city": "", "country": "",
		"headimgurl": u.Picture, "privilege": []string{},
	}
	if u.UnionID != "" {
		out["unionid"] = u.UnionID
	}
	answer(w, out)
}

func (s *Server) session(w http.ResponseWriter, r *http.Request) {
	if !only(w, r, "appid", "secret", "js_code", "grant_type") {
		return
	}
	q := r.URL.Query()
	if q.Get("grant_type") != "authorization_code" {
		fail(w, 40002, "invalid grant_type")
		return
	}
	a := s.app(w, q.Get("appid"), q.Get("secret"))
	if a == nil {
		return
	}
	if a.Kind != "mini" {
		fail(w, 48001, "api unauthorized")
		return
	}
	c := s.take(w, a.ID, q.Get("js_code"))
	if c == nil {
		return
	}
	u := s.users[c.user]
	key := fmt.Sprint(c.user, " ", s.Now().Unix()/60)
	if s.minute[key]++; s.minute[key] > 100 {
		fail(w, 45011, "api minute-quota reach limit")
		return
	}
	if u.Risky {
		fail(w, 40226, "code blocked")
		return
	}
	out := map[string]any{"openid": s.openID(u, a.ID), "session_key": s.secret("SESSIONKEY")}
	if u.UnionID != "" {
		out["unionid"] = u.UnionID
	}
	answer(w, out)
}

// picture is a portrait, smaller than any.
func (s *Server) picture(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "image/jpeg")
	_, _ = w.Write(Portrait())
}

// Portrait is the picture of everybody: a grey one.
func Portrait() []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 16, 16)), nil); err != nil {
		panic(err) // into memory
	}
	return b.Bytes()
}
