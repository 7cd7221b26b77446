package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
)

// The operator's commands reach a running server through a socket in its data
// folder: who may use the folder may use the socket.
const (
	socketName = "admin.sock"
	maxSocket  = 103 // bytes of a socket's path that every system takes
)

// socketPath is a name for the socket that the system takes, which wants short
// ones, and what to close when it is no longer needed.
func socketPath(dir string) (path string, release func(), err error) {
	if path = filepath.Join(dir, socketName); len(path) <= maxSocket {
		return path, func() {}, nil
	}
	if runtime.GOOS != "linux" {
		return "", nil, fmt.Errorf("the path of the data folder is too long for a socket: %s", dir)
	}
	f, err := os.Open(dir)
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", f.Fd(), socketName), func() { f.Close() }, nil
}

// adminSocket is the socket of a running server.
type adminSocket struct {
	net.Listener
	release func()
}

// listenAdmin opens the socket in the place of one that a killed server has
// left. The caller has the store open, so that no other server uses it.
func (h *home) listenAdmin() (net.Listener, error) {
	path, release, err := socketPath(h.path)
	if err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		release()
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err == nil {
		if err = os.Chmod(path, 0o600); err != nil {
			err = errors.Join(err, l.Close())
		}
	}
	if err != nil {
		release()
		return nil, err
	}
	return &adminSocket{l, release}, nil
}

// Close removes the socket.
func (s *adminSocket) Close() error {
	err := s.Listener.Close()
	if !errors.Is(err, net.ErrClosed) {
		s.release()
	}
	return err
}
