package config

import (
	"strings"
	"time"
)

// settle replaces values that the file may use for "the default", as Tinode
// does, and brings texts into the one form that the server compares with.
func (c *Config) settle() {
	orDefault(&c.Data, defaultData)
	if c.Listen == "" {
		c.Listen = ":80"
		if c.TLS.Enabled {
			c.Listen = listenTLS
		}
	}
	c.APIPath, c.StaticMount = slashed(c.APIPath), slashed(c.StaticMount)
	if len(c.APIKeySalt) == 0 {
		c.APIKeySalt = stockSalt()
	}
	orDefault(&c.MaxMessageBytes, 524288)
	if c.MaxSubscribers <= 1 {
		c.MaxSubscribers = 256
	}
	orDefault(&c.MaxTags, 16)
	c.DefaultCountry = strings.ToUpper(c.DefaultCountry)
	orDefault(&c.DefaultCountry, "US")
	orDefault(&c.Auth.Basic.MinLoginLength, 2)
	orDefault(&c.Auth.Basic.MinPasswordLength, 3)
	orDefault(&c.Auth.TOTP.Issuer, "Parley")
	for i := range c.Auth.OIDC {
		c.Auth.OIDC[i].settle()
	}
	if c.Store.MaxResults <= 0 {
		c.Store.MaxResults = 1024
	}
	c.Store.Adapter = strings.ToLower(c.Store.Adapter)
	if c.Store.Adapter == "sqlite" {
		c.Store.Adapter = ""
	}
	if c.WebRTC.CallTimeout <= 0 {
		c.WebRTC.CallTimeout = 30 * time.Second
	}
	c.Registration.Mode = strings.ToLower(c.Registration.Mode)
	orDefault(&c.Registration.Mode, RegistrationOpen)
	for i, d := range c.Registration.EmailDomains {
		c.Registration.EmailDomains[i] = strings.ToLower(d)
	}
	c.Validation.settle()
	c.Media.settle()
}

func (v *Validation) settle() {
	e, t := &v.Email.Config, &v.Tel.Config
	orDefault(&e.SMTPPort, 25)
	e.AuthMechanism = strings.ToLower(e.AuthMechanism)
	orDefault(&e.AuthMechanism, "plain")
	e.SMTPTLS = strings.ToLower(e.SMTPTLS)
	orDefault(&e.SMTPTLS, "auto")
	t.HTTP.Method = strings.ToUpper(t.HTTP.Method)
	orDefault(&t.HTTP.Method, "POST")
	for i, d := range e.Domains {
		e.Domains[i] = strings.ToLower(d)
	}
	for _, n := range []*int{&e.MaxRetries, &t.MaxRetries} {
		orDefault(n, 3)
	}
	for _, n := range []*int{&e.CodeLength, &t.CodeLength} {
		orDefault(n, 6)
	}
}

func (m *Media) settle() {
	m.Access = strings.ToLower(m.Access)
	orDefault(&m.Access, MediaReaders)
	def := Default().Media.Handlers
	orDefault(&m.Handlers.FS.ServeURL, def.FS.ServeURL)
	orDefault(&m.Handlers.FS.CacheControl, def.FS.CacheControl)
	orDefault(&m.Handlers.S3.ServeURL, def.S3.ServeURL)
	orDefault(&m.Handlers.S3.CacheControl, def.S3.CacheControl)
	orDefault(&m.Handlers.S3.PresignTTL, def.S3.PresignTTL)
}

// settleFrame replaces an unknown x_frame_options by the safe one, with the
// warning that says so.
func (c *Config) settleFrame() (Warning, bool) {
	c.XFrameOptions = strings.ToUpper(c.XFrameOptions)
	switch c.XFrameOptions {
	case "SAMEORIGIN", "DENY", "-":
		return Warning{}, false
	}
	empty := c.XFrameOptions == ""
	c.XFrameOptions = "SAMEORIGIN"
	return Warning{Path: "x_frame_options", Text: `must be "SAMEORIGIN", "DENY" or "-"; SAMEORIGIN is used`}, !empty
}

func orDefault[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}

// slashed makes a URL path begin and end with one slash.
func slashed(p string) string {
	if p = strings.Trim(p, "/"); p == "" {
		return "/"
	}
	return "/" + p + "/"
}
