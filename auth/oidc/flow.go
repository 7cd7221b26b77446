package oidc

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"parley/auth/seal"
)

const (
	flowTime  = 10 * time.Minute // to type a password at the provider
	flowAbout = "flow"
	stateLen  = 32
	maxNext   = 1024 // bytes
)

// Problem is why somebody cannot sign in: what he is told, and what the log is.
type Problem struct {
	Status int    // of HTTP
	Text   string // for people
	Cause  error  // for the log; nil: the text says it all
	Denied bool   // what was brought proves nothing, or of nobody who may come in: a failed login
}

// Error is for the log.
func (p *Problem) Error() string {
	if p.Cause == nil {
		return p.Text
	}
	return clip(p.Text + ": " + p.Cause.Error())
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Cause }

func problem(status int, text string, cause error) *Problem {
	return &Problem{Status: status, Text: text, Cause: cause}
}

func denied(status int, text string, cause error) *Problem {
	return &Problem{Status: status, Text: text, Cause: cause, Denied: true}
}

// flow is a sign-in under way. It is kept by the browser, sealed, in a cookie:
// so it is bound to this browser, and costs nothing if it is never finished.
type flow struct {
	Provider  string `json:"p"`
	State     string `json:"s"`
	Nonce     string `json:"n"`
	Verifier  string `json:"v"` // RFC 7636
	Callback  string `json:"b"` // redirect_uri
	Next      string `json:"r"` // where to go in the end
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
func CookieName(state string) string {
	if len(state) != stateLen || strings.Trim(state, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
		return ""
	}
	return "parley-oidc-" + state[:12]
}

// challenges are base64url of a SHA-256.
var challenges = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// RedirectBase is the configured URL of this server for a provider; empty if
// there is none, ok is false if there is no such provider.
func (s *Scheme) RedirectBase(id string) (base string, ok bool) {
	p := s.provider(id)
	if p == nil {
		return "", false
	}
	return p.Options.RedirectBase, true
}

// Begin sends somebody to a provider, who is to come back to the address
// callback and in the end to next, a path on this server. challenge is empty or
// what the client has to know the verifier of when it gives back the code. The
// error is a *Problem.
func (s *Scheme) Begin(ctx context.Context, id, callback, next, challenge string) (*Start, error) {
	p := s.provider(id)
	if p == nil {
		return nil, problem(http.StatusNotFound, "There is no such way to sign in.", nil)
	}
	if next == "" {
		next = "/"
	}
	if !ownPath(next) || challenge != "" && !challenges.MatchString(challenge) {
		return nil, problem(http.StatusBadRequest, "This link is not right.", nil)
	}
	f, err := p.ready(ctx)
	if err != nil {
		return nil, problem(http.StatusBadGateway, "The sign-in service does not answer. Please try again in a minute.", err)
	}
	fl := &flow{
		Provider: id, State: seal.Text(stateLen), Nonce: seal.Text(stateLen), Verifier: oauth2.GenerateVerifier(),
		Callback: callback, Next: next, Challenge: challenge, Expires: s.now().Add(flowTime).Unix(),
	}
	b, err := json.Marshal(fl)
	if err != nil {
		return nil, problem(http.StatusInternalServerError, "Something went wrong here.", err)
	}
	return &Start{
		URL:    p.oauth(f, callback).AuthCodeURL(fl.State, oidc.Nonce(fl.Nonce), oauth2.S256ChallengeOption(fl.Verifier)),
		Cookie: CookieName(fl.State), Value: b64.EncodeToString(s.box.Seal(b, flowAbout)), MaxAge: flowTime,
	}, nil
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

func (p *provider) oauth(f *found, callback string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.ClientSecret, Endpoint: f.endpoint, RedirectURL: callback, Scopes: p.Scopes,
	}
}

// Finish takes what a browser brings back from a provider, and the cookie of
// CookieName. It returns where to send the browser: the path of the beginning,
// with a one-time code. The error is a *Problem.
func (s *Scheme) Finish(ctx context.Context, id string, query url.Values, cookie string) (next string, err error) {
	fl, err := s.openFlow(id, query, cookie)
	if err != nil {
		return "", err
	}
	p := s.provider(id)
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, p.client), askTime)
	defer cancel()
	f, err := p.ready(ctx)
	if err != nil {
		return "", problem(http.StatusBadGateway, "The sign-in service does not answer. Please try again in a minute.", err)
	}
	if iss := query.Get("iss"); iss != "" && iss != p.Issuer || iss == "" && f.sendsIss {
		return "", denied(http.StatusBadRequest, "The answer is not from the sign-in service that was asked.", nil)
	}
	switch e := query.Get("error"); {
	case e == "access_denied":
		return "", problem(http.StatusForbidden, "You were not signed in: it was cancelled, or not allowed.", nil)
	case e != "":
		return "", problem(http.StatusBadGateway, "The sign-in service could not do it.", fmt.Errorf("error %.60q", e))
	case query.Get("code") == "":
		return "", problem(http.StatusBadRequest, "The answer of the sign-in service is not complete.", nil)
	}
	who, err := p.prove(ctx, f, fl, query.Get("code"))
	if err != nil {
		return "", err
	}
	text, err := s.newCode(who, fl.Challenge)
	if err != nil {
		return "", problem(http.StatusInternalServerError, "Something went wrong here.", err)
	}
	return fl.Next + "#oidc=" + text, nil
}

// openFlow finds the sign-in that this browser has begun.
func (s *Scheme) openFlow(id string, query url.Values, cookie string) (*flow, error) {
	if s.provider(id) == nil {
		return nil, problem(http.StatusNotFound, "There is no such way to sign in.", nil)
	}
	again := func(cause string) error {
		return problem(http.StatusBadRequest, "This sign-in was not begun in this browser, or too long ago. Please begin again.", errors.New(cause))
	}
	if cookie == "" {
		return nil, again("no cookie")
	}
	sealed, err := b64.DecodeString(cookie)
	if err != nil {
		return nil, again("broken cookie")
	}
	plain, err := s.box.Open(sealed, flowAbout)
	if err != nil {
		return nil, again("not our cookie")
	}
	var f flow
	if err := json.Unmarshal(plain, &f); err != nil {
		return nil, again("broken cookie")
	}
	switch {
	case f.Provider != id:
		return nil, again("begun with another provider")
	case subtle.ConstantTimeCompare([]byte(f.State), []byte(query.Get("state"))) != 1:
		return nil, again("wrong state")
	case s.now().Unix() >= f.Expires:
		return nil, again("too late")
	}
	return &f, nil
}
