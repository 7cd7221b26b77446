package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"parley/store"
)

// Schema changes, numbered from 1, applied in order, never edited once released.
//
//go:embed migrations/*.sql
var released embed.FS

const fileMagic = "SQLite format 3\x00"

var errForeign = errors.New("is not a Parley database; move it away or name another file")

// prepare makes sure that path is a file of ours with the present schema, and
// returns the connection for writing.
func prepare(ctx context.Context, path string) (*conn, error) {
	return prepareWith(ctx, path, migrations())
}

func migrations() fs.FS {
	sub, err := fs.Sub(released, "migrations")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return sub
}

func prepareWith(ctx context.Context, path string, steps fs.FS) (*conn, error) {
	known, err := newest(steps)
	if err != nil {
		return nil, err
	}
	if err := checkFile(path); err != nil {
		return nil, err
	}
	c, version, err := openChecked(path)
	if err != nil {
		return nil, err
	}
	switch {
	case version == known:
		return c, nil
	case version > known:
		err = fmt.Errorf("%w: its schema has version %d, this program knows versions up to %d; "+
			"start the newer program again, or put back the copy %s.bak-%d if there is one",
			store.ErrNewer, version, known, filepath.Base(path), known)
		return nil, errors.Join(err, c.close())
	}
	if err := c.close(); err != nil {
		return nil, err
	}
	if err := migrate(ctx, path, version, steps); err != nil {
		return nil, fmt.Errorf("migrate from version %d to %d: %w", version, known, err)
	}
	c, _, err = openChecked(path)
	return c, err
}

// newest is the highest number among the names of migrations.
func newest(steps fs.FS) (int, error) {
	names, err := fs.Glob(steps, "*.sql")
	if err != nil {
		return 0, err
	}
	top := 0
	for _, name := range names {
		digits, _, _ := strings.Cut(name, "_")
		n, err := strconv.Atoi(digits)
		if err != nil {
			return 0, fmt.Errorf("migration %s: %w", name, err)
		}
		top = max(top, n)
	}
	return top, nil
}

// checkFile refuses what is no SQLite file, and makes a missing one so that
// nobody else can read it: SQLite gives -wal and -shm the same mode.
func checkFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	head := make([]byte, len(fileMagic))
	n, err := io.ReadFull(f, head)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	if err == nil && n > 0 && !bytes.Equal(head[:n], []byte(fileMagic)) {
		err = errForeign
	}
	return errors.Join(err, f.Close())
}

// openChecked opens the connection for writing and reads the schema version,
// which is 0 for an empty file. What is not ours is not touched.
func openChecked(path string) (*conn, int, error) {
	c, err := openConn(path, "busy_timeout(5000)")
	if err != nil {
		return nil, 0, err
	}
	version, err := schemaVersion(c)
	var e *sqlite.Error
	if errors.As(err, &e) && e.Code() == sqlite3.SQLITE_NOTADB {
		err = fmt.Errorf("%w: %w", errForeign, err)
	}
	for _, pragma := range writerPragmas {
		if err == nil {
			_, err = c.exec("PRAGMA " + pragma)
		}
	}
	if err != nil {
		return nil, 0, errors.Join(err, c.close())
	}
	return c, version, nil
}

// schemaVersion reads goose's table itself: a start with nothing to migrate
// shall not pay for goose.
func schemaVersion(c *conn) (int, error) {
	tables, err := c.number(`SELECT count(*) FROM sqlite_master WHERE type = 'table'`)
	if err != nil || tables == 0 {
		return 0, err
	}
	ours, err := c.number(`SELECT count(*) FROM sqlite_master WHERE name = 'goose_db_version'`)
	if err != nil {
		return 0, err
	}
	if ours == 0 {
		return 0, errForeign
	}
	version, err := c.number(`SELECT max(version_id) FROM goose_db_version WHERE is_applied`)
	return int(version), err
}

// migrate brings the file to the newest schema. A copy of what was there
// before is kept beside it.
func migrate(ctx context.Context, path string, version int, steps fs.FS) (err error) {
	if version > 0 {
		if err := backupBefore(ctx, path, version); err != nil {
			return err
		}
	}
	connector, err := sqlite.NewConnector(dsn(path, writerPragmas...))
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	p, err := goose.NewProvider(goose.DialectSQLite3, db, steps)
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

// backupBefore writes <path>.bak-<version>, replacing what an attempt before
// this one has left.
func backupBefore(ctx context.Context, path string, version int) error {
	c, err := openConn(path, readerPragmas...)
	if err != nil {
		return err
	}
	target := fmt.Sprintf("%s.bak-%d", path, version)
	err = copyTo(c, target, ctx.Err, nil)
	return errors.Join(err, c.close())
}
