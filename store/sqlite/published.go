package sqlite

import (
	"context"
	"time"

	"parley/internal/chat"
	"parley/store"
)

// keepPublished remembers messages by their Once. A key that is taken stays
// with the message that has it.
func keepPublished(c *conn, topic int64, ms []*store.Message) error {
	for _, m := range ms {
		if m.Once == "" {
			continue
		}
		_, err := c.exec(`INSERT INTO published (topic, sender, once, seq, at) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT DO NOTHING`, topic, m.From, m.Once, m.Seq, m.At)
		if err != nil {
			return err
		}
	}
	return nil
}

// Published implements store.Messages.
func (s *Store) Published(ctx context.Context, topic string, from chat.UID, once string) (seq int, at time.Time, err error) {
	err = s.read(ctx, "published", func(c *conn) error {
		return c.one(`SELECT seq, at FROM published
			WHERE topic = (SELECT id FROM topics WHERE name = ?) AND sender = ? AND once = ?`,
			func(r *row) { seq, at = r.int(), r.time() }, topic, from, once)
	})
	return seq, at, err
}

// ForgetPublished implements store.Messages. It begins with the oldest.
func (s *Store) ForgetPublished(ctx context.Context, before time.Time, limit int) (n int, err error) {
	err = s.write(ctx, "forget published", func(c *conn) (err error) {
		n, err = c.exec(`DELETE FROM published WHERE (topic, sender, once) IN
			(SELECT topic, sender, once FROM published WHERE at < ? ORDER BY at LIMIT ? + 0)`, before, atMost(limit))
		return err
	})
	return n, err
}
