// Package store keeps what survives a restart: it defines the records, the
// errors and small interfaces by subject, which the adapters beneath it
// implement. It checks no access rights, caches nothing for its callers and
// has no clock of its own: every time comes from the caller, in UTC and whole
// milliseconds. storetest is the contract as a test suite.
//
// Unless a comment says otherwise a call that changes something is atomic (all
// or nothing) and returns when the change is durable, and every read sees what
// was written before it by a call that has returned.
package store

import "context"

// Store is all subjects together. Only cmd and server see it whole; everybody
// else declares the slice that it uses.
type Store interface {
	Users
	Logins
	Credentials
	Devices
	Topics
	Subs
	Messages
	Searcher
	Codes
	Invites
	Revocations
	Tokens
	Audit
	Files

	// Backup writes a consistent copy of the whole store to a new file while
	// others go on reading and writing. progress, if not nil, is told pages
	// done and in total. An existing file is an error.
	Backup(ctx context.Context, path string, progress func(done, total int)) error
	// Close waits for writes under way, makes what was queued durable, and
	// releases everything. Later calls return ErrClosed.
	Close() error
}

// State is what an administrator or a deletion made of a user or a topic.
type State uint8

// The states (surfaces.md §11.2).
const (
	StateOK        State = 0
	StateSuspended State = 10
	StateDeleted   State = 20
)
