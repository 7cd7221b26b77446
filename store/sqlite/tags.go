package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"parley/internal/chat"
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

// owner is the record that has tags: one of the two is set.
type owner struct {
	user  chat.UID
	topic int64
}

// claim refuses with store.ErrDuplicate if somebody else has one of the tags.
func (o owner) claim(c *conn, unique []string) error {
	for _, tag := range unique {
		n, err := c.number(`SELECT
			(SELECT count(*) FROM user_tags WHERE tag = ?1 AND user <> ?2) +
			(SELECT count(*) FROM topic_tags WHERE tag = ?1 AND topic <> ?3)`, tag, o.user, o.topic)
		if err != nil {
			return err
		}
		if n > 0 {
			return store.ErrDuplicate
		}
	}
	return nil
}

// retag replaces the tags in the index of tags.
func (o owner) retag(c *conn, old, tags []string) error {
	remove, add, id := `DELETE FROM user_tags WHERE tag = ? AND user = ?`, `INSERT INTO user_tags (tag, user) VALUES (?, ?)`, int64(o.user)
	if o.topic != 0 {
		remove, add, id = `DELETE FROM topic_tags WHERE tag = ? AND topic = ?`, `INSERT INTO topic_tags (tag, topic) VALUES (?, ?)`, o.topic
	}
	for _, tag := range old {
		if _, err := c.exec(remove, tag, id); err != nil {
			return err
		}
	}
	for _, tag := range tags {
		if _, err := c.exec(add, tag, id); err != nil {
			return err
		}
	}
	return nil
}

// TagHolder implements store.Users.
func (s *Store) TagHolder(ctx context.Context, tag string) (holder string, err error) {
	err = s.read(ctx, "tag holder", func(c *conn) error {
		err := c.one(`SELECT user FROM user_tags JOIN users ON users.id = user WHERE tag = ? AND state = 0 LIMIT 1`,
			func(r *row) { holder = r.uid().String() }, tag)
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return c.one(`SELECT name FROM topic_tags JOIN topics ON topics.id = topic WHERE tag = ? AND state = 0 LIMIT 1`,
			func(r *row) { holder = r.text() }, tag)
	})
	return holder, err
}
