package mail

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	netmail "net/mail"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// newID is a Message-ID without its brackets. Its domain is that of the sender,
// which mail servers compare.
func (s *Sender) newID() string {
	var b [16]byte
	rand.Read(b[:])
	_, domain, _ := strings.Cut(s.from.Address, "@")
	return hex.EncodeToString(b[:]) + "@" + domain
}

// oneLine takes out what would begin another header.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

// compose makes the message (surfaces.md §3.3): text first, then HTML, as
// alternatives of each other.
func (s *Sender) compose(m *message) (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	to := &netmail.Address{Address: oneLine(m.to)}
	if parsed, err := netmail.ParseAddress(to.Address); err != nil || parsed.Address != to.Address {
		return nil, fmt.Errorf("not an address: %q", m.to)
	}
	msg.FromMailAddress(s.from)
	msg.ToMailAddress(to)
	msg.Subject(oneLine(m.letter.Subject))
	msg.SetMessageIDWithValue(m.id)
	msg.SetDateWithValue(m.date)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody is to answer "I am on holiday"
	msg.SetGenHeader("Content-Language", oneLine(m.letter.Lang))
	add := msg.SetBodyString
	if m.letter.Plain != "" {
		// Base64 keeps long lines and every script as they are.
		add(gomail.TypeTextPlain, m.letter.Plain, gomail.WithPartEncoding(gomail.EncodingB64))
		add = msg.AddAlternativeString
	}
	if m.letter.HTML != "" {
		add(gomail.TypeTextHTML, m.letter.HTML, gomail.WithPartEncoding(gomail.EncodingQP))
	}
	return msg, nil
}
