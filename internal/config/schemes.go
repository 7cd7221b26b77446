package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"parley/internal/chat"
)

// The authentication schemes, by their own names.
const (
	SchemeAnonymous = "anonymous"
	SchemeBasic     = "basic"
	SchemeCode      = "code"
	SchemeOIDC      = "oidc"
	SchemeREST      = "rest"
	SchemeToken     = "token"
	SchemeWeChat    = "wechat"
)

func schemes() []string {
	return []string{SchemeAnonymous, SchemeBasic, SchemeCode, SchemeOIDC, SchemeREST, SchemeToken, SchemeWeChat}
}

// SchemeNames tells which scheme each name stands for that clients may use, in
// lower case: the logical names, and then the schemes' own names that
// LogicalNames does not mention (surfaces.md §2.1). Schemes that are not
// configured are listed like others.
func (a *Auth) SchemeNames() map[string]string {
	names := make(map[string]string)
	for _, scheme := range schemes() {
		names[scheme] = scheme
	}
	for _, pair := range a.LogicalNames {
		logical, scheme, _ := strings.Cut(strings.ToLower(pair), ":")
		if names[logical] = scheme; scheme == "" {
			delete(names, logical)
		}
	}
	return names
}

// NameOf is what clients call a scheme; empty if they cannot use it.
func (a *Auth) NameOf(scheme string) string {
	for name, s := range a.SchemeNames() {
		if s == scheme {
			return name
		}
	}
	return ""
}

// checkNames checks LogicalNames.
func (a *Auth) checkNames(k *checker) {
	const path = "auth_config.logical_names"
	seen := make(map[string]bool)
	for i, pair := range a.LogicalNames {
		at := fmt.Sprintf("%s[%d]", path, i)
		logical, scheme, ok := strings.Cut(strings.ToLower(pair), ":")
		switch {
		case !ok || logical == "" || strings.Contains(scheme, ":"):
			k.fault(at, `must be "logical:real", or "real:" to hide a scheme`)
		case seen[logical]:
			k.fault(at, "the same logical name twice")
		case scheme != "" && !slices.Contains(schemes(), scheme):
			k.fault(at, "unknown scheme; known are %s", strings.Join(schemes(), ", "))
		case scheme == SchemeREST && a.REST.ServerURL == "":
			k.fault(at, "nobody to ask: auth_config.rest.server_url is empty")
		case scheme == SchemeOIDC && len(a.OIDC) == 0:
			k.fault(at, "nobody to ask: auth_config.oidc is empty")
		case scheme == SchemeBasic && a.Basic.AddToTags && chat.TagPrefix(logical+":x") == "":
			k.fault(at, "with auth_config.basic.add_to_tags the name is the beginning of tags: a lower-case letter, then 1 to 15 letters, digits or _")
		}
		seen[logical] = true
	}
	if len(k.faults) > 0 && slices.ContainsFunc(k.faults, func(f Fault) bool { return strings.HasPrefix(f.Path, path) }) {
		return
	}
	of := make(map[string][]string)
	for name, scheme := range a.SchemeNames() {
		of[scheme] = append(of[scheme], name)
	}
	for _, scheme := range schemes() {
		if names := of[scheme]; len(names) > 1 {
			slices.Sort(names)
			k.fault(path, `%s cannot have the names %s at once: hide one of them, as with "%s:"`, scheme, strings.Join(names, " and "), scheme)
		}
	}
}

// plainly warns of secrets that travel to others without encryption.
func (a *Auth) plainly() []Warning {
	var list []Warning
	warn := func(path, address, what string) {
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "http" || u.Hostname() == "localhost" {
			return
		}
		if ip, err := netip.ParseAddr(u.Hostname()); err == nil && ip.IsLoopback() {
			return
		}
		list = append(list, Warning{Path: path, Text: what + " unencrypted: use https"})
	}
	warn("auth_config.rest.server_url", a.REST.ServerURL, "passwords travel to this service")
	for i := range a.OIDC {
		path := "auth_config.oidc.issuer"
		if len(a.OIDC) > 1 {
			path = fmt.Sprintf("auth_config.oidc[%d].issuer", i)
		}
		warn(path, a.OIDC[i].Issuer, "proofs of who somebody is, and the client secret, travel")
	}
	return list
}
