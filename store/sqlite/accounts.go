package sqlite

import (
	"context"
	"math"
	"time"

	"parley/internal/chat"
	"parley/store"
)

// Users implements store.Users.
func (s *Store) Users(ctx context.Context, q store.UserQuery) ([]store.User, error) {
	var us []store.User
	err := s.readOver(ctx, "list users", func(c *conn) error {
		us = us[:0]
		return c.snapshot(func() error {
			for _, part := range uidsAfter(q.After) {
				if q.Limit > 0 && len(us) == q.Limit {
					return nil
				}
				text, args := userQuery(&q, part, q.Limit-len(us))
				err := c.query(text, func(r *row) error {
					us = append(us, r.user())
					return nil
				}, args...)
				if err != nil {
					return err
				}
			}
			return nil
		})
	}, func(o *overlay) {
		for i := range us {
			o.user(us[i].ID, &us[i].LastSeen, &us[i].UserAgent)
		}
	})
	return us, err
}

// uidRange is a range of IDs as signed numbers, both ends included.
type uidRange struct{ first, last int64 }

// uidsAfter are all IDs greater than one, in their order: as signed numbers the
// upper half is negative, and comes second.
func uidsAfter(id chat.UID) []uidRange {
	first := id + 1
	switch {
	case first == 0: // there is no greater one
		return nil
	case first > math.MaxInt64:
		return []uidRange{{int64(first), -1}}
	}
	return []uidRange{{int64(first), math.MaxInt64}, {math.MinInt64, -1}}
}

func userQuery(q *store.UserQuery, part uidRange, limit int) (text string, args []any) {
	text = `SELECT ` + userColumns + ` FROM users WHERE id BETWEEN ? AND ?`
	args = []any{part.first, part.last}
	if q.State != nil {
		text += ` AND state = ?`
		args = append(args, *q.State)
		if *q.State != store.StateOK {
			text += ` AND state <> 0` // so that users_state can be used
		}
	}
	return text + ` ORDER BY id LIMIT ? + 0`, append(args, atMost(limit)) // see conn.stmt
}

// StaleUsers implements store.Users.
func (s *Store) StaleUsers(ctx context.Context, before time.Time, limit int) ([]chat.UID, error) {
	var ids []chat.UID
	err := s.readSettled(ctx, "stale users", func(c *conn) error {
		return c.query(`SELECT id FROM users WHERE seen = 0 AND created < ? AND state <> 20
			AND NOT EXISTS (SELECT 1 FROM credentials WHERE user = users.id AND stage = 2)
			AND NOT EXISTS (SELECT 1 FROM topics WHERE owner = users.id AND owner <> 0)
			AND NOT EXISTS (SELECT 1 FROM logins WHERE user = users.id AND level >= ?)
			ORDER BY created, id LIMIT ? + 0`,
			func(r *row) error {
				ids = append(ids, r.uid())
				return nil
			}, before, chat.LevelRoot, atMost(limit))
	})
	return ids, err
}
