package validate

import (
	"encoding/json"
	"net/mail"
	"slices"
	"strings"

	"parley/internal/phone"
	"parley/wsproto"
)

const maxAddressLen = 128 // bytes (surfaces.md §12)

// The kinds of addresses that are known; methods of other names refuse all.
const (
	email = "email"
	tel   = "tel"
)

// Check brings an address into its normal form: e-mail in lower case, a phone
// number in E.164. It is malformed if it is none or the method is not in use, and
// against the policy if its domain is not allowed (surfaces.md §3.3). country,
// ISO 3166 alpha-2, is where a number without + is dialled unless the request
// names another.
func (s *Set) Check(c *wsproto.Cred, country string) (string, error) {
	m := s.method(c.Meth)
	switch {
	case m == nil:
	case m.Name == email:
		return m.email(c.Val)
	case m.Name == tel:
		if own := countryCode(c.Params); own != "" {
			country = own
		}
		if number, ok := phone.Normalize(c.Val, country); ok {
			return number, nil
		}
	}
	return "", wsproto.ErrMalformed
}

func (m *Method) email(value string) (string, error) {
	value = strings.ToLower(strings.TrimSpace(value))
	a, err := mail.ParseAddress(value)
	if err != nil || a.Address != value || a.Name != "" || len(value) > maxAddressLen {
		return "", wsproto.ErrMalformed
	}
	if _, domain, _ := strings.Cut(value, "@"); len(m.Domains) > 0 && !slices.Contains(m.Domains, domain) {
		return "", wsproto.ErrPolicy
	}
	return value, nil
}

// countryCode is that of the parameters of a request, or empty.
func countryCode(params json.RawMessage) string {
	var p struct {
		CountryCode string `json:"countryCode"`
	}
	if len(params) == 0 || json.Unmarshal(params, &p) != nil {
		return ""
	}
	return p.CountryCode
}

// stored is the form in which an address is looked for to be removed: the normal
// one, or for what would be refused today the text itself.
func (s *Set) stored(c *wsproto.Cred, country string) string {
	if value, err := s.Check(c, country); err == nil {
		return value
	}
	return strings.ToLower(strings.TrimSpace(c.Val))
}
