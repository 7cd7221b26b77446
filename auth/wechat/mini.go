package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"

	"parley/auth"
	api "parley/internal/wechat"
	"parley/wsproto"
)

const maxMini = 1024 // bytes of a secret

// proveMini takes what wx.login gave to a mini-program:
//
//	{"flow":"mp","app":"wx…","code":"…"}
//
// "app" can be left out while there is one mini-program. The session key of the
// answer goes nowhere.
func (s *Scheme) proveMini(ctx context.Context, secret []byte) (*person, error) {
	var in struct {
		Flow string `json:"flow"`
		App  string `json:"app"`
		Code string `json:"code"`
	}
	d := json.NewDecoder(bytes.NewReader(secret))
	d.DisallowUnknownFields()
	if len(secret) > maxMini || d.Decode(&in) != nil || d.More() || in.Code == "" {
		return nil, auth.ErrMalformed
	}
	a := s.app(Mini, in.App)
	// Browsers have to come by their pages: nothing else binds a code to them.
	if in.Flow != "mp" || a == nil {
		return nil, auth.ErrUnsupported
	}
	c, _ := s.client(a.Secret, in.Code)
	var out struct {
		OpenID  string `json:"openid"`
		UnionID string `json:"unionid"`
	}
	q := url.Values{"appid": {a.ID}, "secret": {a.Secret}, "js_code": {in.Code}, "grant_type": {"authorization_code"}}
	if err := c.Get(ctx, "/sns/jscode2session", q, &out); err != nil {
		return nil, s.miniRefusal(a, err)
	}
	who := &person{App: a.ID, OpenID: out.OpenID, UnionID: out.UnionID}
	if !who.sane() {
		return nil, s.miniRefusal(a, api.ErrAnswer)
	}
	return who, nil
}

func (s *Scheme) miniRefusal(a *App, err error) error {
	switch api.Code(err) {
	case 40029, 40163, 41008, 42003:
		return auth.ErrFailed
	case 40226: // WeChat takes him for a risk
		return wsproto.ErrDenied
	case 45011, -1:
		return auth.ErrBusy
	}
	s.Log.Warn("a mini-program could not log in", "app", a.ID, "err", err)
	return auth.ErrBusy
}
