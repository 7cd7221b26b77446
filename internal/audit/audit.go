// Package audit is the closed list of acts that matter for security, and the
// way into their log. It knows neither what leads to an act nor who reads of it
// ("parley audit").
package audit

import (
	"context"
	"log/slog"
	"maps"
	"sync"
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

// Acts are all of them, sorted.
func Acts() []string {
	return []string{
		AccountCollected, AccountCreated, AccountDeleted, AccountResumed, AccountRoot, AccountSuspended, BackupMade, BackupPutBack,
		CredAdded, CredConfirmed, CredRemoved, SecondFactorOff, SecondFactorOn, GroupDeleted, GroupOwner, InviteMade, InviteRemoved, InviteUsed,
		Login, LoginFailed, LoginLimited, LoginLinked, LoginRenamed, LoginReset, PasswordChanged, PasswordReset, RootObo,
		ServerStarted, ServerStopped, SessionEvicted, TokenRevoked,
	}
}

// behind tells the acts whose entries may be lost with the last second before
// the machine fails: they are many, or change nothing, or only follow from
// another act.
func behind(act string) bool {
	switch act {
	case Login, LoginFailed, LoginLimited, LoginReset, SessionEvicted, ServerStarted, ServerStopped:
		return true
	}
	return false
}

// Log takes entries. The nil log takes them and forgets them. All methods are
// safe from any goroutine.
type Log struct {
	store store.Audit
	log   *slog.Logger
	now   func() time.Time

	mu     sync.Mutex // guards the following
	counts map[string]int64
}

// New makes a log that ends in a store. log is told when that fails.
func New(st store.Audit, log *slog.Logger, now func() time.Time) *Log {
	return &Log{store: st, log: log, now: now, counts: make(map[string]int64)}
}

// flushTime is how long an act waits for its entry: as for other writes.
const flushTime = 10 * time.Second

// maxDetail keeps what strangers cause from filling the store.
const maxDetail = 200

// Record adds an entry; the time is filled in. Detail is for people, and never
// holds a secret: neither what somebody typed as his login, which may be his
// password, nor a code.
//
// Call it when the act is done and before anybody is told: an act that changes
// something waits until its entry is durable, one commit, so that whoever can
// kill the server keeps no act out of the log that was acknowledged. Others
// return at once.
func (l *Log) Record(e store.AuditEntry) {
	if l == nil {
		return
	}
	e.At = l.now().UTC().Truncate(time.Millisecond)
	if len(e.Detail) > maxDetail {
		e.Detail = e.Detail[:maxDetail]
	}
	l.mu.Lock()
	l.counts[e.Act]++
	l.mu.Unlock()
	l.store.AppendAudit(e)
	if behind(e.Act) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	if err := l.store.FlushAudit(ctx); err != nil { // the act is done all the same
		l.log.Error("an entry of the audit log is not on the disk yet", "act", e.Act, "err", err)
	}
}

// HowDeleted is the detail of AccountDeleted.
func HowDeleted(hard bool) string {
	if hard {
		return "hard"
	}
	return "soft"
}

type originKey struct{}

// WithOrigin notes in a context where an order comes from: an address, "cli", or
// "server".
func WithOrigin(ctx context.Context, from string) context.Context {
	return context.WithValue(ctx, originKey{}, from)
}

// Origin is where an order comes from; empty if nobody noted it.
func Origin(ctx context.Context) string {
	from, _ := ctx.Value(originKey{}).(string)
	return from
}

// Counts is how often each act was recorded since the start.
func (l *Log) Counts() map[string]int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.counts)
}
