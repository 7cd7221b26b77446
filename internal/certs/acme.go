package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
	"golang.org/x/sync/errgroup"
)

// ACMEOptions says for which names to get certificates, and from whom.
type ACMEOptions struct {
	Domains     []string // all others are refused
	Email       string   // may be empty
	Cache       string   // folder; made with mode 0700
	Directory   string   // URL; empty is Let's Encrypt
	DirectoryCA string   // PEM file with whom to believe that it is the directory; empty is the system's list
	Log         *slog.Logger
}

// ACME gets certificates from an authority and renews them when a third of
// their life is left. It accepts the authority's terms: who starts a server with
// it has agreed. It answers http-01 (Challenges) and tls-alpn-01 (TLS).
type ACME struct {
	manager  *autocert.Manager
	problems *problems
	domains  []string
	log      *slog.Logger

	mu     sync.Mutex // guards the following
	failed map[string]failure
}

// failure is an attempt that gave no certificate.
type failure struct {
	err   error
	until time.Time // no other attempt before
	wait  time.Duration
}

// Authorities count failures: Let's Encrypt takes five an hour for a name.
const (
	firstWait = 15 * time.Minute
	longWait  = 4 * time.Hour
)

// NewACME makes the folder and reads the files; it asks nobody yet. The error
// names the cure.
func NewACME(o ACMEOptions) (*ACME, error) {
	if err := os.MkdirAll(o.Cache, 0o700); err != nil {
		return nil, fmt.Errorf("tls.autocert.cache: can't make the folder: %w", err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if o.DirectoryCA != "" {
		pem, err := readFile("tls.autocert.directory_ca", o.DirectoryCA)
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("tls.autocert.directory_ca: %s has no certificate in PEM form (-----BEGIN CERTIFICATE-----)", o.DirectoryCA)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	directory := o.Directory
	if directory == "" {
		directory = autocert.DefaultACMEDirectory
	}
	p := &problems{next: transport}
	return &ACME{
		problems: p, domains: o.Domains, log: o.Log, failed: make(map[string]failure),
		manager: &autocert.Manager{
			Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(o.Cache), Email: o.Email,
			HostPolicy: autocert.HostWhitelist(o.Domains...),
			Client:     &acme.Client{DirectoryURL: directory, UserAgent: "parley", HTTPClient: &http.Client{Transport: p, Timeout: time.Minute}},
		},
	}, nil
}

// TLS is the configuration for the listener.
func (a *ACME) TLS() *tls.Config { return config(a.get, acme.ALPNProto) }

// Challenges answers http-01, and leaves the rest to next.
func (a *ACME) Challenges(next http.Handler) http.Handler {
	answers := a.manager.HTTPHandler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/.well-known/acme-challenge/") {
			next.ServeHTTP(w, r)
			return
		}
		// autocert wants the name alone; there is a port where an authority of
		// one's own looks at another than 80.
		if host, _, err := net.SplitHostPort(r.Host); err == nil {
			r = r.Clone(r.Context())
			r.Host = host
		}
		answers.ServeHTTP(w, r)
	})
}

// get is the certificate for a handshake. The first one for a name waits until
// there is one.
func (a *ACME) get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if len(hello.SupportedProtos) == 1 && hello.SupportedProtos[0] == acme.ALPNProto {
		return a.manager.GetCertificate(hello) // the authority asks
	}
	name := strings.ToLower(strings.TrimSuffix(hello.ServerName, "."))
	if err := a.lastFailure(name); err != nil {
		return nil, err
	}
	// One certificate, with an ECDSA key, for all: who knows nothing but RSA
	// would cost one more, and has not been seen for many years.
	c, err := a.manager.GetCertificate(&tls.ClientHelloInfo{
		ServerName: name, SignatureSchemes: []tls.SignatureScheme{tls.ECDSAWithP256AndSHA256},
		CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}, SupportedCurves: []tls.CurveID{tls.CurveP256},
	})
	a.note(name, err)
	return c, err
}

// lastFailure is why there is no certificate for a name, while it is too early
// to try again.
func (a *ACME) lastFailure(name string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if f, ok := a.failed[name]; ok && time.Now().Before(f.until) {
		return f.err
	}
	return nil
}

// note remembers how an attempt for one of our names ended.
func (a *ACME) note(name string, err error) {
	ours := false
	for _, d := range a.domains {
		ours = ours || strings.EqualFold(d, name)
	}
	if !ours {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	last, again := a.failed[name]
	switch {
	case err == nil:
		delete(a.failed, name)
	case again && time.Now().Before(last.until): // the same attempt, seen by several handshakes
	default:
		wait := min(max(2*last.wait, firstWait), longWait)
		a.failed[name] = failure{err, time.Now().Add(wait), wait}
		a.log.Error("no certificate for "+name+": "+a.problems.explain(name, err), "next", wait)
	}
}

// Run gets the certificates that are missing, so that nobody has to wait for
// them, and tries again after failures. Renewals of the ones there are go on by
// themselves. It returns nil when ctx is done; a request to the authority is not
// waited for.
func (a *ACME) Run(ctx context.Context) error {
	var g errgroup.Group
	for _, d := range a.domains {
		g.Go(func() error {
			a.keep(ctx, d)
			return nil
		})
	}
	return g.Wait()
}

// keep tries until there is a certificate.
func (a *ACME) keep(ctx context.Context, domain string) {
	name := strings.ToLower(domain)
	for ctx.Err() == nil {
		done := make(chan error, 1)
		go func() {
			_, err := a.get(&tls.ClientHelloInfo{ServerName: name})
			done <- err
		}()
		select {
		case err := <-done:
			if err == nil {
				return
			}
		case <-ctx.Done():
			return
		}
		a.mu.Lock()
		wait := time.Until(a.failed[name].until)
		a.mu.Unlock()
		select {
		case <-time.After(max(wait, time.Second)):
		case <-ctx.Done():
		}
	}
}

// reason is what kind of failure an error is, in words of a person's.
func reason(err error, name, directory string) string {
	var unknown x509.UnknownAuthorityError
	var problem *acme.Error
	switch {
	case errors.As(err, &unknown):
		return "the server of " + directory + " has a certificate that the system does not trust; set tls.autocert.directory_ca to the file with the authority's root certificate"
	case errors.As(err, &problem):
		return problemText(problem.ProblemType, problem.Detail, name)
	}
	return err.Error() + "; check that this machine can reach " + directory
}
