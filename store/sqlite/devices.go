package sqlite

import (
	"context"

	"parley/internal/chat"
	"parley/store"
)

// PutDevice implements store.Devices.
func (s *Store) PutDevice(ctx context.Context, d *store.Device) error {
	return s.write(ctx, "put device", func(c *conn) error {
		_, err := c.exec(`INSERT OR REPLACE INTO devices (id, user, platform, lang, seen) VALUES (?, ?, ?, ?, ?)`,
			d.ID, d.User, d.Platform, d.Lang, d.LastSeen)
		return err
	})
}

// DeleteDevice implements store.Devices.
func (s *Store) DeleteDevice(ctx context.Context, id chat.UID, device string) error {
	return s.write(ctx, "delete device", func(c *conn) error {
		n, err := c.exec(`DELETE FROM devices WHERE id = ? AND user = ?`, device, id)
		if err != nil {
			return err
		}
		return found(n)
	})
}

// Devices implements store.Devices.
func (s *Store) Devices(ctx context.Context, ids ...chat.UID) ([]store.Device, error) {
	var ds []store.Device
	err := s.read(ctx, "devices", func(c *conn) error {
		return c.query(`SELECT id, user, platform, lang, seen FROM devices
			WHERE user IN (SELECT value FROM json_each(?))`,
			func(r *row) error {
				ds = append(ds, store.Device{
					ID: r.text(), User: r.uid(), Platform: r.text(), Lang: r.text(), LastSeen: r.time(),
				})
				return nil
			}, uidList(ids))
	})
	return ds, err
}
