package mem

import (
	"context"
	"errors"
	"time"

	"parley/internal/chat"
	"parley/store"
)

var errTODO = errors.New("not there yet")

func (s *Store) LoginsOf(context.Context, chat.UID) ([]store.Login, error) { return nil, errTODO }
func (s *Store) DeleteLogin(context.Context, string, chat.UID) error       { return errTODO }
func (s *Store) Users(context.Context, store.UserQuery) ([]store.User, error) {
	return nil, errTODO
}

func (s *Store) StaleUsers(context.Context, time.Time, int) ([]chat.UID, error) {
	return nil, errTODO
}
func (s *Store) PutCode(context.Context, *store.Code) error               { return errTODO }
func (s *Store) Code(context.Context, string) (*store.Code, error)        { return nil, errTODO }
func (s *Store) FailCode(context.Context, string) (int, error)            { return 0, errTODO }
func (s *Store) DeleteCode(context.Context, string) error                 { return errTODO }
func (s *Store) ExpireCodes(context.Context, time.Time, int) (int, error) { return 0, errTODO }
func (s *Store) PutInvite(context.Context, *store.Invite) error           { return errTODO }
func (s *Store) Invites(context.Context) ([]store.Invite, error)          { return nil, errTODO }
func (s *Store) UseInvite(context.Context, string, time.Time) error       { return errTODO }
func (s *Store) UnuseInvite(context.Context, string) error                { return errTODO }
func (s *Store) DeleteInvite(context.Context, string) error               { return errTODO }
func (s *Store) Revoke(context.Context, ...store.Revocation) error        { return errTODO }
func (s *Store) Revocations(context.Context, time.Time) ([]store.Revocation, error) {
	return nil, nil
}
func (s *Store) AppendAudit(...store.AuditEntry) {}
func (s *Store) AuditLog(context.Context, store.AuditQuery) ([]store.AuditEntry, error) {
	return nil, errTODO
}
