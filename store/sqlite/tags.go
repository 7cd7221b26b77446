package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"parley/store"
)

// sortedTags puts tags in order, each once; none is nil.
func sortedTags(tags []string) []string {
	if len(tags) == 0 {
		return nil
	}
	tags = slices.Clone(tags)
	slices.Sort(tags)
	return slices.Compact(tags)
}

// tagList is how the records of users and topics keep a copy of their tags.
func tagList(tags []string) json.RawMessage {
	if len(tags) == 0 {
		return nil
	}
	b, err := json.Marshal(tags)
	if err != nil {
		panic(err) // texts always encode
	}
	return b
}

func (r *row) tags() []string {
	var tags []string
	if b := r.bytes(); b != nil {
		// What we wrote ourselves; a damaged list is an empty one.
		_ = json.Unmarshal(b, &tags)
	}
	return tags
}

// Kinds of those who have tags.
const (
	kindUser  = 0
	kindTopic = 1
)

// owner is who has tags, as the index of tags knows him.
type owner struct {
	kind   int
	slot   int64 // of a user; the ID of a topic
	hidden bool  // the state is not store.StateOK
}

// claim refuses with store.ErrDuplicate if somebody else has one of the tags.
func (o owner) claim(c *conn, unique []string) error {
	for _, tag := range unique {
		err := c.query(`SELECT kind, block, holders FROM tag_blocks WHERE tag = ?`, func(r *row) error {
			kind, at := r.int(), r.num()
			var b block
			b.read(r.bytes())
			if kind == o.kind && at == o.slot>>blockShift {
				b.remove(o.slot & blockMask)
			}
			if b != (block{}) {
				return store.ErrDuplicate
			}
			return nil
		}, tag)
		if err != nil {
			return err
		}
	}
	return nil
}

// enter puts the owner into the index under tags, leave takes him out.
func (o owner) enter(c *conn, tags []string) error { return o.change(c, tags, (*block).add) }
func (o owner) leave(c *conn, tags []string) error { return o.change(c, tags, (*block).remove) }

func (o owner) change(c *conn, tags []string, change func(*block, int64)) error {
	at := o.slot >> blockShift
	for _, tag := range tags {
		var b block
		err := c.one(`SELECT holders FROM tag_blocks WHERE tag = ? AND kind = ? AND hidden = ? AND block = ?`,
			func(r *row) { b.read(r.bytes()) }, tag, o.kind, o.hidden, at)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		change(&b, o.slot&blockMask)
		if b == (block{}) {
			_, err = c.exec(`DELETE FROM tag_blocks WHERE tag = ? AND kind = ? AND hidden = ? AND block = ?`,
				tag, o.kind, o.hidden, at)
		} else {
			_, err = c.exec(`INSERT OR REPLACE INTO tag_blocks (tag, kind, hidden, block, holders) VALUES (?, ?, ?, ?, ?)`,
				tag, o.kind, o.hidden, at, b.bytes())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// retag makes of an owner with old tags one of another state with other tags;
// nil leaves them as they are.
func (o owner) retag(c *conn, old []string, state *store.State, tags *[]string) error {
	now, next := o, old
	if state != nil {
		now.hidden = *state != store.StateOK
	}
	if tags != nil {
		next = *tags
	}
	if now == o && slices.Equal(old, next) {
		return nil
	}
	if err := o.leave(c, old); err != nil {
		return err
	}
	return now.enter(c, next)
}

// TagHolder implements store.Users.
func (s *Store) TagHolder(ctx context.Context, tag string) (holder string, err error) {
	err = s.readOne(ctx, "tag holder", func(c *conn) error {
		var kind int
		var slot int64
		err := c.one(`SELECT kind, block, holders FROM tag_blocks WHERE tag = ? AND hidden = 0 ORDER BY kind`, func(r *row) {
			kind, slot = r.int(), r.num()<<blockShift
			var b block
			b.read(r.bytes())
			for n := range b.all() {
				slot += n
				break
			}
		}, tag)
		if err != nil {
			return err
		}
		if kind == kindUser {
			return c.one(`SELECT id FROM users WHERE slot = ?`, func(r *row) { holder = r.uid().String() }, slot)
		}
		return c.one(`SELECT name FROM topics WHERE id = ?`, func(r *row) { holder = r.text() }, slot)
	})
	return holder, err
}
