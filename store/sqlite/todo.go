package sqlite

import (
	"context"
	"errors"
	"time"

	"parley/internal/chat"
	"parley/store"
)

var errTODO = errors.New("not there yet")

func (s *Store) DeleteUser(context.Context, chat.UID, bool, time.Time) error { return errTODO }

func (s *Store) Published(context.Context, string, chat.UID, string) (int, time.Time, error) {
	return 0, time.Time{}, store.ErrNotFound
}
func (s *Store) ForgetPublished(context.Context, time.Time, int) (int, error)   { return 0, nil }
func (s *Store) Search(context.Context, store.Search) ([]store.Found, error) { return nil, errTODO }
