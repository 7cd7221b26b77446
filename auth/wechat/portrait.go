package wechat

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"parley/internal/outbound"
)

const (
	portraitTime  = 3 * time.Second // that a first sign-in waits for it
	portraitLimit = 24 << 10        // bytes: it becomes a part of the account's description
	portraitSize  = "132"           // pixels
)

// pictureHost tells whether a portrait is where WeChat keeps them: no answer of
// its makes this server ask anybody else.
func (s *Scheme) pictureHost(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Fragment != "" {
		return false
	}
	if base, err := url.Parse(s.Base); err == nil && base.Host == u.Host && base.Scheme == u.Scheme {
		return true
	}
	return (u.Scheme == "https" || u.Scheme == "http") && strings.HasSuffix(u.Hostname(), ".qlogo.cn") && u.Port() == ""
}

// portrait fetches somebody's picture, small; nil if there is none, or not now.
func (s *Scheme) portrait(ctx context.Context, address string) (kind string, data []byte) {
	if address == "" || !s.pictureHost(address) {
		return "", nil
	}
	if strings.HasPrefix(address, "http://") && strings.Contains(address, ".qlogo.cn/") {
		address = "https" + strings.TrimPrefix(address, "http")
	}
	if before, ok := strings.CutSuffix(address, "/0"); ok { // the largest
		address = before + "/" + portraitSize
	}
	ctx, cancel := context.WithTimeout(ctx, portraitTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", nil
	}
	a, err := outbound.Do(s.HTTP, r, portraitLimit)
	if err != nil || a.Status != http.StatusOK {
		s.Log.Info("a portrait was not taken over", "err", err)
		return "", nil
	}
	kind, ok := strings.CutPrefix(http.DetectContentType(a.Body), "image/")
	if !ok || kind != "jpeg" && kind != "png" && kind != "webp" && kind != "gif" {
		return "", nil
	}
	return kind, a.Body
}
