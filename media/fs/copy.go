package fs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"parley/media"
)

const copyPage = 1000

// CopyTo puts all blobs into another folder, as hard links where both are on one
// file system: a blob never changes. Those that are there with the same size are
// left alone, so that it can be called again after an error. It returns how many
// blobs the other folder has of these, and their bytes.
func (s *Store) CopyTo(ctx context.Context, to *Store) (count int, bytes int64, err error) {
	for after := ""; ; {
		page, err := s.List(ctx, after, copyPage)
		if err != nil {
			return count, bytes, err
		}
		for _, b := range page {
			switch err := s.copyOne(ctx, to, b); {
			case errors.Is(err, media.ErrNotFound): // deleted meanwhile
				continue
			case err != nil:
				return count, bytes, err
			}
			count, bytes = count+1, bytes+b.Size
		}
		if len(page) < copyPage {
			return count, bytes, nil
		}
		after = page[len(page)-1].Key
	}
}

func (s *Store) copyOne(ctx context.Context, to *Store, b media.Info) error {
	if info, err := to.root.Lstat(file(b.Key)); err == nil && info.Mode().IsRegular() && info.Size() == b.Size {
		return nil
	}
	if err := to.root.Mkdir(folder(b.Key), folderMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return told("copy", b.Key, err)
	}
	if os.Link(filepath.Join(s.path, file(b.Key)), filepath.Join(to.path, file(b.Key))) == nil {
		return to.sync(folder(b.Key))
	}
	r, err := s.Open(ctx, b.Key)
	if err != nil {
		return err
	}
	defer r.Close()
	n, err := to.Put(ctx, b.Key, r, media.PutOptions{Size: b.Size})
	if err == nil && n != b.Size {
		err = fmt.Errorf("copy %s: got %d bytes of %d", b.Key, n, b.Size)
	}
	return err
}

// Has tells whether a blob is there with a size.
func (s *Store) Has(key string, size int64) bool {
	if !media.ValidKey(key) {
		return false
	}
	info, err := s.root.Lstat(file(key))
	return err == nil && info.Mode().IsRegular() && (size < 0 || info.Size() == size)
}
