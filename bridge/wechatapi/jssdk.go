package wechatapi

import (
	"context"
	"net/url"
	"slices"
	"strings"
)

// JSConfig is what a page gives to wx.config, but for the list of what it wants
// to do.
type JSConfig struct {
	AppID     string `json:"appId"`
	Timestamp int64  `json:"timestamp"` // seconds
	NonceStr  string `json:"nonceStr"`
	Signature string `json:"signature"`
}

const maxPage = 4096 // bytes of an address

// JSConfig signs a page. page is its whole address as the browser has it, without
// "#" and what follows; percent-escapes stay as they are. ErrForeign if its host
// is none of an app's JSDomains.
func (s *Service) JSConfig(ctx context.Context, page string) (*JSConfig, error) {
	a := s.appOfPage(page)
	if a == nil {
		return nil, ErrForeign
	}
	ticket, err := s.ticket(ctx, a)
	if err != nil {
		return nil, err
	}
	c := &JSConfig{AppID: a.ID, Timestamp: s.Now().Unix(), NonceStr: randomText()}
	c.Signature = JSSignature(ticket, c.NonceStr, c.Timestamp, page)
	return c, nil
}

// AllowsOrigin tells whether pages of an origin may ask for a configuration.
func (s *Service) AllowsOrigin(origin string) bool { return s.appOfPage(origin) != nil }

// HasPages tells whether any page may use the JS-SDK.
func (s *Service) HasPages() bool {
	return slices.ContainsFunc(s.Apps, func(a App) bool { return len(a.JSDomains) > 0 })
}

func (s *Service) appOfPage(page string) *App {
	if len(page) > maxPage || strings.ContainsAny(page, "#\\") || strings.ContainsFunc(page, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return nil
	}
	u, err := url.Parse(page)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.Host == "" {
		return nil
	}
	for i := range s.Apps {
		if slices.Contains(s.Apps[i].JSDomains, strings.ToLower(u.Host)) {
			return &s.Apps[i]
		}
	}
	return nil
}
