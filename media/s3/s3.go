// Package s3 keeps blobs in a bucket of any store that speaks Amazon's S3
// protocol. A blob is the object of the same name. What is larger than one part
// is sent in parts, which the store puts together at the end: nobody sees half a
// blob, and memory does not grow with its size.
package s3

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/cors"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"parley/media"
)

// Limits of the protocol, and ours.
const (
	partBytes   = 5 << 20 // the least that stores take for a part that is not the last
	maxParts    = 10_000
	maxLinkTime = 7 * 24 * time.Hour
	deleteBatch = 1000
	listBatch   = 1000

	tries     = 3                // of one request
	abortTime = 10 * time.Second // for removing what was sent in vain
)

// Options are what a Store is made of (surfaces.md §6.3).
type Options struct {
	AccessKeyID, SecretAccessKey string
	Region, Bucket               string
	// Endpoint is a host, host:port or URL; empty: Amazon's own. Without a scheme
	// it is https unless DisableSSL.
	Endpoint   string
	DisableSSL bool
	// PathStyle addresses the bucket as a folder of the host and not as a part of
	// its name.
	PathStyle  bool
	PresignTTL time.Duration // of links that say nothing else; 0: 120 s
	NoLinks    bool          // Link gives none: the server passes on the bytes itself
	// CORSOrigins are allowed to read from a bucket that is made here; none: all.
	CORSOrigins []string
}

// Store is a bucket of blobs. Several processes may use the same bucket.
type Store struct {
	o         Options
	core      minio.Core
	transport *http.Transport
}

var _ media.Store = (*Store)(nil)

