package sqlite

import (
	"context"

	"parley/internal/chat"
	"parley/store"
)

const loginColumns = `scheme, name, user, level, secret, expires`

func (r *row) login() *store.Login {
	return &store.Login{
		Scheme: r.text(), Name: r.text(), User: r.uid(), Level: chat.Level(r.num()),
		Secret: r.bytes(), Expires: r.time(),
	}
}

func insertLogin(c *conn, l *store.Login) error {
	_, err := c.exec(`INSERT INTO logins (`+loginColumns+`) VALUES (?, ?, ?, ?, ?, ?)`,
		l.Scheme, l.Name, l.User, l.Level, l.Secret, l.Expires)
	return err
}

// Login implements store.Logins.
func (s *Store) Login(ctx context.Context, scheme, name string) (l *store.Login, err error) {
	err = s.read(ctx, "login", func(c *conn) error {
		return c.one(`SELECT `+loginColumns+` FROM logins WHERE scheme = ? AND name = ?`,
			func(r *row) { l = r.login() }, scheme, name)
	})
	return l, err
}

// LoginOf implements store.Logins.
func (s *Store) LoginOf(ctx context.Context, scheme string, id chat.UID) (l *store.Login, err error) {
	err = s.read(ctx, "login of user", func(c *conn) error {
		return c.one(`SELECT `+loginColumns+` FROM logins WHERE user = ? AND scheme = ?`,
			func(r *row) { l = r.login() }, id, scheme)
	})
	return l, err
}

// PutLogin implements store.Logins.
func (s *Store) PutLogin(ctx context.Context, l *store.Login) error {
	return s.write(ctx, "put login", func(c *conn) error {
		if _, err := c.exec(`DELETE FROM logins WHERE user = ? AND scheme = ?`, l.User, l.Scheme); err != nil {
			return err
		}
		return insertLogin(c, l)
	})
}

// LoginsOf implements store.Logins.
func (s *Store) LoginsOf(ctx context.Context, id chat.UID) ([]store.Login, error) {
	var ls []store.Login
	err := s.read(ctx, "logins of user", func(c *conn) error {
		return c.query(`SELECT `+loginColumns+` FROM logins WHERE user = ? ORDER BY scheme`, func(r *row) error {
			ls = append(ls, *r.login())
			return nil
		}, id)
	})
	return ls, err
}

// DeleteLogin implements store.Logins.
func (s *Store) DeleteLogin(ctx context.Context, scheme string, id chat.UID) error {
	return s.writeFound(ctx, "delete login", `DELETE FROM logins WHERE user = ? AND scheme = ?`, id, scheme)
}
