package oidc

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"parley/auth/signin"
)

// Bounds of what a provider may cost.
const (
	askTime     = 10 * time.Second // for all that one sign-in asks of it
	findTime    = 5 * time.Second  // for its description
	findAgain   = 2 * time.Second  // after a failure; until then it is not asked
	maxPause    = time.Minute      // between attempts in the background
	maxResponse = 1 << 20          // bytes
)

// provider is one of them, and what it has told of itself.
type provider struct {
	Options
	client *http.Client
	now    func() time.Time

	turn chan struct{} // held by who looks for it

	// Owned by who holds turn, until found is not nil.
	found  *found
	failed time.Time
	err    error // of the last attempt
}

// found is a provider that has told where to send people and with which keys
// it signs.
type found struct {
	*oidc.Provider
	verifier *oidc.IDTokenVerifier
	endpoint oauth2.Endpoint
	sendsIss bool // it names itself when it sends people back (RFC 9207)
}

func newProvider(o Options, client *http.Client, now func() time.Time) *provider {
	if !slices.Contains(o.Scopes, oidc.ScopeOpenID) {
		o.Scopes = append([]string{oidc.ScopeOpenID}, o.Scopes...)
	}
	return &provider{Options: o, client: client, now: now, turn: make(chan struct{}, 1)}
}

// limited bounds the length of answers.
type limited struct{ http.RoundTripper }

func (l limited) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := l.RoundTripper.RoundTrip(r)
	if err == nil {
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(res.Body, maxResponse), res.Body}
	}
	return res, err
}

func newClient(t http.RoundTripper) *http.Client {
	if t == nil {
		t = http.DefaultTransport
	}
	return &http.Client{
		Transport: limited{t}, Timeout: askTime,
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			if via[0].Method != http.MethodGet || len(via) > 3 { // a secret goes nowhere else
				return http.ErrUseLastResponse
			}
			return nil
		},
	}
}

// ready returns the provider's description, asking for it if need be.
func (p *provider) ready(ctx context.Context) (*found, error) {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if p.found != nil || p.err != nil && time.Since(p.failed) < findAgain {
		return p.found, p.err
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, p.client), findTime)
	defer cancel()
	f, err := p.discover(ctx)
	if err != nil {
		p.failed, p.err = time.Now(), errors.New(signin.Clip(err.Error()))
		return nil, p.err
	}
	p.found, p.err = f, nil
	return f, nil
}

func (p *provider) discover(ctx context.Context) (*found, error) {
	op, err := oidc.NewProvider(ctx, p.Issuer)
	if err != nil {
		return nil, err
	}
	var more struct {
		Methods  []string `json:"token_endpoint_auth_methods_supported"`
		SendsIss bool     `json:"authorization_response_iss_parameter_supported"`
	}
	if err := op.Claims(&more); err != nil {
		return nil, err
	}
	f := &found{Provider: op, endpoint: op.Endpoint(), sendsIss: more.SendsIss}
	if f.endpoint.AuthURL == "" || f.endpoint.TokenURL == "" {
		return nil, errors.New("its description has no authorization_endpoint or no token_endpoint")
	}
	// Known beforehand, not found out by trying, which would use up the code.
	f.endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if !slices.Contains(more.Methods, "client_secret_basic") && slices.Contains(more.Methods, "client_secret_post") {
		f.endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	f.verifier = op.Verifier(&oidc.Config{ClientID: p.ClientID, Now: p.now})
	return f, nil
}

// find looks for the provider until it is there.
func (p *provider) find(ctx context.Context, log *slog.Logger) {
	for pause := findAgain; ; pause = min(2*pause, maxPause) {
		_, err := p.ready(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			log.Info("sign-in provider is there", "provider", p.ID)
			return
		}
		log.Warn("sign-in provider does not answer as one; nobody can sign in with it until it does", "provider", p.ID,
			"issuer", p.Issuer, "err", err, "again", pause)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}
