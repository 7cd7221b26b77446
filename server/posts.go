package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"

	"golang.org/x/sync/errgroup"

	"parley/auth/letter"
	"parley/auth/mail"
	"parley/auth/reset"
	"parley/auth/sms"
	"parley/auth/validate"
	"parley/internal/config"
	"parley/internal/outgoing"
)

// Where the settings for mail and text messages are.
const (
	emailConfig = "acc_validation.email.config."
	telConfig   = "acc_validation.tel.config."
)

// post is a way to send codes to addresses of one kind.
type post interface {
	validate.Post
	reset.Post
	Run(ctx context.Context) error
	Close(ctx context.Context) error
	Counts() outgoing.Counts
}

// posts are those that are configured.
type posts struct {
	byMethod map[string]post
	page     *letter.Book // texts of the page for new passwords; nil: nothing can be sent
}

// newPosts builds what the configuration asks for. Errors name its keys.
func newPosts(cfg *config.Config, log *slog.Logger) (*posts, error) {
	p := &posts{byMethod: make(map[string]post)}
	var faults []error
	if e := &cfg.Validation.Email.Config; e.Sends() {
		book, err := openBook(emailConfig, e.Languages, letter.Files{Confirm: e.ValidationTempl, Reset: e.ResetSecretTempl}, log)
		faults = append(faults, err)
		if err == nil {
			sender, err := mail.New(mailConfig(e), book, log)
			if err != nil {
				faults = append(faults, fmt.Errorf("%s%w", emailConfig, err))
			}
			p.byMethod["email"], p.page = sender, book
		}
	}
	if t := &cfg.Validation.Tel.Config; t.Sends() {
		book, err := openBook(telConfig, t.Languages, letter.Files{SMS: t.UniversalTempl}, log)
		faults = append(faults, err)
		provider, err := smsProvider(t)
		faults = append(faults, err)
		if book != nil && provider != nil {
			p.byMethod["tel"] = sms.New(provider, book, hostURL(t.HostURL), log)
			if p.page == nil {
				p.page = book
			}
		}
	}
	return p, errors.Join(faults...)
}

// CheckPosts tells what keeps newPosts from building its senders; what is less
// than a fault is logged.
func CheckPosts(cfg *config.Config, log *slog.Logger) error {
	_, err := newPosts(cfg, log)
	return err
}

func openBook(path string, languages []string, files letter.Files, log *slog.Logger) (*letter.Book, error) {
	book, missing, err := letter.Open(languages, files)
	for _, m := range missing {
		log.Warn("a template is not there, so the built-in text is used: " + path + m)
	}
	if err != nil {
		return nil, fmt.Errorf("%s%w", path, err)
	}
	return book, nil
}

func mailConfig(e *config.EmailConfig) mail.Config {
	return mail.Config{
		Host: e.SMTPServer, Port: e.SMTPPort, TLS: e.SMTPTLS, SkipVerify: e.InsecureSkipVerify, Hello: e.SMTPHeloHost,
		Sender: e.Sender, Login: e.Login, Password: string(e.SenderPassword), Mechanism: e.AuthMechanism, HostURL: hostURL(e.HostURL),
	}
}

// NewMail is what sends mail, for those who only want to Check it; nil if the
// configuration has no mail server.
func NewMail(cfg *config.Config, log *slog.Logger) (*mail.Sender, error) {
	e := &cfg.Validation.Email.Config
	if !e.Sends() {
		return nil, nil
	}
	book, err := openBook(emailConfig, e.Languages, letter.Files{Confirm: e.ValidationTempl, Reset: e.ResetSecretTempl}, log)
	if err != nil {
		return nil, err
	}
	return mail.New(mailConfig(e), book, log)
}

func smsProvider(t *config.TelConfig) (sms.Provider, error) {
	if tw := &t.Twilio; tw.AccountSID != "" {
		return sms.NewTwilio(tw.AccountSID, string(tw.AuthToken), t.Sender, tw.BaseURL), nil
	}
	c := sms.HTTPConfig{URL: string(t.HTTP.URL), Method: t.HTTP.Method, Body: t.HTTP.Body}
	for _, h := range t.HTTP.Headers {
		c.Headers = append(c.Headers, sms.Header{Name: h.Name, Value: string(h.Value)})
	}
	p, err := sms.NewHTTP(c)
	if err != nil {
		return nil, fmt.Errorf("%shttp.%w", telConfig, err)
	}
	return p, nil
}

// hostURL has a path; links add what comes after it.
func hostURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Path != "" || s == "" {
		return s
	}
	u.Path = "/"
	return u.String()
}

// run sends until ctx is done or everything is closed and sent.
func (p *posts) run(ctx context.Context) error {
	var g errgroup.Group
	for _, one := range p.byMethod {
		g.Go(func() error { return one.Run(ctx) })
	}
	return g.Wait()
}

// close sends what is queued once more, until ctx is done.
func (p *posts) close(ctx context.Context) error {
	var g errgroup.Group
	for _, one := range p.byMethod {
		g.Go(func() error { return one.Close(ctx) })
	}
	return g.Wait()
}

// forReset are those that can send codes for new passwords.
func (p *posts) forReset() map[string]reset.Post {
	out := make(map[string]reset.Post)
	for method, one := range p.byMethod {
		out[method] = one
	}
	return out
}

// formURL is where the page for new passwords is, as the outside sees it: on the
// host of the web client. Empty: there is none.
func formURL(cfg *config.Config) string {
	for _, host := range []string{cfg.Validation.Email.Config.HostURL, cfg.Validation.Tel.Config.HostURL} {
		if u, err := url.Parse(host); err == nil && u.Host != "" {
			return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: cfg.APIPath + resetPath}).String()
		}
	}
	return ""
}
