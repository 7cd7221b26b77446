package oidc

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"parley/auth/signin"
)

const (
	maxLogin   = 200 // bytes of a name in the store; longer ones are hashed
	maxName    = 60  // code points
	maxPicture = 1024
)

// claims are what we read of a provider's words about somebody.
type claims struct {
	Name          string  `json:"name"`
	Preferred     string  `json:"preferred_username"`
	Picture       string  `json:"picture"`
	Email         string  `json:"email"`
	EmailVerified lenient `json:"email_verified"`
	Party         string  `json:"azp"`
}

// lenient is a truth that some providers write as a text.
type lenient bool

// UnmarshalJSON reads true and "true"; everything else is false.
func (l *lenient) UnmarshalJSON(b []byte) error {
	*l = string(b) == "true" || string(b) == `"true"`
	return nil
}

// prove exchanges a provider's code for its word about who somebody is, and
// checks that.
func (p *provider) prove(ctx context.Context, f *found, fl *signin.Flow, code string) (*person, error) {
	refused := func(cause error) error {
		return denied(http.StatusForbidden, "The sign-in service did not prove who you are. Please begin again.", cause)
	}
	tokens, err := p.oauth(f, fl.Callback).Exchange(ctx, code, oauth2.VerifierOption(fl.Verifier))
	if err != nil {
		var re *oauth2.RetrieveError
		if errors.As(err, &re) { // its text quotes the whole answer
			if re.ErrorCode == "invalid_grant" {
				return nil, refused(errors.New("invalid_grant: the code was used before, or is too old"))
			}
			err = fmt.Errorf("HTTP status %d, error %.60q", re.Response.StatusCode, re.ErrorCode)
		}
		return nil, problem(http.StatusBadGateway, "The sign-in service does not answer as it should. Please try again in a minute.", err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	if raw == "" {
		return nil, refused(errors.New("no id_token"))
	}
	id, err := f.verifier.Verify(ctx, raw)
	if err != nil {
		return nil, refused(err)
	}
	c, err := p.check(id, tokens, fl)
	if err != nil {
		return nil, refused(err)
	}
	if (c.Name == "" || c.Email == "") && f.UserInfoEndpoint() != "" {
		p.askMore(ctx, f, id.Subject, tokens, c)
	}
	if !p.allowed(c) {
		return nil, denied(http.StatusForbidden, "Your e-mail address is not one of those that may come in here.", nil)
	}
	return p.personOf(id.Subject, c), nil
}

// check is what the library leaves to us (OpenID Connect Core §3.1.3.7, .8).
func (p *provider) check(id *oidc.IDToken, tokens *oauth2.Token, fl *signin.Flow) (*claims, error) {
	var c claims
	if err := id.Claims(&c); err != nil {
		return nil, err
	}
	switch {
	case id.Subject == "":
		return nil, errors.New("no sub")
	case subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(fl.Nonce)) != 1:
		return nil, errors.New("wrong nonce")
	case len(id.Audience) > 1 && c.Party != p.ClientID, c.Party != "" && c.Party != p.ClientID:
		return nil, errors.New("issued for somebody else")
	case id.AccessTokenHash != "":
		return &c, id.VerifyAccessToken(tokens.AccessToken)
	}
	return &c, nil
}

// askMore adds what the provider tells only when it is asked. It is not vital.
func (p *provider) askMore(ctx context.Context, f *found, subject string, tokens *oauth2.Token, c *claims) {
	info, err := f.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
	if err != nil || info.Subject != subject { // an answer about somebody else
		return
	}
	var more claims
	if info.Claims(&more) != nil {
		return
	}
	if c.Name == "" {
		c.Name = more.Name
	}
	if c.Preferred == "" {
		c.Preferred = more.Preferred
	}
	if c.Picture == "" {
		c.Picture = more.Picture
	}
	if c.Email == "" {
		c.Email, c.EmailVerified = more.Email, more.EmailVerified
	}
}

// allowed holds the address against the domains that may come in.
func (p *provider) allowed(c *claims) bool {
	if len(p.Domains) == 0 {
		return true
	}
	_, domain, _ := strings.Cut(strings.ToLower(c.Email), "@")
	return bool(c.EmailVerified) && slices.Contains(p.Domains, domain)
}

func (p *provider) personOf(subject string, c *claims) *person {
	w := &person{Login: loginName(p.Issuer, subject), Name: tidy(c.Name)}
	if w.Name == "" {
		w.Name = tidy(c.Preferred)
	}
	if u, err := url.Parse(c.Picture); err == nil && u.Scheme == "https" && u.Host != "" && len(c.Picture) <= maxPicture {
		w.Picture = c.Picture
	}
	if c.EmailVerified {
		w.Email = c.Email
	}
	return w
}

// loginName is what binds an account: the provider and its name for somebody,
// which never changes, as his address may.
func loginName(issuer, subject string) string {
	name := issuer + "|" + subject
	if len(name) <= maxLogin {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return "sha256|" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// tidy is a name without control characters, and not too long.
func tidy(name string) string {
	runes := []rune(strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(name, ""))))
	return strings.TrimSpace(string(runes[:min(len(runes), maxName)]))
}
