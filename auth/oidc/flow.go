package oidc

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"parley/auth/signin"
)

func problem(status int, text string, cause error) *signin.Problem {
	return signin.NewProblem(status, text, cause)
}

func denied(status int, text string, cause error) *signin.Problem {
	p := problem(status, text, cause)
	p.Denied = true
	return p
}

// RedirectBase is the configured URL of this server for a provider; empty if
// there is none, ok is false if there is no such provider.
func (s *Scheme) RedirectBase(id string) (base string, ok bool) {
	p := s.provider(id)
	if p == nil {
		return "", false
	}
	return p.Options.RedirectBase, true
}

// CookieName is that of the sign-in of a state; empty if it is none of ours.
func (s *Scheme) CookieName(state string) string { return s.desk.CookieName(state) }

// Begin sends somebody to a provider, who is to come back to the address
// callback and in the end to next, a path on this server. challenge is empty or
// what the client has to know the verifier of when it gives back the code. The
// error is a *Problem.
func (s *Scheme) Begin(ctx context.Context, id, callback, next, challenge string) (*signin.Start, error) {
	p := s.provider(id)
	if p == nil {
		return nil, problem(http.StatusNotFound, "There is no such way to sign in.", nil)
	}
	fl, err := s.desk.Begin(id, callback, next, challenge)
	if err != nil {
		return nil, err
	}
	f, err := p.ready(ctx)
	if err != nil {
		return nil, problem(http.StatusBadGateway, "The sign-in service does not answer. Please try again in a minute.", err)
	}
	fl.Verifier = oauth2.GenerateVerifier()
	return s.desk.Send(fl, p.oauth(f, callback).AuthCodeURL(fl.State, oidc.Nonce(fl.Nonce), oauth2.S256ChallengeOption(fl.Verifier)))
}

func (p *provider) oauth(f *found, callback string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.ClientSecret, Endpoint: f.endpoint, RedirectURL: callback, Scopes: p.Scopes,
	}
}

// Finish takes what a browser brings back from a provider, and the cookie of
// CookieName. It returns where to send the browser: the path of the beginning,
// with a one-time code. The error is a *signin.Problem.
func (s *Scheme) Finish(ctx context.Context, id string, query url.Values, cookie string) (next string, err error) {
	p := s.provider(id)
	if p == nil {
		return "", problem(http.StatusNotFound, "There is no such way to sign in.", nil)
	}
	fl, err := s.desk.Open(id, query, cookie)
	if err != nil {
		return "", err
	}
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
	return s.desk.Finish(fl, who)
}
