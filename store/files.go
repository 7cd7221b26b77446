package store

import (
	"context"
	"time"

	"parley/internal/chat"
)

// File is the record of an uploaded file. Its bytes are in a blob store
// (package media) under ID.Key.
type File struct {
	ID      chat.FileID
	Owner   chat.UID // who uploaded it; nobody: a stranger, during sign-up, or somebody whose account is gone
	Created time.Time
	Updated time.Time // when it was last written to, or became ready

	// The following are known once it is ready.
	Type          string // media type, as downloads tell it
	Size          int64  // in bytes
	ETag          string // of the bytes, without quotes
	Width, Height int    // in pixels, as shown; 0: not a picture that was understood
	Thumb         string // media type of the small copy under ThumbKey; empty: there is none

	// Avatar tells that it is the picture of a user or of a topic; on output only.
	Avatar bool
	// Linked tells that anything at all links it; on output only.
	Linked bool
}

// ThumbKey names the small copy of a picture in the blob store.
func (f *File) ThumbKey() string { return f.ID.Key() + "-t" }

// Files are the records of uploaded files: pending while the bytes come, then
// ready, and doomed once nobody uses them and their bytes may be gone. Only
// ready files can be found and linked.
//
// A file is used as long as it is linked: to messages by Message.Files, to users
// and topics by Avatar of NewUser, UserUpdate and TopicUpdate. Links to files
// that are not ready are left out. A link ends with its message (when that is
// deleted for everybody), user or topic (when that is purged), or when another
// avatar takes its place. A file without an owner that becomes a user's avatar
// becomes his.
type Files interface {
	// CreateFile adds a pending one. ErrDuplicate: the ID is taken.
	CreateFile(ctx context.Context, f *File) error
	// RenewFile sets Updated of a pending file. ErrNotFound.
	RenewFile(ctx context.Context, id chat.FileID, at time.Time) error
	// FinishFile makes a pending file ready, with all that f says of it but for
	// Created, Avatar and Linked. ErrNotFound.
	FinishFile(ctx context.Context, f *File) error
	// File returns a ready file. ErrNotFound.
	File(ctx context.Context, id chat.FileID) (*File, error)
	// FileShown tells whether a message with this file is before a user: in a
	// topic that he has a live subscription to, with all of need in want and
	// given, and not deleted for him.
	FileShown(ctx context.Context, id chat.FileID, user chat.UID, need chat.Mode) (bool, error)
	// UnusedFiles dooms files and returns them, with those that were doomed
	// before: pending ones not updated since one time, and ready ones without
	// links not updated since another; at most limit. Nobody finds or links them
	// from then on.
	UnusedFiles(ctx context.Context, pending, ready time.Time, limit int) ([]chat.FileID, error)
	// ClaimFile makes a user the owner of a ready file that has none.
	// ErrNotFound.
	ClaimFile(ctx context.Context, id chat.FileID, user chat.UID) error
	// DropFile dooms a file that nothing links. ErrNotFound.
	DropFile(ctx context.Context, id chat.FileID) error
	// ForgetFiles removes doomed and pending files; others are left alone.
	ForgetFiles(ctx context.Context, ids ...chat.FileID) error
}
