package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Inspection is what a look at a file finds.
type Inspection struct {
	Version, Known          int // of the schema: of the file; of this program
	Users, Topics, Messages int
	Damage                  string // empty: none found
}

// Depth is how thoroughly Inspect looks.
type Depth int

// The depths. Thorough is for a file that nobody has open, such as a backup.
const (
	Counts   Depth = iota // only what is in it
	Quick                 // are all pages in order?
	Thorough              // and do the indexes fit?
)

// Inspect looks at a file without changing it; unless Thorough also while a
// server uses it. The error says why nothing can be told: it is missing, or none
// of ours.
func Inspect(ctx context.Context, path string, depth Depth) (*Inspection, error) {
	found, err := inspect(ctx, path, depth)
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", path, err)
	}
	return found, nil
}

func inspect(ctx context.Context, path string, depth Depth) (*Inspection, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	known, err := newest(migrations())
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	name := dsn(path, readerPragmas...)
	if depth == Thorough { // leaves no trace, and needs no right to write
		name += "&mode=ro&immutable=1"
	}
	raw, err := (&sqlite.Driver{}).Open(name)
	if err != nil {
		return nil, err
	}
	c := &conn{raw: raw, stmts: map[string]*stmt{}}
	found := &Inspection{Known: known}
	return found, errors.Join(found.read(c, depth), c.close())
}

func (f *Inspection) read(c *conn, depth Depth) (err error) {
	if f.Version, err = schemaVersion(c); err != nil {
		var e *sqlite.Error
		if errors.As(err, &e) && e.Code() == sqlite3.SQLITE_NOTADB {
			err = errForeign
		}
		return err
	}
	if f.Version == 0 {
		return errForeign
	}
	if depth != Counts {
		pragma := "PRAGMA quick_check(1)"
		if depth == Thorough {
			pragma = "PRAGMA integrity_check(1)"
		}
		if err := c.one(pragma, func(r *row) { f.Damage = r.text() }); err != nil {
			return err
		}
		if f.Damage == "ok" {
			f.Damage = ""
		}
	}
	return c.snapshot(func() error {
		for table, n := range map[string]*int{"users": &f.Users, "topics": &f.Topics, "messages": &f.Messages} {
			count, err := c.number("SELECT count(*) FROM " + table)
			if err != nil {
				return err
			}
			*n = int(count)
		}
		return nil
	})
}
