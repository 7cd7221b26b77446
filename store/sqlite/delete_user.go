package sqlite

import (
	"context"
	"time"

	"parley/internal/chat"
	"parley/store"
)

// sysTopic takes messages of users who have no subscription to it.
const sysTopic = "sys"

// DeleteUser implements store.Users.
func (s *Store) DeleteUser(ctx context.Context, id chat.UID, hard bool, at time.Time) error {
	// Settled: what was marked before the deletion stays known.
	return s.writeSettled(ctx, "delete user", func(c *conn) error {
		me, tags, err := taggedUser(c, id)
		if err != nil {
			return err
		}
		own, err := ownTopics(c, id)
		if err != nil {
			return err
		}
		if hard {
			s.writer.topics.forget()
			return purgeUser(c, id, me, tags, own)
		}
		return markUser(c, id, me, tags, own, at)
	})
}

// ownTopics lists what goes with a user: what he owns, his p2p topics, his slf.
func ownTopics(c *conn, id chat.UID) ([]string, error) {
	return c.texts(`SELECT name FROM topics WHERE owner = ?1 AND owner <> 0
		UNION SELECT name FROM topics WHERE name IN (SELECT topic FROM subs WHERE user = ?1 AND peer <> 0)
		UNION SELECT name FROM topics WHERE name = ?2`, id, id.SlfName())
}

// markUser marks a user as deleted.
func markUser(c *conn, id chat.UID, me owner, tags, own []string, at time.Time) error {
	for _, name := range own {
		if err := markTopic(c, name, at); err != nil {
			return err
		}
	}
	if err := uncountSubs(c, id); err != nil {
		return err
	}
	_, err := c.exec(`UPDATE subs SET deleted = ? WHERE user = ? AND deleted = 0 AND substr(topic, 1, 3) NOT IN ('usr', 'fnd')`, at, id)
	if err != nil {
		return err
	}
	if err := me.retag(c, tags, ptr(store.StateDeleted), nil); err != nil {
		return err
	}
	return c.each(id,
		`DELETE FROM deletions WHERE user = ?`,
		`DELETE FROM devices WHERE user = ?`,
		`DELETE FROM tokens WHERE user = ?`,
		`UPDATE users SET state = 20 WHERE id = ?`)
}

// purgeUser removes all that there is of a user but his ID.
func purgeUser(c *conn, id chat.UID, me owner, tags, own []string) error {
	for _, name := range own {
		if err := purgeTopic(c, name); err != nil {
			return err
		}
	}
	if err := disown(c, id); err != nil {
		return err
	}
	if err := uncountSubs(c, id); err != nil {
		return err
	}
	if err := me.leave(c, tags); err != nil {
		return err
	}
	if err := purgeFiles(c, id); err != nil {
		return err
	}
	return c.each(id,
		`DELETE FROM subs WHERE user = ?`,
		`DELETE FROM deletions WHERE user = ?`,
		`DELETE FROM devices WHERE user = ?`,
		`DELETE FROM tokens WHERE user = ?`,
		`DELETE FROM logins WHERE user = ?`,
		`DELETE FROM codes WHERE user = ?`,
		`DELETE FROM credentials WHERE user = ?`,
		`DELETE FROM users WHERE id = ?`,
		`INSERT INTO purged (user) VALUES (?)`)
}

// uncountSubs takes a user's live subscriptions out of the counts of topics.
func uncountSubs(c *conn, id chat.UID) error {
	_, err := c.exec(`UPDATE topics SET subs = subs - 1 WHERE name IN (SELECT topic FROM subs WHERE user = ? AND deleted = 0)`, id)
	return err
}

// disown takes a user's name from his messages, and forgets that he published
// them. They are in topics that he has, or had, a subscription to, and in sys:
// nobody else can publish.
func disown(c *conn, id chat.UID) error {
	topics, err := c.texts(`SELECT topic FROM subs WHERE user = ?1 UNION SELECT ?2`, id, sysTopic)
	if err != nil {
		return err
	}
	for _, name := range topics {
		for _, text := range []string{
			`UPDATE messages SET sender = 0 WHERE topic = (SELECT id FROM topics WHERE name = ?) AND sender = ?`,
			`DELETE FROM published WHERE topic = (SELECT id FROM topics WHERE name = ?) AND sender = ?`,
		} {
			if _, err := c.exec(text, name, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// each runs several statements about the same user.
func (c *conn) each(id chat.UID, texts ...string) error {
	for _, text := range texts {
		if _, err := c.exec(text, id); err != nil {
			return err
		}
	}
	return nil
}

// texts runs a query for a list of texts.
func (c *conn) texts(text string, args ...any) (list []string, err error) {
	err = c.query(text, func(r *row) error {
		list = append(list, r.text())
		return nil
	}, args...)
	return list, err
}
