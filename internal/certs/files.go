package certs

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

const (
	lookEvery = 10 * time.Second // at the files
	warnEvery = 24 * time.Hour   // that the certificate ends soon
	endsSoon  = 7 * 24 * time.Hour
)

// Files is a certificate in two files, read again when they change.
type Files struct {
	certFile, keyFile string
	log               *slog.Logger
	now               func() time.Time

	current atomic.Pointer[tls.Certificate]

	// Owned by Run.
	used    pair      // what current was made of
	refused string    // why the files, as they are now, are not used
	told    bool      // the log says so
	warned  time.Time // that current ends soon
}

// pair is the contents of the two files. Contents are compared, not times: a
// renewal may leave the time as it was (a link that points elsewhere now).
type pair struct{ cert, key []byte }

func (p pair) equal(q pair) bool { return bytes.Equal(p.cert, q.cert) && bytes.Equal(p.key, q.key) }

// OpenFiles reads a certificate, with those of the authorities between it and
// the root, and its key, both PEM. The error names the cure: a file is missing,
// the key does not fit, or the certificate has expired by now.
func OpenFiles(certFile, keyFile string, log *slog.Logger, now func() time.Time) (*Files, error) {
	f := &Files{certFile: certFile, keyFile: keyFile, log: log, now: now}
	p, err := f.read()
	if err != nil {
		return nil, err
	}
	c, err := f.parse(p)
	if err != nil {
		return nil, err
	}
	f.current.Store(c)
	f.used = p
	return f, nil
}

// Names are the host names of the certificate, without wildcards.
func (f *Files) Names() []string {
	var names []string
	for _, n := range f.current.Load().Leaf.DNSNames {
		if !strings.HasPrefix(n, "*") {
			names = append(names, n)
		}
	}
	return names
}

func (f *Files) get(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.current.Load(), nil }

// Run looks at the files until ctx is done, and returns nil.
func (f *Files) Run(ctx context.Context) error {
	t := time.NewTicker(lookEvery)
	defer t.Stop()
	for {
		f.look()
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// look takes a new certificate into use. One that is no good is looked at twice
// before the log says so: the two files are rarely replaced at the same time.
func (f *Files) look() {
	f.warn()
	p, err := f.read()
	if err == nil && p.equal(f.used) {
		f.refused, f.told = "", false
		return
	}
	var c *tls.Certificate
	if err == nil {
		c, err = f.parse(p)
	}
	switch {
	case err == nil:
		f.current.Store(c)
		f.used, f.refused, f.told, f.warned = p, "", false, time.Time{}
		f.log.Info("new certificate", "file", f.certFile, "until", c.Leaf.NotAfter)
	case err.Error() != f.refused:
		f.refused, f.told = err.Error(), false
	case !f.told:
		f.told = true
		f.log.Error("the new certificate is not used; the old one stays until the files are right", "err", err)
	}
}

// warn tells once a day that nobody renews the certificate.
func (f *Files) warn() {
	until, now := f.current.Load().Leaf.NotAfter, f.now()
	if until.Sub(now) > endsSoon || now.Sub(f.warned) < warnEvery {
		return
	}
	f.warned = now
	f.log.Warn("the certificate ends soon: replace the files, no restart is needed", "file", f.certFile, "until", until)
}

func (f *Files) read() (pair, error) {
	cert, err := readFile("tls.cert_file", f.certFile)
	if err != nil {
		return pair{}, err
	}
	key, err := readFile("tls.key_file", f.keyFile)
	if err != nil {
		return pair{}, err
	}
	return pair{cert, key}, nil
}

// readFile reads a file that an option names.
func readFile(option, name string) ([]byte, error) {
	data, err := os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: there is no file %s", option, name)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%s: no permission to read %s; let the server's user read it", option, name)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", option, err)
	}
	return data, nil
}

func (f *Files) parse(p pair) (*tls.Certificate, error) {
	c, err := tls.X509KeyPair(p.cert, p.key)
	if err != nil {
		return nil, f.explain(err)
	}
	if until := c.Leaf.NotAfter; f.now().After(until) {
		return nil, fmt.Errorf("tls.cert_file: the certificate in %s has expired on %s; renew it", f.certFile, until.Format(time.DateOnly))
	}
	return &c, nil
}

// explain says what is wrong with a pair. What Go says begins with "tls: ".
func (f *Files) explain(err error) error {
	text := strings.TrimPrefix(err.Error(), "tls: ")
	switch {
	case strings.Contains(text, "does not match"):
		return fmt.Errorf("tls.key_file: the key in %s does not belong to the certificate in %s; both must come from the same renewal, and the certificate of the server must come first in its file", f.keyFile, f.certFile)
	case strings.Contains(text, "certificate input"):
		return fmt.Errorf("tls.cert_file: %s has no certificate in PEM form (-----BEGIN CERTIFICATE-----)", f.certFile)
	case strings.Contains(text, "key input"):
		return fmt.Errorf("tls.key_file: %s has no private key in PEM form without a password (-----BEGIN PRIVATE KEY-----)", f.keyFile)
	}
	return fmt.Errorf("tls.cert_file, tls.key_file: %s and %s can't be used: %s", f.certFile, f.keyFile, text)
}
