package main

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"parley/internal/certs/certstest"
)

const tlsConfig = `{"tls": {"enabled": true, "http_redirect": "127.0.0.1:0", "cert_file": "cert.pem", "key_file": "key.pem"}}`

// TestTLS: the program with certificates beside its configuration, which is not
// where it was started.
func TestTLS(t *testing.T) {
	t.Parallel()
	dir, conf := t.TempDir(), t.TempDir()
	ca := certstest.New(t)
	ca.Files(t, conf)
	certstest.Write(t, filepath.Join(conf, "tinode.conf"), []byte(tlsConfig))
	p := start(t, dir, "--config", filepath.Join(conf, "tinode.conf"))
	if !strings.Contains(p.out.String(), "https://localhost:") {
		t.Errorf("banner: %s", &p.out)
	}
	d := websocket.Dialer{TLSClientConfig: ca.Client()}
	ws, _, err := d.Dial(strings.Replace(p.url, "ws://", "wss://", 1), http.Header{"X-Tinode-APIKey": {"AQEAAAABAAD_rAp4DJh05a1HAwFT3A6K"}})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	if _, _, err := ask(ws, "hi", m{"hi": m{"ver": "0.25"}}); err != nil {
		t.Error(err)
	}
	if code := p.stop(t); code != 0 {
		t.Errorf("exit code %d: %s", code, &p.err)
	}
}

// TestTLSFaults: each in one line that names the cure.
func TestTLSFaults(t *testing.T) {
	t.Parallel()
	ca := certstest.New(t)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { busy.Close() }) // after the subtests
	for name, tc := range map[string]struct {
		prepare func(dir string)
		args    []string
		want    []string
	}{
		"no files": {nil, nil, []string{"tls.cert_file: there is no file", "cert.pem"}},
		"other key": {func(dir string) {
			ca.Files(t, dir)
			_, key := ca.Issue(t, time.Now().Add(time.Hour))
			certstest.Write(t, filepath.Join(dir, "key.pem"), key)
		}, nil, []string{"tls.key_file: the key in", "does not belong"}},
		"busy": {func(dir string) { ca.Files(t, dir) }, []string{"--listen", busy.Addr().String()}, []string{"is in use by another program; stop it"}},
		"busy redirect": {func(dir string) {
			ca.Files(t, dir)
			certstest.Write(t, filepath.Join(dir, "tinode.conf"), []byte(strings.Replace(tlsConfig, "127.0.0.1:0", busy.Addr().String(), 1)))
		}, []string{"--listen", "127.0.0.1:0"}, []string{"is in use", `set tls.http_redirect to ""`}},
		"an address as domain": {nil, []string{"--domain", "192.0.2.1"}, []string{"tls.autocert.domains[0]: no authority gives certificates for this"}},
		"no domain":            {nil, []string{"--domain", "a.example.com,"}, []string{"tls.autocert.domains[1]: not the name of a domain"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			certstest.Write(t, filepath.Join(dir, "tinode.conf"), []byte(tlsConfig))
			if tc.prepare != nil {
				tc.prepare(dir)
			}
			fails(t, dir, tc.args, tc.want...)
			if _, err := os.Stat(filepath.Join(dir, "parley-data", "parley.db")); err == nil {
				t.Error("the data was touched")
			}
		})
	}
}

// TestDomainFlag: it alone turns everything on, and yields to what was chosen.
func TestDomainFlag(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		conf   string
		o      options
		listen string
	}{
		"alone":           {"", options{domain: "Chat.Example.com, b.example.com"}, ":443"},
		"with an address": {"", options{domain: "chat.example.com,b.example.com", listen: ":6060"}, ":6060"},
		"with a file":     {`{"listen": ":8443", "tls": {"cert_file": "x"}}`, options{domain: "chat.example.com,b.example.com"}, ":8443"},
		"usual address":   {`{"listen": ":6060"}`, options{domain: "chat.example.com,b.example.com"}, ":443"},
		"no address":      {`{"listen": ""}`, options{domain: "chat.example.com,b.example.com"}, ":443"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tc.conf != "" {
				tc.o.config = filepath.Join(t.TempDir(), "tinode.conf")
				certstest.Write(t, tc.o.config, []byte(tc.conf))
			}
			cfg, _, err := loadConfig(tc.o)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(cfg.TLS.Autocert.Domains, " ")
			if cfg.Listen != tc.listen || !cfg.TLS.Enabled || cfg.TLS.HTTPRedirect != ":80" || got != "chat.example.com b.example.com" {
				t.Errorf("listen %s, %+v", cfg.Listen, cfg.TLS)
			}
		})
	}
}
