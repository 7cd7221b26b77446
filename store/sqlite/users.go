package sqlite

import (
	"context"
	"errors"

	"parley/internal/chat"
	"parley/store"
)

const userColumns = `id, created, updated, state, auth, anon, seen, agent, public, trusted, tags`

func (r *row) user() store.User {
	return store.User{
		ID: r.uid(), Created: r.time(), Updated: r.time(), State: r.state(),
		Access:   chat.Access{Auth: r.mode(), Anon: r.mode()},
		LastSeen: r.time(), UserAgent: r.text(),
		Public: r.bytes(), Trusted: r.bytes(), Tags: r.tags(),
	}
}

// CreateUser implements store.Users.
func (s *Store) CreateUser(ctx context.Context, n *store.NewUser) error {
	return s.write(ctx, "create user", func(c *conn) error {
		if err := insertUser(c, &n.User, n.Unique); err != nil {
			return err
		}
		if err := putSubs(c, n.Me); err != nil {
			return err
		}
		if n.Login != nil {
			if err := insertLogin(c, n.Login); err != nil {
				return err
			}
		}
		for i := range n.Creds {
			if err := insertCredential(c, &n.Creds[i]); err != nil {
				return err
			}
		}
		if n.Avatar == 0 {
			return nil
		}
		return setAvatar(c, &n.Avatar, 0, n.User.ID)
	})
}

func insertUser(c *conn, u *store.User, unique []string) error {
	switch _, err := c.number(`SELECT 1 FROM purged WHERE user = ?`, u.ID); {
	case err == nil:
		return store.ErrDuplicate
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	slot, err := c.number(`SELECT coalesce(max(slot), 0) + 1 FROM users`)
	if err != nil {
		return err
	}
	me, tags := owner{kind: kindUser, slot: slot, hidden: u.State != store.StateOK}, sortedTags(u.Tags)
	if err := me.claim(c, unique); err != nil {
		return err
	}
	_, err = c.exec(`INSERT INTO users (`+userColumns+`, slot) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		u.ID, u.Created, u.Updated, u.State, u.Access.Auth, u.Access.Anon, u.LastSeen, u.UserAgent,
		u.Public, u.Trusted, tagList(tags), slot)
	if err != nil {
		return err
	}
	_, err = c.exec(`INSERT INTO user_zones (zone, oldest) VALUES (?, ?)
		ON CONFLICT (zone) DO UPDATE SET oldest = excluded.oldest WHERE excluded.oldest < oldest`, slot>>zoneShift, u.Created)
	if err != nil {
		return err
	}
	return me.enter(c, tags)
}

// User implements store.Users.
func (s *Store) User(ctx context.Context, id chat.UID) (*store.User, error) {
	var u store.User
	err := s.readOver(ctx, "user", func(c *conn) error {
		return c.one(`SELECT `+userColumns+` FROM users WHERE id = ?`, func(r *row) { u = r.user() }, id)
	}, func(o *overlay) { o.user(id, &u.LastSeen, &u.UserAgent) })
	if err != nil {
		return nil, err
	}
	return &u, nil
}

// UsersByID implements store.Users.
func (s *Store) UsersByID(ctx context.Context, ids ...chat.UID) ([]store.User, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var us []store.User
	err := s.readOver(ctx, "users", func(c *conn) error {
		us = us[:0]
		return c.query(`SELECT `+userColumns+` FROM users WHERE id IN (SELECT value FROM json_each(?))`,
			func(r *row) error {
				us = append(us, r.user())
				return nil
			}, uidList(ids))
	}, func(o *overlay) {
		for i := range us {
			o.user(us[i].ID, &us[i].LastSeen, &us[i].UserAgent)
		}
	})
	return us, err
}

// UsersNotOK implements store.Users.
func (s *Store) UsersNotOK(ctx context.Context) (map[chat.UID]store.State, error) {
	out := map[chat.UID]store.State{}
	err := s.read(ctx, "users not ok", func(c *conn) error {
		return c.query(`SELECT id, state FROM users WHERE state <> 0 UNION ALL SELECT user, 20 FROM purged`, func(r *row) error {
			id := r.uid()
			out[id] = store.State(r.int())
			return nil
		})
	})
	return out, err
}

// uidList makes one argument of many IDs, for json_each.
func uidList(ids []chat.UID) string {
	signed := make([]int64, len(ids))
	for i, id := range ids {
		signed[i] = int64(id)
	}
	return numberList(signed)
}

// UpdateUser implements store.Users.
func (s *Store) UpdateUser(ctx context.Context, id chat.UID, up store.UserUpdate) error {
	return s.write(ctx, "update user", func(c *conn) error {
		me, old, err := taggedUser(c, id)
		if err != nil {
			return err
		}
		if err := me.claim(c, up.Unique); err != nil {
			return err
		}
		if up.Tags != nil {
			up.Tags = ptr(sortedTags(*up.Tags))
		}
		if err := me.retag(c, old, up.State, up.Tags); err != nil {
			return err
		}
		if err := setUser(c, id, &up); err != nil {
			return err
		}
		return setAvatar(c, up.Avatar, 0, id)
	})
}

// taggedUser finds a user in the index of tags, and his tags.
func taggedUser(c *conn, id chat.UID) (o owner, tags []string, err error) {
	o.kind = kindUser
	err = c.one(`SELECT slot, state <> 0, tags FROM users WHERE id = ?`,
		func(r *row) { o.slot, o.hidden, tags = r.num(), r.flag(), r.tags() }, id)
	return o, tags, err
}

func setUser(c *conn, id chat.UID, up *store.UserUpdate) error {
	var set changes
	setTo(&set, "updated", up.Updated)
	setTo(&set, "state", up.State)
	setTo(&set, "public", up.Public)
	setTo(&set, "trusted", up.Trusted)
	if up.Access != nil {
		set.add("auth", up.Access.Auth)
		set.add("anon", up.Access.Anon)
	}
	if up.Tags != nil {
		set.add("tags", tagList(*up.Tags))
	}
	return set.run(c, "users", "id = ?", id)
}

func ptr[T any](v T) *T { return &v }

// changes collects what an UPDATE sets.
type changes struct {
	columns string
	args    []any
}

func (s *changes) add(column string, v any) {
	if s.columns != "" {
		s.columns += ", "
	}
	s.columns += column + " = ?"
	s.args = append(s.args, v)
}

// setTo adds a column if there is something to set it to.
func setTo[T any](s *changes, column string, to *T) {
	if to != nil {
		s.add(column, *to)
	}
}

// run changes the row that the condition names, if there is anything to change.
func (s *changes) run(c *conn, table, where string, args ...any) error {
	if s.columns == "" {
		return nil
	}
	_, err := c.exec("UPDATE "+table+" SET "+s.columns+" WHERE "+where, append(s.args, args...)...)
	return err
}
