package mail

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-smtp"

	"parley/auth/letter"
	"parley/internal/outgoing"
	"parley/internal/smtptest"
)

func sender(t *testing.T, srv *smtptest.Server, change func(*Config)) (*Sender, *logBuffer) {
	t.Helper()
	cfg := Config{
		Host: srv.Host, Port: srv.Port, SkipVerify: true, Sender: `"Parley, ünïcode" <noreply@chat.example.com>`,
		HostURL: "https://chat.example.com/",
	}
	if change != nil {
		change(&cfg)
	}
	book, _, err := letter.Open(nil, letter.Files{})
	if err != nil {
		t.Fatal(err)
	}
	log := &logBuffer{}
	s, err := New(cfg, book, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return s, log
}

// logBuffer is a log that may be read while it is written.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func run(t *testing.T, s *Sender) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// TestEncryption: what is offered, what is wanted, and what comes of it.
func TestEncryption(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		server smtptest.Options
		tls    string
		strict bool   // the certificate is checked
		want   string // of the error; empty: sent
		secret bool
	}{
		"auto, nothing offered":          {smtptest.Options{}, TLSAuto, false, "", false},
		"auto, offered":                  {smtptest.Options{StartTLS: true}, TLSAuto, false, "", true},
		"unset, offered":                 {smtptest.Options{StartTLS: true}, "", false, "", true},
		"auto, bad certificate":          {smtptest.Options{StartTLS: true}, TLSAuto, true, "certificate", false},
		"starttls":                       {smtptest.Options{StartTLS: true}, TLSStart, false, "", true},
		"starttls, nothing offered":      {smtptest.Options{}, TLSStart, false, "does not support STARTTLS", false},
		"implicit":                       {smtptest.Options{Implicit: true}, TLSImplicit, false, "", true},
		"implicit, bad certificate":      {smtptest.Options{Implicit: true}, TLSImplicit, true, "certificate", false},
		"implicit, server speaks it not": {smtptest.Options{}, TLSImplicit, false, "tls:", false},
		"none, offered":                  {smtptest.Options{StartTLS: true}, TLSNone, false, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := smtptest.Start(t, c.server)
			s, _ := sender(t, srv, func(cfg *Config) { cfg.TLS, cfg.SkipVerify = c.tls, !c.strict })
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			err := s.Check(ctx)
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%v, want %q", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			run(t, s)
			if err := s.Confirm("ann@example.com", "en", "123456", "token"); err != nil {
				t.Fatal(err)
			}
			m := srv.Wait(t, 1)
			if m.TLS != c.secret || m.From != "noreply@chat.example.com" || m.To != "ann@example.com" || m.Hello != "chat.example.com" {
				t.Errorf("%+v", m)
			}
		})
	}
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		offered   []string
		startTLS  bool
		mechanism string
		password  string
		want      string
	}{
		"plain":               {[]string{"PLAIN"}, true, "plain", smtptest.Password, ""},
		"login":               {[]string{"LOGIN", "PLAIN"}, true, "login", smtptest.Password, ""},
		"cram-md5":            {[]string{"CRAM-MD5"}, false, "cram-md5", smtptest.Password, ""},
		"wrong password":      {[]string{"PLAIN"}, true, "plain", "tell-nobody", "log in to"},
		"wrong, cram-md5":     {[]string{"CRAM-MD5"}, false, "cram-md5", "tell-nobody", "log in to"},
		"other mechanism":     {[]string{"CRAM-MD5"}, false, "plain", smtptest.Password, "log in to"},
		"server wants none":   {nil, true, "plain", smtptest.Password, ""},
		"clear, this machine": {[]string{"PLAIN"}, false, "plain", smtptest.Password, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := smtptest.Start(t, smtptest.Options{StartTLS: c.startTLS, Mechanism: c.offered})
			s, log := sender(t, srv, func(cfg *Config) {
				cfg.Login, cfg.Password, cfg.Mechanism = smtptest.Login, c.password, c.mechanism
			})
			err := s.Check(t.Context())
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error()+log.String(), c.password) {
					t.Errorf("%v, want %q", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			run(t, s)
			if err := s.Confirm("ann@example.com", "en", "123456", "token"); err != nil {
				t.Fatal(err)
			}
			if m := srv.Wait(t, 1); (m.Auth == smtptest.Login) != (c.offered != nil) {
				t.Errorf("%+v", m)
			}
		})
	}
}

