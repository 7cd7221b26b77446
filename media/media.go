// Package media holds the bytes of attachments: what a blob store is, its
// errors and its names. The adapters beneath it (fs, s3) implement it;
// mediatest is the contract as a test suite. It does not know who uploaded
// something, what it is called, whether anybody refers to it, or who may read
// it: that is in package store and in server.
package media

import (
	"context"
	"errors"
	"io"
	"time"
)

// What an adapter reports, wrapped or not. Everything else is a failure of the
// blob store itself, or of the reader that was given to Put.
var (
	ErrNotFound = errors.New("media: not found")
	ErrTooLarge = errors.New("media: larger than the limit")
	ErrBadKey   = errors.New("media: not a key")
	ErrFull     = errors.New("media: no space left") // of the disk, or a quota
)

// MaxKeyBytes is the length of the longest key.
const MaxKeyBytes = 64

// ValidKey tells whether a text may name a blob: 1 to MaxKeyBytes of a-z, 0-9,
// - and _, the first one a letter or a digit. Such names mean the same in every
// file system and in every bucket, and none of them climbs.
func ValidKey(key string) bool {
	if key == "" || len(key) > MaxKeyBytes {
		return false
	}
	for i := range len(key) {
		c := key[i]
		switch {
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
		case (c == '-' || c == '_') && i > 0:
		default:
			return false
		}
	}
	return true
}

// Store keeps blobs. Its methods may be called from any goroutine, and answer
// ErrBadKey to what is no key.
type Store interface {
	// Put stores what r gives until io.EOF, without keeping it in memory, and
	// returns how many bytes that were. When it returns nil the blob is durable
	// and whole; before, and after any error, nobody sees anything of it, and
	// a blob that was there under this key is still there. A blob that exists is
	// replaced. It returns
	// ErrTooLarge once r gave more than o.Limit bytes (and reads little more),
	// ErrFull, the error of r (wrapped), or that of ctx. It does not close r.
	Put(ctx context.Context, key string, r io.Reader, o PutOptions) (size int64, err error)
	// Open returns a blob for reading. It may live longer than ctx. ErrNotFound.
	Open(ctx context.Context, key string) (Blob, error)
	// Delete removes blobs, any number of them; those that do not exist are no
	// error. After an error some may be left, and it can be called again.
	Delete(ctx context.Context, keys ...string) error
	// Link makes a URL from which anybody can fetch the blob for a while without
	// this server, or returns "" where the store has none. It need not look
	// whether the blob exists.
	Link(ctx context.Context, key string, o LinkOptions) (url string, err error)
	// List returns blobs by key in the order of bytes, those after a key ("": from the
	// first), at most limit. What is not named by a key is left out.
	List(ctx context.Context, after string, limit int) ([]Info, error)
	// Sweep removes what is left of Puts that began before a time and were
	// never finished, for instance because the process was killed, and returns
	// how many. A Put that is still going on may fail by it.
	Sweep(ctx context.Context, before time.Time) (int, error)
	// Check tells whether blobs can be stored and read at present. The error
	// names cause and cure, for an operator.
	Check(ctx context.Context) error
}

// PutOptions tell more about a blob that is to be stored.
type PutOptions struct {
	Limit int64 // most bytes; 0: any number
	// Size is how many bytes r will probably give; 0: unknown. It only helps to
	// choose how to store them: a wrong one is no error.
	Size int64
	// Type is the media type (RFC 9110 §8.3.1), for stores that keep one with
	// the blob; empty: application/octet-stream.
	Type string
	// CacheControl is for stores whose links are fetched without this server; empty: none.
	CacheControl string
}

// LinkOptions are what the answer to a link says.
type LinkOptions struct {
	TTL          time.Duration // how long the link works; 0: as the store is configured
	Type         string        // Content-Type
	Disposition  string        // Content-Disposition; empty: none
	CacheControl string        // empty: none
	Method       string        // GET or HEAD; empty: GET
}

// Blob is one that is open. Reading and seeking belong to one goroutine at a time.
type Blob interface {
	io.ReadSeekCloser
	Size() int64         // in bytes
	Modified() time.Time // when it was stored
}

// Info is one line of a list.
type Info struct {
	Key      string
	Size     int64 // in bytes
	Modified time.Time
}

// Limit returns a reader that gives what r gives, and ErrTooLarge instead of
// anything beyond n bytes; n = 0: no limit. Adapters use it in Put.
func Limit(r io.Reader, n int64) io.Reader {
	if n == 0 {
		return r
	}
	return &limited{r: r, left: n}
}

type limited struct {
	r    io.Reader
	left int64 // allowed, of what was not read yet
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, ErrTooLarge
	}
	if int64(len(p)) > l.left+1 { // the one tells whether there is more
		p = p[:l.left+1]
	}
	n, err := l.r.Read(p)
	l.left -= int64(n)
	if l.left < 0 {
		return n - 1, ErrTooLarge
	}
	return n, err
}

// WithContext returns a reader that gives what r gives until ctx is done, and
// then its error. A Read of r that blocks is not interrupted.
func WithContext(ctx context.Context, r io.Reader) io.Reader { return &until{ctx, r} }

type until struct {
	ctx context.Context
	r   io.Reader
}

func (u *until) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}
