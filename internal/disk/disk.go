// Package disk knows how much room there is on the disk of a folder, and keeps
// the last of it free: what people upload must not take the room that their
// messages need.
package disk

import (
	"fmt"
	"io"
	"syscall"
)

// Space is that of a disk, in bytes.
type Space struct {
	Total int64
	Free  int64 // what an ordinary user can still write
}

// maxReserve is what is kept free of a large disk.
const maxReserve = 64 << 20

// Reserve is what uploads leave free: a twentieth of the disk, at most 64 MiB.
func (s Space) Reserve() int64 { return min(s.Total/20, maxReserve) }

// Look tells the space of one disk. It is not known on all systems, and not of all
// file systems.
type Look func() (s Space, known bool)

// Folder returns the Look of the disk that a folder is on.
func Folder(dir string) Look { return func() (Space, bool) { return Of(dir) } }

// ErrReserved says that there is room, but kept free. It is a syscall.ENOSPC.
var ErrReserved = fmt.Errorf("the last of the disk is kept free: %w", syscall.ENOSPC)

// Keep returns a writer to w that ends with ErrReserved when fewer than so many
// reserves would stay free. It looks again after a part of what is left was
// written, so that several of them together stay close to it.
func Keep(w io.Writer, look Look, reserves int64) io.Writer {
	return &keeper{w: w, look: look, reserves: reserves}
}

type keeper struct {
	w        io.Writer
	look     Look
	reserves int64
	credit   int64 // bytes that may be written before looking again
}

const maxCredit = 4 << 20

func (k *keeper) Write(p []byte) (int, error) {
	if n := int64(len(p)); n > k.credit {
		if s, known := k.look(); known {
			room := s.Free - k.reserves*s.Reserve()
			if n > room {
				return 0, ErrReserved
			}
			k.credit = max(n, min(room/16, maxCredit))
		} else {
			k.credit = max(n, maxCredit)
		}
	}
	n, err := k.w.Write(p)
	k.credit -= int64(n)
	return n, err
}
