package sqlite

import (
	"context"
	"fmt"
	"time"

	"parley/internal/chat"
	"parley/store"
)

// States of files.
const (
	filePending = iota
	fileReady
	fileDoomed
)

// CreateFile implements store.Files.
func (s *Store) CreateFile(ctx context.Context, f *store.File) error {
	return s.write(ctx, "create file", func(c *conn) error {
		_, err := c.exec(`INSERT INTO files (id, owner, state, created, updated, type, size, etag, width, height, thumb, links)
			VALUES (?, ?, ?, ?, ?, '', 0, '', 0, 0, '', 0)`, f.ID, f.Owner, filePending, f.Created, f.Updated)
		return err
	})
}

// RenewFile implements store.Files.
func (s *Store) RenewFile(ctx context.Context, id chat.FileID, at time.Time) error {
	return s.write(ctx, "renew file", func(c *conn) error {
		return foundOne(c.exec(`UPDATE files SET updated = ? WHERE id = ? AND state = ?`, at, id, filePending))
	})
}

// FinishFile implements store.Files.
func (s *Store) FinishFile(ctx context.Context, f *store.File) error {
	return s.write(ctx, "finish file", func(c *conn) error {
		return foundOne(c.exec(`UPDATE files SET state = ?, owner = ?, updated = ?, type = ?, size = ?, etag = ?, width = ?, height = ?, thumb = ?
			WHERE id = ? AND state = ?`,
			fileReady, f.Owner, f.Updated, f.Type, f.Size, f.ETag, f.Width, f.Height, f.Thumb, f.ID, filePending))
	})
}

// foundOne turns a change of no row into store.ErrNotFound.
func foundOne(changes int, err error) error {
	if err == nil && changes == 0 {
		return store.ErrNotFound
	}
	return err
}

// File implements store.Files.
func (s *Store) File(ctx context.Context, id chat.FileID) (*store.File, error) {
	f := store.File{ID: id}
	err := s.read(ctx, "file", func(c *conn) error {
		return c.one(`SELECT owner, created, updated, type, size, etag, width, height, thumb,
				EXISTS (SELECT 1 FROM file_links WHERE file = files.id AND seq = 0), links > 0
			FROM files WHERE id = ? AND state = ?`, func(r *row) {
			f.Owner, f.Created, f.Updated, f.Type, f.Size, f.ETag = r.uid(), r.time(), r.time(), r.text(), r.num(), r.text()
			f.Width, f.Height, f.Thumb, f.Avatar = r.int(), r.int(), r.text(), r.flag()
			f.Linked = r.flag()
		}, id, fileReady)
	})
	if err != nil {
		return nil, err
	}
	return &f, nil
}

// FileShown implements store.Files. CROSS JOIN keeps the order: the file has few
// links, the user may have many subscriptions.
func (s *Store) FileShown(ctx context.Context, id chat.FileID, user chat.UID, need chat.Mode) (shown bool, err error) {
	err = s.read(ctx, "file shown", func(c *conn) error {
		return c.query(`SELECT 1 FROM file_links AS l
			CROSS JOIN topics AS t ON t.id = l.topic
			CROSS JOIN subs AS s ON s.topic = t.name AND s.user = ?1 AND s.deleted = 0
			WHERE l.file = ?2 AND l.seq > 0 AND s.want & s.given & ?3 = ?3
				AND NOT EXISTS (SELECT 1 FROM deletions AS d
					WHERE d.user = ?1 AND d.topic = l.topic AND d.low <= l.seq AND l.seq < d.hi)
			LIMIT 1`,
			func(*row) error {
				shown = true
				return errStop
			}, user, id, need)
	})
	return shown, err
}

