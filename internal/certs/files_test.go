package certs

import (
	"bytes"
	"crypto/tls"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/certs/certstest"
)

var discard = slog.New(slog.NewTextHandler(io.Discard, nil))

func month() time.Time { return time.Now().Add(30 * 24 * time.Hour) }

func TestOpenFilesFaults(t *testing.T) {
	t.Parallel()
	ca := certstest.New(t)
	good, goodKey := ca.Issue(t, month())
	_, otherKey := ca.Issue(t, month())
	old, oldKey := ca.Issue(t, time.Now().Add(-time.Hour))
	for name, tc := range map[string]struct {
		cert, key []byte // nil: there is none
		want      string
	}{
		"good":        {good, goodKey, ""},
		"no cert":     {nil, goodKey, "tls.cert_file: there is no file DIR/cert.pem"},
		"no key":      {good, nil, "tls.key_file: there is no file DIR/key.pem"},
		"other key":   {good, otherKey, "tls.key_file: the key in DIR/key.pem does not belong to the certificate in DIR/cert.pem; "},
		"swapped":     {goodKey, good, "tls.cert_file: DIR/cert.pem has no certificate in PEM form"},
		"no key form": {good, []byte("x"), "tls.key_file: DIR/key.pem has no private key in PEM form"},
		"expired":     {old, oldKey, "tls.cert_file: the certificate in DIR/cert.pem has expired on "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for file, data := range map[string][]byte{"cert.pem": tc.cert, "key.pem": tc.key} {
				if data != nil {
					certstest.Write(t, filepath.Join(dir, file), data)
				}
			}
			_, err := OpenFiles(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), discard, time.Now)
			got := ""
			if err != nil {
				got = strings.ReplaceAll(err.Error(), dir, "DIR")
			}
			if tc.want == "" && got != "" || !strings.HasPrefix(got, tc.want) || strings.Contains(got, "\n") {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// TestReload: new files are taken into use; broken ones are not, and the log
// says so once.
func TestReload(t *testing.T) {
	t.Parallel()
	ca, dir := certstest.New(t), t.TempDir()
	certFile, keyFile := ca.Files(t, dir)
	var said bytes.Buffer
	f, err := OpenFiles(certFile, keyFile, slog.New(slog.NewTextHandler(&said, nil)), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	serial := func() int64 {
		c, _ := f.get(nil)
		return c.Leaf.SerialNumber.Int64()
	}
	step := func(what string, wantSerial int64, wantLog string) {
		t.Helper()
		said.Reset()
		f.look()
		if got := serial(); got != wantSerial {
			t.Errorf("%s: certificate %d, want %d", what, got, wantSerial)
		}
		if got := said.String(); !strings.Contains(got, wantLog) || wantLog == "" && got != "" {
			t.Errorf("%s: log %q, want %q", what, got, wantLog)
		}
	}
	step("nothing new", 2, "")
	cert, key := ca.Issue(t, month())
	certstest.Write(t, certFile, cert)
	step("half of a renewal", 2, "")
	certstest.Write(t, keyFile, key)
	step("the other half", 3, "new certificate")
	step("nothing new", 3, "")
	certstest.Write(t, certFile, []byte("-----BEGIN"))
	step("broken", 3, "")
	step("broken still", 3, "has no certificate in PEM form")
	step("told already", 3, "")
	if err := os.Remove(keyFile); err != nil {
		t.Fatal(err)
	}
	step("another fault", 3, "")
	step("the same", 3, "there is no file")
	certstest.Write(t, certFile, cert)
	certstest.Write(t, keyFile, key)
	step("as before", 3, "")
	old, oldKey := ca.Issue(t, time.Now().Add(-time.Minute))
	certstest.Write(t, certFile, old)
	certstest.Write(t, keyFile, oldKey)
	step("expired", 3, "")
	step("expired still", 3, "has expired on")
	cert, key = ca.Issue(t, time.Now().Add(time.Hour), "chat.example.com", "*.example.com")
	certstest.Write(t, certFile, cert)
	certstest.Write(t, keyFile, key)
	step("mended", 5, "new certificate")
	step("ends soon", 5, "the certificate ends soon")
	step("ends soon, told today", 5, "")
	if got, want := f.Names(), []string{"localhost", "chat.example.com"}; !slices.Equal(got, want) {
		t.Errorf("names %v, want %v", got, want)
	}
}

// TestRunLooks: without being asked.
func TestRunLooks(t *testing.T) {
	t.Parallel()
	ca, dir := certstest.New(t), t.TempDir()
	certFile, keyFile := ca.Files(t, dir)
	f, err := OpenFiles(certFile, keyFile, discard, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		go f.Run(t.Context()) //nolint:errcheck // it returns nil
		synctest.Wait()
		ca.Files(t, dir)
		time.Sleep(lookEvery + time.Second)
		if c, _ := f.get(&tls.ClientHelloInfo{}); c.Leaf.SerialNumber.Int64() != 3 {
			t.Error("the new certificate is not used")
		}
	})
}
