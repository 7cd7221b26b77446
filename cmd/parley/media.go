package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"parley/internal/config"
	"parley/media"
	"parley/media/fs"
	"parley/media/s3"
)

// filesName is the folder of files within the data folder, unless another is
// named.
const filesName = "files"

// uploadsName is the folder of unfinished uploads likewise.
const uploadsName = "uploads"

// openMedia opens what holds the bytes of files; nil: there are none. The caller
// closes it.
func openMedia(ctx context.Context, cfg *config.Config, data string, stderr io.Writer) (blobs media.Store, closeBlobs func() error, err error) {
	switch cfg.Media.Handler {
	case "fs":
		s, err := fs.Open(filesFolder(cfg, data))
		if err != nil {
			return nil, nil, err
		}
		return s, s.Close, nil
	case "s3":
		s, err := s3Store(&cfg.Media.Handlers.S3)
		if err != nil {
			return nil, nil, err
		}
		ctx, cancel := context.WithTimeout(ctx, mediaTime)
		defer cancel()
		err = s.Prepare(ctx)
		if errors.Is(err, s3.ErrUnreachable) || ctx.Err() != nil { // no reason to leave people without a server
			fmt.Fprintf(stderr, "warning: files can be neither stored nor fetched at present: %v\n", err)
			err = nil
		}
		if err != nil {
			return nil, nil, errors.Join(err, s.Close())
		}
		return s, s.Close, nil
	}
	return nil, func() error { return nil }, nil
}

// filesFolder is where files are with the handler fs. Unlike the reference, a
// relative path starts at the data folder: that of the process is not known
// when a service manager starts it.
func filesFolder(cfg *config.Config, data string) string {
	dir := cmp.Or(cfg.Media.Handlers.FS.UploadDir, filesName)
	if filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(data, dir)
}

// uploadsFolder is where files wait that come in pieces.
func uploadsFolder(cfg *config.Config, data string) string {
	dir := cmp.Or(cfg.Media.Resumable.Folder, uploadsName)
	if filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(data, dir)
}
