package session

import (
	"context"
	"strconv"
	"strings"
	"time"

	"parley/internal/chat"
	"parley/internal/phone"
	"parley/server/topic"
	"parley/store"
	"parley/wsproto"
)

// ProtocolVersion is what the server calls itself; minVersion is the oldest
// client that it serves (wire.md §2.3, §15.4).
const (
	ProtocolVersion = "0.25"
	minVersion      = 0<<8 | 15
	strictHi        = 0<<8 | 25 // from here a second {hi} needs a login
)

// requestTime bounds what a session asks of the store for one request.
const requestTime = 10 * time.Second

// loginTime bounds {login} and {acc}, which may have to wait until passwords of
// others have been checked.
const loginTime = 30 * time.Second

// parseVersion reads "0.16.3", "v0.25-rc1", "0.22": the leading digits of the
// first two parts. What can't be read is 0.
func parseVersion(text string) int {
	major, rest, _ := strings.Cut(strings.TrimPrefix(text, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	return leadingNumber(major)<<8 | leadingNumber(minor)
}

func leadingNumber(s string) int {
	end := 0
	for end < len(s) && end < 3 && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	n, _ := strconv.Atoi(s[:end])
	return min(n, 255)
}

// hi handles {hi}: the first introduces the client, later ones change its
// device and language.
func (s *Session) hi(h *wsproto.Hi) {
	if s.ver != 0 {
		s.hiAgain(h)
		return
	}
	switch v := parseVersion(h.Ver); {
	case v == 0:
		s.ctrl(wsproto.ErrMalformed, h.ID, "")
		return
	case v < minVersion:
		s.ctrl(wsproto.ErrVersion, h.ID, "")
		return
	default:
		s.ver = v
	}
	s.ua = h.UA
	s.setLang(h.Lang)
	if s.pushID = h.Dev; h.Dev == chat.Clear {
		s.pushID = ""
	}
	if s.platform = h.Platf; s.platform == "" {
		s.platform = platformOf(h.UA)
	}
	if s.bkg = h.Bkg; h.Bkg {
		s.beginGrace()
	}
	hello := *s.reg.greeting()
	if s.poller != nil { // 201 has been said before
		hello.Code, hello.Text = wsproto.OK.Code, wsproto.OK.Text
	}
	s.ctrl(&hello, h.ID, "")
}

// setLang notes the language, and with it where phone numbers without + are
// dialled.
func (s *Session) setLang(lang string) {
	s.lang, s.country = lang, phone.CountryOf(lang)
	if s.country == "" {
		s.country = s.reg.Config.Country
	}
}

// platformOf guesses the platform from the name of the client (wire.md §2.3).
func platformOf(ua string) string {
	ua = strings.ToLower(ua)
	has := func(s string) bool { return strings.Contains(ua, s) }
	switch {
	case has("reactnative") && (has("iphone") || has("ipad")), has("tinodios"):
		return "ios"
	case has("reactnative") && has("android"), has("tindroid"):
		return "android"
	case has("tinodejs"):
		return "web"
	}
	return ""
}

func (s *Session) hiAgain(h *wsproto.Hi) {
	if h.Ver != "" && parseVersion(h.Ver) != s.ver {
		s.ctrl(wsproto.ErrSequence, h.ID, "")
		return
	}
	if s.uid == 0 {
		if s.ver < strictHi { // clients before 0.25 were answered 201
			s.ctrl(wsproto.Created, h.ID, "")
		} else {
			s.ctrl(wsproto.ErrAuthRequired, h.ID, "")
		}
		return
	}
	s.setLang(h.Lang)
	if h.Dev == s.pushID || h.Dev == "" {
		s.pushID = h.Dev
		s.ctrl(wsproto.Created, h.ID, "")
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), requestTime)
	defer cancel()
	if err := s.changeDevice(ctx, h.Dev); err != nil {
		s.ctrl(topic.ErrorFor(err, s.log()), h.ID, "")
		return
	}
	s.ctrl(wsproto.OK, h.ID, "")
}

// changeDevice replaces the device that is told of messages by push.
func (s *Session) changeDevice(ctx context.Context, device string) error {
	if s.pushID != "" {
		_ = s.reg.Store.DeleteDevice(ctx, s.uid, s.pushID) // gone already: just as well
	}
	if s.pushID = device; device == chat.Clear {
		s.pushID = ""
		return nil
	}
	return s.putDevice(ctx)
}

func (s *Session) putDevice(ctx context.Context) error {
	if s.pushID == "" {
		return nil
	}
	return s.reg.Store.PutDevice(ctx, &store.Device{
		ID: s.pushID, User: s.uid, Platform: s.platform, Lang: s.lang, LastSeen: s.reg.now(),
	})
}
