package sqlite

import (
	"context"
	"math"
	"time"

	"parley/internal/chat"
	"parley/store"
)

// subColumns are what row.sub reads; hard is where logs.hard of the topic is to
// be found.
func subColumns(hard string) string {
	return `s.topic, s.user, s.created, s.updated, s.deleted, s.reader, s.want, s.given, s.read, s.recv, ` +
		lastDel(hard) + `, s.private`
}

// lastDel is the number of the last deletion that concerned a user: his own, or
// one for everybody since he came.
func lastDel(hard string) string {
	return `max(s.del, iif(` + hard + ` > s.hard, ` + hard + `, 0))`
}

// hardDel is logs.hard of the topic that the first argument names. SQLite looks
// it up once for a query.
const hardDel = `(SELECT hard FROM topics JOIN logs ON logs.topic = topics.id WHERE name = ?1)`

var (
	subSQL  = `SELECT ` + subColumns(hardDel) + ` FROM subs s WHERE topic = ?1 AND user = ?2`
	subsSQL = `SELECT user, created, updated, want, given, read, recv, ` + lastDel(hardDel) + ` FROM subs s
		WHERE topic = ?1 AND user > ?2 AND deleted = 0 AND reader = 0 ORDER BY user LIMIT ?3 + 0` // see conn.stmt
)

func (r *row) sub() store.Sub {
	return store.Sub{
		Topic: r.text(), User: r.uid(), Created: r.time(), Updated: r.time(), Deleted: r.time(), Reader: r.flag(),
		Want: r.mode(), Given: r.mode(), Read: r.int(), Recv: r.int(), Del: r.int(), Private: r.bytes(),
	}
}

// marks lays the marks in memory over a subscription.
func (o *overlay) marks(s *store.Sub) {
	if s.Deleted.IsZero() {
		o.sub(s.Topic, s.User, &s.Read, &s.Recv)
	}
}

// putSubs inserts subscriptions or revives deleted ones.
func putSubs(c *conn, subs ...store.Sub) error {
	live := 0 // not yet counted, all of one topic
	for i := range subs {
		s := &subs[i]
		n, err := c.exec(`INSERT INTO subs (topic, user, peer, created, updated, deleted, reader, want, given, read, recv, del, private, hard)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, coalesce(`+hardDel+`, 0))
			ON CONFLICT (topic, user) DO UPDATE SET
				created = excluded.created, updated = excluded.updated, deleted = excluded.deleted,
				reader = excluded.reader, want = excluded.want, given = excluded.given,
				read = excluded.read, recv = excluded.recv, del = excluded.del, private = excluded.private,
				hard = excluded.hard
			WHERE deleted <> 0`,
			s.Topic, s.User, chat.P2PPeer(s.Topic, s.User), s.Created, s.Updated, s.Deleted, s.Reader,
			s.Want, s.Given, s.Read, s.Recv, s.Del, s.Private)
		if err != nil {
			return err
		}
		if n == 0 {
			return store.ErrDuplicate
		}
		if s.Deleted.IsZero() {
			live++
		}
		if live > 0 && (i == len(subs)-1 || subs[i+1].Topic != s.Topic) {
			if err := countSubs(c, s.Topic, live); err != nil {
				return err
			}
			live = 0
		}
	}
	return nil
}

// countSubs changes the number of live subscriptions of a topic, if it has a record.
func countSubs(c *conn, topic string, by int) error {
	_, err := c.exec(`UPDATE topics SET subs = subs + ? WHERE name = ?`, by, topic)
	return err
}

// PutSubs implements store.Subs.
func (s *Store) PutSubs(ctx context.Context, subs ...store.Sub) error {
	// Settled: a mark from before a deletion must not reach the revived one.
	return s.writeSettled(ctx, "put subs", func(c *conn) error { return putSubs(c, subs...) })
}

