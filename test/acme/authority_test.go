// Package acme runs the program against an ACME authority: letsencrypt/pebble,
// which checks everything that a real one does, and dials back.
package acme

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"
)

// domain is the only name that DNS knows.
const domain = "chat.example.test"

// authority is pebble with a DNS server.
type authority struct {
	directory string
	caFile    string         // whom to believe that it is the directory
	roots     *x509.CertPool // of the certificates that it gives
	issued    atomic.Int32   // certificates
}

// newAuthority dials back to these ports; certificates are good for so many
// seconds.
func newAuthority(t *testing.T, httpPort, tlsPort int, validity uint64) *authority {
	t.Helper()
	quiet := log.New(io.Discard, "", 0)
	store := db.NewMemoryStore()
	issuer := ca.New(quiet, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {ValidityPeriod: validity}})
	validator := va.New(quiet, httpPort, tlsPort, true, nameServer(t), store)
	front := wfe.New(quiet, store, validator, issuer, []string{"pebble.letsencrypt.org"}, true, false, 1, 1)
	a := &authority{roots: x509.NewCertPool()}
	handler := front.Handler()
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/finalize-order/") {
			a.issued.Add(1)
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	a.directory = srv.URL + wfe.DirectoryPath
	a.caFile = filepath.Join(t.TempDir(), "directory.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	if err := os.WriteFile(a.caFile, text, 0o600); err != nil {
		t.Fatal(err)
	}
	a.roots.AppendCertsFromPEM(issuer.GetRootCert(0).PEM())
	return a
}

// nameServer knows domain, and no other name.
func nameServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &dns.Server{Listener: l, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		switch name := q.Question[0].Name; {
		case name != domain+".":
			m.Rcode = dns.RcodeNameError
		case q.Question[0].Qtype == dns.TypeA:
			rr, _ := dns.NewRR(name + " 60 IN A 127.0.0.1")
			m.Answer = append(m.Answer, rr)
		}
		_ = w.WriteMsg(m)
	})}
	go srv.ActivateAndServe() //nolint:errcheck // it ends with the test
	t.Cleanup(func() { _ = srv.Shutdown() })
	return l.Addr().String()
}

// freePorts are some that nobody listens at now. Only the program can tell the
// authority where it listens, and it is started after it.
func freePorts(t *testing.T, n int) []int {
	t.Helper()
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

func local(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
