// Package fs keeps blobs as files of one folder:
//
//	folder/ab/abcdef   the blob named abcdef
//	folder/.part/…     what is being received
//
// A blob is written into .part, synced to the disk and renamed, so that a name
// always means a whole blob. Nothing is served from the folder but by way of
// this package. The last of the disk is kept free (package disk).
package fs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"parley/internal/disk"
	"parley/media"
)

const (
	partDir    = ".part" // no key begins with a dot
	fileMode   = 0o600
	folderMode = 0o700
	bufBytes   = 64 << 10
)

// Store is a folder of blobs. Several processes may use the same folder.
type Store struct {
	root  *os.Root // keeps even a mistake of ours inside the folder
	path  string
	space disk.Look
}

var _ media.Store = (*Store)(nil)

// Open returns the store in a folder, which is made if it is not there.
func Open(path string) (*Store, error) {
	if err := os.MkdirAll(filepath.Join(path, partDir), folderMode); err != nil {
		return nil, fmt.Errorf("folder of files: %w", err)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("folder of files: %w", err)
	}
	return &Store{root: root, path: path, space: disk.Folder(path)}, nil
}

// Close releases the folder. Blobs that are open stay readable.
func (s *Store) Close() error { return s.root.Close() }

// folder is where a blob is: at most 37 × 36 folders share them, so that none
// becomes so large that people's tools give up on it.
func folder(key string) string { return key[:min(2, len(key))] }

func file(key string) string { return folder(key) + "/" + key }

// Put implements media.Store.
func (s *Store) Put(ctx context.Context, key string, r io.Reader, o media.PutOptions) (size int64, err error) {
	if !media.ValidKey(key) {
		return 0, badKey(key)
	}
	defer func() { err = told("put", key, err) }()
	part, err := s.create(key)
	if err != nil {
		return 0, err
	}
	name := partDir + "/" + filepath.Base(part.Name())
	defer func() {
		if err != nil {
			_ = s.root.Remove(name) // the error that led here says more
		}
	}()
	size, err = s.fill(part, media.WithContext(ctx, media.Limit(r, o.Limit)))
	if err != nil {
		return 0, err
	}
	return size, s.publish(name, key)
}

// fill writes what r gives to the disk and closes f.
func (s *Store) fill(f *os.File, r io.Reader) (int64, error) {
	// Not *os.File itself: its ReadFrom would take another way for some readers,
	// with other limits to memory.
	n, err := io.CopyBuffer(disk.Keep(f, s.space, 1), struct{ io.Reader }{r}, make([]byte, bufBytes))
	if err == nil {
		err = f.Sync()
	}
	return n, errors.Join(err, f.Close())
}

// create makes a file with a name of its own in .part.
func (s *Store) create(key string) (*os.File, error) {
	for try := 0; ; try++ {
		name := fmt.Sprintf("%s/%s.%d.%d", partDir, key, time.Now().UnixNano(), try)
		f, err := s.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
		switch {
		case errors.Is(err, fs.ErrExist):
		case errors.Is(err, fs.ErrNotExist) && try == 0: // somebody tidied up
			if err := s.root.Mkdir(partDir, folderMode); err != nil && !errors.Is(err, fs.ErrExist) {
				return nil, err
			}
		default:
			return f, err
		}
	}
}

// publish gives a complete file its name, durably.
func (s *Store) publish(part, key string) error {
	dir := folder(key)
	err := s.root.Rename(part, file(key))
	if errors.Is(err, fs.ErrNotExist) {
		if err := s.root.Mkdir(dir, folderMode); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := s.sync("."); err != nil {
			return err
		}
		err = s.root.Rename(part, file(key))
	}
	if err != nil {
		return err
	}
	return s.sync(dir)
}

// sync makes the names in a folder durable.
func (s *Store) sync(dir string) error {
	if runtime.GOOS == "windows" { // folders cannot be synced there
		return nil
	}
	d, err := s.root.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) { // file systems that have no such thing
		err = nil
	}
	return errors.Join(err, d.Close())
}

