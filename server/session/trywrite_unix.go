//go:build unix

package session

import (
	"errors"

	"golang.org/x/sys/unix"
)

const canTryWrite = true

// tryWrite writes what the socket takes without waiting.
func tryWrite(fd uintptr, p []byte) (int, error) {
	for {
		n, err := unix.Write(int(fd), p)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			return 0, nil
		case err != nil:
			return 0, err
		}
		return n, nil
	}
}
