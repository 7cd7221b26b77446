package sqlite

import (
	"context"
	"fmt"

	"modernc.org/sqlite"

	"parley/internal/chat"
	"parley/store"
)

// filesVersion is the schema from which on there are records of files.
const filesVersion = 7

// InspectFiles calls each for every ready file that the store in a file has,
// with its ID, Size and Thumb, until each returns an error. It changes nothing,
// and works while a server uses the file.
func InspectFiles(ctx context.Context, path string, each func(*store.File) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("store %s: %w", path, err)
		}
	}()
	in, err := inspect(ctx, path, Counts)
	if err != nil || in.Version < filesVersion {
		return err
	}
	raw, err := (&sqlite.Driver{}).Open(dsn(path, readerPragmas...))
	if err != nil {
		return err
	}
	c := &conn{raw: raw, stmts: map[string]*stmt{}}
	defer func() {
		if e := c.close(); err == nil {
			err = e
		}
	}()
	return c.query(`SELECT id, size, thumb FROM files WHERE state = ?`, func(r *row) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return each(&store.File{ID: chat.FileID(r.num()), Size: r.num(), Thumb: r.text()})
	}, fileReady)
}
