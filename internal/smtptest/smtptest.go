// Package smtptest is a mail server for tests: it speaks real SMTP, with TLS and
// authentication as told, and keeps what it gets.
package smtptest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // CRAM-MD5 is a part of SMTP
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"io"
	"log"
	"math/big"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Login and Password are what the server accepts.
const (
	Login    = "mailer"
	Password = "mailer-password"
)

// Options are how the server behaves.
type Options struct {
	StartTLS  bool     // offered
	Implicit  bool     // TLS from the first byte
	Mechanism []string // of AUTH: PLAIN, LOGIN, CRAM-MD5; then nothing is accepted without
	// Answer decides about a recipient, before the message; nil accepts all.
	// n counts from 1.
	Answer func(n int, to string) error
}

// Message is what the server got.
type Message struct {
	From, To string // of the envelope
	Hello    string
	TLS      bool
	Auth     string // the login; empty: none
	Mail     *mail.Message
	Body     string // of Mail, not decoded
}

// Server is a mail server on a free port of this machine.
type Server struct {
	Host string
	Port int
	opts Options

	mu   sync.Mutex
	got  []Message
	seen int           // recipients
	news chan struct{} // closed and replaced with each message
}

// Start serves until the test ends.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := &Server{opts: o, news: make(chan struct{})}
	srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{s: s, c: c}, nil }))
	srv.AllowInsecureAuth, srv.Domain, srv.ReadTimeout, srv.WriteTimeout = true, "mail.test", 10*time.Second, 10*time.Second
	srv.ErrorLog = log.New(io.Discard, "", 0)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().(*net.TCPAddr)
	s.Host, s.Port = "127.0.0.1", addr.Port
	config := &tls.Config{Certificates: []tls.Certificate{certificate(t)}, MinVersion: tls.VersionTLS12}
	if o.StartTLS {
		srv.TLSConfig = config
	}
	if o.Implicit {
		l = tls.NewListener(l, config)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close(); <-done })
	return s
}

// Messages are those that came so far.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Message(nil), s.got...)
}

// Wait returns message number n, counted from 1.
func (s *Server) Wait(t testing.TB, n int) Message {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		s.mu.Lock()
		news, have := s.news, len(s.got)
		s.mu.Unlock()
		if have >= n {
			return s.Messages()[n-1]
		}
		select {
		case <-news:
		case <-timeout:
			t.Fatalf("message %d did not come", n)
		}
	}
}

// certificate is one that nobody else has signed, for this machine.
func certificate(t testing.TB) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.test"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// session is one connection.
type session struct {
	s              *Server
	c              *smtp.Conn
	from, to, auth string
}

func (x *session) AuthMechanisms() []string { return x.s.opts.Mechanism }

func (x *session) Auth(mech string) (sasl.Server, error) {
	check := func(user, password string) error {
		if user != Login || password != Password {
			return smtp.ErrAuthFailed
		}
		x.auth = user
		return nil
	}
	if !slices.Contains(x.s.opts.Mechanism, mech) {
		return nil, smtp.ErrAuthUnsupported
	}
	switch mech {
	case "PLAIN":
		return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
	case "LOGIN":
		return &loginServer{check: check}, nil
	case "CRAM-MD5":
		return &cramServer{check: check}, nil
	}
	return nil, smtp.ErrAuthUnsupported
}

func (x *session) Mail(from string, _ *smtp.MailOptions) error {
	if len(x.s.opts.Mechanism) > 0 && x.auth == "" {
		return smtp.ErrAuthRequired
	}
	x.from = from
	return nil
}

func (x *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	x.to = to
	x.s.mu.Lock()
	x.s.seen++
	n := x.s.seen
	x.s.mu.Unlock()
	if x.s.opts.Answer == nil {
		return nil
	}
	return x.s.opts.Answer(n, to)
}

func (x *session) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(m.Body)
	if err != nil {
		return err
	}
	_, encrypted := x.c.TLSConnectionState()
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	x.s.got = append(x.s.got, Message{
		From: x.from, To: x.to, Hello: x.c.Hostname(), TLS: encrypted, Auth: x.auth, Mail: m, Body: string(body),
	})
	close(x.s.news)
	x.s.news = make(chan struct{})
	return nil
}

func (x *session) Reset()        {}
func (x *session) Logout() error { return nil }

// loginServer is the server's side of AUTH LOGIN.
type loginServer struct {
	check func(user, password string) error
	user  *string
	asked bool
}

func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	switch {
	case response == nil && !l.asked:
		l.asked = true
		return []byte("Username:"), false, nil
	case l.user == nil:
		u := string(response)
		l.user = &u
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(*l.user, string(response))
}

// cramServer is the server's side of CRAM-MD5 (RFC 2195).
type cramServer struct {
	check     func(user, password string) error
	challenge string
}

func (c *cramServer) Next(response []byte) (challenge []byte, done bool, err error) {
	if c.challenge == "" {
		c.challenge = "<1234.5678@mail.test>"
		return []byte(c.challenge), false, nil
	}
	user, digest, _ := strings.Cut(string(response), " ")
	mac := hmac.New(md5.New, []byte(Password))
	mac.Write([]byte(c.challenge))
	if digest != hex.EncodeToString(mac.Sum(nil)) {
		return nil, true, smtp.ErrAuthFailed
	}
	return nil, true, c.check(user, Password)
}
