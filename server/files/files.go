// Package files turns received bytes into files that messages and profiles can
// show, knows who may fetch and link them, and removes those that nobody uses.
// It does not know how bytes arrive (HTTP, tus) or where they rest (package
// media).
package files

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"parley/internal/chat"
	"parley/media"
	"parley/media/picture"
	"parley/store"
)

// Why a file is not taken, or not given; besides media.ErrTooLarge,
// media.ErrFull, store.ErrNotFound and the errors of an Upload's Body.
var (
	ErrEmpty   = errors.New("files: nothing in it")
	ErrPixels  = errors.New("files: a picture of too many pixels")
	ErrSide    = errors.New("files: a picture with a side that is too long")
	ErrPicture = errors.New("files: not a picture that can be an avatar")
	ErrDenied  = errors.New("files: not for him")
)

// Store is what this package needs of the store.
type Store interface {
	store.Files
}

// Config are the rules.
type Config struct {
	MaxBytes  int64  // of one file; 0: any number
	MaxPixels int64  // of one picture; 0: any number that MaxSide allows
	ServeURL  string // that URLs of files begin with, ending in /
	// AnyUser lets everybody who is logged in fetch every file whose ID he knows.
	AnyUser      bool
	CacheControl string // of downloads, for stores with links

	GCPeriod time.Duration // unused files are removed if both are > 0
	GCBlock  int           // at most so many at a time
}

// Times.
const (
	// UnusedFor is how long a file is kept without being linked to at least, so
	// that a message can be written at leisure.
	UnusedFor = time.Hour
	// renewEvery is how often an upload that goes on says so; one that has been
	// silent for abandonedFor is none any more.
	renewEvery   = time.Minute
	abandonedFor = 10 * time.Minute
	cleanupTime  = 30 * time.Second
)

// thumbMemory is what all small copies that are made at the same time may take.
const thumbMemory = 256 << 20

// maxThumbBytes: nobody needs a small copy that is not small.
const maxThumbBytes = 1 << 20

// Deps is what a Service is made of.
type Deps struct {
	Store  Store
	Blobs  media.Store
	Log    *slog.Logger
	Now    func() time.Time
	Config Config
}

// Service is all files of a server. Its methods may be called from any goroutine.
type Service struct {
	Deps
	thumbs *picture.Thumbs

	received, refused, removed atomic.Int64
}

// New makes a service; Run keeps it tidy.
func New(d Deps) *Service { return &Service{Deps: d, thumbs: picture.NewThumbs(thumbMemory)} }

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }

// Expires is until when a file is certainly kept though nobody links it; zero:
// for ever.
func (s *Service) Expires(f *store.File) time.Time {
	if !s.collects() {
		return time.Time{}
	}
	return f.Updated.Add(UnusedFor)
}

// MayFetch returns a file if a user may have it: it is his, or a message of a
// topic that he reads shows it, or it is somebody's picture (which is seen by
// everybody who has the ID of its user or topic), or the operator lets everybody
// fetch everything. The picture of somebody who signs up is nobody's until his
// account has it. store.ErrNotFound, ErrDenied.
func (s *Service) MayFetch(ctx context.Context, user chat.UID, id chat.FileID) (*store.File, error) {
	f, err := s.Store.File(ctx, id)
	if err != nil {
		return nil, err
	}
	if user == 0 || f.Owner == 0 && !f.Linked {
		return nil, ErrDenied
	}
	if f.Owner == user || f.Avatar || s.Config.AnyUser {
		return f, nil
	}
	switch shown, err := s.Store.FileShown(ctx, id, user, chat.ModeJoin|chat.ModeRead); {
	case err != nil:
		return nil, err
	case !shown:
		return nil, ErrDenied
	}
	return f, nil
}

// Open opens a file's bytes, or those of its small copy. store.ErrNotFound if
// they are gone.
func (s *Service) Open(ctx context.Context, f *store.File, small bool) (media.Blob, error) {
	b, err := s.Blobs.Open(ctx, blobKey(f, small))
	if errors.Is(err, media.ErrNotFound) {
		s.Log.Error("the bytes of a file are gone", "file", f.ID.String(), "err", err)
		return nil, store.ErrNotFound
	}
	return b, err
}

// Link is media.Store.Link for a file or its small copy.
func (s *Service) Link(ctx context.Context, f *store.File, small bool, o media.LinkOptions) (string, error) {
	return s.Blobs.Link(ctx, blobKey(f, small), o)
}

func blobKey(f *store.File, small bool) string {
	if small {
		return f.ThumbKey()
	}
	return f.ID.Key()
}
