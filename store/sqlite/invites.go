package sqlite

import (
	"context"
	"time"

	"parley/store"
)

// PutInvite implements store.Invites.
func (s *Store) PutInvite(ctx context.Context, i *store.Invite) error {
	return s.write(ctx, "put invite", func(c *conn) error {
		_, err := c.exec(`INSERT INTO invites (code, inviter, note, created, expires, uses, used) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			i.Code, i.By, i.Note, i.Created, i.Expires, i.Max, i.Used)
		return err
	})
}

// Invites implements store.Invites.
func (s *Store) Invites(ctx context.Context) ([]store.Invite, error) {
	var list []store.Invite
	err := s.read(ctx, "invites", func(c *conn) error {
		return c.query(`SELECT code, inviter, note, created, expires, uses, used FROM invites ORDER BY created DESC, code`,
			func(r *row) error {
				list = append(list, store.Invite{
					Code: r.text(), By: r.uid(), Note: r.text(), Created: r.time(), Expires: r.time(), Max: r.int(), Used: r.int(),
				})
				return nil
			})
	})
	return list, err
}

// UseInvite implements store.Invites.
func (s *Store) UseInvite(ctx context.Context, code string, at time.Time) error {
	return s.writeFound(ctx, "use invite", `UPDATE invites SET used = used + 1
		WHERE code = ? AND (expires = 0 OR expires > ?) AND (uses = 0 OR used < uses)`, code, at)
}

// UnuseInvite implements store.Invites.
func (s *Store) UnuseInvite(ctx context.Context, code string) error {
	return s.writeFound(ctx, "unuse invite", `UPDATE invites SET used = max(used - 1, 0) WHERE code = ?`, code)
}

// DeleteInvite implements store.Invites.
func (s *Store) DeleteInvite(ctx context.Context, code string) error {
	return s.writeFound(ctx, "delete invite", `DELETE FROM invites WHERE code = ?`, code)
}
