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
