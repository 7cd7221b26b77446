package main

import (
	"crypto/tls"
	"net"
	"net/url"
	"time"

	"parley/internal/config"
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

// redirect looks whether the port from which browsers are sent to TLS is free.
func (p *patient) redirect() finding {
	const name = "redirect"
	where := p.cfg.TLS.HTTPRedirect
	if !p.cfg.TLS.Enabled || where == "" {
		return good(name, "not configured")
	}
	return p.second(name, where, "tls.http_redirect")
}

// metrics looks at the port for Prometheus.
func (p *patient) metrics() finding {
	const name = "metrics"
	if p.cfg.MetricsListen == "" {
		return good(name, "not configured")
	}
	return p.second(name, p.cfg.MetricsListen, "metrics_listen")
}

// second looks at another port than the main one.
func (p *patient) second(name, where, key string) finding {
	if p.running {
		return good(name, "%s belongs to the server", where)
	}
	l, err := net.Listen(config.SplitAddress(where))
	if err != nil {
		return bad(name, "change "+key+", or end who has it: ss -ltnp", "%v", err)
	}
	l.Close()
	return good(name, "%s is free", where)
}

// rest looks whether the authority of the operator's own can be reached: without
// it there is no start.
func (p *patient) rest() finding {
	const name = "rest"
	u, err := url.Parse(p.cfg.Auth.REST.ServerURL)
	if err != nil || u.Host == "" {
		return good(name, "not configured")
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	address := net.JoinHostPort(u.Hostname(), port)
	conn, err := (&net.Dialer{Timeout: dialTime}).DialContext(p.ctx, "tcp", address)
	if err != nil {
		return bad(name, "start it, or check auth_config.rest.server_url: the server does not start without it", "%s can't be reached: %v", address, err)
	}
	conn.Close()
	return good(name, "%s can be reached", address)
}
