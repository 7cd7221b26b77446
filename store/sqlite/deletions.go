package sqlite

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"parley/internal/chat"
	"parley/store"
)

// DeleteMessages implements store.Messages.
func (s *Store) DeleteMessages(ctx context.Context, topic string, d store.NewDeletion) (ranges []chat.Range, err error) {
	err = s.write(ctx, "delete messages", func(c *conn) (err error) {
		ranges, err = deleteMessages(c, topic, &d)
		return err
	})
	if err != nil {
		return nil, err
	}
	return ranges, nil
}

func deleteMessages(c *conn, topic string, d *store.NewDeletion) ([]chat.Range, error) {
	var id int64
	err := c.one(`SELECT id FROM topics JOIN logs ON topic = id WHERE name = ? AND del = ?`,
		func(r *row) { id = r.num() }, topic, d.ID-1)
	if errors.Is(err, store.ErrNotFound) {
		return nil, store.ErrSeqTaken
	} else if err != nil {
		return nil, err
	}
	ranges := slices.Clone(d.Ranges)
	if d.User == 0 {
		ranges, err = erase(c, id, d.Ranges, d.After)
	}
	if err != nil || len(ranges) == 0 {
		return nil, err
	}
	for _, r := range ranges {
		if _, err := c.exec(`INSERT INTO deletions (topic, id, low, hi, user) VALUES (?, ?, ?, ?, ?)`,
			id, d.ID, r.Low, r.Hi, d.User); err != nil {
			return nil, err
		}
	}
	if d.User == 0 {
		_, err = c.exec(`UPDATE logs SET del = ?1, hard = ?1 WHERE topic = ?2`, d.ID, id)
		return ranges, err
	}
	if _, err := c.exec(`UPDATE logs SET del = ? WHERE topic = ?`, d.ID, id); err != nil {
		return nil, err
	}
	_, err = c.exec(`UPDATE subs SET del = ? WHERE topic = ? AND user = ? AND deleted = 0`, d.ID, topic, d.User)
	return ranges, err
}

// erase deletes messages for everybody and returns which. The rows stay: their
// seqs are taken for ever.
func erase(c *conn, id int64, ranges []chat.Range, after time.Time) ([]chat.Range, error) {
	var done []chat.Range
	for _, r := range ranges {
		err := c.query(`UPDATE messages SET sender = 0, head = NULL, content = NULL
			WHERE topic = ? AND seq >= ? AND seq < ? AND content IS NOT NULL AND at >= ? RETURNING seq`,
			func(r *row) error {
				seq := r.int()
				done = append(done, chat.Range{Low: seq, Hi: seq + 1})
				return nil
			}, id, r.Low, r.Hi, after)
		if err != nil {
			return nil, err
		}
	}
	done = chat.MergeRanges(done)
	for _, r := range done {
		if err := unlinkFiles(c, `topic = ? AND seq >= ? AND seq < ?`, id, r.Low, r.Hi); err != nil {
			return nil, err
		}
	}
	return done, nil
}

// Deletions implements store.Messages.
func (s *Store) Deletions(ctx context.Context, topic string, id chat.UID, since, before, limit int) ([]store.Deletion, error) {
	if before == 0 {
		before = math.MaxInt
	}
	var ds []store.Deletion
	err := s.read(ctx, "deletions", func(c *conn) error {
		return c.query(`SELECT id, low, hi FROM deletions
			WHERE topic = (SELECT id FROM topics WHERE name = ?) AND id >= ? AND id < ? AND user IN (0, ?)
			ORDER BY id, low`,
			func(r *row) error {
				del, rg := r.int(), chat.Range{Low: r.int(), Hi: r.int()}
				switch n := len(ds); {
				case n > 0 && ds[n-1].ID == del:
					ds[n-1].Ranges = append(ds[n-1].Ranges, rg)
				case limit > 0 && n == limit:
					return errStop
				default:
					ds = append(ds, store.Deletion{ID: del, Ranges: []chat.Range{rg}})
				}
				return nil
			}, topic, since, before, id)
	})
	return ds, err
}
