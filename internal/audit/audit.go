// Package audit is the closed list of acts that matter for security, and the
// way into their log. It knows neither what leads to an act nor who reads of it
// ("parley audit").
package audit

import (
	"time"

	"parley/store"
)

// The acts. A name is its group, and after a dot what is special about it: who
// asks for "login" gets them all. docs/operations.md explains each.
const (
	Login        = "login"         // with a secret; renewals by token are not told
	LoginFailed  = "login.failed"  // a wrong secret
	LoginLimited = "login.limited" // too many wrong ones: told once per delay
	LoginReset   = "login.reset"   // a code for a new password was asked for

	AccountCreated   = "account.created"
	AccountDeleted   = "account.deleted"
	AccountSuspended = "account.suspended"
	AccountResumed   = "account.resumed"
	AccountRoot      = "account.root"      // became an administrator, or is none any more
	AccountCollected = "account.collected" // by the collection of unused ones

	PasswordChanged = "password.changed"
	PasswordReset   = "password.reset" // changed with a code
	LoginRenamed    = "login.renamed"
	LoginLinked     = "login.linked" // another authority leads to the account from now on

	CredAdded     = "cred.added"
	CredConfirmed = "cred.confirmed"
	CredRemoved   = "cred.removed"

	TokenRevoked   = "token.revoked"
	SessionEvicted = "session.evicted"

	GroupOwner   = "group.owner"
	GroupDeleted = "group.deleted"

	RootObo = "root.obo" // an administrator acts for somebody: told once per session

	SecondFactorOn  = "factor.on"
	SecondFactorOff = "factor.off"

	InviteMade    = "invite.made"
	InviteUsed    = "invite.used"
	InviteRemoved = "invite.removed"

	ServerStarted = "server.started"
	ServerStopped = "server.stopped"
	BackupMade    = "backup.made"
	BackupPutBack = "backup.restored"
)

// Log takes entries. The nil log takes them and forgets them. All methods are
// safe from any goroutine and return at once.
type Log struct {
	store store.Audit
	now   func() time.Time
}

// New makes a log that ends in a store.
func New(st store.Audit, now func() time.Time) *Log { return &Log{st, now} }

// maxDetail keeps what strangers cause from filling the store.
const maxDetail = 200

// Record adds an entry; the time is filled in. Detail is for people, and never
// holds a secret: neither what somebody typed as his login, which may be his
// password, nor a code.
func (l *Log) Record(e store.AuditEntry) {
	if l == nil {
		return
	}
	e.At = l.now().UTC().Truncate(time.Millisecond)
	if len(e.Detail) > maxDetail {
		e.Detail = e.Detail[:maxDetail]
	}
	l.store.AppendAudit(e)
}
