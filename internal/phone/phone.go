// Package phone brings telephone numbers into the one form that is stored and
// searched, and tells the country that a language text names. It knows neither
// users nor tags.
package phone

import (
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

// maxDigits is the most digits of a number as it is dialled: 15 of E.164 and
// what stands before them (011, a carrier's code).
const maxDigits = 24

// Normalize returns the E.164 form, "+16502530000", of a number that may be a
// mobile's, and false for any other text: for one that is no number as a whole,
// for one that no country has given out, for fixed lines, and for services.
// Separators do not matter, and digits of any script are digits.
//
// country, ISO 3166 alpha-2 in either case, is where a number without + is
// dialled; without a known one such numbers are refused.
//
// Searches (wire.md §11.5) and credentials (surfaces.md §3.3) have the same
// rule, so that whoever confirmed a number is found by it. A call takes some
// 40 µs; any goroutine may make it.
func Normalize(text, country string) (e164 string, ok bool) {
	dialled := dial(text)
	if dialled == "" {
		return "", false
	}
	n, err := phonenumbers.Parse(dialled, strings.ToUpper(country))
	if err != nil {
		return "", false
	}
	switch phonenumbers.GetNumberType(n) { // none for a number that is not valid
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE: // North America cannot tell them apart
		return phonenumbers.Format(n, phonenumbers.E164), true
	}
	return "", false
}

// dial reduces a text to what is dialled: a + perhaps, and ASCII digits. It is
// empty if the text is not a number as a whole. (The library would find one
// anywhere in a text, read letters as digits, and drop extensions.)
func dial(text string) string {
	if len(text) > 8*maxDigits { // enough for a separator after each digit
		return ""
	}
	var b strings.Builder
	digits := 0
	for _, r := range text {
		switch {
		case r == '+' || r == '＋':
			if b.Len() > 0 {
				return ""
			}
			b.WriteByte('+')
		case unicode.IsDigit(r):
			b.WriteByte('0' + digitValue(r))
			digits++
		case !isSeparator(r):
			return ""
		}
	}
	if digits == 0 || digits > maxDigits {
		return ""
	}
	return b.String()
}

// digitValue is the value of a decimal digit. In every script they are ten
// characters in a row, from zero to nine; rows that follow each other share a
// range of the table.
func digitValue(r rune) byte {
	for _, t := range unicode.Nd.R16 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return byte((r - rune(t.Lo)) % 10)
		}
	}
	for _, t := range unicode.Nd.R32 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return byte((r - rune(t.Lo)) % 10)
		}
	}
	return 0
}

// isSeparator tells whether a character only makes a number legible. Invisible
// ones are among them: address books put marks of direction around numbers.
func isSeparator(r rune) bool {
	return strings.ContainsRune("-./()~−ー－．／（）～", r) || '‐' <= r && r <= '―' || unicode.IsSpace(r) || unicode.Is(unicode.Cf, r)
}
