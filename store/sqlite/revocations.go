package sqlite

import (
	"context"
	"time"

	"parley/store"
)

// Revoke implements store.Revocations. What was void stays void.
func (s *Store) Revoke(ctx context.Context, rs ...store.Revocation) error {
	return s.write(ctx, "revoke", func(c *conn) error {
		for i := range rs {
			_, err := c.exec(`INSERT INTO revocations (token, user, issued, until) VALUES (?, ?, ?, ?)
				ON CONFLICT (token) WHERE token <> '' DO UPDATE
					SET issued = max(issued, excluded.issued), until = max(until, excluded.until)
				ON CONFLICT (user) WHERE token = '' DO UPDATE
					SET issued = max(issued, excluded.issued), until = max(until, excluded.until)`,
				rs[i].Token, rs[i].User, rs[i].Before, rs[i].Until)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Revocations implements store.Revocations. It writes only if there is
// something to remove.
func (s *Store) Revocations(ctx context.Context, at time.Time) ([]store.Revocation, error) {
	var rs []store.Revocation
	var expired int64
	err := s.readOne(ctx, "revocations", func(c *conn) (err error) {
		if expired, err = c.number(`SELECT count(*) FROM revocations WHERE until <= ?`, at); err != nil {
			return err
		}
		return c.query(`SELECT token, user, issued, until FROM revocations WHERE until > ?`, func(r *row) error {
			rs = append(rs, store.Revocation{Token: r.text(), User: r.uid(), Before: r.time(), Until: r.time()})
			return nil
		}, at)
	})
	if err == nil && expired > 0 {
		err = s.write(ctx, "forget revocations", func(c *conn) error {
			_, err := c.exec(`DELETE FROM revocations WHERE until <= ?`, at)
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	return rs, nil
}
