package sqlite

import (
	"context"
	"time"

	"parley/internal/chat"
	"parley/store"
)

// Stages of a credential.
const (
	credOff     = 0 // deactivated
	credPending = 1
	credDone    = 2
)

const credentialColumns = `user, method, value, created, updated, code, stage, failed`

func (r *row) credential() store.Credential {
	return store.Credential{
		User: r.uid(), Method: r.text(), Value: r.text(), Created: r.time(), Updated: r.time(),
		Code: r.text(), Done: r.num() == credDone, Failed: r.int(),
	}
}

// unconfirmed refuses with store.ErrDuplicate if somebody has confirmed the value.
func unconfirmed(c *conn, method, value string) error {
	n, err := c.number(`SELECT count(*) FROM credentials WHERE method = ? AND value = ? AND stage = 2`, method, value)
	if err == nil && n > 0 {
		err = store.ErrDuplicate
	}
	return err
}

func insertCredential(c *conn, cr *store.Credential) error {
	if err := unconfirmed(c, cr.Method, cr.Value); err != nil {
		return err
	}
	stage := credPending
	if cr.Done {
		stage = credDone
	}
	_, err := c.exec(`INSERT INTO credentials (`+credentialColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (user, method, value) DO UPDATE SET
			created = excluded.created, updated = excluded.updated, code = excluded.code, stage = excluded.stage`,
		cr.User, cr.Method, cr.Value, cr.Created, cr.Updated, cr.Code, stage, cr.Failed)
	return err
}

// PutCredential implements store.Credentials.
func (s *Store) PutCredential(ctx context.Context, cr *store.Credential) error {
	return s.write(ctx, "put credential", func(c *conn) error {
		_, err := c.exec(`UPDATE credentials SET stage = 0 WHERE user = ? AND method = ? AND stage = 1`, cr.User, cr.Method)
		if err != nil {
			return err
		}
		pending := *cr
		pending.Done = false
		return insertCredential(c, &pending)
	})
}

func pendingCredential(c *conn, id chat.UID, method string) (*store.Credential, error) {
	var cr store.Credential
	err := c.one(`SELECT `+credentialColumns+` FROM credentials WHERE user = ? AND method = ? AND stage = 1`,
		func(r *row) { cr = r.credential() }, id, method)
	if err != nil {
		return nil, err
	}
	return &cr, nil
}

// PendingCredential implements store.Credentials.
func (s *Store) PendingCredential(ctx context.Context, id chat.UID, method string) (cr *store.Credential, err error) {
	err = s.read(ctx, "pending credential", func(c *conn) (err error) {
		cr, err = pendingCredential(c, id, method)
		return err
	})
	return cr, err
}

// Credentials implements store.Credentials.
func (s *Store) Credentials(ctx context.Context, id chat.UID, method string) ([]store.Credential, error) {
	var crs []store.Credential
	err := s.read(ctx, "credentials", func(c *conn) error {
		return c.query(`SELECT `+credentialColumns+` FROM credentials
			WHERE user = ?1 AND stage > 0 AND (?2 = '' OR method = ?2) ORDER BY created, method, value`,
			func(r *row) error {
				crs = append(crs, r.credential())
				return nil
			}, id, method)
	})
	return crs, err
}

// ConfirmCredential implements store.Credentials.
func (s *Store) ConfirmCredential(ctx context.Context, id chat.UID, method string, at time.Time) (cr *store.Credential, err error) {
	err = s.write(ctx, "confirm credential", func(c *conn) (err error) {
		if cr, err = pendingCredential(c, id, method); err != nil {
			return err
		}
		cr.Done, cr.Updated = true, at
		_, err = c.exec(`UPDATE credentials SET stage = 2, code = '', updated = ? WHERE user = ? AND method = ? AND value = ?`,
			at, id, method, cr.Value)
		return err
	})
	if err != nil {
		return nil, err
	}
	return cr, nil
}

// FailCredential implements store.Credentials.
func (s *Store) FailCredential(ctx context.Context, id chat.UID, method string, at time.Time) error {
	return s.write(ctx, "fail credential", func(c *conn) error {
		if _, err := pendingCredential(c, id, method); err != nil {
			return err
		}
		_, err := c.exec(`UPDATE credentials SET failed = failed + 1, updated = ? WHERE user = ? AND method = ? AND stage < 2`,
			at, id, method)
		return err
	})
}

// ForgiveCredential implements store.Credentials.
func (s *Store) ForgiveCredential(ctx context.Context, id chat.UID, method string) error {
	return s.write(ctx, "forgive credential", func(c *conn) error {
		n, err := c.exec(`UPDATE credentials SET failed = 0 WHERE user = ? AND method = ? AND stage = 1`, id, method)
		if err != nil {
			return err
		}
		return found(n)
	})
}

// CredentialHolder implements store.Credentials.
func (s *Store) CredentialHolder(ctx context.Context, method, value string) (id chat.UID, err error) {
	err = s.read(ctx, "credential holder", func(c *conn) error {
		return c.one(`SELECT user FROM credentials WHERE method = ? AND value = ? AND stage = 2`,
			func(r *row) { id = r.uid() }, method, value)
	})
	return id, err
}

// DeleteCredential implements store.Credentials.
func (s *Store) DeleteCredential(ctx context.Context, id chat.UID, method, value string) error {
	return s.write(ctx, "delete credential", func(c *conn) error {
		n, err := c.exec(`UPDATE credentials SET stage = 0
			WHERE user = ? AND method = ? AND value = ? AND stage = 1 AND failed > 0`, id, method, value)
		if err != nil || n > 0 {
			return err
		}
		n, err = c.exec(`DELETE FROM credentials WHERE user = ? AND method = ? AND value = ? AND stage > 0`, id, method, value)
		if err != nil {
			return err
		}
		return found(n)
	})
}

// found is store.ErrNotFound if no row was changed.
func found(n int) error {
	if n == 0 {
		return store.ErrNotFound
	}
	return nil
}