// Sub implements store.Subs.
func (s *Store) Sub(ctx context.Context, topic string, id chat.UID) (*store.Sub, error) {
	var sub store.Sub
	err := s.readOver(ctx, "sub", func(c *conn) error {
		return c.one(subSQL, func(r *row) { sub = r.sub() }, topic, id)
	}, func(o *overlay) { o.marks(&sub) })
	if err != nil {
		return nil, err
	}
	return &sub, nil
}

// pageSubs is how many subscriptions EachSub holds at a time.
const pageSubs = 256

// EachSub implements store.Subs. It reads page by page, so that it neither
// holds a large group in memory nor a connection while fn runs.
func (s *Store) EachSub(ctx context.Context, topic string, fn func(*store.Sub) error) error {
	var page []store.Sub
	for after := int64(math.MinInt64); ; after = int64(page[len(page)-1].User) {
		err := s.readOver(ctx, "subs", func(c *conn) error {
			page = page[:0]
			return c.query(subsSQL, func(r *row) error {
				page = append(page, store.Sub{
					Topic: topic, User: r.uid(), Created: r.time(), Updated: r.time(),
					Want: r.mode(), Given: r.mode(), Read: r.int(), Recv: r.int(), Del: r.int(),
				})
				return nil
			}, topic, after, pageSubs)
		}, func(o *overlay) {
			for i := range page {
				o.marks(&page[i])
			}
		})
		if err != nil {
			return err
		}
		for i := range page {
			if err := fn(&page[i]); err != nil {
				return err
			}
		}
		if len(page) < pageSubs {
			return nil
		}
	}
}

// Places implements store.Subs. Its index holds all that it needs.
func (s *Store) Places(ctx context.Context, id chat.UID) ([]store.Place, error) {
	var out []store.Place
	err := s.read(ctx, "places", func(c *conn) error {
		out = out[:0]
		return c.query(`SELECT topic, reader, want, given FROM subs WHERE user = ? AND deleted = 0`, func(r *row) error {
			p := store.Place{Topic: r.text(), Reader: r.flag()}
			want, given := r.mode(), r.mode()
			p.Mode = want & given
			if k := chat.KindOf(p.Topic); k != chat.KindMe && k != chat.KindFnd {
				out = append(out, p)
			}
			return nil
		}, id)
	})
	return out, err
}

// UpdateSubs implements store.Subs.
func (s *Store) UpdateSubs(ctx context.Context, ups ...store.SubUpdate) error {
	return s.write(ctx, "update subs", func(c *conn) error { return updateSubs(c, ups) })
}

func updateSubs(c *conn, ups []store.SubUpdate) error {
	for i := range ups {
		up := &ups[i]
		n, err := c.number(`SELECT count(*) FROM subs WHERE topic = ? AND user = ? AND deleted = 0`, up.Topic, up.User)
		if err != nil {
			return err
		}
		if n == 0 {
			return store.ErrNotFound
		}
		var set changes
		setTo(&set, "updated", up.Updated)
		setTo(&set, "want", up.Want)
		setTo(&set, "given", up.Given)
		setTo(&set, "private", up.Private)
		if err := set.run(c, "subs", "topic = ? AND user = ?", up.Topic, up.User); err != nil {
			return err
		}
	}
	return nil
}

// DeleteSub implements store.Subs.
func (s *Store) DeleteSub(ctx context.Context, topic string, id chat.UID, at time.Time) error {
	// Settled: what was marked before the deletion stays known.
	return s.writeSettled(ctx, "delete sub", func(c *conn) error {
		n, err := c.exec(`UPDATE subs SET deleted = ? WHERE topic = ? AND user = ? AND deleted = 0`, at, topic, id)
		if err != nil {
			return err
		}
		if err := found(n); err != nil {
			return err
		}
		if _, err := c.exec(`DELETE FROM deletions WHERE user = ? AND topic = (SELECT id FROM topics WHERE name = ?)`,
			id, topic); err != nil {
			return err
		}
		return countSubs(c, topic, -1)
	})
}
