package config

import (
	"fmt"
	"slices"

	"parley/internal/chat"
)

func (c *Config) checkRegistration(k *checker) {
	const path = "registration.email_domains"
	r := &c.Registration
	switch r.Mode {
	case RegistrationOpen, RegistrationClosed, RegistrationInvite:
	default:
		k.fault("registration.mode", `must be "open", "closed" or "invite"`)
	}
	for i, d := range r.EmailDomains {
		if !isHost(d) {
			k.fault(fmt.Sprintf("%s[%d]", path, i), "not the name of a domain")
		}
	}
	if len(r.EmailDomains) == 0 {
		return
	}
	if !slices.Contains(c.RequiredCreds()[chat.LevelAuth], methodEmail) {
		k.fault(path, `works only with confirmed addresses: acc_validation.email.required must have "auth", and there must be a way to confirm them`)
	}
	if len(c.EmailDomains()) == 0 {
		k.fault(path, "has no domain in common with acc_validation.email.config.domains, so that nobody could register")
	}
}

// EmailDomains lists the domains that e-mail addresses may have; none: any. It
// is what both acc_validation.email.config.domains and
// registration.email_domains allow: an account that got in with one address must
// not be confirmed with another.
func (c *Config) EmailDomains() []string {
	all, ours := c.Validation.Email.Config.Domains, c.Registration.EmailDomains
	switch {
	case len(ours) == 0:
		return all
	case len(all) == 0:
		return ours
	}
	return slices.DeleteFunc(slices.Clone(ours), func(d string) bool { return !slices.Contains(all, d) })
}
