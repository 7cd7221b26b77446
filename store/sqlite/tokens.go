package sqlite

import (
	"context"
	"time"

	"parley/internal/chat"
	"parley/store"
)

// NoteToken implements store.Tokens.
func (s *Store) NoteToken(t *store.Token) {
	rec := *t
	s.pending.note(func(m *marks) { m.setToken(rec) })
}

// setToken notes a record; what was noted of it before is replaced but for
// Created.
func (m *marks) setToken(t store.Token) {
	if m.tokens == nil {
		m.tokens = map[string]store.Token{}
	}
	if old, ok := m.tokens[t.ID]; ok {
		t.Created = old.Created
	}
	m.tokens[t.ID] = t
}

// putBackToken notes again what was not written, unless something newer has been
// noted since.
func (m *marks) putBackToken(t store.Token) {
	if newer, ok := m.tokens[t.ID]; ok {
		newer.Created = t.Created
		t = newer
	}
	m.setToken(t)
}

// writeTokens puts the records into the table, and removes those of the same
// users that are too many.
func (m *marks) writeTokens(c *conn) error {
	users := map[chat.UID]struct{}{}
	for _, t := range m.tokens {
		n, err := c.exec(`UPDATE tokens SET seen = ?, expires = ?, agent = ?, platform = ?, lang = ?, addr = ? WHERE id = ?`,
			t.Seen, t.Expires, t.UserAgent, t.Platform, t.Lang, t.Addr, t.ID)
		if err == nil && n == 0 {
			users[t.User] = struct{}{}
			_, err = c.exec(`INSERT INTO tokens (id, user, created, seen, expires, agent, platform, lang, addr)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
				t.ID, t.User, t.Created, t.Seen, t.Expires, t.UserAgent, t.Platform, t.Lang, t.Addr)
		}
		if err != nil {
			return err
		}
	}
	for id := range users {
		if _, err := c.exec(`DELETE FROM tokens WHERE id IN (
			SELECT id FROM tokens WHERE user = ? ORDER BY seen DESC, id LIMIT -1 OFFSET ? + 0)`, id, store.MaxTokens); err != nil {
			return err
		}
	}
	return nil
}

// Tokens implements store.Tokens.
func (s *Store) Tokens(ctx context.Context, id chat.UID, at time.Time) ([]store.Token, error) {
	var ts []store.Token
	err := s.readSettled(ctx, "tokens", func(c *conn) error {
		return c.query(`SELECT id, user, created, seen, expires, agent, platform, lang, addr FROM tokens
			WHERE user = ? AND expires > ? ORDER BY seen DESC, id`,
			func(r *row) error {
				ts = append(ts, store.Token{
					ID: r.text(), User: r.uid(), Created: r.time(), Seen: r.time(), Expires: r.time(),
					UserAgent: r.text(), Platform: r.text(), Lang: r.text(), Addr: r.text(),
				})
				return nil
			}, id, at)
	})
	if err != nil {
		return nil, err
	}
	return ts, nil
}

// ExpireTokens implements store.Tokens.
func (s *Store) ExpireTokens(ctx context.Context, at time.Time, limit int) (n int, err error) {
	err = s.writeSettled(ctx, "expire tokens", func(c *conn) error {
		n, err = c.exec(`DELETE FROM tokens WHERE id IN (SELECT id FROM tokens WHERE expires <= ? LIMIT ? + 0)`, at, limit)
		return err
	})
	return n, err
}

// dropRevoked removes the records of tokens that a revocation makes void.
func dropRevoked(c *conn, r *store.Revocation) error {
	if r.Token != "" {
		_, err := c.exec(`DELETE FROM tokens WHERE id = ?`, r.Token)
		return err
	}
	_, err := c.exec(`DELETE FROM tokens WHERE user = ? AND created < ? AND id <> ?`, r.User, r.Before, r.Except)
	return err
}
