package tagquery

import (
	"net/mail"
	"slices"
	"strings"
	"unicode"

	"parley/internal/chat"
	"parley/internal/phone"
)

const maxEmailLen = 128 // bytes (wire.md §12.5)

// Parse reads a query (wire.md §11.5). A term that is no tag, and cannot be
// rewritten into one, is dropped; a query of nothing else is Empty. The error is
// ErrSyntax or nil.
func Parse(text string, r Rules) (Query, error) {
	if len(text) > maxBytes {
		return Query{}, ErrSyntax
	}
	terms, err := split(text)
	if err != nil {
		return Query{}, err
	}
	var q Query
	p := parser{rules: r, phones: maxPhones, any: map[string]bool{}}
	for _, t := range terms {
		tags := p.rewrite(strings.TrimSpace(strings.ToLower(t.text)))
		switch {
		case len(tags) == 0:
		case t.or:
			p.addAny(&q, tags)
		case slices.ContainsFunc(q.All, func(group []string) bool { return slices.Equal(group, tags) }):
		case len(q.All) == maxAll:
			return Query{}, ErrSyntax
		default:
			q.All = append(q.All, tags)
		}
	}
	return q, nil
}

// parser is what the terms of one query have in common.
type parser struct {
	rules  Rules
	phones int             // how many terms more may be tried as a phone number
	any    map[string]bool // what is in Query.Any
}

func (p *parser) addAny(q *Query, tags []string) {
	for _, tag := range tags {
		if !p.any[tag] && len(q.Any) < maxAny {
			p.any[tag] = true
			q.Any = append(q.Any, tag)
		}
	}
}

// rewrite returns the tags that stand for a term in lower case: itself, and what
// it is as an e-mail address or a phone number. Of a number such as
// "+1 (650) 253-0000", which is no tag, only the rewritten form remains.
func (p *parser) rewrite(text string) []string {
	var tags []string
	if chat.ValidTag(text) {
		tags = append(tags, text)
		if chat.TagPrefix(text) != "" {
			return tags
		}
	}
	switch {
	case p.rules.Email && strings.Contains(text, "@"):
		if tag := "email:" + text; isEmail(text) && chat.ValidTag(tag) {
			tags = append(tags, tag)
		}
	case p.rules.Tel && p.phones > 0 && isDialled(text):
		p.phones--
		if number, ok := phone.Normalize(text, p.rules.Country); ok {
			tags = append(tags, "tel:"+number)
		}
	}
	if p.rules.TagsFor != nil && len(tags) > 0 {
		for _, tag := range p.rules.TagsFor(text) {
			if tag = strings.ToLower(tag); chat.ValidTag(tag) && !slices.Contains(tags, tag) {
				tags = append(tags, tag)
			}
		}
	}
	return tags
}

// isEmail tells whether a text is a bare user@domain, as credentials must be.
func isEmail(text string) bool {
	if len(text) > maxEmailLen {
		return false
	}
	a, err := mail.ParseAddress(text)
	return err == nil && a.Address == text && a.Name == ""
}

// isDialled tells whether a text may be a phone number; more than that is for
// the package phone to say, which takes longer.
func isDialled(text string) bool {
	return strings.ContainsFunc(text, unicode.IsDigit) && !strings.ContainsFunc(text, unicode.IsLetter)
}
