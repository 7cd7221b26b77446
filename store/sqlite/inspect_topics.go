package sqlite

import (
	"context"
	"errors"
	"fmt"

	"modernc.org/sqlite"
)

// MissingTopics are those of a list of canonical names that the store in a file
// does not have. It changes nothing, and works while a server uses the file.
func MissingTopics(ctx context.Context, path string, names []string) (missing []string, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("store %s: %w", path, err)
		}
	}()
	in, err := inspect(ctx, path, Counts)
	if err != nil || in.Version == 0 {
		return nil, err
	}
	raw, err := (&sqlite.Driver{}).Open(dsn(path, readerPragmas...))
	if err != nil {
		return nil, err
	}
	c := &conn{raw: raw, stmts: map[string]*stmt{}}
	defer func() { err = errors.Join(err, c.close()) }()
	for _, name := range names {
		found := false
		err := c.query(`SELECT id FROM topics WHERE name = ?`, func(*row) error { found = true; return nil }, name)
		if err != nil {
			return nil, err
		}
		if !found {
			missing = append(missing, name)
		}
	}
	return missing, nil
}