// Open implements media.Store.
func (s *Store) Open(_ context.Context, key string) (media.Blob, error) {
	if !media.ValidKey(key) {
		return nil, badKey(key)
	}
	f, err := s.root.Open(file(key))
	if err != nil {
		return nil, told("open", key, err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = media.ErrNotFound
	}
	if err != nil {
		return nil, told("open", key, errors.Join(err, f.Close()))
	}
	return &blob{f, info}, nil
}

type blob struct {
	*os.File
	info fs.FileInfo
}

func (b *blob) Size() int64         { return b.info.Size() }
func (b *blob) Modified() time.Time { return b.info.ModTime() }

// Delete implements media.Store.
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		if !media.ValidKey(key) {
			return badKey(key)
		}
	}
	for _, key := range keys {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.root.Remove(file(key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return told("delete", key, err)
		}
	}
	return nil
}

// Link implements media.Store: a folder has no links.
func (s *Store) Link(_ context.Context, key string, _ media.LinkOptions) (string, error) {
	if !media.ValidKey(key) {
		return "", badKey(key)
	}
	return "", nil
}

// List implements media.Store.
func (s *Store) List(ctx context.Context, after string, limit int) ([]media.Info, error) {
	if after != "" && !media.ValidKey(after) {
		return nil, badKey(after)
	}
	dirs, err := s.names(".")
	if err != nil {
		return nil, told("list", after, err)
	}
	var list []media.Info
	for _, dir := range dirs {
		if len(list) >= limit || ctx.Err() != nil {
			break
		}
		if !media.ValidKey(dir) || len(dir) > 2 || after != "" && dir < folder(after) {
			continue
		}
		if list, err = s.listFolder(dir, after, limit, list); err != nil {
			return nil, told("list", after, err)
		}
	}
	return list, ctx.Err()
}

func (s *Store) listFolder(dir, after string, limit int, list []media.Info) ([]media.Info, error) {
	names, err := s.names(dir)
	if err != nil {
		return nil, err
	}
	for _, key := range names {
		if len(list) >= limit {
			break
		}
		if !media.ValidKey(key) || folder(key) != dir || key <= after {
			continue
		}
		info, err := s.root.Lstat(file(key))
		if errors.Is(err, fs.ErrNotExist) { // deleted meanwhile
			continue
		} else if err != nil {
			return nil, err
		}
		if info.Mode().IsRegular() {
			list = append(list, media.Info{Key: key, Size: info.Size(), Modified: info.ModTime()})
		}
	}
	return list, nil
}

// names are those in a folder, in order; none if it is not there, or no folder.
func (s *Store) names(dir string) ([]string, error) {
	info, err := s.root.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	d, err := s.root.Open(dir)
	if err != nil {
		return nil, err
	}
	names, err := d.Readdirnames(-1)
	slices.Sort(names)
	return names, errors.Join(err, d.Close())
}

// Sweep implements media.Store.
func (s *Store) Sweep(ctx context.Context, before time.Time) (int, error) {
	names, err := s.names(partDir)
	if err != nil {
		return 0, told("sweep", "", err)
	}
	swept := 0
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return swept, err
		}
		name = partDir + "/" + name
		info, err := s.root.Lstat(name)
		if err != nil || !info.ModTime().Before(before) { // the time of its last bytes
			continue
		}
		if err := s.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return swept, told("sweep", "", err)
		}
		swept++
	}
	return swept, nil
}

// Check implements media.Store: it writes a file and reads it back.
func (s *Store) Check(ctx context.Context) error {
	const key = "0check-of-the-folder"
	want := "parley was here"
	_, err := s.Put(ctx, key, strings.NewReader(want), media.PutOptions{})
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s cannot be written to: give the folder to the user that runs the server (chown): %w", s.path, err)
	case errors.Is(err, media.ErrFull):
		return fmt.Errorf("the disk of %s is full: make room, or set media.handlers.fs.upload_dir to another disk: %w", s.path, err)
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%s is on a file system that is mounted read-only: %w", s.path, err)
	case err != nil:
		return err
	}
	b, err := s.Open(ctx, key)
	if err != nil {
		return err
	}
	got, err := io.ReadAll(b)
	if err := errors.Join(err, b.Close(), s.Delete(ctx, key)); err != nil {
		return err
	}
	if string(got) != want {
		return fmt.Errorf("%s does not give back what was written: the disk is failing", s.path)
	}
	return nil
}

func badKey(key string) error { return fmt.Errorf("%w: %q", media.ErrBadKey, key) }

// told says what was done, and translates errors of the file system. Names of
// folders stay out of it: they belong to the operator.
func told(op, key string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s %s: %w", op, key, media.ErrNotFound)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%s %s: %w: %w", op, key, media.ErrFull, err)
	}
	return fmt.Errorf("%s %s: %w", op, key, err)
}