// TestNoPasswordInTheClear: to another machine without encryption.
func TestNoPasswordInTheClear(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Options{Mechanism: []string{"PLAIN", "LOGIN"}})
	for _, mechanism := range []string{"plain", "login"} {
		s, _ := sender(t, srv, func(cfg *Config) {
			cfg.Login, cfg.Password, cfg.Mechanism, cfg.Host = smtptest.Login, smtptest.Password, mechanism, "127.0.0.1."
		})
		s.cfg.Host = "LOCALHOST" // resolves to this machine, and the library does not know
		if err := s.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "unencrypted") {
			t.Errorf("%s: %v", mechanism, err)
		}
		s.cfg.TLS = TLSNone
		if err := s.Check(t.Context()); err != nil {
			t.Errorf("%s, where the operator wants none: %v", mechanism, err)
		}
	}
}

// TestTemporaryAndPermanent: time is simulated here, the server outside is real.
func TestTemporaryAndPermanent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer func(n int) error
		want   outgoing.Counts
		log    string
	}{
		"temporary, then taken": {
			func(n int) error {
				if n <= 3 {
					return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "busy with ann@example.com"}
				}
				return nil
			}, outgoing.Counts{Queued: 1, Sent: 1, Retried: 3}, "busy with a…@example.com",
		},
		"refused": {
			func(int) error {
				return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user <ann@example.com>"}
			}, outgoing.Counts{Queued: 1, Dropped: 1}, "no such user <a…@example.com>",
		},
		"never": {
			func(int) error {
				return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "closing"}
			}, outgoing.Counts{Queued: 1, Retried: 9, Dropped: 1}, "could not be sent in time",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := smtptest.Start(t, smtptest.Options{StartTLS: true, Answer: func(n int, _ string) error { return c.answer(n) }})
			synctest.Test(t, func(t *testing.T) {
				s, log := sender(t, srv, nil)
				stop := run(t, s)
				if err := s.Confirm("ann@example.com", "en", "987123", "secret-token"); err != nil {
					t.Fatal(err)
				}
				time.Sleep(2 * time.Hour)
				stop()
				if got := s.Counts(); got != c.want {
					t.Errorf("%+v, want %+v\n%s", got, c.want, log)
				}
				text := log.String()
				if !strings.Contains(text, c.log) || strings.Contains(text, "ann@") || strings.Contains(text, "987123") || strings.Contains(text, "token") {
					t.Errorf("log %s", text)
				}
			})
			if n := len(srv.Messages()); int64(n) != c.want.Sent {
				t.Errorf("%d messages arrived", n)
			}
		})
	}
}

// TestDeadAndHanging: nobody waits for a server that is not there or says
// nothing.
func TestDeadAndHanging(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // it accepts, and never says a word
	hanging := l.Addr().(*net.TCPAddr).Port
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := gone.Addr().(*net.TCPAddr).Port
	gone.Close()
	for name, port := range map[string]int{"dead": dead, "hanging": hanging} {
		for _, encryption := range []string{TLSAuto, TLSImplicit} {
			s, _ := sender(t, &smtptest.Server{Host: "127.0.0.1", Port: port}, func(c *Config) { c.TLS = encryption })
			run(t, s)
			begin := time.Now()
			if err := s.Confirm("ann@example.com", "en", "1", "t"); err != nil {
				t.Fatal(err)
			}
			if d := time.Since(begin); d > time.Second {
				t.Errorf("%s: a request took %s", name, d)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			if err := s.Check(ctx); err == nil || name == "hanging" && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s, %s: %v", name, encryption, err)
			}
			if err := s.Close(ctx); name == "hanging" && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v", name, err)
			}
			cancel()
			if d := time.Since(begin); d > 5*time.Second {
				t.Errorf("%s: the end took %s", name, d)
			}
			if c := s.Counts(); c.Dropped != 1 || c.Waiting != 0 {
				t.Errorf("%s: %+v", name, c)
			}
		}
	}
}

