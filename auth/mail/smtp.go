package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"parley/internal/outgoing"
)

// connTime bounds each step of a conversation with the server; the whole of it
// is bounded by its context.
const connTime = 30 * time.Second

// conversation is one connection to the server.
type conversation struct {
	client *gomail.Client
	smtp   *smtp.Client
	hangUp func()
}

// end says goodbye.
func (c *conversation) end() {
	_ = c.smtp.Quit() // the message has been taken, or not: there is nothing to learn
	c.hangUp()
}

// dial connects, says hello, encrypts and authenticates. The library leaves the
// connection open when one of this fails, and forgets the context once it is
// connected; so we keep the connection ourselves.
func (s *Sender) dial(ctx context.Context) (*conversation, error) {
	hangUp := func() {}
	connect := func(dialCtx context.Context, network, address string) (net.Conn, error) {
		conn, err := s.connect(dialCtx, network, address)
		if err != nil {
			return nil, err
		}
		stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
		hangUp = func() { stop(); _ = conn.Close() }
		return conn, nil
	}
	client, err := gomail.NewClient(s.cfg.Host, gomail.WithPort(s.cfg.Port), gomail.WithHELO(s.cfg.Hello),
		gomail.WithTLSConfig(s.tlsConfig()), gomail.WithTLSPolicy(s.policy()), gomail.WithTimeout(connTime),
		gomail.WithoutNoop(), gomail.WithDialContextFunc(connect))
	if err != nil {
		return nil, fmt.Errorf("SMTP settings: %w", err)
	}
	c, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		hangUp()
		return nil, fmt.Errorf("connect to %s: %w", client.ServerAddr(), cause(ctx, err))
	}
	if err := s.authenticate(c); err != nil {
		hangUp()
		return nil, fmt.Errorf("log in to %s: %w", client.ServerAddr(), cause(ctx, err))
	}
	return &conversation{client, c, hangUp}, nil
}

// cause is the end of the context rather than the closed connection that came
// of it.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (s *Sender) tlsConfig() *tls.Config {
	return &tls.Config{
		ServerName: s.cfg.Host, MinVersion: tls.VersionTLS12,
		InsecureSkipVerify: s.cfg.SkipVerify, //nolint:gosec // the operator's decision
	}
}

func (s *Sender) policy() gomail.TLSPolicy {
	switch s.cfg.TLS {
	case TLSStart:
		return gomail.TLSMandatory
	case TLSAuto:
		return gomail.TLSOpportunistic
	}
	return gomail.NoTLS // none, or none on top of what is encrypted already
}

func (s *Sender) connect(ctx context.Context, network, address string) (net.Conn, error) {
	if s.cfg.TLS == TLSImplicit {
		return (&tls.Dialer{Config: s.tlsConfig()}).DialContext(ctx, network, address)
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// authenticate logs in if we have a login and the server wants one. Passwords do
// not travel unencrypted, but to this machine or where the operator turned
// encryption off.
func (s *Sender) authenticate(c *smtp.Client) error {
	if offered, _ := c.Extension("AUTH"); s.cfg.Login == "" || !offered {
		return nil
	}
	clear := s.cfg.TLS == TLSNone
	var a smtp.Auth
	switch s.cfg.Mechanism {
	case "login":
		a = smtp.LoginAuth(s.cfg.Login, s.cfg.Password, s.cfg.Host, clear)
	case "cram-md5":
		a = smtp.CRAMMD5Auth(s.cfg.Login, s.cfg.Password)
	default:
		a = smtp.PlainAuth("", s.cfg.Login, s.cfg.Password, s.cfg.Host, clear)
	}
	return c.Auth(a)
}

// send is one attempt. What the server refuses for good (5xx to the message, not
// to the connection or the login) is a permanent error.
func (s *Sender) send(ctx context.Context, m *message) error {
	msg, err := s.compose(m)
	if err != nil {
		return outgoing.Permanent(err)
	}
	c, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer c.end()
	err = c.client.SendWithSMTPClient(c.smtp, msg)
	if err == nil || msg.IsDelivered() { // what fails after that is no reason to send it twice
		return nil
	}
	var refused *gomail.SendError
	if errors.As(err, &refused) && refused.ErrorCode() >= 500 {
		return outgoing.Permanent(err)
	}
	return cause(ctx, err)
}
