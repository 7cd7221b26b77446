package server

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parley/internal/config"
	"parley/internal/smtptest"
	"parley/store/mem"
)

// TestBrokenTemplates are found at the start, with the key, the file and the line.
func TestBrokenTemplates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"bad-en.templ": "{{define `subject`}}Hi{{end}}\n{{define `body_plain`}}{{.Nope}}{{end}}", "sms.templ": "{{.Code}",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg := testConfig(t, "")
	e, tel := &cfg.Validation.Email.Config, &cfg.Validation.Tel.Config
	e.SMTPServer, e.HostURL, e.Sender = "127.0.0.1", "https://x", "a@b.c"
	e.ValidationTempl, e.ResetSecretTempl = dir+"/bad-{{.Language}}.templ", dir+"/not-there"
	tel.UniversalTempl, tel.HTTP = dir+"/sms.templ", config.SMSHTTP{URL: "http://x", Method: "POST", Body: "{{.Nope}}"}
	var log strings.Builder
	_, err := New(Deps{Config: cfg, Store: mem.New(), Log: slog.New(slog.NewTextHandler(&log, nil)), Now: time.Now})
	if err == nil {
		t.Fatal("no fault")
	}
	got := strings.ReplaceAll(err.Error(), dir+"/", "")
	for _, want := range []string{
		"acc_validation.email.config.validation_templ: bad-en.templ:2:", "acc_validation.tel.config.universal_templ: sms.templ:1:",
		"acc_validation.tel.config.http.body: body:1:",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if !strings.Contains(log.String(), "acc_validation.email.config.reset_secret_templ") {
		t.Errorf("log %s", &log)
	}
}

// TestNewMail: who only wants to know whether mail could be sent.
func TestNewMail(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t, "")
	if m, err := NewMail(cfg, slog.New(slog.DiscardHandler)); m != nil || err != nil {
		t.Errorf("without a mail server: %v, %v", m, err)
	}
	srv := smtptest.Start(t, smtptest.Options{StartTLS: true})
	cfg = testConfig(t, mailConf(srv, `[]`))
	m, err := NewMail(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate that nobody knows: %v", err)
	}
}

func TestFormURL(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"https://chat.example.com": "https://chat.example.com/api/v0/reset", "https://x.org/app/?a=b": "https://x.org/api/v0/reset", "": "",
	} {
		cfg := config.Default()
		cfg.Validation.Email.Config.HostURL, cfg.APIPath = host, "/api/"
		if got := formURL(cfg); got != want {
			t.Errorf("%s: %s", host, got)
		}
	}
}
