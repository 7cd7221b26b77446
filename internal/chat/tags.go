package chat

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of the length of a tag, in code points (wire.md §11.1).
const (
	MinTagLen = 2
	MaxTagLen = 96
)

// Clear is the text that deletes a value wherever application data is updated
// (wire.md §1.7).
const Clear = "␡"

// NormalizeTags trims, lower-cases, sorts and deduplicates the first limit
// tags, and drops those that are too short, too long or begin with neither a
// letter nor a digit. A tag that is the clear marker makes the result
// explicitly empty. It returns nil if nothing usable was given and nothing was
// cleared (wire.md §11.2).
func NormalizeTags(tags []string, limit int) []string {
	if len(tags) > limit {
		tags = tags[:limit]
	}
	var out []string
	for _, t := range tags {
		t = strings.ToLower(strings.TrimSpace(t))
		if t == Clear {
			return []string{}
		}
		first, _ := utf8.DecodeRuneInString(t)
		n := utf8.RuneCountInString(t)
		if n < MinTagLen || n > MaxTagLen || !(unicode.IsLetter(first) || unicode.IsDigit(first)) {
			continue
		}
		out = append(out, t)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TagPrefix is the namespace of a tag "prefix:value", or empty. A prefix is a
// lower-case letter and 1 to 15 word characters.
func TagPrefix(tag string) string {
	prefix, value, ok := strings.Cut(tag, ":")
	if !ok || value == "" || len(prefix) < 2 || len(prefix) > 16 || prefix[0] < 'a' || prefix[0] > 'z' {
		return ""
	}
	for i := range len(prefix) {
		if c := prefix[i]; !(c == '_' || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z') {
			return ""
		}
	}
	return prefix
}

// TagsIn returns the tags of one of the namespaces, in their order.
func TagsIn(tags []string, namespaces ...string) []string {
	var out []string
	for _, t := range tags {
		if p := TagPrefix(t); p != "" && slices.Contains(namespaces, p) {
			out = append(out, t)
		}
	}
	return out
}

// ValidTag tells whether a text has the syntax of a tag, plain or prefixed: the
// value is 1 to 96 letters, numbers and -_+.!?#@ (wire.md §11.1). Marks are not
// among them, so a word of a script that writes vowels as marks is no tag.
// Whether the tag is in lower case, and long enough to be stored, is another
// question (NormalizeTags).
func ValidTag(tag string) bool {
	if p := TagPrefix(tag); p != "" {
		tag = tag[len(p)+1:]
	}
	n := 0
	for _, r := range tag {
		if n++; n > MaxTagLen || !(unicode.IsLetter(r) || unicode.IsNumber(r) || strings.ContainsRune("-_+.!?#@", r)) {
			return false
		}
	}
	return n > 0
}
