package sqlite

import (
	"context"
	"time"

	"parley/store"
)

// Value implements store.Values.
func (s *Store) Value(ctx context.Context, key string, at time.Time) (v *store.Value, err error) {
	err = s.read(ctx, "value", func(c *conn) error {
		return c.one(`SELECT key, data, updated, expires FROM kept WHERE key = ? AND (expires = 0 OR expires > ?)`, func(r *row) {
			v = &store.Value{Key: r.text(), Data: r.bytes(), Updated: r.time(), Expires: r.time()}
		}, key, at)
	})
	return v, err
}

const putValue = `INSERT INTO kept (key, data, updated, expires) VALUES (?, ?, ?, ?)
	ON CONFLICT (key) DO UPDATE SET data = excluded.data, updated = excluded.updated, expires = excluded.expires`

// PutValue implements store.Values.
func (s *Store) PutValue(ctx context.Context, v *store.Value) error {
	return s.write(ctx, "put value", func(c *conn) error {
		_, err := c.exec(putValue, v.Key, v.Data, v.Updated, v.Expires)
		return err
	})
}

// SwapValue implements store.Values.
func (s *Store) SwapValue(ctx context.Context, v *store.Value, old []byte, at time.Time) error {
	return s.write(ctx, "swap value", func(c *conn) error {
		var n int
		var err error
		if old == nil {
			n, err = c.exec(putValue+` WHERE kept.expires > 0 AND kept.expires <= ?`, v.Key, v.Data, v.Updated, v.Expires, at)
		} else {
			n, err = c.exec(`UPDATE kept SET data = ?, updated = ?, expires = ? WHERE key = ? AND data = ?`,
				v.Data, v.Updated, v.Expires, v.Key, old)
		}
		if err == nil && n == 0 {
			err = store.ErrChanged
		}
		return err
	})
}

// DropValue implements store.Values.
func (s *Store) DropValue(ctx context.Context, key string, old []byte) error {
	return s.write(ctx, "drop value", func(c *conn) error {
		_, err := c.exec(`DELETE FROM kept WHERE key = ?1 AND (?2 IS NULL OR data = ?2)`, key, anyBytes(old))
		return err
	})
}

// anyBytes is b for a statement that asks whether it is NULL.
func anyBytes(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

// DropValues implements store.Values.
func (s *Store) DropValues(ctx context.Context, prefix string, before time.Time, limit int) (n int, err error) {
	err = s.write(ctx, "drop values", func(c *conn) error {
		n, err = c.exec(`DELETE FROM kept WHERE key IN (SELECT key FROM kept
			WHERE key >= ?1 AND substr(key, 1, length(?1)) = ?1 AND updated < ?2 LIMIT ?3 + 0)`, prefix, before, atMost(limit))
		return err
	})
	return n, err
}

// ExpireValues implements store.Values.
func (s *Store) ExpireValues(ctx context.Context, at time.Time, limit int) (n int, err error) {
	err = s.write(ctx, "expire values", func(c *conn) error {
		n, err = c.exec(`DELETE FROM kept WHERE key IN
			(SELECT key FROM kept WHERE expires > 0 AND expires <= ? LIMIT ? + 0)`, at, atMost(limit))
		return err
	})
	return n, err
}

// ListValues implements store.Values.
func (s *Store) ListValues(ctx context.Context, prefix, after string, limit int) (list []store.Value, err error) {
	err = s.read(ctx, "list values", func(c *conn) error {
		return c.query(`SELECT key, data, updated, expires FROM kept
			WHERE key >= ?1 AND key > ?2 AND substr(key, 1, length(?1)) = ?1 ORDER BY key LIMIT ?3 + 0`, func(r *row) error {
			list = append(list, store.Value{Key: r.text(), Data: r.bytes(), Updated: r.time(), Expires: r.time()})
			return nil
		}, prefix, after, atMost(limit))
	})
	return list, err
}
