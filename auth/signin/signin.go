// Package signin is what signing in at somebody else's needs, whoever that is: a
// browser is sent there and comes back, which is to be the same browser, and a
// one-time code with which its client logs in. It knows neither the others nor
// their proofs: see oidc and wechat.
package signin

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"parley/auth/seal"
)

const (
	flowTime  = 10 * time.Minute // to type a password there
	flowAbout = "flow"
	stateLen  = 32
	maxNext   = 1024 // bytes
)

var b64 = base64.RawURLEncoding

// Problem is why somebody cannot sign in: what he is told, and what the log is.
type Problem struct {
	Status int    // of HTTP
	Text   string // for people
	Cause  error  // for the log; nil: the text says it all
	Denied bool   // what was brought proves nothing, or of nobody who may come in: a failed login
}

// NewProblem makes one.
func NewProblem(status int, text string, cause error) *Problem {
	return &Problem{Status: status, Text: text, Cause: cause}
}

// Error is for the log.
func (p *Problem) Error() string {
	if p.Cause == nil {
		return p.Text
	}
	return Clip(p.Text + ": " + p.Cause.Error())
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Cause }

// Clip shortens what may have a whole page in it.
func Clip(text string) string {
	const most = 300
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}

// Desk keeps account of the sign-ins of one scheme.
type Desk struct {
	scheme string
	box    *seal.Box
	now    func() time.Time

	mu   sync.Mutex
	used map[string]time.Time // one-time codes that were given back, until they expire
}

// New makes the desk of a scheme; keys are those of the tokens.
func New(scheme string, keys [][]byte, now func() time.Time) (*Desk, error) {
	box, err := seal.New(keys, scheme+" v1")
	if err != nil {
		return nil, err
	}
	return &Desk{scheme: scheme, box: box, now: now, used: make(map[string]time.Time)}, nil
}

// Flow is a sign-in under way. It is kept by the browser, sealed, in a cookie:
// so it is bound to this browser, and costs nothing if it is never finished.
type Flow struct {
	Provider  string `json:"p"`
	State     string `json:"s"`
	Nonce     string `json:"n"`
	Verifier  string `json:"v,omitempty"` // RFC 7636
	Callback  string `json:"b"`           // redirect_uri
	Next      string `json:"r"`           // where to go in the end
	Challenge string `json:"c,omitempty"`
	Expires   int64  `json:"x"` // Unix
}

// Start is how a sign-in begins.
type Start struct {
	URL    string // of the provider
	Cookie string // name
	Value  string
	MaxAge time.Duration
}

// CookieName is that of the flow of a state; empty if it is none of ours.
func (d *Desk) CookieName(state string) string {
	if len(state) != stateLen || strings.Trim(state, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
		return ""
	}
	return "parley-" + d.scheme + "-" + state[:12]
}

// challenges are base64url of a SHA-256.
var challenges = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// Begin makes the flow of somebody who is to come back from a provider to the
// address callback and in the end to next, a path on this server. challenge is
// empty or what the client has to know the verifier of when it gives back the
// code. The error is a *Problem.
func (d *Desk) Begin(provider, callback, next, challenge string) (*Flow, error) {
	if next == "" {
		next = "/"
	}
	if !ownPath(next) || challenge != "" && !challenges.MatchString(challenge) {
		return nil, NewProblem(http.StatusBadRequest, "This link is not right.", nil)
	}
	return &Flow{
		Provider: provider, State: seal.Text(stateLen), Nonce: seal.Text(stateLen),
		Callback: callback, Next: next, Challenge: challenge, Expires: d.now().Add(flowTime).Unix(),
	}, nil
}

// Send is where and with which cookie the browser of a flow goes.
func (d *Desk) Send(f *Flow, address string) (*Start, error) {
	b, err := json.Marshal(f)
	if err != nil {
		return nil, NewProblem(http.StatusInternalServerError, "Something went wrong here.", err)
	}
	return &Start{
		URL: address, Cookie: d.CookieName(f.State), Value: b64.EncodeToString(d.box.Seal(b, flowAbout)), MaxAge: flowTime,
	}, nil
}

// Open finds the flow that this browser has begun, by what it brings back and by
// its cookie. The error is a *Problem.
func (d *Desk) Open(provider string, query url.Values, cookie string) (*Flow, error) {
	again := func(cause string) error {
		return NewProblem(http.StatusBadRequest, "This sign-in was not begun in this browser, or too long ago. Please begin again.", errors.New(cause))
	}
	if cookie == "" {
		return nil, again("no cookie")
	}
	sealed, err := b64.DecodeString(cookie)
	if err != nil {
		return nil, again("broken cookie")
	}
	plain, err := d.box.Open(sealed, flowAbout)
	if err != nil {
		return nil, again("not our cookie")
	}
	var f Flow
	if err := json.Unmarshal(plain, &f); err != nil {
		return nil, again("broken cookie")
	}
	switch {
	case f.Provider != provider:
		return nil, again("begun with another provider")
	case subtle.ConstantTimeCompare([]byte(f.State), []byte(query.Get("state"))) != 1:
		return nil, again("wrong state")
	case d.now().Unix() >= f.Expires:
		return nil, again("too late")
	}
	return &f, nil
}

// Finish returns where to send the browser of a flow whose user has proved who
// he is: the path of the beginning, with a one-time code for person. The error
// is a *Problem.
func (d *Desk) Finish(f *Flow, person any) (next string, err error) {
	text, err := d.newCode(person, f.Challenge)
	if err != nil {
		return "", NewProblem(http.StatusInternalServerError, "Something went wrong here.", err)
	}
	return f.Next + "#" + d.scheme + "=" + text, nil
}

// ownPath tells whether a text is a path on this server and nothing that
// browsers take for another one.
func ownPath(text string) bool {
	if len(text) > maxNext || !strings.HasPrefix(text, "/") || strings.HasPrefix(text, "//") || strings.ContainsAny(text, "\\#") ||
		strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return false
	}
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "" && u.Host == "" && u.User == nil && !strings.HasPrefix(u.Path, "//") && !strings.ContainsRune(u.Path, '\\')
}
