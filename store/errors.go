package store

import "errors"

// What an adapter reports, wrapped or not. Everything else is a failure of the
// store itself.
var (
	ErrNotFound  = errors.New("store: not found")
	ErrDuplicate = errors.New("store: already taken")     // a unique key: login, credential, ID, alias
	ErrSeqTaken  = errors.New("store: seq is not last+1") // somebody else wrote to the topic, or it is gone
	ErrChanged   = errors.New("store: changed by somebody else")
	ErrNewer     = errors.New("store: written by a newer version")
	ErrClosed    = errors.New("store: closed")
)
