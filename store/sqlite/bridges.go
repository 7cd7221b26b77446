package sqlite

import (
	"context"
	"errors"
	"time"

	"parley/internal/chat"
	"parley/store"
)

// BridgeID implements store.BridgeIDs. The last number of each bridge is kept
// apart: those of users who are gone are not given again.
func (s *Store) BridgeID(ctx context.Context, bridge string, id chat.UID, at time.Time) (*store.BridgeID, error) {
	b, err := s.FindBridgeID(ctx, bridge, id)
	if !errors.Is(err, store.ErrNotFound) {
		return b, err
	}
	err = s.write(ctx, "bridge ID", func(c *conn) error {
		if b, err = findBridgeID(c, bridge, id); !errors.Is(err, store.ErrNotFound) {
			return err // somebody else was faster
		}
		_, err := c.exec(`INSERT INTO bridge_nums (bridge, num) VALUES (?, 1) ON CONFLICT (bridge) DO UPDATE SET num = num + 1`, bridge)
		if err != nil {
			return err
		}
		num, err := c.number(`SELECT num FROM bridge_nums WHERE bridge = ?`, bridge)
		if err != nil {
			return err
		}
		b = &store.BridgeID{Bridge: bridge, User: id, Num: int(num), Updated: at}
		_, err = c.exec(`INSERT INTO bridge_ids (bridge, user, num, created, profile, updated) VALUES (?, ?, ?, 0, '', ?)`,
			bridge, id, b.Num, at)
		return err
	})
	if err != nil {
		return nil, err
	}
	return b, nil
}

// FindBridgeID implements store.BridgeIDs.
func (s *Store) FindBridgeID(ctx context.Context, bridge string, id chat.UID) (b *store.BridgeID, err error) {
	err = s.read(ctx, "bridge ID", func(c *conn) (err error) {
		b, err = findBridgeID(c, bridge, id)
		return err
	})
	return b, err
}

func findBridgeID(c *conn, bridge string, id chat.UID) (b *store.BridgeID, err error) {
	err = c.one(`SELECT num, created, profile, updated FROM bridge_ids WHERE bridge = ? AND user = ?`, func(r *row) {
		b = &store.BridgeID{Bridge: bridge, User: id, Num: r.int(), Created: r.flag(), Profile: r.text(), Updated: r.time()}
	}, bridge, id)
	return b, err
}

// UpdateBridgeID implements store.BridgeIDs.
func (s *Store) UpdateBridgeID(ctx context.Context, b *store.BridgeID) error {
	return s.writeFound(ctx, "update bridge ID", `UPDATE bridge_ids SET created = ?, profile = ?, updated = ? WHERE bridge = ? AND user = ?`,
		b.Created, b.Profile, b.Updated, b.Bridge, b.User)
}
