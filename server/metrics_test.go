package server

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/internal/smtptest"
)

// TestMetrics: what becomes of mail and of logins can be read, by nobody's name.
// Not parallel, as it hashes passwords: see resetHarness.
func TestMetrics(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Options{})
	h := newMailHarness(t, srv, mailConf(srv, `["auth"]`))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.serveMetrics(ctx, l) }()
	read := func() string {
		t.Helper()
		resp, err := http.Get("http://" + l.Addr().String() + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%d %v", resp.StatusCode, err)
		}
		return string(text)
	}
	if text := read(); !strings.Contains(text, `parley_codes_total{method="email",result="sent"} 0`) || !strings.Contains(text, "parley_topics 0") {
		t.Errorf("at the start:\n%s", text)
	}
	h.client(t, "").register(t, 300, "annabel", "ann@example.com")
	var text string
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if text = read(); strings.Contains(text, `result="sent"} 1`) {
			break
		}
	}
	for _, want := range []string{
		`parley_codes_total{method="email",result="queued"} 1`, `parley_codes_total{method="email",result="sent"} 1`,
		`parley_codes_waiting{method="email"} 0`, `parley_acts_total{act="account.created"} 1`, "\nparley_sessions ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in\n%s", want, text)
		}
	}
	if strings.Contains(text, "ann") {
		t.Errorf("a name in %s", text)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
