package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"parley/internal/config"
)

// storeName is the store within the data folder.
const storeName = "parley.db"

// home is the data folder: everything that must survive a restart.
type home struct {
	path  string // absolute
	fresh bool   // made by this start
}

// openHome makes the folder if it is missing, for its owner alone.
func openHome(path string) (*home, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("data folder %s: %w", path, err)
	}
	h := &home{path: abs}
	switch info, err := os.Stat(abs); {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(abs, 0o700); err != nil {
			return nil, fmt.Errorf("can't make the data folder %s: %w; choose another with --data FOLDER", abs, reason(err))
		}
		h.fresh = true
	case err != nil:
		return nil, fmt.Errorf("can't use the data folder %s: %w; choose another with --data FOLDER", abs, reason(err))
	case !info.IsDir():
		return nil, fmt.Errorf("%s is a file, not a folder; choose another with --data FOLDER", abs)
	}
	probe, err := os.CreateTemp(abs, ".probe-*")
	if err != nil {
		return nil, fmt.Errorf("can't write to the data folder %s: %w; choose another with --data FOLDER", abs, reason(err))
	}
	probe.Close()
	return h, os.Remove(probe.Name())
}

// reason is an error of a file without the path, which the caller names.
func reason(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

const secretLen = 32

// secret reads a key of the data folder, made at the first start.
func (h *home) secret(name string) (config.Key, error) {
	path := filepath.Join(h.path, name)
	text, err := os.ReadFile(path)
	if err == nil {
		key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
		if err != nil || len(key) < secretLen {
			return nil, fmt.Errorf("%s does not hold a key: restore it, or remove it, which logs everybody out", path)
		}
		return key, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("can't read %s: %w", path, reason(err))
	}
	key := make([]byte, secretLen)
	rand.Read(key)
	return key, h.write(name, base64.StdEncoding.EncodeToString(key)+"\n")
}

// write makes a file that only the owner can read, whole or not at all.
func (h *home) write(name, text string) error {
	f, err := os.CreateTemp(h.path, "."+name+"-*") // mode 0600
	if err != nil {
		return fmt.Errorf("can't write to the data folder %s: %w", h.path, reason(err))
	}
	defer os.Remove(f.Name()) // fails once it has its name
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(h.path, name))
	}
	if err != nil {
		return fmt.Errorf("can't write %s: %w", filepath.Join(h.path, name), reason(err))
	}
	return nil
}
