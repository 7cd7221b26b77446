// Package certs is where the server's certificates come from: files that
// somebody else renews, or an ACME authority. It does not know what is served
// with them.
package certs

import (
	"crypto/tls"
	"net/http"
)

// config is the TLS of a server: version 1.2 and up, with Go's choice of
// ciphers. HTTP/2 is not offered: a WebSocket needs HTTP/1.1 (RFC 6455 §4.1), a
// client that had HTTP/2 would need a second connection for it, and there is
// little else to fetch.
func config(get func(*tls.ClientHelloInfo) (*tls.Certificate, error), more ...string) *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     append([]string{"http/1.1"}, more...),
		GetCertificate: get,
	}
}

// TLS is the configuration for the listener.
func (f *Files) TLS() *tls.Config { return config(f.get) }

// Challenges is next: nobody asks anything about files.
func (f *Files) Challenges(next http.Handler) http.Handler { return next }
