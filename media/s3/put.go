package s3

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/minio/minio-go/v7"

	"parley/media"
)

// parts are buffers of partBytes, one for each Put that goes on.
var parts = sync.Pool{New: func() any { b := make([]byte, partBytes); return &b }}

// smallBytes is the buffer of a Put until it proves to be larger.
const smallBytes = 64 << 10

// Put implements media.Store. What fits into one part is one request; else the
// parts follow each other, each from the same buffer.
func (s *Store) Put(ctx context.Context, key string, r io.Reader, o media.PutOptions) (size int64, failed error) {
	if !media.ValidKey(key) {
		return 0, badKey(key)
	}
	r = media.WithContext(ctx, media.Limit(r, o.Limit))
	options := minio.PutObjectOptions{ContentType: cmp.Or(o.Type, "application/octet-stream"), CacheControl: o.CacheControl}
	first, err := readFull(r, make([]byte, smallBytes))
	if err == nil { // there may be more
		b := parts.Get().(*[]byte)
		defer func() {
			if failed == nil { // else a request that broke off may still be reading from it
				parts.Put(b)
			}
		}()
		n := copy(*b, first)
		first, err = readFull(r, (*b)[n:])
		first = (*b)[:n+len(first)]
	}
	switch {
	case err == io.EOF:
		_, err = s.core.PutObject(ctx, s.o.Bucket, key, bytes.NewReader(first), int64(len(first)), "", digest(first), options)
		return int64(len(first)), s.explain("put", err)
	case err != nil:
		return 0, err
	}
	return s.putParts(ctx, key, first, r, options)
}

// putParts sends something whose first part is full. The buffer of that part is
// used for the others.
func (s *Store) putParts(ctx context.Context, key string, buf []byte, r io.Reader, o minio.PutObjectOptions) (size int64, err error) {
	id, err := s.core.NewMultipartUpload(ctx, s.o.Bucket, key, o)
	if err != nil {
		return 0, s.explain("put", err)
	}
	defer func() {
		if err != nil { // what cannot be removed now is for Sweep
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTime)
			defer cancel()
			_ = s.core.AbortMultipartUpload(ctx, s.o.Bucket, key, id)
		}
	}()
	var done []minio.CompletePart
	for part, last := buf, false; ; {
		if len(done) == maxParts {
			return 0, fmt.Errorf("%w: more than %d parts of %d MiB", media.ErrTooLarge, maxParts, partBytes>>20)
		}
		p, err := s.core.PutObjectPart(ctx, s.o.Bucket, key, id, len(done)+1, bytes.NewReader(part), int64(len(part)),
			minio.PutObjectPartOptions{Sha256Hex: digest(part)})
		if err != nil {
			return 0, s.explain("put a part", err)
		}
		done = append(done, minio.CompletePart{PartNumber: len(done) + 1, ETag: p.ETag})
		size += int64(len(part))
		if last {
			break
		}
		part, err = readFull(r, buf[:partBytes])
		if last = err == io.EOF; err != nil && !last {
			return 0, err
		}
		if last && len(part) == 0 {
			break
		}
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if _, err := s.core.CompleteMultipartUpload(ctx, s.o.Bucket, key, id, slices.Clip(done), minio.PutObjectOptions{}); err != nil {
		return 0, s.explain("put the parts together", err)
	}
	return size, nil
}

// readFull fills buf; with less than that it returns io.EOF, or the error of r.
func readFull(r io.Reader, buf []byte) ([]byte, error) {
	n := 0
	for n < len(buf) {
		m, err := r.Read(buf[n:])
		n += m
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.EOF
			}
			return buf[:n], err
		}
	}
	return buf, nil
}

// digest is the SHA-256 with which a request is signed: the store takes exactly
// these bytes or none.
func digest(p []byte) string {
	h := sha256.Sum256(p)
	return hex.EncodeToString(h[:])
}
