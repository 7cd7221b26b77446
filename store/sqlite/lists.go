package sqlite

import (
	"context"

	"parley/internal/chat"
	"parley/store"
)

// contactColumns picks the peer's side for p2p topics.
var contactColumns = subColumns("l.hard") + `, s.peer,
	CASE WHEN s.peer THEN u.updated ELSE t.updated END, l.touched, t.state, t.channel, l.seq, l.del, t.subs,
	CASE WHEN s.peer THEN u.public ELSE t.public END, CASE WHEN s.peer THEN u.trusted ELSE t.trusted END,
	u.state, u.seen, u.agent`

const contactTables = ` FROM subs s LEFT JOIN topics t ON t.name = s.topic LEFT JOIN logs l ON l.topic = t.id
	LEFT JOIN users u ON u.id = s.peer AND s.peer <> 0`

// contactChanged is when a contact last changed.
const contactChanged = `max(s.updated, s.deleted,
	coalesce(CASE WHEN s.peer THEN u.updated ELSE t.updated END, 0), coalesce(l.touched, 0))`

func (r *row) contact() store.Contact {
	return store.Contact{
		Sub: r.sub(), Peer: r.uid(),
		TopicUpdated: r.time(), Touched: r.time(), TopicState: r.state(), Channel: r.flag(),
		Seq: r.int(), TopicDel: r.int(), SubCount: r.int(), Public: r.bytes(), Trusted: r.bytes(),
		PeerState: r.state(), LastSeen: r.time(), UserAgent: r.text(),
	}
}

func contactQuery(id chat.UID, q *store.ContactQuery) (text string, args []any) {
	text = `SELECT ` + contactColumns + contactTables +
		` WHERE s.user = ? AND substr(s.topic, 1, 3) NOT IN ('usr', 'fnd')`
	args = append(args, id)
	if q.Topic != "" {
		text += ` AND s.topic = ?`
		args = append(args, q.Topic)
	}
	if q.Since.IsZero() {
		text += ` AND s.deleted = 0`
	} else {
		text += ` AND ` + contactChanged + ` > ? ORDER BY ` + contactChanged + `, s.topic`
		args = append(args, q.Since)
	}
	if q.Limit > 0 {
		text += ` LIMIT ? + 0` // see conn.stmt
		args = append(args, q.Limit)
	}
	return text, args
}

// Contacts implements store.Subs.
func (s *Store) Contacts(ctx context.Context, id chat.UID, q store.ContactQuery) ([]store.Contact, error) {
	var cs []store.Contact
	text, args := contactQuery(id, &q)
	err := s.readOver(ctx, "contacts", func(c *conn) error {
		cs = cs[:0]
		return c.query(text, func(r *row) error {
			cs = append(cs, r.contact())
			return nil
		}, args...)
	}, func(o *overlay) {
		for i := range cs {
			o.marks(&cs[i].Sub)
			if cs[i].Peer != 0 {
				o.user(cs[i].Peer, &cs[i].LastSeen, &cs[i].UserAgent)
			}
		}
	})
	return cs, err
}

func memberQuery(topic string, q *store.MemberQuery) (text string, args []any) {
	text = `SELECT ` + subColumns(hardDel) + `, u.updated, u.public, u.trusted
		FROM subs s LEFT JOIN users u ON u.id = s.user WHERE s.topic = ?1`
	args = append(args, topic)
	if q.User != 0 {
		text += ` AND s.user = ?`
		args = append(args, q.User)
	} else {
		text += ` AND s.reader = 0`
	}
	if q.DeletedSince.IsZero() {
		text += ` AND s.deleted = 0`
	} else {
		text += ` AND (s.deleted = 0 OR s.deleted > ?)`
		args = append(args, q.DeletedSince)
	}
	text += ` ORDER BY s.created, s.user`
	if q.Limit > 0 {
		text += ` LIMIT ? + 0` // see conn.stmt
		args = append(args, q.Limit)
	}
	return text, args
}

// Members implements store.Subs.
func (s *Store) Members(ctx context.Context, topic string, q store.MemberQuery) ([]store.Member, error) {
	var ms []store.Member
	text, args := memberQuery(topic, &q)
	err := s.readOver(ctx, "members", func(c *conn) error {
		ms = ms[:0]
		return c.query(text, func(r *row) error {
			ms = append(ms, store.Member{Sub: r.sub(), UserUpdated: r.time(), Public: r.bytes(), Trusted: r.bytes()})
			return nil
		}, args...)
	}, func(o *overlay) {
		for i := range ms {
			o.marks(&ms[i].Sub)
		}
	})
	return ms, err
}
