package e2e

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"parley/internal/certs/certstest"
)

const secureConfig = `{"tls": {"enabled": true, "http_redirect": "", "cert_file": "cert.pem", "key_file": "key.pem"}}`

// TestSecureClient: a published client over TLS. TestPublishedClients, which
// calls it, or scripts/e2e.sh has built and installed what it needs.
func TestSecureClient(t *testing.T) {
	binary := os.Getenv("PARLEY_BIN")
	if binary == "" {
		t.Skip("a part of TestPublishedClients and scripts/e2e.sh")
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	dir, ca := t.TempDir(), certstest.New(t)
	ca.Files(t, dir)
	certstest.Write(t, filepath.Join(dir, "tinode.conf"), []byte(secureConfig))
	certstest.Write(t, filepath.Join(dir, "ca.pem"), ca.PEM())
	server := exec.CommandContext(ctx, binary, "--listen", "127.0.0.1:0")
	server.Dir = dir
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Process.Kill(); _ = server.Wait() }()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, host, ok := strings.Cut(lines.Text(), "https://"); ok {
			t.Setenv("E2E_HOST", strings.Fields(host)[0])
			t.Setenv("NODE_EXTRA_CA_CERTS", filepath.Join(dir, "ca.pem"))
			run(ctx, t, "node", "secure.js")
			return
		}
	}
	t.Fatal("the server did not say where it is")
}
