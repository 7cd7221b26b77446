package config

import (
	"fmt"
	"net/mail"
	"strings"
)

func (v *Validation) check(k *checker) {
	v.Email.Config.check(k)
	v.Tel.Config.check(k)
}

func (e *EmailConfig) check(k *checker) {
	const path = "acc_validation.email.config."
	k.between(path+"smtp_port", int64(e.SMTPPort), 1, 65535)
	switch e.AuthMechanism {
	case "plain", "login", "cram-md5":
	default:
		k.fault(path+"auth_mechanism", `must be "plain", "login" or "cram-md5"`)
	}
	switch e.SMTPTLS {
	case "auto", "starttls", "implicit", "none":
	default:
		k.fault(path+"smtp_tls", `must be "auto", "starttls", "implicit" or "none"`)
	}
	if e.Sends() {
		if strings.ContainsAny(e.SMTPServer, ":/ ") && !isIPv6(e.SMTPServer) {
			k.fault(path+"smtp_server", "must be the name of a host, without a port")
		}
		k.use(path+"host_url", badURL(e.HostURL))
		if _, err := mail.ParseAddress(e.Sender); err != nil {
			k.fault(path+"sender", `must be an address, such as "Parley <noreply@example.com>"`)
		}
	}
	k.languages(path+"languages", e.Languages)
	k.atLeast(path+"max_retries", int64(e.MaxRetries), 1)
	k.between(path+"code_length", int64(e.CodeLength), 4, 18)
	for i, d := range e.Domains {
		if !isHost(d) {
			k.fault(fmt.Sprintf("%sdomains[%d]", path, i), "not the name of a domain")
		}
	}
}

func (t *TelConfig) check(k *checker) {
	const path = "acc_validation.tel.config."
	k.languages(path+"languages", t.Languages)
	k.atLeast(path+"max_retries", int64(t.MaxRetries), 1)
	k.between(path+"code_length", int64(t.CodeLength), 4, 18)
	if t.Sends() && t.HostURL != "" {
		k.use(path+"host_url", badURL(t.HostURL))
	}
	if t.Twilio.AccountSID != "" {
		const when = "twilio_conf.account_sid is set"
		k.required(path+"twilio_conf.auth_token", string(t.Twilio.AuthToken), when)
		k.required(path+"sender", t.Sender, when)
		if t.Twilio.BaseURL != "" {
			k.use(path+"twilio_conf.base_url", badURL(t.Twilio.BaseURL))
		}
		if t.HTTP.URL != "" {
			k.fault(path+"http.url", "not together with twilio_conf.account_sid: only one of them can send")
		}
	}
	if u := string(t.HTTP.URL); u != "" && !strings.HasPrefix(u, "http://") && !strings.HasPrefix(u, "https://") {
		k.fault(path+"http.url", "must be a full URL, such as https://sms.example.com/send")
	}
	if strings.ContainsFunc(t.HTTP.Method, func(r rune) bool { return r < 'A' || r > 'Z' }) {
		k.fault(path+"http.method", "must be a method of HTTP, such as POST")
	}
	for _, h := range t.HTTP.Headers {
		if !isToken(h.Name) || strings.ContainsAny(string(h.Value), "\r\n\x00") {
			k.fault(path+"http.headers", "not a field of HTTP: %q", h.Name)
		}
	}
}

func isIPv6(host string) bool {
	return strings.Count(host, ":") > 1 && !strings.ContainsAny(host, "/ ")
}

// isToken tells whether s can be the name of a header field (RFC 9110 §5.6.2).
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"(),/:;<=>?@[\\]{}", r)
	})
}
