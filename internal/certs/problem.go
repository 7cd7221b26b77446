package certs

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
)

// problems passes the requests to the authority on and remembers why it did not
// believe that a name is ours: autocert tries another way then, and forgets the
// reason.
type problems struct {
	next http.RoundTripper

	mu        sync.Mutex // guards the following
	byName    map[string]problem
	directory string // where the requests go
}

// problem is one of RFC 8555 §6.7.
type problem struct{ Type, Detail string }

// maxAnswer is more than an authorization has.
const maxAnswer = 64 << 10

// RoundTrip implements http.RoundTripper.
func (p *problems) RoundTrip(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	p.directory = r.URL.Host
	p.mu.Unlock()
	resp, err := p.next.RoundTrip(r)
	if err != nil || !strings.Contains(resp.Header.Get("Content-Type"), "json") {
		return resp, err
	}
	head, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		resp.Body.Close()
		return nil, err
	}
	p.read(head)
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), resp.Body), resp.Body}
	return resp, nil
}

// read looks for a challenge that failed (RFC 8555 §7.1.4).
func (p *problems) read(answer []byte) {
	var authz struct {
		Identifier struct{ Value string }
		Challenges []struct{ Error *problem }
	}
	if json.Unmarshal(answer, &authz) != nil || authz.Identifier.Value == "" {
		return
	}
	for _, c := range authz.Challenges {
		if c.Error != nil {
			p.mu.Lock()
			if p.byName == nil {
				p.byName = make(map[string]problem)
			}
			p.byName[authz.Identifier.Value] = *c.Error
			p.mu.Unlock()
		}
	}
}

// explain says in one line why there is no certificate, and the cure.
func (p *problems) explain(name string, err error) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if found, ok := p.byName[name]; ok && strings.Contains(err.Error(), "no viable challenge") {
		delete(p.byName, name)
		return problemText(found.Type, found.Detail, name)
	}
	return reason(err, name, p.directory)
}

// problemText is a problem with its cure.
func problemText(kind, detail, name string) string {
	cure := ""
	switch strings.TrimPrefix(kind, "urn:ietf:params:acme:error:") {
	case "dns":
		cure = "DNS has no address for " + name + ": make an A or AAAA record that points to this machine"
	case "connection", "tls":
		cure = "the authority does not reach this server at " + name + ": its DNS record must point here, and ports 80 and 443 must be open in every firewall"
	case "unauthorized", "incorrectResponse":
		cure = "another server answers at " + name + ": its DNS record must point here, and nothing may stand in front"
	case "caa":
		cure = "a CAA record of " + name + " forbids this authority: add it there, or set tls.autocert.directory"
	case "rateLimited":
		cure = "the authority has had too many requests and refuses for a while; until it works, try with its staging server (tls.autocert.directory)"
	case "rejectedIdentifier":
		cure = "the authority gives no certificates for " + name + ": use another name"
	case "invalidContact", "unsupportedContact":
		cure = "the authority does not take the address in tls.autocert.email: correct it, or remove it"
	case "externalAccountRequired":
		cure = "the authority wants an account made elsewhere, which is not supported: set tls.autocert.directory to another"
	default:
		return "the authority says: " + detail
	}
	return cure + " (" + detail + ")"
}
