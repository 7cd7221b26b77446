package config

import (
	"encoding/base64"
	"slices"
)

// later is a feature that can be configured and is not in this version. When a
// feature arrives, its line goes.
type later struct {
	path, text string
	enabled    func(*Config) bool
}

// laterFeatures lists them; a path covers everything below it. Where enabled is
// nil the keys alone turn nothing on, so there is nothing to warn about.
func laterFeatures() []later {
	const off = "off in this version: "
	return []later{
		{"grpc_listen", off + "gRPC clients cannot connect", func(c *Config) bool { return c.GRPCListen != "" }},
		{"grpc_keepalive_enabled", "", nil},
		{"media.handlers.s3", off + "files can be kept in a folder only", func(c *Config) bool { return c.Media.Handler == "s3" }},
		{"push", off + "no push notifications are sent", func(c *Config) bool {
			return c.Push.Stdout.Enabled || c.Push.FCM.Enabled || c.Push.TNPG.Enabled
		}},
	}
}

// warnings lists what is configured and does not do what one may expect.
func (c *Config) warnings() []Warning {
	var list []Warning
	for _, f := range laterFeatures() {
		if f.enabled != nil && f.enabled(c) {
			list = append(list, Warning{Path: f.path, Text: f.text})
		}
	}
	for _, k := range c.Auth.Token.Keys {
		if base64.StdEncoding.EncodeToString(k) == publishedTokenKey {
			list = append(list, Warning{
				Path: "auth_config.token.key",
				Text: "this is the sample key published with Tinode: anybody can log in as anybody with it; remove the line and a secret key is generated",
			})
			break
		}
	}
	list = append(list, c.Auth.plainly()...)
	if w := &c.WebRTC; w.On() && w.TURNSecret != "" && !slices.ContainsFunc(w.ICEServers, func(s ICEServer) bool { return s.Derived() }) {
		list = append(list, Warning{
			Path: "webrtc.turn_secret",
			Text: "not used: none of the ice_servers has a turn: or turns: URL and no username and credential of its own",
		})
	}
	for _, m := range c.Validation.methods() {
		if text := m.warning(); text != "" {
			list = append(list, Warning{Path: "acc_validation." + m.name, Text: text})
		}
	}
	return list
}

// warning says how the confirmation of a method differs from what the file asks
// for; Validators has the reasons.
func (m method) warning() string {
	what, server := "email confirmation", "mail server"
	if m.name == methodTel {
		what, server = "phone confirmation", "sender of text messages"
	}
	switch {
	case m.debug != "" && m.sender:
		return what + " accepts the fixed code of debug_response beside the one that is sent: anybody can confirm any address; for tests only"
	case len(m.required) == 0:
		return ""
	case m.debug != "":
		return what + " accepts the fixed code of debug_response, and nothing is sent: anybody can confirm any address; for tests only"
	case !m.sender:
		return what + " is off: no " + server + " configured"
	}
	return ""
}
