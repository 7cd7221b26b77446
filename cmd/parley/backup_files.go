package main

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"path/filepath"

	"parley/internal/config"
	"parley/media/fs"
	"parley/store"
	"parley/store/sqlite"
)

// filesOf is the folder of files that belongs to a backup.
func filesOf(backup string) string { return backup + ".files" }

// copied is what a backup or a restore did with files.
type copied struct {
	Count   int   `json:"files"`
	Bytes   int64 `json:"files_bytes"`
	Missing int   `json:"files_missing"` // that the store knows
}

// copyFiles copies the files of one folder to another; nil if there are none to
// be copied. Only those that the store in the file db knows count.
func (o *operator) copyFiles(from, to, db string) (*copied, error) {
	switch _, err := os.Stat(from); {
	case errors.Is(err, iofs.ErrNotExist):
		return o.countMissing(nil, db)
	case err != nil:
		return nil, err
	}
	source, err := fs.Open(from)
	if err != nil {
		return nil, err
	}
	defer source.Close()
	target, err := fs.Open(to)
	if err != nil {
		return nil, err
	}
	defer target.Close()
	if _, _, err := source.CopyTo(o.ctx, target); err != nil {
		return nil, fmt.Errorf("copy files to %s: %w", to, err)
	}
	return o.countMissing(target, db)
}

// countMissing holds a folder of files, or none, against the records.
func (o *operator) countMissing(in *fs.Store, db string) (*copied, error) {
	var c copied
	err := sqlite.InspectFiles(o.ctx, db, func(f *store.File) error {
		if in == nil || !in.Has(f.ID.Key(), f.Size) || f.Thumb != "" && !in.Has(f.ThumbKey(), -1) {
			c.Missing++
			return nil
		}
		c.Count, c.Bytes = c.Count+1, c.Bytes+f.Size
		return nil
	})
	return &c, err
}

// hasFolder tells whether files are in a folder of this machine.
func hasFolder(cfg *config.Config) bool { return cfg.Media.Handler == "fs" }

// uploads looks at the folder of files.
func (p *patient) uploads() finding {
	const name = "uploads"
	if !hasFolder(p.cfg) {
		return good(name, "not in a folder here (media.use_handler is %q)", p.cfg.Media.Handler)
	}
	dir := filesFolder(p.cfg, p.data)
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, iofs.ErrNotExist):
		return good(name, "%s is not there yet: the first start makes it", dir)
	case err != nil:
		return bad(name, "run as the user of the server", "%v", err)
	case !info.IsDir():
		return bad(name, "name another with media.handlers.fs.upload_dir", "%s is no folder", dir)
	}
	if owner, foreign := foreignOwner(info); foreign {
		return warn(name, "run as that user", "%s belongs to %s and was not tried", dir, owner)
	}
	s, err := fs.Open(dir)
	if err != nil {
		return bad(name, "chown it to the user of the server", "%v", err)
	}
	defer s.Close()
	if err := s.Check(p.ctx); err != nil {
		return bad(name, "without it nobody can send files", "%v", err)
	}
	c, err := p.countMissing(s, filepath.Join(p.data, storeName))
	switch {
	case errors.Is(err, iofs.ErrNotExist):
		return good(name, "%s can be written to", dir)
	case err != nil:
		return warn(name, "see store", "%v", err)
	case c.Missing > 0:
		return bad(name, "restore them from a backup", "%d of %d files are missing in %s", c.Missing, c.Missing+c.Count, dir)
	}
	return good(name, "%d files, %.1f MB, all there", c.Count, float64(c.Bytes)/1e6)
}
