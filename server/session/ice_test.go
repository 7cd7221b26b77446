package session

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestTURNCredentials compares with what others compute:
//
//	printf '1767225600:parley' | openssl dgst -sha1 -hmac north -binary | base64
func TestTURNCredentials(t *testing.T) {
	t.Parallel()
	user, credential := turnCredentials([]byte("north"), "parley", time.Unix(1767225600, 999))
	if user != "1767225600:parley" || credential != "CaBmUlV0+naZ7TIfHbTLNNQtXhs=" {
		t.Errorf("got %s %s", user, credential)
	}
}

// TestGreeting: with a secret each {hi} is answered with fresh credentials for
// the TURN servers that have none; without one the answer is made once.
func TestGreeting(t *testing.T) {
	t.Parallel()
	servers := []ICEServer{
		{URLs: []string{"stun:a"}},
		{URLs: []string{"turn:b", "turns:b"}, Derived: true},
		{URLs: []string{"turn:c"}, Username: "u", Credential: "c", CredentialType: "password"},
	}
	registry := func(c Calls) *Registry {
		return NewRegistry(Deps{
			Hub: &fakeHub{}, Now: time.Now,
			Config: Config{Hello: map[string]any{"ver": "0.25"}, Calls: c},
		})
	}
	const plain = `{"callTimeout":2,"iceServers":[{"urls":["stun:a"]},{"urls":["turn:b","turns:b"]},` +
		`{"urls":["turn:c"],"username":"u","credential":"c","credential_type":"password"}],"ver":"0.25"}`
	r := registry(Calls{Servers: servers, Timeout: 1500 * time.Millisecond})
	if got := r.greeting(); string(got.Raw) != plain || got != r.greeting() {
		t.Errorf("without a secret: %s", got.Raw)
	}
	if got := registry(Calls{Secret: []byte("north")}).greeting(); string(got.Raw) != `{"ver":"0.25"}` {
		t.Errorf("without servers: %s", got.Raw)
	}

	r = registry(Calls{Servers: servers, Timeout: time.Second, Secret: []byte("north"), TTL: time.Hour})
	names := make(map[string]bool)
	for range 3 {
		var p struct {
			Ver        string
			ICEServers []ICEServer
		}
		if err := json.Unmarshal(r.greeting().Raw, &p); err != nil || p.Ver != "0.25" || len(p.ICEServers) != 3 {
			t.Fatalf("got %+v, %v", p, err)
		}
		if s := p.ICEServers; s[0].Username != "" || s[2].Username != "u" || s[2].Credential != "c" {
			t.Errorf("got %+v", s)
		}
		s := p.ICEServers[1]
		until, name, _ := strings.Cut(s.Username, ":")
		n, err := strconv.ParseInt(until, 10, 64)
		if left := time.Until(time.Unix(n, 0)); err != nil || left < 59*time.Minute || left > time.Hour {
			t.Errorf("%s: valid for %v", s.Username, left)
		}
		if _, want := turnCredentials([]byte("north"), name, time.Unix(n, 0)); s.Credential != want {
			t.Errorf("%s: credential %s, want %s", s.Username, s.Credential, want)
		}
		names[name] = true
	}
	if len(names) != 3 {
		t.Errorf("names are used twice: %v", names)
	}
}
