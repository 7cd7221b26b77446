package phone

import (
	"strings"

	"golang.org/x/text/language"
)

const maxLangLen = 64 // bytes; longer ones name no language of this world

// CountryOf returns the country, ISO 3166 alpha-2 in upper case, that a text
// such as "en-US", "en_US", "zh-Hant-TW" or "de_DE.UTF-8" names, or "" if it
// names none ("pt"), something larger ("es-419") or nothing. It never guesses
// the country from the language (wire.md §11.5: "when certain").
func CountryOf(lang string) string {
	if i := strings.IndexAny(lang, ".@#"); i >= 0 { // POSIX encodings and modifiers, Java's scripts
		lang = strings.TrimRight(lang[:i], "_-")
	}
	if len(lang) > maxLangLen {
		return ""
	}
	tag, err := language.Parse(strings.TrimSpace(lang))
	if err != nil {
		return ""
	}
	region, confidence := tag.Region()
	if confidence != language.Exact || !region.IsCountry() {
		return ""
	}
	return region.Canonicalize().String()
}
