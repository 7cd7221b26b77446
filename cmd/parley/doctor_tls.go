package main

import (
	"crypto/tls"
	"time"
)

// renewWithin is how long before its end a certificate should have been renewed.
const renewWithin = 14 * 24 * time.Hour

// tls looks at certificate files; those of an ACME authority renew themselves.
func (p *patient) tls() finding {
	const name = "tls"
	t := &p.cfg.TLS
	if t.CertFile == "" && t.KeyFile == "" {
		return good(name, "no certificate files")
	}
	pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
	if err != nil {
		return bad(name, "check tls.cert_file and tls.key_file", "%v", err)
	}
	now, cert := time.Now(), pair.Leaf
	end := cert.NotAfter.Local().Format(time.DateOnly)
	switch {
	case now.After(cert.NotAfter):
		return bad(name, "renew it", "the certificate has expired on %s", end)
	case now.Before(cert.NotBefore):
		return bad(name, "check the clock", "the certificate is valid only from %s", cert.NotBefore.Local().Format(time.DateOnly))
	case cert.NotAfter.Sub(now) < renewWithin:
		return warn(name, "renew it", "the certificate expires on %s", end)
	}
	return good(name, "the certificate is valid until %s", end)
}
