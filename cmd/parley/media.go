package main

import (
	"cmp"
	"errors"
	"path/filepath"

	"parley/internal/config"
	"parley/media"
	"parley/media/fs"
)

// filesName is the folder of files within the data folder, unless another is
// named.
const filesName = "files"

// openMedia opens what holds the bytes of files; nil: there are none. The caller
// closes it.
func openMedia(cfg *config.Config, data string) (blobs media.Store, closeBlobs func() error, err error) {
	switch cfg.Media.Handler {
	case "fs":
		s, err := fs.Open(filesFolder(cfg, data))
		if err != nil {
			return nil, nil, err
		}
		return s, s.Close, nil
	case "s3":
		return nil, nil, errors.New("media.use_handler: s3 is not supported in this version yet; use fs")
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
