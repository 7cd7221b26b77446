package tagquery

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// term is one word of a query.
type term struct {
	text string
	or   bool // stands beside a comma
}

// split cuts a query into its terms (wire.md §11.5). Any white space separates,
// that of East Asian keyboards too. What follows a closing quote is a term of
// its own.
func split(text string) ([]term, error) {
	var terms []term
	comma := false // the last thing that was not a space
	for text != "" {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case unicode.IsSpace(r):
			text = text[size:]
			continue
		case r == ',':
			if comma {
				return nil, ErrSyntax
			}
			comma = true
			if len(terms) > 0 {
				terms[len(terms)-1].or = true
			}
			text = text[size:]
			continue
		}
		word, rest, err := cutTerm(text)
		if err != nil {
			return nil, err
		}
		terms = append(terms, term{word, comma})
		text, comma = rest, false
	}
	return terms, nil
}

// cutTerm takes the term off that a text begins with: what is between quotes, or
// what is before the next separator.
func cutTerm(text string) (word, rest string, err error) {
	if text[0] == '"' {
		word, rest, closed := strings.Cut(text[1:], `"`)
		if !closed {
			return "", "", ErrSyntax
		}
		return word, rest, nil
	}
	end := strings.IndexFunc(text, func(r rune) bool { return r == ',' || r == '"' || unicode.IsSpace(r) })
	switch {
	case end < 0:
		return text, "", nil
	case text[end] == '"':
		return "", "", ErrSyntax
	}
	return text[:end], text[end:], nil
}
