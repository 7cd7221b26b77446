package main

import (
	"fmt"
	"io"
	"net"
	"strings"

	"parley/internal/config"
)

// banner is what the start tells a person.
type banner struct {
	cfg  *config.Config
	home *home
	addr net.Addr

	names []string // in the certificates; nil: it is known by its addresses
}

// print says where the server is; the first start also says what is off and how
// it is turned on.
func (b banner) print(w io.Writer) {
	urls := b.urls()
	if !b.home.fresh {
		fmt.Fprintf(w, "Parley %s: %s · data in %s\n", version, strings.Join(urls, " · "), b.home.path)
		return
	}
	fmt.Fprintf(w, "Parley %s is running.\n\n", version)
	for i, u := range urls {
		label := ""
		switch {
		case len(b.names) > 0:
			label = "Address"
		case i == 0:
			label = "On this machine"
		case i == 1:
			label = "On your network"
		}
		fmt.Fprintf(w, "  %-16s %s\n", label, u)
	}
	fmt.Fprintf(w, "  %-16s %s (new; secrets and messages, back it up)\n\n", "Data", b.home.path)
	fmt.Fprintln(w, "What is off, and what turns it on:")
	for _, o := range b.off() {
		fmt.Fprintf(w, "  %-23s %s\n", o[0], o[1])
	}
	fmt.Fprintln(w, "\nCtrl-C ends the server. tinode.conf explains every option.")
}

// off lists what a person might look for: a line of tinode.conf, or a command.
func (b banner) off() [][2]string {
	var out [][2]string
	if !b.cfg.Validation.Email.Config.Sends() {
		out = append(out, [2]string{"e-mail (new passwords)", `"acc_validation": {"email": {"config": {"smtp_server": "HOST", "sender": "chat@HOST", "host_url": "https://HOST/"}}}`})
	}
	if !b.cfg.WebRTC.Enabled {
		out = append(out, [2]string{"calls", `"webrtc": {"enabled": true, "ice_servers": [{"urls": ["stun:HOST"]}]}`})
	}
	if !b.cfg.TLS.Enabled {
		out = append(out, [2]string{"encryption (TLS)", `--domain chat.example.com     or "tls" in tinode.conf: own certificates, or a proxy`})
	}
	return out
}

// urls are where the server can be reached: by the names in its certificates, or
// here first, then from other machines.
func (b banner) urls() []string {
	t, ok := b.addr.(*net.TCPAddr)
	if !ok {
		return []string{"unix:" + b.addr.String()}
	}
	scheme, usual := "http", 80
	if b.cfg.TLS.Enabled {
		scheme, usual = "https", 443
	}
	url := func(host string) string {
		if t.Port == usual {
			return scheme + "://" + host
		}
		return fmt.Sprintf("%s://%s:%d", scheme, host, t.Port)
	}
	if len(b.names) > 0 {
		var out []string
		for _, n := range b.names {
			out = append(out, url(n))
		}
		return out
	}
	if !t.IP.IsUnspecified() {
		return []string{url(hostText(t.IP))}
	}
	out := []string{url("localhost")}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return out
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() && n.IP.To4() != nil {
			out = append(out, url(hostText(n.IP)))
		}
	}
	return out
}

func hostText(ip net.IP) string {
	if ip.To4() == nil {
		return "[" + ip.String() + "]"
	}
	return ip.String()
}
