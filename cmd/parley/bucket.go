package main

import (
	"context"
	"time"

	"parley/internal/config"
	"parley/media/s3"
)

// mediaTime bounds what the doctor asks of a bucket.
const mediaTime = 20 * time.Second

// bucket looks whether files can be stored in it.
func (p *patient) bucket() finding {
	const name = "uploads"
	m := &p.cfg.Media
	s, err := s3Store(&m.Handlers.S3)
	if err != nil {
		return bad(name, "correct media.handlers.s3", "%v", err)
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(p.ctx, mediaTime)
	defer cancel()
	if err := s.Check(ctx); err != nil {
		return bad(name, "correct media.handlers.s3", "the bucket %s cannot be used: %v", m.Handlers.S3.Bucket, err)
	}
	return good(name, "the bucket %s takes files and gives them back", m.Handlers.S3.Bucket)
}

// s3Store is the bucket of the configuration; nobody was asked about it yet.
func s3Store(c *config.MediaS3) (*s3.Store, error) {
	return s3.New(s3.Options{
		AccessKeyID: c.AccessKeyID, SecretAccessKey: string(c.SecretAccessKey), Region: c.Region, Bucket: c.Bucket,
		Endpoint: c.Endpoint, DisableSSL: c.DisableSSL, PathStyle: c.ForcePathStyle, PresignTTL: c.PresignTTL,
		CORSOrigins: c.CORSOrigins, NoLinks: !c.Presign,
	})
}