// New returns the store of a bucket. It asks nobody: see Prepare.
func New(o Options) (*Store, error) {
	host, secure, err := endpoint(&o)
	if err != nil {
		return nil, err
	}
	if o.PresignTTL <= 0 {
		o.PresignTTL = 120 * time.Second
	}
	s := &Store{o: o}
	if s.transport, err = minio.DefaultTransport(secure); err != nil {
		return nil, fmt.Errorf("s3: %w", err)
	}
	s.transport.DialContext = (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext
	lookup := minio.BucketLookupAuto
	if o.PathStyle {
		lookup = minio.BucketLookupPath
	}
	c, err := minio.New(host, &minio.Options{
		Creds:  credentials.NewStaticV4(o.AccessKeyID, o.SecretAccessKey, ""),
		Secure: secure, Region: o.Region, BucketLookup: lookup, Transport: s.transport, MaxRetries: tries,
	})
	if err != nil {
		return nil, fmt.Errorf("s3: %w", err)
	}
	s.core.Client = c
	return s, nil
}

// endpoint is the host of the store, and whether it is asked by https.
func endpoint(o *Options) (host string, secure bool, err error) {
	text, secure := o.Endpoint, !o.DisableSSL
	if text == "" {
		text = "s3." + o.Region + ".amazonaws.com"
	}
	if !strings.Contains(text, "://") {
		return strings.TrimSuffix(text, "/"), secure, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.User != nil {
		return "", false, errors.New("s3: the endpoint must be a host, or a URL such as https://s3.example.com without a path")
	}
	return u.Host, u.Scheme == "https", nil
}

// Close gives up idle connections.
func (s *Store) Close() error {
	s.transport.CloseIdleConnections()
	return nil
}

// Prepare looks whether the bucket can be used, and makes it if there is none.
// The error names cause and cure.
func (s *Store) Prepare(ctx context.Context) error {
	err := s.look(ctx)
	if codeOf(err) != minio.NoSuchBucket {
		return s.explain("look into the bucket", err)
	}
	err = s.core.MakeBucket(ctx, s.o.Bucket, minio.MakeBucketOptions{Region: s.o.Region})
	if code := codeOf(err); err != nil && code != minio.BucketAlreadyOwnedByYou {
		return s.explain("make the bucket", err)
	}
	origins := s.o.CORSOrigins
	if len(origins) == 0 {
		origins = []string{"*"}
	}
	err = s.core.SetBucketCors(ctx, s.o.Bucket, cors.NewConfig([]cors.Rule{{
		AllowedOrigin: origins, AllowedMethod: []string{http.MethodGet, http.MethodHead}, AllowedHeader: []string{"*"},
	}}))
	if code := codeOf(err); code == minio.NotImplemented || code == minio.MethodNotAllowed {
		return nil // the store knows no such rules, or is asked by everybody as it is
	}
	return s.explain("allow browsers to read from the bucket", err)
}

// look asks for something that needs the bucket, and whose refusal has a text:
// the answer to HEAD, which BucketExists sends, has none.
func (s *Store) look(ctx context.Context) error {
	_, err := s.list(ctx, "", 1)
	return err
}

// list is a part of the objects, in order.
func (s *Store) list(ctx context.Context, after string, limit int) (list []minio.ObjectInfo, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // or the iterator would go on
	objects := s.core.ListObjectsIter(ctx, s.o.Bucket, minio.ListObjectsOptions{
		StartAfter: after, MaxKeys: min(limit, listBatch), Recursive: true,
	})
	for o := range objects {
		if o.Err != nil {
			return nil, o.Err
		}
		if list = append(list, o); len(list) == limit {
			return list, nil
		}
	}
	return list, ctx.Err()
}

// Link implements media.Store: a presigned URL, unless there are to be none.
func (s *Store) Link(ctx context.Context, key string, o media.LinkOptions) (string, error) {
	if !media.ValidKey(key) {
		return "", badKey(key)
	}
	if s.o.NoLinks {
		return "", nil
	}
	query := make(url.Values)
	for name, value := range map[string]string{
		"response-content-type": o.Type, "response-content-disposition": o.Disposition, "response-cache-control": o.CacheControl,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	ttl, method := o.TTL, o.Method
	if ttl <= 0 {
		ttl = s.o.PresignTTL
	}
	if method == "" {
		method = http.MethodGet
	}
	u, err := s.core.Presign(ctx, method, s.o.Bucket, key, min(max(ttl, time.Second), maxLinkTime), query)
	if err != nil {
		return "", s.explain("sign a link", err)
	}
	return u.String(), nil
}

// Delete implements media.Store.
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		if !media.ValidKey(key) {
			return badKey(key)
		}
	}
	for batch := range slices.Chunk(keys, deleteBatch) {
		queue := make(chan minio.ObjectInfo, len(batch))
		for _, key := range batch {
			queue <- minio.ObjectInfo{Key: key}
		}
		close(queue)
		var errs []error
		for e := range s.core.RemoveObjects(ctx, s.o.Bucket, queue, minio.RemoveObjectsOptions{}) {
			if codeOf(e.Err) != minio.NoSuchKey {
				errs = append(errs, e.Err)
			}
		}
		if len(errs) > 0 { // the others will say the same
			return s.explain("delete", errs[0])
		}
	}
	return ctx.Err()
}

// List implements media.Store.
func (s *Store) List(ctx context.Context, after string, limit int) ([]media.Info, error) {
	if after != "" && !media.ValidKey(after) {
		return nil, badKey(after)
	}
	var list []media.Info
	for len(list) < limit {
		want := limit - len(list)
		page, err := s.list(ctx, after, want)
		if err != nil {
			return nil, s.explain("list", err)
		}
		for _, o := range page {
			after = o.Key
			if media.ValidKey(o.Key) { // else it is not ours
				list = append(list, media.Info{Key: o.Key, Size: o.Size, Modified: o.LastModified})
			}
		}
		if len(page) < want {
			break
		}
	}
	return list, nil
}

// Sweep implements media.Store: it removes the parts of what was never put
// together.
func (s *Store) Sweep(ctx context.Context, before time.Time) (int, error) {
	n, key, id := 0, "", ""
	for {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		page, err := s.core.ListMultipartUploads(ctx, s.o.Bucket, "", key, id, "", listBatch)
		if err != nil {
			return n, s.explain("list unfinished uploads", err)
		}
		for _, u := range page.Uploads {
			if !media.ValidKey(u.Key) || !u.Initiated.Before(before) {
				continue
			}
			err := s.core.AbortMultipartUpload(ctx, s.o.Bucket, u.Key, u.UploadID)
			if err != nil && codeOf(err) != minio.NoSuchUpload {
				return n, s.explain("remove an unfinished upload", err)
			}
			n++
		}
		if !page.IsTruncated || page.NextKeyMarker == key && page.NextUploadIDMarker == id {
			return n, nil
		}
		key, id = page.NextKeyMarker, page.NextUploadIDMarker
	}
}
