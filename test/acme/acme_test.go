package acme

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// binary is the program, built once.
var binary string

func TestMain(m *testing.M) {
	os.Setenv("PEBBLE_VA_NOSLEEP", "1")
	dir, err := os.MkdirTemp("", "parley-acme-")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "parley")
	build := exec.Command("go", "build", "-o", binary, "./cmd/parley")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		panic(fmt.Sprintf("%v\n%s", err, out))
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// server is the program in a folder.
type server struct {
	dir         string
	main, plain int // ports
	authority   *authority
	domains     string

	cmd *exec.Cmd
	err said
}

type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func (s *server) start(t *testing.T) {
	t.Helper()
	conf := fmt.Sprintf(`{"listen": %q, "tls": {"http_redirect": %q, "autocert": {"directory": %q, "directory_ca": %q}}}`,
		local(s.main), local(s.plain), s.authority.directory, s.authority.caFile)
	if err := os.WriteFile(filepath.Join(s.dir, "tinode.conf"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	s.cmd = exec.Command(binary, "--domain", s.domains)
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = s.dir, &s.err, &s.err
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	cmd := s.cmd
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	s.until(t, "it listens", func() bool {
		c, err := net.Dial("tcp", local(s.main))
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

func (s *server) stop(t *testing.T) {
	t.Helper()
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, &s.err)
	}
}

// until waits for something that another process does.
func (s *server) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within a minute: %s\n%s", what, &s.err)
		}
	}
}

func (s *server) trust(name string) *tls.Config {
	return &tls.Config{RootCAs: s.authority.roots, ServerName: name, MinVersion: tls.VersionTLS12}
}

// certificate is what a handshake gets; nil if it is refused.
func (s *server) certificate(name string) *x509.Certificate {
	c, err := tls.DialWithDialer(&net.Dialer{Timeout: 30 * time.Second}, "tcp", local(s.main), s.trust(name))
	if err != nil {
		return nil
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0]
}

func (s *server) webSocket() error {
	d := websocket.Dialer{TLSClientConfig: s.trust(domain), NetDialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", local(s.main))
	}}
	ws, _, err := d.Dial("wss://"+domain+"/v0/channels", http.Header{"X-Tinode-APIKey": {"AQEAAAABAAD_rAp4DJh05a1HAwFT3A6K"}})
	if err != nil {
		return err
	}
	defer ws.Close()
	if err := ws.WriteMessage(websocket.TextMessage, []byte(`{"hi":{"id":"1","ver":"0.25"}}`)); err != nil {
		return err
	}
	_, m, err := ws.ReadMessage()
	if err == nil && !strings.Contains(string(m), `"code":201`) {
		err = fmt.Errorf("%s", m)
	}
	return err
}

// TestCertificate is obtained by itself, by either way of proving that the name
// is ours, kept over a restart, and given for no other name.
func TestCertificate(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"tls-alpn-01", "http-01"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			ports := freePorts(t, 3)
			httpPort, tlsPort := ports[1], ports[0]
			if way == "http-01" {
				tlsPort = ports[2] // nobody answers there
			} else {
				httpPort = ports[2]
			}
			s := &server{dir: t.TempDir(), main: ports[0], plain: ports[1], domains: strings.ToUpper(domain[:4]) + domain[4:]}
			s.authority = newAuthority(t, httpPort, tlsPort, 3600)
			s.start(t)
			s.until(t, "a certificate", func() bool { return s.certificate(domain) != nil })
			first := s.certificate(domain)
			if err := first.VerifyHostname(domain); err != nil {
				t.Error(err)
			}
			if err := s.webSocket(); err != nil {
				t.Error(err)
			}
			for _, other := range []string{"other.example.test", "127.0.0.1", ""} {
				if c, err := tls.Dial("tcp", local(s.main), &tls.Config{InsecureSkipVerify: true, ServerName: other}); err == nil {
					c.Close()
					t.Errorf("a certificate for %q", other)
				}
			}
			s.redirects(t)
			s.stop(t)
			n := s.authority.issued.Load()
			s.start(t)
			if again := s.certificate(domain); again == nil || !again.Equal(first) || s.authority.issued.Load() != n {
				t.Errorf("not the certificate from before the restart: %v\n%s", again, &s.err)
			}
			s.private(t)
			s.stop(t)
		})
	}
}

func (s *server) redirects(t *testing.T) {
	t.Helper()
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for path, want := range map[string]string{
		"/a?b=c":                             fmt.Sprintf("308 https://127.0.0.1:%d/a?b=c", s.main),
		"/.well-known/acme-challenge/nosuch": "403 ", // not for anybody to be sent elsewhere
	} {
		resp, err := c.Get("http://" + local(s.plain) + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := fmt.Sprint(resp.StatusCode, " ", resp.Header.Get("Location")); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

// private tells whether the keys are for the owner alone.
func (s *server) private(t *testing.T) {
	t.Helper()
	cache := filepath.Join(s.dir, "parley-data", "acme")
	if info, err := os.Stat(cache); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v %v", info, err)
	}
	files, err := os.ReadDir(cache)
	if err != nil || len(files) < 2 {
		t.Errorf("%v %v", files, err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v %v", f.Name(), info.Mode(), err)
		}
	}
}

// TestRenewal: before a certificate ends there is another one.
func TestRenewal(t *testing.T) {
	t.Parallel()
	ports := freePorts(t, 2)
	s := &server{dir: t.TempDir(), main: ports[0], plain: ports[1], domains: domain}
	s.authority = newAuthority(t, ports[1], ports[0], 30)
	s.start(t)
	s.until(t, "a certificate", func() bool { return s.certificate(domain) != nil })
	first := s.certificate(domain)
	s.until(t, "a new certificate", func() bool {
		c := s.certificate(domain) // verifies the time, too
		if c == nil {
			t.Fatalf("no good certificate\n%s", &s.err)
		}
		return !c.Equal(first)
	})
	if time.Now().After(first.NotAfter) {
		t.Error("it was renewed too late")
	}
	s.stop(t)
}

// TestFailures say in one line what is wrong and what helps.
func TestFailures(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		domain  string
		break_  func(a *authority)
		unheard bool // nobody answers where the authority looks
		want    string
	}{
		"no DNS":       {domain: "nosuch.example.test", want: "its DNS record must point here"},
		"firewall":     {domain: domain, unheard: true, want: "ports 80 and 443 must be open"},
		"untrusted":    {domain: domain, break_: func(a *authority) { a.caFile = "" }, want: "set tls.autocert.directory_ca"},
		"no directory": {domain: domain, break_: func(a *authority) { a.directory = "https://127.0.0.1:1/dir" }, want: "check that this machine can reach 127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ports := freePorts(t, 4)
			s := &server{dir: t.TempDir(), main: ports[0], plain: ports[1], domains: tc.domain}
			if tc.unheard {
				s.authority = newAuthority(t, ports[2], ports[3], 3600)
			} else {
				s.authority = newAuthority(t, ports[1], ports[0], 3600)
			}
			if tc.break_ != nil {
				tc.break_(s.authority)
			}
			s.start(t)
			s.until(t, "an error", func() bool { return strings.Contains(s.err.String(), "level=ERROR") })
			for line := range strings.Lines(s.err.String()) {
				if strings.Contains(line, "level=ERROR") && (!strings.Contains(line, tc.want) || !strings.Contains(line, "no certificate for "+tc.domain)) {
					t.Errorf("got %s", line)
				}
			}
			if n := strings.Count(s.err.String(), "level=ERROR"); n != 1 {
				t.Errorf("%d errors", n)
			}
			s.stop(t)
		})
	}
}
