package sqlite

import (
	"context"
	"time"

	"parley/store"
)

// PutCode implements store.Codes.
func (s *Store) PutCode(ctx context.Context, code *store.Code) error {
	return s.write(ctx, "put code", func(c *conn) error {
		n, err := c.exec(`INSERT INTO codes (key, user, hash, created, expires, failed) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (key) DO UPDATE SET user = excluded.user, hash = excluded.hash,
				created = excluded.created, expires = excluded.expires, failed = excluded.failed
			WHERE codes.expires <= excluded.created`,
			code.Key, code.User, code.Hash, code.Created, code.Expires, code.Failed)
		if err == nil && n == 0 {
			err = store.ErrDuplicate
		}
		return err
	})
}

// Code implements store.Codes.
func (s *Store) Code(ctx context.Context, key string) (code *store.Code, err error) {
	err = s.read(ctx, "code", func(c *conn) error {
		return c.one(`SELECT key, user, hash, created, expires, failed FROM codes WHERE key = ?`, func(r *row) {
			code = &store.Code{
				Key: r.text(), User: r.uid(), Hash: r.bytes(), Created: r.time(), Expires: r.time(), Failed: r.int(),
			}
		}, key)
	})
	return code, err
}

// FailCode implements store.Codes.
func (s *Store) FailCode(ctx context.Context, key string) (failed int, err error) {
	err = s.write(ctx, "fail code", func(c *conn) error {
		if _, err := c.exec(`UPDATE codes SET failed = failed + 1 WHERE key = ?`, key); err != nil {
			return err
		}
		n, err := c.number(`SELECT failed FROM codes WHERE key = ?`, key)
		failed = int(n)
		return err
	})
	if err != nil {
		return 0, err
	}
	return failed, nil
}

// DeleteCode implements store.Codes.
func (s *Store) DeleteCode(ctx context.Context, key string) error {
	return s.writeFound(ctx, "delete code", `DELETE FROM codes WHERE key = ?`, key)
}

// ExpireCodes implements store.Codes. It begins with those that expired first.
func (s *Store) ExpireCodes(ctx context.Context, at time.Time, limit int) (n int, err error) {
	err = s.write(ctx, "expire codes", func(c *conn) (err error) {
		n, err = c.exec(`DELETE FROM codes WHERE key IN
			(SELECT key FROM codes WHERE expires <= ? ORDER BY expires, key LIMIT ? + 0)`, at, atMost(limit))
		return err
	})
	return n, err
}

// writeFound runs one statement, and returns store.ErrNotFound if it changes
// nothing.
func (s *Store) writeFound(ctx context.Context, what, text string, args ...any) error {
	return s.write(ctx, what, func(c *conn) error {
		n, err := c.exec(text, args...)
		if err != nil {
			return err
		}
		return found(n)
	})
}

// atMost is a limit as SQL has it: 0 is none.
func atMost(limit int) int {
	if limit <= 0 {
		return -1
	}
	return limit
}
