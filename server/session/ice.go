package session

import (
	"crypto/hmac"
	"crypto/sha1" // not for its strength: TURN servers expect it
	"encoding/base64"
	"maps"
	"slices"
	"strconv"
	"time"

	"parley/internal/chat"
	"parley/wsproto"
)

// Calls is what {hi} announces of audio and video calls (wire.md §2.3).
type Calls struct {
	Servers []ICEServer   // none: there are no calls
	Timeout time.Duration // how long a call rings
	Secret  []byte        // shared with the TURN servers; empty: none
	TTL     time.Duration // of the credentials made with it
}

// ICEServer helps clients to find a way to each other.
type ICEServer struct {
	URLs           []string `json:"urls,omitempty"`
	Username       string   `json:"username,omitempty"`
	Credential     string   `json:"credential,omitempty"`
	CredentialType string   `json:"credential_type,omitempty"`

	Derived bool `json:"-"` // the credentials are made with Calls.Secret
}

// derives tells whether each client gets credentials of its own.
func (c *Calls) derives() bool {
	return len(c.Secret) > 0 && slices.ContainsFunc(c.Servers, func(s ICEServer) bool { return s.Derived })
}

// params are those of {hi}, with what there is to say of calls.
func (c *Calls) params(hello map[string]any, now time.Time) map[string]any {
	if len(c.Servers) == 0 {
		return hello
	}
	servers := slices.Clone(c.Servers)
	if c.derives() {
		// The user is not known yet. One name for all servers: they are told apart
		// by nobody but their operator.
		name, until := chat.NewUID().String()[3:], now.Add(c.TTL)
		for i := range servers {
			if s := &servers[i]; s.Derived {
				s.Username, s.Credential = turnCredentials(c.Secret, name, until)
			}
		}
	}
	p := maps.Clone(hello)
	p["iceServers"] = servers
	p["callTimeout"] = int((c.Timeout + time.Second - 1) / time.Second)
	return p
}

// turnCredentials are accepted until then by TURN servers that know the secret
// (draft-uberti-behave-turn-rest-00 §2.2; coturn: use-auth-secret).
func turnCredentials(secret []byte, name string, until time.Time) (username, credential string) {
	username = strconv.FormatInt(until.Unix(), 10) + ":" + name
	mac := hmac.New(sha1.New, secret)
	mac.Write([]byte(username))
	return username, base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// greeting is the answer to {hi}: encoded once for everybody, unless clients get
// credentials of their own.
func (r *Registry) greeting() *wsproto.Error {
	if r.hello != nil {
		return r.hello
	}
	return wsproto.Created.WithAll(r.Config.Calls.params(r.Config.Hello, r.now()))
}
