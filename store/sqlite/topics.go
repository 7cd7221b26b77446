package sqlite

import (
	"context"
	"errors"
	"time"

	"parley/internal/chat"
	"parley/store"
)

const topicColumns = `name, created, updated, state, channel, owner, auth, anon, subs, public, trusted, aux, tags`

func (r *row) topic() *store.Topic {
	return &store.Topic{
		Name: r.text(), Created: r.time(), Updated: r.time(), State: r.state(), Channel: r.flag(), Owner: r.uid(),
		Access:   chat.Access{Auth: r.mode(), Anon: r.mode()},
		SubCount: r.int(),
		Public:   r.bytes(), Trusted: r.bytes(), Aux: r.bytes(), Tags: r.tags(),
		Seq: r.int(), Del: r.int(), Touched: r.time(),
	}
}

// topicID finds the number that messages and tags have instead of the name.
func topicID(c *conn, name string) (int64, error) {
	return c.number(`SELECT id FROM topics WHERE name = ?`, name)
}

// topicIDs remembers numbers of topics for Append, where finding them would be
// a good part of the work. It belongs to the leader, who forgets it whenever a
// number may have become wrong: topics vanish when they are purged, and when
// the transaction that made them is rolled back.
type topicIDs struct{ ids map[string]int64 }

const maxTopicIDs = 10_000 // 1 MB

func (t *topicIDs) find(c *conn, name string) (int64, error) {
	if id, ok := t.ids[name]; ok {
		return id, nil
	}
	id, err := topicID(c, name)
	if err != nil {
		return 0, err
	}
	if t.ids == nil || len(t.ids) >= maxTopicIDs {
		t.ids = map[string]int64{}
	}
	t.ids[name] = id
	return id, nil
}

func (t *topicIDs) forget() { t.ids = nil }

// CreateTopic implements store.Topics.
func (s *Store) CreateTopic(ctx context.Context, t *store.Topic, unique []string, subs ...store.Sub) error {
	return s.writeSettled(ctx, "create topic", func(c *conn) error {
		tags := sortedTags(t.Tags)
		// Counts subscriptions that were there before the topic.
		_, err := c.exec(`INSERT INTO topics (`+topicColumns+`) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,
				(SELECT count(*) FROM subs WHERE topic = ?1 AND deleted = 0), ?9, ?10, ?11, ?12)`,
			t.Name, t.Created, t.Updated, t.State, t.Channel, t.Owner, t.Access.Auth, t.Access.Anon,
			t.Public, t.Trusted, t.Aux, tagList(tags))
		if err != nil {
			return err
		}
		id, err := topicID(c, t.Name)
		if err != nil {
			return err
		}
		_, err = c.exec(`INSERT INTO logs (topic, seq, del, touched, open) VALUES (?, ?, ?, ?, ?)`,
			id, t.Seq, t.Del, t.Touched, t.State != store.StateDeleted)
		if err != nil {
			return err
		}
		topic := owner{kind: kindTopic, slot: id, hidden: t.State != store.StateOK}
		if err := topic.claim(c, unique); err != nil {
			return err
		}
		if err := topic.enter(c, tags); err != nil {
			return err
		}
		return putSubs(c, subs...)
	})
}

// Topic implements store.Topics.
func (s *Store) Topic(ctx context.Context, name string) (t *store.Topic, err error) {
	err = s.read(ctx, "topic", func(c *conn) error {
		return c.one(`SELECT `+topicColumns+`, seq, del, touched FROM topics JOIN logs ON topic = id WHERE name = ?`,
			func(r *row) { t = r.topic() }, name)
	})
	return t, err
}

