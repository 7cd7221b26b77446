package s3

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"

	"parley/media"
)

// ErrUnreachable is wrapped in errors of a store that does not answer at all.
var ErrUnreachable = errors.New("cannot be reached, or hung up")

func badKey(key string) error { return fmt.Errorf("%w: %q", media.ErrBadKey, key) }

// response is what the store said; empty if it said nothing.
func response(err error) (r minio.ErrorResponse) {
	errors.As(err, &r)
	return r
}

func codeOf(err error) string { return response(err).Code }

// explain makes of an error of the store one of package media, or one that says
// what the operator can do about it. The keys of configuration in it are those of
// media.handlers.s3.
func (s *Store) explain(op string, err error) error {
	if err == nil {
		return nil
	}
	var wire *net.OpError
	r := response(err)
	cure := ""
	switch r.Code {
	case minio.NoSuchKey:
		return fmt.Errorf("s3: %s: %w", op, media.ErrNotFound)
	case "XMinioStorageFull", "StorageFull", "QuotaExceeded", "XMinioAdminBucketQuotaExceeded", "InsufficientStorage", "ServiceQuotaExceededException":
		return fmt.Errorf("s3: %s: %w: %s", op, media.ErrFull, r.Message)
	case minio.SignatureDoesNotMatch:
		cure = "secret_access_key is wrong"
	case minio.InvalidAccessKeyID, "XAdminUserNotFound", "NoSuchUser":
		cure = "access_key_id is not known there"
	case minio.AccessDenied, "AllAccessDisabled", "Forbidden":
		cure = fmt.Sprintf("the key may not use the bucket %s (it must be allowed to list, get, put and delete), or access_key_id is wrong", s.o.Bucket)
	case minio.NoSuchBucket:
		cure = fmt.Sprintf("there is no bucket %s: the next start of the server makes it if the key may", s.o.Bucket)
	case "BucketAlreadyExists":
		cure = fmt.Sprintf("the bucket %s belongs to somebody else: choose another name", s.o.Bucket)
	case minio.InvalidBucketName:
		cure = fmt.Sprintf("%s is no name for a bucket", s.o.Bucket)
	case "RequestTimeTooSkewed", "RequestExpired":
		cure = "the clocks of this server and of the store differ: set them, and turn on NTP"
	case minio.AuthorizationHeaderMalformed, "PermanentRedirect", "InvalidRegion", "IllegalLocationConstraintException":
		cure = fmt.Sprintf("the bucket is in another region than %s", s.o.Region)
		if r.Region != "" {
			cure += ": " + r.Region
		}
	case "SlowDown", "ServiceUnavailable", "InternalError", "XMinioServerNotInitialized":
		cure = "the store is busy or ill; it may pass"
	}
	switch {
	case cure != "":
	case r.StatusCode == http.StatusInsufficientStorage:
		return fmt.Errorf("s3: %s: %w", op, media.ErrFull)
	case errors.As(err, &wire), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("s3: %s: %s %w: check endpoint and disable_ssl, and whether it runs: %w", op, s.core.EndpointURL().Host, ErrUnreachable, err)
	case errors.Is(err, context.Canceled):
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		cure = "the store is not encrypted: begin endpoint with http://, or set disable_ssl"
	case strings.Contains(err.Error(), "x509:"):
		cure = "the certificate of the store is not trusted: have it signed by an authority that this system knows"
	}
	if cure == "" {
		return fmt.Errorf("s3: %s: %w", op, err)
	}
	return fmt.Errorf("s3: %s: %s: %w", op, cure, err)
}

// Check implements media.Store: a small object is stored, read and removed.
func (s *Store) Check(ctx context.Context) (err error) {
	if err := s.look(ctx); err != nil {
		return s.explain("look into the bucket", err)
	}
	key, want := "check-"+strings.ToLower(rand.Text()), []byte("written by a check of Parley")
	if _, err := s.Put(ctx, key, bytes.NewReader(want), media.PutOptions{}); err != nil {
		return err
	}
	defer func() {
		if e := s.Delete(context.WithoutCancel(ctx), key); err == nil {
			err = e
		}
	}()
	b, err := s.Open(ctx, key)
	if err != nil {
		return err
	}
	defer b.Close()
	got, err := io.ReadAll(b)
	if err == nil && !bytes.Equal(got, want) {
		err = errors.New("s3: something else was read than was written: the store does not keep what it is given")
	}
	return err
}
