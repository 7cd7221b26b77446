//go:build unix && !solaris && !illumos && !aix

package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// fileLock keeps other processes, and other stores of this one, from opening
// the same file. The system releases it however the process ends.
type fileLock struct{ f *os.File }

// lockFile locks parley.lock for parley.db. The file stays when it is
// released: removing it would race with others that lock it.
func lockFile(path string) (*fileLock, error) {
	name := strings.TrimSuffix(path, filepath.Ext(path)) + ".lock"
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrInUse
	} else if err != nil {
		err = fmt.Errorf("lock %s: %w", filepath.Base(name), err)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &fileLock{f}, nil
}

func (l *fileLock) release() error { return l.f.Close() }
