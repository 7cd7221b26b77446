package config

import (
	"slices"

	"parley/internal/chat"
)

// The methods of credentials.
const (
	methodEmail = "email"
	methodTel   = "tel"
)

// Validators lists the methods of credentials that are active, sorted.
//
// A method is active when codes can be sent, or when some level requires it and
// there is the fixed code of debug_response. Without both the method is off, and
// nobody needs it, even if the file requires it: otherwise nobody could register.
// Load says so in a warning.
func (c *Config) Validators() []string {
	var list []string
	for _, m := range c.Validation.methods() {
		if m.active() {
			list = append(list, m.name)
		}
	}
	return list
}

// RequiredCreds tells which methods a user of each level must have confirmed;
// nil when none. It is what {hi} announces as reqCred. See Validators for what
// counts. The caller owns the result.
func (c *Config) RequiredCreds() map[chat.Level][]string {
	var creds map[chat.Level][]string
	for _, m := range c.Validation.methods() {
		if !m.active() {
			continue
		}
		for _, level := range m.required {
			if creds == nil {
				creds = make(map[chat.Level][]string)
			}
			if !slices.Contains(creds[level], m.name) {
				creds[level] = append(creds[level], m.name)
			}
		}
	}
	return creds
}

// ImmutableTags lists the namespaces of tags that the server alone manages,
// sorted: clients can neither add nor remove such tags. A method counts even when
// it is off (surfaces.md §3.1): its tags say that something was confirmed.
func (c *Config) ImmutableTags() []string {
	var list []string
	if name := c.Auth.NameOf(SchemeBasic); c.Auth.Basic.AddToTags && name != "" {
		list = append(list, name)
	}
	for _, m := range c.Validation.methods() {
		if m.addToTags {
			list = append(list, m.name)
		}
	}
	slices.Sort(list)
	return list
}

// Sends tells whether mail can be sent.
func (e *EmailConfig) Sends() bool { return e.SMTPServer != "" }

// Sends tells whether text messages can be sent.
func (t *TelConfig) Sends() bool { return t.Twilio.AccountSID != "" || t.HTTP.URL != "" }

// method is what the methods of credentials have in common.
type method struct {
	name      string
	addToTags bool
	required  []chat.Level
	debug     Secret
	sender    bool // codes can be sent
}

func (m method) active() bool { return m.sender || len(m.required) > 0 && m.debug != "" }

// methods lists all of them, sorted by name.
func (v *Validation) methods() []method {
	e, t := &v.Email, &v.Tel
	return []method{
		{methodEmail, e.AddToTags, e.Required, e.Config.DebugResponse, e.Config.Sends()},
		{methodTel, t.AddToTags, t.Required, t.Config.DebugResponse, t.Config.Sends()},
	}
}