// TestMIME: the message as a mail program reads it.
func TestMIME(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Options{})
	s, _ := sender(t, srv, nil)
	run(t, s)
	if err := s.Confirm("ann@example.com", "ru-RU", "123456", "tok%2B"); err != nil {
		t.Fatal(err)
	}
	if err := s.Reset("bob@example.com", letter.Reset{Login: "bob", Code: "654321", Cred: "bob@example.com", Scheme: "basic", Lang: "zh-TW"}, time.Time{}); err != nil {
		t.Fatal(err)
	}
	srv.Wait(t, 2)
	all := srv.Messages()
	if all[0].To != "ann@example.com" {
		all[0], all[1] = all[1], all[0]
	}
	var words mime.WordDecoder
	ids := map[string]bool{}
	for i, want := range []struct{ to, subject, lang, code string }{
		{"<ann@example.com>", "Подтвердите адрес электронной почты", "ru", "123456"}, {"<bob@example.com>", "設定新密碼", "zh-TW", "654321"},
	} {
		h := all[i].Mail.Header
		subject, err := words.DecodeHeader(h.Get("Subject"))
		from, ferr := h.AddressList("From")
		date, derr := h.Date()
		if err != nil || ferr != nil || derr != nil {
			t.Fatal(err, ferr, derr)
		}
		if subject != want.subject || h.Get("To") != want.to || h.Get("Content-Language") != want.lang || h.Get("MIME-Version") != "1.0" ||
			from[0].Name != "Parley, ünïcode" || time.Since(date) > time.Minute || h.Get("Auto-Submitted") != "auto-generated" {
			t.Errorf("header %v", h)
		}
		id := h.Get("Message-Id")
		if ids[id] || !strings.HasSuffix(id, "@chat.example.com>") || len(id) < 40 {
			t.Errorf("Message-ID %q", id)
		}
		ids[id] = true
		plain, html := alternatives(t, &all[i])
		if !strings.Contains(plain, want.code) || !strings.Contains(html, want.code) || !strings.Contains(html, `<html lang="`+want.lang) {
			t.Errorf("%s\n%s", plain, html)
		}
	}
}

// alternatives decodes the two parts of a message.
func alternatives(t *testing.T, m *smtptest.Message) (plain, html string) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(m.Mail.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatal(kind, err)
	}
	r := multipart.NewReader(strings.NewReader(m.Body), params["boundary"])
	var out []string
	for _, want := range []string{"text/plain", "text/html"} {
		p, err := r.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		kind, params, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
		if err != nil || kind != want || !strings.EqualFold(params["charset"], "utf-8") {
			t.Errorf("part %v %v", p.Header, err)
		}
		var body io.Reader = base64.NewDecoder(base64.StdEncoding, p)
		if p.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
			body = quotedprintable.NewReader(p)
		}
		text, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(text))
	}
	if _, err := r.NextPart(); !errors.Is(err, io.EOF) {
		t.Errorf("another part, %v", err)
	}
	return out[0], out[1]
}

// TestInjection: no value becomes a header, a command or another recipient.
func TestInjection(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Options{})
	s, _ := sender(t, srv, nil)
	for _, to := range []string{"a@b.c\r\nBcc: x@y.z", "a@b.c, x@y.z", "a@b.c>\r\nRCPT TO:<x@y.z", "Ann <a@b.c>", ""} {
		if m, err := s.compose(&message{to: to, letter: letter.Letter{Subject: "x", Plain: "x"}}); err == nil {
			t.Errorf("%q is accepted: %v", to, m.GetToString())
		}
	}
	msg, err := s.compose(&message{
		to: "a@b.c", id: "1@x", date: time.Now(),
		letter: letter.Letter{Lang: "en\r\nX-Evil: 1", Subject: "Hi\r\nX-Evil: 1\n\nbody", Plain: "x\r\n.\r\nMAIL FROM:<x@y.z>\r\n"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var raw bytes.Buffer
	if _, err := msg.WriteTo(&raw); err != nil {
		t.Fatal(err)
	}
	m, err := netmail.ReadMessage(&raw)
	if err != nil || m.Header.Get("X-Evil") != "" || m.Header.Get("Bcc") != "" {
		t.Errorf("%v %v", m.Header, err)
	}
	if got := fmt.Sprint(m.Header["Subject"]); got != "[HiX-Evil: 1body]" {
		t.Errorf("subject %s", got)
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	book, _, err := letter.Open(nil, letter.Files{})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]Config{
		"no sender": {HostURL: "https://x/"}, "no name for EHLO": {Sender: "a@b.c"}, "two senders": {Sender: "a@b.c, d@e.f", HostURL: "https://x/"},
	} {
		if _, err := New(c, book, slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	s, err := New(Config{Sender: "a@b.c", HostURL: "https://x/", Port: 465}, book, slog.New(slog.DiscardHandler))
	if err != nil || s.cfg.TLS != TLSImplicit {
		t.Errorf("port 465: %v, %v", s.cfg.TLS, err)
	}
}
