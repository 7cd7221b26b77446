package store

import (
	"context"
	"time"

	"parley/internal/chat"
)

// AuditEntry is an act that matters for security.
type AuditEntry struct {
	ID     int64 // ascending; set by the store
	At     time.Time
	Act    string   // "login", "login.failed", "password.changed", …: package internal/audit lists them
	Actor  chat.UID // who did it; nobody: unknown, or the operator
	User   chat.UID // whose account it concerns; nobody: none
	Topic  string   // canonical name, if it is about one
	From   string   // address, or "cli"
	Detail string   // short text for people; never a secret
}

// AuditQuery selects entries.
type AuditQuery struct {
	User          chat.UID // as actor or as concerned; nobody: all
	Act           string   // or its beginning up to a dot: "login" has "login.failed"; empty: all
	Since, Before time.Time
	BeforeID      int64 // only older ones, for paging; 0: all
	Limit         int   // 0: all
}

// Audit is the log of such acts: it only grows.
type Audit interface {
	// AppendAudit is durable within a second and visible to reads at once; it
	// returns at once, unless a flood of entries comes faster than they can be
	// stored: then it waits.
	AppendAudit(entries ...AuditEntry)
	// FlushAudit returns when what was appended before is durable. Entries of an
	// error are not lost: they go with a later commit, if there is one.
	FlushAudit(ctx context.Context) error
	// AuditLog returns entries, the newest first, which is the highest ID.
	AuditLog(ctx context.Context, q AuditQuery) ([]AuditEntry, error)
}