// UpdateTopic implements store.Topics.
func (s *Store) UpdateTopic(ctx context.Context, name string, up store.TopicUpdate) error {
	return s.write(ctx, "update topic", func(c *conn) error {
		topic, old, err := taggedTopic(c, name)
		if err != nil {
			return err
		}
		if err := topic.claim(c, up.Unique); err != nil {
			return err
		}
		if up.Tags != nil {
			up.Tags = ptr(sortedTags(*up.Tags))
		}
		if err := topic.retag(c, old, up.State, up.Tags); err != nil {
			return err
		}
		if err := setTopic(c, topic.slot, &up); err != nil {
			return err
		}
		if err := setAvatar(c, up.Avatar, topic.slot, 0); err != nil {
			return err
		}
		return updateSubs(c, up.Subs)
	})
}

// taggedTopic finds a topic in the index of tags, and its tags.
func taggedTopic(c *conn, name string) (o owner, tags []string, err error) {
	o.kind = kindTopic
	err = c.one(`SELECT id, state <> 0, tags FROM topics WHERE name = ?`,
		func(r *row) { o.slot, o.hidden, tags = r.num(), r.flag(), r.tags() }, name)
	return o, tags, err
}

func setTopic(c *conn, id int64, up *store.TopicUpdate) error {
	var set changes
	setTo(&set, "updated", up.Updated)
	setTo(&set, "owner", up.Owner)
	setTo(&set, "public", up.Public)
	setTo(&set, "trusted", up.Trusted)
	setTo(&set, "aux", up.Aux)
	if up.Access != nil {
		set.add("auth", up.Access.Auth)
		set.add("anon", up.Access.Anon)
	}
	if up.State != nil {
		set.add("state", *up.State)
		if err := openLog(c, id, *up.State); err != nil {
			return err
		}
	}
	if up.Tags != nil {
		set.add("tags", tagList(*up.Tags))
	}
	return set.run(c, "topics", "id = ?", id)
}

// openLog lets a topic take messages, or not if it is deleted.
func openLog(c *conn, id int64, state store.State) error {
	_, err := c.exec(`UPDATE logs SET open = ? WHERE topic = ?`, state != store.StateDeleted, id)
	return err
}

// DeleteTopic implements store.Topics.
func (s *Store) DeleteTopic(ctx context.Context, name string, hard bool, at time.Time) error {
	return s.writeSettled(ctx, "delete topic", func(c *conn) error {
		if hard {
			s.writer.topics.forget()
			return purgeTopic(c, name)
		}
		return markTopic(c, name, at)
	})
}

// markTopic marks a topic and its live subscriptions as deleted.
func markTopic(c *conn, name string, at time.Time) error {
	topic, tags, err := taggedTopic(c, name)
	if err != nil {
		return err
	}
	if err := topic.retag(c, tags, ptr(store.StateDeleted), nil); err != nil {
		return err
	}
	_, err1 := c.exec(`UPDATE topics SET state = ?, subs = 0 WHERE id = ?`, store.StateDeleted, topic.slot)
	_, err2 := c.exec(`UPDATE subs SET deleted = ? WHERE topic = ? AND deleted = 0`, at, name)
	return errors.Join(err1, err2, openLog(c, topic.slot, store.StateDeleted))
}

// purgeTopic removes all that there is of a topic. The leader must forget its
// number.
func purgeTopic(c *conn, name string) error {
	topic, tags, err := taggedTopic(c, name)
	if err != nil {
		return err
	}
	if err := topic.leave(c, tags); err != nil {
		return err
	}
	if err := unlinkFiles(c, `topic = ?`, topic.slot); err != nil {
		return err
	}
	for _, text := range []string{
		`DELETE FROM messages WHERE topic = ?`,
		`DELETE FROM published WHERE topic = ?`,
		`DELETE FROM deletions WHERE topic = ?`,
		`DELETE FROM logs WHERE topic = ?`,
		`DELETE FROM topics WHERE id = ?`,
	} {
		if _, err := c.exec(text, topic.slot); err != nil {
			return err
		}
	}
	_, err = c.exec(`DELETE FROM subs WHERE topic = ?`, name)
	return err
}
