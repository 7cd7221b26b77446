package server

import (
	"net/http"
	"net/url"
	"strings"

	"parley/auth/wechat"
)

// jsSDK is WeChat's script (bridges.md §C3), and the only one of another host that
// a page of ours ever loads.
const jsSDK = "https://res.wx.qq.com/open/js/jweixin-1.6.0.js"

// weChatFacts is what the built-in client must know inside WeChat.
type weChatFacts struct {
	Script string `json:"script"` // URL of the JS-SDK
	Config string `json:"config"` // path of the parameters for wx.config, which takes ?url=
	Voice  string `json:"voice"`  // path that makes a file of a recording; empty: there are no files
	// Playable: such a file is one that browsers play.
	Playable bool `json:"playable"`
}

// weChatFacts is nil where no page may use the JS-SDK.
func (s *Server) weChatFacts() *weChatFacts {
	if s.wechat == nil || !s.wechat.api.HasPages() {
		return nil
	}
	f := &weChatFacts{Playable: s.wechat.convert != nil, Script: s.jsSDK(), Config: s.cfg.APIPath + "v0/wechat/jssdk"}
	if s.files != nil {
		f.Voice = s.cfg.APIPath + "v0/wechat/voice"
	}
	return f
}

func (s *Server) jsSDK() string {
	if u := s.cfg.Bridges.WeChat.JSSDK; u != "" {
		return u
	}
	return jsSDK
}

// clientFiles is client.json as WeChat's own browser gets it, and others.
type clientFiles struct{ usual, inWeChat webFile }

func (c *clientFiles) of(r *http.Request) webFile {
	if wechat.Inside(r.UserAgent()) {
		return c.inWeChat
	}
	return c.usual
}

// weChatPolicy lets a page inside WeChat load the JS-SDK, if that is set up for
// the host by which it was asked for.
func (s *Server) weChatPolicy(r *http.Request, policy string) string {
	if s.wechat == nil || !wechat.Inside(r.UserAgent()) || !s.wechat.api.AllowsOrigin("https://"+r.Host) {
		return policy
	}
	u, err := url.Parse(s.jsSDK())
	if err != nil {
		return policy
	}
	return strings.Replace(policy, "script-src 'self'", "script-src 'self' "+u.Scheme+"://"+u.Host, 1)
}
