package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode"
)

// checker collects faults.
type checker struct{ faults Faults }

func (k *checker) fault(path, format string, args ...any) {
	k.faults = append(k.faults, Fault{Path: path, Text: fmt.Sprintf(format, args...)})
}

// between checks a number; the bounds belong to the range.
func (k *checker) between(path string, n, low, high int64) {
	if n < low || n > high {
		k.fault(path, "must be between %d and %d", low, high)
	}
}

func (k *checker) atLeast(path string, n, low int64) {
	if n < low {
		k.fault(path, "must be at least %d", low)
	}
}

// positive checks a duration.
func (k *checker) positive(path string, t time.Duration) {
	if t <= 0 {
		k.fault(path, "must be more than 0")
	}
}

func (k *checker) notNegative(path string, t time.Duration) {
	if t < 0 {
		k.fault(path, "must not be negative")
	}
}

// required checks that a text is there, and says when it has to be.
func (k *checker) required(path, value, when string) {
	if value == "" {
		k.fault(path, "required when %s", when)
	}
}

// use runs a check that returns what is wrong, or "".
func (k *checker) use(path, wrong string) {
	if wrong != "" {
		k.fault(path, "%s", wrong)
	}
}

// Validate returns all faults at once, as Faults, or nil. It looks at values
// only; whether files and folders exist is found out by who opens them.
func (c *Config) Validate() error {
	k := &checker{}
	c.checkHTTP(k)
	c.checkConversation(k)
	c.Limits.check(k, c.MaxMessageBytes)
	c.TLS.check(k, c.Listen)
	c.Auth.check(k)
	c.Validation.check(k)
	c.checkRegistration(k)
	c.AccountGC.check(k)
	c.Store.check(k)
	c.Media.check(k)
	k.networks("link_preview.allowed_networks", c.LinkPreview.Allow)
	c.WebRTC.check(k)
	c.Push.check(k)
	c.Bridges.check(k)
	return k.faults.err()
}

func (c *Config) checkHTTP(k *checker) {
	if strings.ContainsRune(c.Data, 0) {
		k.fault("data", "not the name of a folder")
	}
	k.use("listen", badAddress(c.Listen))
	if c.GRPCListen != "" {
		k.use("grpc_listen", badAddress(c.GRPCListen))
	}
	if c.MetricsListen != "" {
		k.use("metrics_listen", badAddress(c.MetricsListen))
		if c.MetricsListen == c.Listen {
			k.fault("metrics_listen", `the same address as "listen"; metrics have a port of their own, such as "127.0.0.1:6061"`)
		}
	}
	k.use("api_path", badPath(c.APIPath))
	k.use("static_mount", badPath(c.StaticMount))
	k.notNegative("cache_control", c.CacheControl)
	switch c.XFrameOptions {
	case "SAMEORIGIN", "DENY", "-":
	default:
		k.fault("x_frame_options", `must be "SAMEORIGIN", "DENY" or "-"`)
	}
	if len(c.APIKeySalt) == 0 {
		k.fault("api_key_salt", "must not be empty")
	}
}

func (c *Config) checkConversation(k *checker) {
	k.between("max_message_size", int64(c.MaxMessageBytes), minMessageBytes, maxMessageBytes)
	k.atLeast("max_subscriber_count", int64(c.MaxSubscribers), 2)
	k.atLeast("max_tag_count", int64(c.MaxTags), 1)
	for i, tag := range c.MaskedTags {
		k.use(fmt.Sprintf("masked_tags[%d]", i), badTagPrefix(tag))
	}
	if c.AliasTag != "" {
		k.use("alias_tag", badTagPrefix(c.AliasTag))
	}
	k.notNegative("msg_delete_age", c.MessageDeleteAge)
	if !isCountry(c.DefaultCountry) {
		k.fault("default_country_code", "must be two letters, such as US")
	}
}

func (l *Limits) check(k *checker, maxMessage int) {
	k.between("limits.max_pending_requests", int64(l.MaxPendingRequests), 1, 4096)
	if l.OutboxBytes < outboxMessages*maxMessage {
		k.fault("limits.outbox_bytes", "must be at least %d × max_message_size", outboxMessages)
	}
	k.atLeast("limits.max_sessions", int64(l.MaxSessions), 0)
	k.atLeast("limits.max_sessions_per_address", int64(l.MaxSessionsPerAddress), 0)
	k.between("limits.wrong_passwords_per_account", int64(l.PasswordsPerAccount), 0, 1000)
	k.between("limits.wrong_passwords_per_address", int64(l.PasswordsPerAddress), 0, 1_000_000)
	k.between("limits.wrong_password_delay", int64(l.PasswordDelay/time.Second), 1, 86400)
	k.networks("limits.exempt", l.Exempt)
}

func (k *checker) networks(path string, list []string) {
	for i, text := range list {
		if _, err := parsePrefix(text); err != nil {
			k.fault(fmt.Sprintf("%s[%d]", path, i), "must be an address or a network, such as 192.0.2.7 or 192.0.2.0/24")
		}
	}
}

func parsePrefix(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	return p.Masked(), err
}

// ExemptNets is Exempt after Validate has found no fault in it.
func (l *Limits) ExemptNets() []netip.Prefix { return prefixes(l.Exempt) }

func prefixes(texts []string) []netip.Prefix {
	var list []netip.Prefix
	for _, text := range texts {
		if p, err := parsePrefix(text); err == nil {
			list = append(list, p)
		}
	}
	return list
}

func (a *Auth) check(k *checker) {
	a.checkNames(k)
	a.checkOIDC(k)
	k.between("auth_config.basic.min_login_length", int64(a.Basic.MinLoginLength), 1, maxLoginLength)
	k.between("auth_config.basic.min_password_length", int64(a.Basic.MinPasswordLength), 1, 1024)
	for i, key := range a.Token.Keys {
		if len(key) < minTokenKey {
			path := "auth_config.token.key"
			if len(a.Token.Keys) > 1 {
				path += fmt.Sprintf("[%d]", i)
			}
			k.fault(path, "must be at least %d bytes, in base64", minTokenKey)
		}
	}
	k.positive("auth_config.token.expire_in", a.Token.ExpireIn)
	k.between("auth_config.token.serial_num", int64(a.Token.SerialNumber), 0, 1<<31-1)
	k.positive("auth_config.code.expire_in", a.Code.ExpireIn)
	k.atLeast("auth_config.code.max_retries", int64(a.Code.MaxRetries), 1)
	k.between("auth_config.code.code_length", int64(a.Code.CodeLength), 4, 18)
	if a.REST.ServerURL != "" {
		k.use("auth_config.rest.server_url", badURL(a.REST.ServerURL))
	}
	if a.TOTP.Issuer == "" || strings.ContainsAny(a.TOTP.Issuer, ":/") || strings.ContainsFunc(a.TOTP.Issuer, unicode.IsControl) || len(a.TOTP.Issuer) > 64 {
		k.fault("auth_config.totp.issuer", "must be a short name without : and /")
	}
}

// badURL says what is wrong with an absolute http(s) URL. It does not quote the
// URL, which may have a password in it.
func badURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.Fragment != "" {
		return "must be a full URL, such as https://chat.example.com/"
	}
	return ""
}
