package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"modernc.org/sqlite"

	"parley/store"
)

const backupPages = 1000 // copied at a time: 4 MB

// Backup implements store.Store. What is written meanwhile is not in the copy;
// it stays in the -wal file, which grows until the backup is done.
func (s *Store) Backup(ctx context.Context, path string, progress func(done, total int)) error {
	return wrap("backup", s.backup(ctx, path, progress))
}

func (s *Store) backup(ctx context.Context, path string, progress func(done, total int)) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s: %w", path, fs.ErrExist)
	}
	if err := s.settle(); err != nil {
		return err
	}
	goOn := func() error {
		select {
		case <-s.closing:
			return store.ErrClosed
		default:
			return ctx.Err()
		}
	}
	return s.readers.with(ctx, func(c *conn) error { return copyTo(c, path, goOn, progress) })
}

// copyTo copies the file that c reads to target, by way of a temporary name,
// until goOn returns an error.
func copyTo(c *conn, target string, goOn func() error, progress func(done, total int)) (err error) {
	part := target + ".part"
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(part))
		}
	}()
	if err := f.Close(); err != nil {
		return err
	}
	if err := copyPages(c, part, goOn, progress); err != nil {
		return err
	}
	if err := checkCopy(part); err != nil {
		return err
	}
	if err := os.Rename(part, target); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(target))
}

// copyPages copies one state of the database: the read transaction around it
// keeps writers from making SQLite start again.
func copyPages(c *conn, path string, goOn func() error, progress func(done, total int)) error {
	return c.snapshot(func() error {
		if _, err := c.number("SELECT count(*) FROM sqlite_master"); err != nil {
			return err
		}
		b, err := c.raw.(interface {
			NewBackup(string) (*sqlite.Backup, error)
		}).NewBackup(dsn(path))
		if err != nil {
			return err
		}
		for more := true; more; {
			if err := goOn(); err != nil {
				return errors.Join(err, b.Finish())
			}
			if more, err = b.Step(backupPages); err != nil {
				return errors.Join(err, b.Finish())
			}
			if progress != nil {
				progress(b.PageCount()-b.Remaining(), b.PageCount())
			}
		}
		return b.Finish()
	})
}

// checkCopy has SQLite look through a copy that nobody else has open.
func checkCopy(path string) error {
	raw, err := (&sqlite.Driver{}).Open(dsn(path) + "&mode=ro&immutable=1")
	if err != nil {
		return err
	}
	c := &conn{raw: raw, stmts: map[string]*stmt{}}
	var verdict string
	err = c.one("PRAGMA integrity_check(1)", func(r *row) { verdict = r.text() })
	if err == nil && verdict != "ok" {
		err = fmt.Errorf("the copy is damaged: %s", verdict)
	}
	return errors.Join(err, c.close())
}

// syncFolder makes a rename durable, where folders can be synced.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	_ = d.Sync() // refused by some systems, and the copy itself is synced
	return d.Close()
}
