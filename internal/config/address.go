package config

import (
	"net"
	"net/netip"
	"net/url"
	"path"
	"strconv"
	"strings"
)

const unixPrefix = "unix:"

// SplitAddress takes an address of this package apart for net.Listen: network
// "unix" and a path, or "tcp" and host:port.
func SplitAddress(address string) (network, where string) {
	if file, ok := strings.CutPrefix(address, unixPrefix); ok {
		return "unix", file
	}
	return "tcp", address
}

func isUnix(address string) bool { return strings.HasPrefix(address, unixPrefix) }

// badAddress says what is wrong with an address to listen at; "" is nothing.
func badAddress(address string) string {
	const want = "must be host:port, :port, :service or unix:/path"
	if network, file := SplitAddress(address); network == "unix" {
		if file == "" || strings.ContainsRune(file, 0) {
			return "must have a path after unix:"
		}
		return ""
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || port == "" || host != "" && !isHost(host) {
		return want
	}
	if n, err := strconv.Atoi(port); err == nil {
		if n < 0 || n > 65535 {
			return "the port must be between 0 and 65535"
		}
		return ""
	}
	if !isService(port) {
		return want
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return "this machine knows no service of that name; use the number of the port"
	}
	return ""
}

// isService tells whether s may be the name of a port (RFC 6335 §5.1).
func isService(s string) bool {
	for _, r := range s {
		if r != '-' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') {
			return false
		}
	}
	return s != "" && len(s) <= 15
}

// isHost tells whether s is an IP address or looks like a name.
func isHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
		for _, r := range label {
			if strings.ContainsRune(" /:@?#[]%*\\\"'<>", r) || r < ' ' {
				return false
			}
		}
	}
	return true
}

// badPath says what is wrong with a URL path that begins and ends with "/".
func badPath(p string) string {
	switch {
	case !strings.HasPrefix(p, "/") || !strings.HasSuffix(p, "/"):
		return "must begin and end with /"
	case path.Clean(p) != strings.TrimSuffix(p, "/") && p != "/":
		return "must not have empty parts, . or .. in it"
	}
	for _, r := range p {
		if r <= ' ' || r > '~' || strings.ContainsRune(`?#%{}\"<>`, r) {
			return "must be a plain path: letters, digits, - . _ ~ between slashes"
		}
	}
	return ""
}

// badOrigin says what is wrong with a web origin such as https://*.example.com.
func badOrigin(o string) string {
	u, err := url.Parse(strings.ReplaceAll(o, "*", "x"))
	if err != nil || u.Scheme == "" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "must be an origin, such as https://chat.example.com, without a slash at the end"
	}
	for label := range strings.SplitSeq(u.Hostname(), ".") {
		if label == "" {
			return "must be an origin, such as https://chat.example.com"
		}
	}
	return ""
}

// badTagPrefix says what is wrong with the namespace of a tag.
func badTagPrefix(s string) string {
	ok := 2 <= len(s) && len(s) <= 16 && 'a' <= s[0] && s[0] <= 'z'
	for _, r := range s {
		ok = ok && (r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9')
	}
	if !ok {
		return "must be 2 to 16 letters, digits or _, beginning with a lower-case letter"
	}
	return ""
}

func isCountry(s string) bool {
	return len(s) == 2 && 'A' <= s[0] && s[0] <= 'Z' && 'A' <= s[1] && s[1] <= 'Z'
}
