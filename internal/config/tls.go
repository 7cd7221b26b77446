package config

import (
	"fmt"
	"net"
	"net/mail"
	"strings"
)

// listenTLS is where encrypted servers are looked for.
const listenTLS = ":443"

// ServeDomains turns TLS on with certificates of an ACME authority for these
// names. The address becomes :443 unless one other than the usual was chosen.
func (c *Config) ServeDomains(names []string) {
	c.TLS.Enabled, c.TLS.Autocert.Domains = true, names
	if c.Listen == defaultListen || c.Listen == ":80" {
		c.Listen = listenTLS
	}
}

// Auto tells whether certificates come from an ACME authority.
func (t *TLS) Auto() bool { return len(t.Autocert.Domains) > 0 }

func (t *TLS) check(k *checker, listen string) {
	if t.HTTPRedirect != "" {
		k.use("tls.http_redirect", badAddress(t.HTTPRedirect))
	}
	if !t.Enabled {
		return
	}
	if t.Auto() {
		t.Autocert.check(k)
	} else {
		k.required("tls.cert_file", t.CertFile, "tls.enabled is true")
		k.required("tls.key_file", t.KeyFile, "tls.enabled is true")
	}
	switch {
	case t.HTTPRedirect == "":
	case isUnix(t.HTTPRedirect) || isUnix(listen):
		k.fault("tls.http_redirect", "not possible with a Unix socket; set it to an empty text")
	case t.HTTPRedirect == listen && !strings.HasSuffix(listen, ":0"):
		k.fault("tls.http_redirect", `the same address as "listen"; set it to an empty text, or "listen" to ":443"`)
	}
}

func (a *Autocert) check(k *checker) {
	for i, d := range a.Domains {
		at := fmt.Sprintf("tls.autocert.domains[%d]", i)
		switch {
		case !isHost(d) || strings.Contains(d, ":"):
			k.fault(at, "not the name of a domain")
		case net.ParseIP(d) != nil || !strings.Contains(d, "."):
			k.fault(at, "no authority gives certificates for this; it must be a full name, such as chat.example.com")
		}
	}
	if a.Email != "" {
		if _, err := mail.ParseAddress(a.Email); err != nil {
			k.fault("tls.autocert.email", "must be an e-mail address")
		}
	}
	if a.Directory != "" {
		k.use("tls.autocert.directory", badURL(a.Directory))
	}
}
