// Package admin is what an operator can do to a server: its accounts,
// invitations, tokens, backups and the audit log. Service does it, on the store
// and, through Live, on what runs above it; Handler and Client carry the same
// operations over a socket to the process that owns the store. It knows neither
// the command line nor how the store keeps anything, and asks nobody for
// permission: who can open the socket or the data folder may do everything.
package admin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/auth/basic"
	"parley/internal/audit"
	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// Live is what runs above the store: session.Registry. Where no server runs it
// has no sessions and nobody to tell, and does the rest.
type Live interface {
	// SetState returns wsproto.NotModified if nothing changes.
	SetState(ctx context.Context, uid chat.UID, state store.State) error
	Delete(ctx context.Context, uid chat.UID, hard bool) error
	Evict(ctx context.Context, uid chat.UID)
	Online(uid chat.UID) int
}

// Store is what the operations need of the store.
type Store interface {
	store.Users
	store.Logins
	store.Credentials
	store.Invites
	store.Revocations
	store.Audit
	store.Searcher
	Backup(ctx context.Context, path string, progress func(done, total int)) error
}

// Config are the rules for what is made here.
type Config struct {
	Access        chat.Access   // of new accounts
	LoginTags     bool          // logins become tags
	EmailTags     bool          // confirmed addresses become tags
	TokenLifetime time.Duration // how long revocations matter
}

// Deps is what a Service is made of.
type Deps struct {
	Store  Store
	Basic  *basic.Scheme
	Live   Live
	Acts   *audit.Log // nil: none is kept
	Now    func() time.Time
	Config Config
	// Revoked is told of revocations after they are stored, so that they hold
	// at once; nil: who checks tokens reads the store.
	Revoked func(rs ...store.Revocation)
}

// Service does what operators ask for. Any goroutine may call it.
type Service struct{ Deps }

// New makes a service. It starts nothing.
func New(d Deps) *Service { return &Service{d} }

var _ Operations = (*Service)(nil)

// Operations is everything that can be asked for: of the Service itself, or of
// a Client, which asks the process with the store.
type Operations interface {
	AddUser(ctx context.Context, r NewAccount) (*Account, error)
	Users(ctx context.Context, r UserFilter) ([]Account, error)
	User(ctx context.Context, who string) (*Account, error)
	SetPassword(ctx context.Context, r Password) (*Account, error)
	SetState(ctx context.Context, r StateChange) (*Account, error)
	SetRoot(ctx context.Context, r RootChange) (*Account, error)
	DeleteUser(ctx context.Context, r Deletion) (*Account, error)
	ClearFactor(ctx context.Context, who string) (*Account, error)
	NewInvite(ctx context.Context, r InviteRequest) (*Invite, error)
	Invites(ctx context.Context) ([]Invite, error)
	DeleteInvite(ctx context.Context, code string) error
	Revoke(ctx context.Context, r RevokeRequest) (int, error)
	Audit(ctx context.Context, r AuditFilter) ([]Entry, error)
	Backup(ctx context.Context, path string, progress func(done, total int)) error
}

// A Fault is a refusal: the operator's mistake, not ours.
type Fault struct{ Text string }

// Error is the text.
func (f *Fault) Error() string { return f.Text }

func fault(format string, args ...any) error { return &Fault{fmt.Sprintf(format, args...)} }

// now is in whole milliseconds, as the store has it.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }

// explain turns refusals of the layers below into words for who.
func explain(err error, who string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrNotFound), errors.Is(err, wsproto.ErrUserNotFound):
		return fault("there is no user %q", who)
	case errors.Is(err, store.ErrClosed):
		return fault("the server is shutting down; try again when it has ended")
	}
	return err
}
