package wechat

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"parley/auth/signin"
	api "parley/internal/wechat"
	"parley/store"
)

// The words of WeChat, and bounds of what it says.
const (
	scopeInside = "snsapi_userinfo" // asks the user, and gives name and picture
	scopeQR     = "snsapi_login"
	maxName     = 60 // code points
	maxPicture  = 1024
)

// Ways lists the ways to sign in that work in a browser, by what they are called
// in addresses: in WeChat's own the one, elsewhere the other.
func (s *Scheme) Ways(inside bool) []string {
	kind := Website
	if inside {
		kind = Account
	}
	if s.app(kind, "") == nil {
		return nil
	}
	return []string{kind}
}

// Inside tells WeChat's own browser by what it calls itself.
func Inside(userAgent string) bool { return strings.Contains(userAgent, "MicroMessenger") }

// way is the app of a way to sign in with a browser; nil: there is none.
func (s *Scheme) way(name string) *App {
	if name != Account && name != Website {
		return nil
	}
	return s.app(name, "")
}

func unknownWay() error {
	return signin.NewProblem(http.StatusNotFound, "There is no such way to sign in.", nil)
}

// Title is what a button says.
func (s *Scheme) Title() string { return "WeChat" }

// RedirectBase is the configured URL of this server; ok is false if there is no
// such way.
func (s *Scheme) RedirectBase(way string) (base string, ok bool) {
	return s.Deps.RedirectBase, s.way(way) != nil
}

// CookieName is that of the sign-in of a state; empty if it is none of ours.
func (s *Scheme) CookieName(state string) string { return s.desk.CookieName(state) }

// Begin sends somebody to WeChat; see oidc.
func (s *Scheme) Begin(_ context.Context, way, callback, next, challenge string) (*signin.Start, error) {
	a := s.way(way)
	if a == nil {
		return nil, unknownWay()
	}
	f, err := s.desk.Begin(way, callback, next, challenge)
	if err != nil {
		return nil, err
	}
	path, scope := "/connect/qrconnect", scopeQR
	if way == Account {
		path, scope = "/connect/oauth2/authorize", scopeInside
	}
	// In this order, and with this fragment (bridges.md §C6).
	return s.desk.Send(f, s.Authorize+path+"?appid="+url.QueryEscape(a.ID)+"&redirect_uri="+url.QueryEscape(callback)+
		"&response_type=code&scope="+scope+"&state="+f.State+"#wechat_redirect")
}

// Finish takes what a browser brings back from WeChat; see oidc.
func (s *Scheme) Finish(ctx context.Context, way string, query url.Values, cookie string) (next string, err error) {
	a := s.way(way)
	if a == nil {
		return "", unknownWay()
	}
	f, err := s.desk.Open(way, query, cookie)
	if err != nil {
		return "", err
	}
	if err := s.useUp(ctx, f); err != nil {
		return "", err
	}
	code := query.Get("code")
	if code == "" { // a refusal comes back without one
		return "", signin.NewProblem(http.StatusForbidden, "You were not signed in: it was cancelled, or not allowed.", nil)
	}
	who, err := s.exchange(ctx, a, code)
	if err != nil {
		return "", err
	}
	return s.desk.Finish(f, who)
}

// errSnapshot is the preview in which WeChat invents everything.
var errSnapshot = errors.New("is_snapshotuser")

// exchange gives WeChat's code for its word about who somebody is. A code is good
// once: nothing here is tried twice, because the request may have arrived.
func (s *Scheme) exchange(ctx context.Context, a *App, code string) (*person, error) {
	c, hide := s.client(a.Secret, code)
	var out struct {
		Token    string `json:"access_token"`
		OpenID   string `json:"openid"`
		UnionID  string `json:"unionid"`
		Scope    string `json:"scope"`
		Snapshot int    `json:"is_snapshotuser"`
	}
	q := url.Values{"appid": {a.ID}, "secret": {a.Secret}, "code": {code}, "grant_type": {"authorization_code"}}
	if err := c.Get(ctx, "/sns/oauth2/access_token", q, &out); err != nil {
		return nil, refusal(err)
	}
	hide.Set("token", out.Token)
	who := &person{App: a.ID, OpenID: out.OpenID, UnionID: out.UnionID}
	switch {
	case out.Snapshot != 0:
		return nil, signin.NewProblem(http.StatusForbidden,
			"WeChat shows this page as a preview, in which it does not say who you are. Choose full service (使用完整服务) in WeChat and begin again.", errSnapshot)
	case !who.sane():
		return nil, refusal(errors.New("no openid in the answer"))
	}
	s.describe(ctx, c, out.Token, who)
	return who, nil
}

// describe adds name, picture and unionid. Who somebody is does not depend on it.
func (s *Scheme) describe(ctx context.Context, c *api.Client, token string, who *person) {
	var out struct {
		OpenID   string `json:"openid"`
		UnionID  string `json:"unionid"`
		Nickname string `json:"nickname"`
		Picture  string `json:"headimgurl"`
	}
	err := c.Get(ctx, "/sns/userinfo", url.Values{"access_token": {token}, "openid": {who.OpenID}, "lang": {"zh_CN"}}, &out)
	if err != nil || out.OpenID != who.OpenID {
		s.Log.Warn("WeChat did not describe somebody who signed in", "app", who.App, "err", err)
		return
	}
	if who.UnionID == "" && len(out.UnionID) <= 128 {
		who.UnionID = out.UnionID
	}
	who.Name = tidy(out.Nickname)
	if len(out.Picture) <= maxPicture && s.pictureHost(out.Picture) {
		who.Picture = out.Picture
	}
}

// refusal is what somebody is told whom WeChat does not vouch for.
func refusal(err error) error {
	switch api.Code(err) {
	case 40029, 40163, 41008, 42003: // the code is wrong, used, missing or too old
		return signin.NewProblem(http.StatusForbidden, "WeChat did not prove who you are. Please begin again.", err)
	case 40226:
		return signin.NewProblem(http.StatusForbidden, "WeChat does not let you sign in.", err)
	case 0, -1:
		return signin.NewProblem(http.StatusBadGateway, "WeChat does not answer as it should. Please begin again in a minute.", err)
	}
	return signin.NewProblem(http.StatusBadGateway, "Signing in with WeChat is not set up right. Please tell the operator of this server.", err)
}

// tidy is a name without control characters, and not too long.
func tidy(name string) string {
	runes := []rune(strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(name, ""))))
	return strings.TrimSpace(string(runes[:min(len(runes), maxName)]))
}

// useUp notes in the store that somebody has come back with a state, which is
// good once (bridges.md §C6): on all nodes and after a restart.
func (s *Scheme) useUp(ctx context.Context, f *signin.Flow) error {
	now, sum := s.Now().UTC().Truncate(time.Millisecond), sha256.Sum256([]byte(f.State))
	v := &store.Value{Key: "ws:" + hex.EncodeToString(sum[:]), Data: []byte("1"), Updated: now, Expires: time.Unix(f.Expires, 0).UTC()}
	switch err := s.States.SwapValue(ctx, v, nil, now); {
	case errors.Is(err, store.ErrChanged):
		return signin.NewProblem(http.StatusBadRequest, "This sign-in was completed before. Please begin again.", errors.New("state used twice"))
	case err != nil:
		return signin.NewProblem(http.StatusServiceUnavailable, "Something went wrong here. Please try again later.", err)
	}
	return nil
}
