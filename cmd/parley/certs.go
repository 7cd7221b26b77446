package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"parley/internal/certs"
	"parley/internal/config"
	"parley/server"
)

// certificates opens what the configuration asks for: nothing without TLS. names
// are those of the server, as its certificates have them.
func certificates(cfg *config.Config, h *home, log *slog.Logger) (c server.Certificates, names []string, err error) {
	switch t := &cfg.TLS; {
	case !t.Enabled:
		return nil, nil, nil
	case t.Auto():
		a, err := certs.NewACME(certs.ACMEOptions{
			Domains: t.Autocert.Domains, Email: t.Autocert.Email, Directory: t.Autocert.Directory,
			DirectoryCA: t.Autocert.DirectoryCA, Cache: cmp.Or(t.Autocert.CacheDir, filepath.Join(h.path, "acme")), Log: log,
		})
		return a, t.Autocert.Domains, err
	default:
		f, err := certs.OpenFiles(t.CertFile, t.KeyFile, log, time.Now)
		if err != nil {
			return nil, nil, err
		}
		return f, f.Names(), nil
	}
}

// listenAll takes the ports: the one of the server, and, with TLS, the one that
// sends others there, which is nil if there is none.
func listenAll(cfg *config.Config) (main, plain net.Listener, err error) {
	if main, err = listen(cfg.Listen, cfg.TLS.Enabled); err != nil {
		return nil, nil, err
	}
	if where := cfg.TLS.HTTPRedirect; cfg.TLS.Enabled && where != "" {
		if plain, err = listen(where, true); err != nil {
			return nil, nil, errors.Join(fmt.Errorf(`%w; or set tls.http_redirect to ""`, err), main.Close())
		}
	}
	return main, plain, nil
}

// listenMetrics takes the port of the metrics; nil if there is none.
func listenMetrics(cfg *config.Config) (net.Listener, error) {
	if cfg.MetricsListen == "" {
		return nil, nil
	}
	l, err := net.Listen(config.SplitAddress(cfg.MetricsListen))
	if err != nil {
		return nil, fmt.Errorf("metrics_listen: %w; choose another address in tinode.conf", err)
	}
	return l, nil
}

// listen opens a port, with an error that names the cure. With TLS another port
// is none: authorities and browsers look at 443 and 80.
func listen(address string, secure bool) (net.Listener, error) {
	network, where := config.SplitAddress(address)
	l, err := net.Listen(network, where)
	switch {
	case errors.Is(err, syscall.EADDRINUSE) && secure:
		return nil, fmt.Errorf("%s is in use by another program; stop it, or put the certificate there and Parley behind it (docs/operations.md)", address)
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is in use by another program; choose another port with --listen :PORT", address)
	case errors.Is(err, fs.ErrPermission) && secure:
		return nil, fmt.Errorf("no permission to listen on %s; allow it with setcap cap_net_bind_service=+ep FILE-OF-PARLEY, or AmbientCapabilities=CAP_NET_BIND_SERVICE in systemd", address)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("no permission to listen on %s; choose a port above 1023 with --listen :PORT", address)
	case err != nil:
		return nil, fmt.Errorf("can't listen on %s: %w", address, err)
	}
	return l, nil
}

// splitDomains reads the value of --domain.
func splitDomains(list string) []string {
	var names []string
	for name := range strings.SplitSeq(list, ",") {
		names = append(names, strings.ToLower(strings.TrimSpace(name)))
	}
	return names
}
