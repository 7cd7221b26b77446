package outgoing

import "strings"

// redact is the text of an error without the address: servers quote it.
func redact(err error, address string) string {
	text := err.Error()
	if address == "" {
		return text
	}
	for lower := strings.ToLower(text); ; {
		i := strings.Index(lower, strings.ToLower(address))
		if i < 0 || len(lower) != len(text) {
			return text
		}
		text = text[:i] + Short(address) + text[i+len(address):]
		lower = strings.ToLower(text)
	}
}

// Short is as much of an address as may be in a log: "a…@example.com", "+49…89".
func Short(address string) string {
	if user, domain, ok := strings.Cut(address, "@"); ok {
		for i, r := range user {
			if i == 0 {
				return string(r) + "…@" + domain
			}
		}
		return "…@" + domain
	}
	if len(address) > 6 {
		return address[:3] + "…" + address[len(address)-2:]
	}
	return "…"
}
