package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Place is where something stands in a file. Line and Column count from 1;
// Column counts characters. The zero Place is "not in a file".
type Place struct {
	File         string
	Line, Column int
}

// String is "file:line:column", or less where less is known.
func (p Place) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// compare orders places by their position in the file.
func (p Place) compare(q Place) int {
	return cmp.Or(cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column))
}

// Fault is one thing that is wrong. Its text never has the value in it where
// that might be a secret.
type Fault struct {
	Place
	Path string // of the key, such as tls.cert_file; empty for a syntax error
	Text string
	// Unresolved: the value is in a variable or a file that is not there for whoever
	// asks now.
	Unresolved bool
}

// Unresolved tells faults that are nothing but that: what does not need secrets
// can be done with the rest of the configuration. Where the data is must be known.
func (fs Faults) Unresolved() bool {
	return len(fs) > 0 && !slices.ContainsFunc(fs, func(f Fault) bool {
		where := f.Path == "data" || strings.HasPrefix(f.Path, "media.") && !strings.Contains(f.Path, "secret") && !strings.Contains(f.Path, "access_key")
		return !f.Unresolved || where
	})
}

// Error is "file:line:column: path: text" without the parts that are unknown.
func (f Fault) Error() string { return line(f.Place, f.Path, f.Text) }

// Faults are all the faults of a configuration, in the order of the file.
type Faults []Fault

// Error has one line per fault.
func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap makes each Fault visible to errors.As.
func (fs Faults) Unwrap() []error {
	errs := make([]error, len(fs))
	for i, f := range fs {
		errs[i] = f
	}
	return errs
}

// err is fs as an error; nil when there are none.
func (fs Faults) err() error {
	if len(fs) == 0 {
		return nil
	}
	return fs
}

// Warning says that an option does not do what its author may expect, and what
// to do about it. The server starts all the same, and says so at every start.
type Warning struct {
	Place
	Path string
	Text string
}

// String is "file:line:column: path: text" without the parts that are unknown.
func (w Warning) String() string { return line(w.Place, w.Path, w.Text) }

func line(p Place, path, text string) string {
	parts := make([]string, 0, 3)
	for _, s := range []string{p.String(), path, text} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ": ")
}