// UnusedFiles implements store.Files.
func (s *Store) UnusedFiles(ctx context.Context, pending, ready time.Time, limit int) ([]chat.FileID, error) {
	var ids []chat.FileID
	err := s.write(ctx, "unused files", func(c *conn) error {
		ids = nil
		for _, kind := range []struct {
			state  int
			before time.Time
		}{{fileDoomed, time.UnixMilli(1 << 50)}, {filePending, pending}, {fileReady, ready}} {
			err := c.query(`SELECT id FROM files WHERE state = ? AND links = 0 AND updated < ? ORDER BY updated LIMIT ? + 0`,
				func(r *row) error {
					ids = append(ids, chat.FileID(r.num()))
					return nil
				}, kind.state, kind.before, limit-len(ids))
			if err != nil {
				return err
			}
		}
		for _, id := range ids {
			if _, err := c.exec(`UPDATE files SET state = ? WHERE id = ?`, fileDoomed, id); err != nil {
				return err
			}
		}
		return nil
	})
	return ids, err
}

// ClaimFile implements store.Files.
func (s *Store) ClaimFile(ctx context.Context, id chat.FileID, user chat.UID) error {
	return s.write(ctx, "claim file", func(c *conn) error {
		return foundOne(c.exec(`UPDATE files SET owner = ? WHERE id = ? AND owner = 0 AND state = ?`, user, id, fileReady))
	})
}

// DropFile implements store.Files.
func (s *Store) DropFile(ctx context.Context, id chat.FileID) error {
	return s.write(ctx, "drop file", func(c *conn) error {
		return foundOne(c.exec(`UPDATE files SET state = ? WHERE id = ? AND links = 0`, fileDoomed, id))
	})
}

// ForgetFiles implements store.Files.
func (s *Store) ForgetFiles(ctx context.Context, ids ...chat.FileID) error {
	return s.write(ctx, "forget files", func(c *conn) error {
		for _, id := range ids {
			if _, err := c.exec(`DELETE FROM files WHERE id = ? AND state <> ?`, id, fileReady); err != nil {
				return err
			}
		}
		return nil
	})
}

// linkFiles links messages of a topic to their files.
func linkFiles(c *conn, topic int64, ms []*store.Message) error {
	for _, m := range ms {
		for _, f := range m.Files {
			if err := linkFile(c, f, topic, m.Seq, 0); err != nil {
				return fmt.Errorf("link %s: %w", f, err)
			}
		}
	}
	return nil
}

// linkFile adds a link, if the file is ready.
func linkFile(c *conn, f chat.FileID, topic int64, seq int, user chat.UID) error {
	n, err := c.exec(`INSERT OR IGNORE INTO file_links (file, topic, seq, user)
		SELECT id, ?, ?, ? FROM files WHERE id = ? AND state = ?`, topic, seq, user, f, fileReady)
	if err == nil && n > 0 {
		_, err = c.exec(`UPDATE files SET links = links + 1 WHERE id = ?`, f)
	}
	return err
}

// unlinkFiles removes the links that the condition chooses.
func unlinkFiles(c *conn, where string, args ...any) error {
	var files []chat.FileID
	err := c.query(`DELETE FROM file_links WHERE `+where+` RETURNING file`, func(r *row) error {
		files = append(files, chat.FileID(r.num()))
		return nil
	}, args...)
	for _, f := range files {
		if err == nil {
			_, err = c.exec(`UPDATE files SET links = links - 1 WHERE id = ?`, f)
		}
	}
	return err
}

// setAvatar makes f, if there is one, the only picture of a topic or a user.
func setAvatar(c *conn, f *chat.FileID, topic int64, user chat.UID) error {
	if f == nil {
		return nil
	}
	if err := unlinkFiles(c, `topic = ? AND seq = 0 AND user = ? AND file <> ?`, topic, user, *f); err != nil || *f == 0 {
		return err
	}
	if err := linkFile(c, *f, topic, 0, user); err != nil || user == 0 {
		return err
	}
	_, err := c.exec(`UPDATE files SET owner = ? WHERE id = ? AND owner = 0 AND state = ?`, user, *f, fileReady)
	return err
}

// purgeFiles takes the files of a user who is purged from him.
func purgeFiles(c *conn, id chat.UID) error {
	if err := setAvatar(c, new(chat.FileID), 0, id); err != nil {
		return err
	}
	_, err := c.exec(`UPDATE files SET owner = 0 WHERE owner = ? AND owner <> 0`, id)
	return err
}
