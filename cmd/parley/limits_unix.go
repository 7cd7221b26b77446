//go:build linux || darwin || freebsd

package main

import "golang.org/x/sys/unix"

// fileLimit is how many files a process may open at most.
func fileLimit() (limit uint64, known bool) {
	var r unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &r); err != nil {
		return 0, false
	}
	return uint64(r.Max), true
}

// freeBytes is what an ordinary user can still write to the disk of a folder.
func freeBytes(dir string) (free uint64, known bool) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return uint64(s.Bavail) * uint64(s.Bsize), true
}
