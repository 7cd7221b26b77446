package auth

import (
	"maps"
	"slices"
	"strings"
)

// Set is the schemes in use, by the names that clients call them.
type Set struct{ byName map[string]Scheme }

// NewSet makes a set of schemes by the names that clients use, in lower case.
func NewSet(byName map[string]Scheme) *Set { return &Set{byName: maps.Clone(byName)} }

// Get finds a scheme by its name in lower or upper case; nil if there is none.
func (s *Set) Get(name string) Scheme { return s.byName[strings.ToLower(name)] }

// All are the schemes by their names.
func (s *Set) All() map[string]Scheme { return maps.Clone(s.byName) }

// Namespaces are those of the tags that the schemes look after, sorted.
func (s *Set) Namespaces() []string {
	var out []string
	for _, sc := range s.byName {
		if t, ok := sc.(Tagger); ok {
			out = append(out, t.Namespaces()...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TagsFor are the tags that a search for a word without a namespace is for, too.
func (s *Set) TagsFor(word string) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(s.byName)) {
		if t, ok := s.byName[name].(Tagger); ok {
			if tag := t.TagFor(word); tag != "" {
				out = append(out, tag)
			}
		}
	}
	return out
}
