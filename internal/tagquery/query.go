// Package tagquery reads what people type to find each other: tags, joined by
// spaces (AND) and commas (OR). It finds nothing itself; a store does.
package tagquery

import (
	"errors"
	"iter"

	"parley/internal/chat"
)

// Bounds of a query. They are far above what anybody types, because clients
// search whole address books at once: thousands of tags joined by commas.
const (
	maxBytes = 256 << 10 // beyond, ErrSyntax; frames are usually smaller
	// maxAll is the most AND groups; beyond, ErrSyntax: to ignore one would find
	// what was not asked for. Each costs the store a step of its own.
	maxAll = 32
	// maxAny is the most OR tags. What comes later is ignored: the entries of an
	// address book that are left are better than none.
	maxAny = 4096
	// maxPhones is how many terms are tried as a phone number, which costs some
	// 50 µs each; later ones are taken as they stand. Address books write tel:.
	maxPhones = 256
)

// ErrSyntax is the error of a text that is no query. Clients are not told more
// than that nothing was found (wire.md §11.4).
var ErrSyntax = errors.New("syntax error in the query")

// Rules says how terms are rewritten.
type Rules struct {
	// Email and Tel tell that confirmed addresses and numbers become tags, so
	// that terms that look like one are searched as email:… and tel:… too.
	Email, Tel bool
	// Country is where phone numbers without + are dialled: ISO 3166 alpha-2.
	Country string
	// TagsFor, if not nil, are further tags that a term without a prefix is
	// searched as.
	TagsFor func(word string) []string
}

// Query is a parsed search. All its tags are valid and in lower case, without
// duplicates, in the order in which they were written.
type Query struct {
	// All are the AND terms; of each group one tag must be there: the term or
	// a rewritten form of it. No group is empty.
	All [][]string
	// Any are the OR terms and their rewritten forms. With All empty one of them
	// must be there, else they only add weight.
	Any []string
}

// Empty tells that there is nothing to search for.
func (q Query) Empty() bool { return len(q.All) == 0 && len(q.Any) == 0 }

// Terms yields all tags, rewritten forms included: those of All, then those of
// Any. A tag may come twice.
func (q Query) Terms() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, group := range q.All {
			for _, tag := range group {
				if !yield(tag) {
					return
				}
			}
		}
		for _, tag := range q.Any {
			if !yield(tag) {
				return
			}
		}
	}
}

// Single returns the tag of a query that is nothing but one prefixed tag, such
// as alias:foo (wire.md §11.6).
func (q Query) Single() (tag string, ok bool) {
	if len(q.All) != 1 || len(q.All[0]) != 1 || len(q.Any) > 0 || chat.TagPrefix(q.All[0][0]) == "" {
		return "", false
	}
	return q.All[0][0], true
}
