// Package mail sends e-mail through an SMTP server: the messages with codes of
// package letter. Nobody waits for the server: messages are queued and tried
// again (package outgoing).
package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	netmail "net/mail"
	"net/url"
	"time"

	"parley/auth/letter"
	"parley/internal/outgoing"
)

// How the connection to the server is encrypted.
const (
	TLSAuto     = "auto"     // implicit on port 465, else STARTTLS if it is offered
	TLSStart    = "starttls" // STARTTLS, or nothing is sent
	TLSImplicit = "implicit" // from the first byte
	TLSNone     = "none"     // never
)

// implicitPort is where servers expect TLS from the first byte (RFC 8314 §3.3).
const implicitPort = 465

// Config is where and as whom mail is sent.
type Config struct {
	Host       string
	Port       int
	TLS        string // one of the constants
	SkipVerify bool   // certificates are not checked
	Hello      string // our name in EHLO
	Sender     string // RFC 5322 address of From
	Login      string // empty: no authentication
	Password   string
	Mechanism  string // plain, login or cram-md5
	HostURL    string // of the web client; ends with a slash
}

// Sender sends mail. It is safe for concurrent use.
type Sender struct {
	*outgoing.Queue[*message]
	cfg  Config
	from *netmail.Address
	book *letter.Book
	log  *slog.Logger
}

// message is what waits to be sent.
type message struct {
	letter letter.Letter
	to     string
	id     string // Message-ID: the same at every attempt
	date   time.Time
}

// New makes a sender; Run sends.
func New(cfg Config, book *letter.Book, log *slog.Logger) (*Sender, error) {
	from, err := netmail.ParseAddress(cfg.Sender)
	if err != nil {
		return nil, fmt.Errorf("sender: %w", err)
	}
	if cfg.Hello == "" {
		if u, err := url.Parse(cfg.HostURL); err == nil {
			cfg.Hello = u.Hostname()
		}
	}
	if cfg.Hello == "" {
		return nil, errors.New("smtp_helo_host: required when host_url has no host")
	}
	if cfg.TLS == "" || cfg.TLS == TLSAuto {
		cfg.TLS = TLSAuto
		if cfg.Port == implicitPort {
			cfg.TLS = TLSImplicit
		}
	}
	s := &Sender{cfg: cfg, from: from, book: book, log: log}
	s.Queue = outgoing.New("mail", log, s.send)
	return s, nil
}

// Confirm queues the message that asks to confirm an address. token is escaped
// for a URL.
func (s *Sender) Confirm(to, lang, code, token string) error {
	l, err := s.book.Confirm(letter.Confirm{Token: token, Code: code, HostUrl: s.cfg.HostURL, Lang: lang})
	if err != nil {
		return err
	}
	return s.put(to, l, time.Time{})
}

// Reset queues the message to somebody who forgot his password. It is of no use
// after until.
func (s *Sender) Reset(to string, r letter.Reset, until time.Time) error {
	r.HostUrl = s.cfg.HostURL
	l, err := s.book.Reset(r)
	if err != nil {
		return err
	}
	return s.put(to, l, until)
}

func (s *Sender) put(to string, l letter.Letter, until time.Time) error {
	m := &message{letter: l, to: to, id: s.newID(), date: time.Now()}
	return s.Put(outgoing.Job[*message]{Message: m, To: to, Until: until})
}

// Check connects to the server, says hello and logs in, as sending would.
func (s *Sender) Check(ctx context.Context) error {
	c, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer c.end()
	return nil
}
