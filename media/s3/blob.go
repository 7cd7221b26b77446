package s3

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/minio/minio-go/v7"

	"parley/media"
)

// skipBytes is the distance that is rather read than jumped over.
const skipBytes = 64 << 10

// Open implements media.Store. It asks for size and time; the content is fetched
// from where it is read, when it is.
func (s *Store) Open(ctx context.Context, key string) (media.Blob, error) {
	if !media.ValidKey(key) {
		return nil, badKey(key)
	}
	info, err := s.core.StatObject(ctx, s.o.Bucket, key, minio.StatObjectOptions{})
	if err != nil {
		return nil, s.explain("open", err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	return &blob{store: s, ctx: ctx, cancel: cancel, key: key, size: info.Size, etag: info.ETag, modified: info.LastModified}, nil
}

// blob is an object, or the rest of one that is being fetched.
type blob struct {
	store    *Store
	ctx      context.Context // of the fetches: ends with Close
	cancel   context.CancelFunc
	key      string
	size     int64
	etag     string // so that no other object is read on that takes its name
	modified time.Time

	at     int64         // where the next Read begins
	body   io.ReadCloser // nil: nothing is being fetched
	bodyAt int64         // where body is
}

func (b *blob) Size() int64         { return b.size }
func (b *blob) Modified() time.Time { return b.modified }

func (b *blob) Read(p []byte) (int, error) {
	if b.at >= b.size {
		return 0, io.EOF
	}
	if err := b.fetch(); err != nil {
		return 0, err
	}
	n, err := b.body.Read(p)
	b.at += int64(n)
	b.bodyAt = b.at
	switch {
	case err == nil:
	case b.at == b.size:
		err = nil // the next Read says io.EOF
		b.drop()
	default: // the connection ended early
		b.drop()
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return n, b.store.explain("read", err)
	}
	return n, err
}

// fetch makes body stand where the next Read begins.
func (b *blob) fetch() error {
	if b.body != nil && b.bodyAt < b.at && b.at-b.bodyAt <= skipBytes {
		n, err := io.CopyN(io.Discard, b.body, b.at-b.bodyAt)
		b.bodyAt += n
		if err != nil {
			b.drop()
		}
	}
	if b.body != nil && b.bodyAt == b.at {
		return nil
	}
	b.drop()
	var o minio.GetObjectOptions
	if b.at > 0 {
		if err := o.SetRange(b.at, 0); err != nil {
			return err
		}
	}
	if b.etag != "" {
		if err := o.SetMatchETag(b.etag); err != nil {
			return err
		}
	}
	body, _, _, err := b.store.core.GetObject(b.ctx, b.store.o.Bucket, b.key, o)
	if err != nil {
		return b.store.explain("read", err)
	}
	b.body, b.bodyAt = body, b.at
	return nil
}

func (b *blob) drop() {
	if b.body != nil {
		_ = b.body.Close() // it was for reading
		b.body = nil
	}
}

func (b *blob) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += b.at
	case io.SeekEnd:
		offset += b.size
	}
	if offset < 0 {
		return 0, errors.New("s3: seek before the beginning")
	}
	b.at = offset
	return offset, nil
}

func (b *blob) Close() error {
	b.cancel()
	b.drop()
	return nil
}
