//go:build linux || darwin || freebsd

package disk

import (
	"os"
	"syscall"
)

// Of is the space of the disk that a folder is on.
func Of(dir string) (s Space, known bool) {
	var f syscall.Statfs_t
	if err := syscall.Statfs(dir, &f); err != nil || f.Blocks == 0 { // some network file systems do not say
		return Space{}, false
	}
	block := int64(f.Bsize)
	return Space{Total: int64(f.Blocks) * block, Free: max(0, int64(f.Bavail)) * block}, true
}

// Same tells whether two folders that exist are on one disk.
func Same(a, b string) bool {
	dev := func(dir string) (uint64, bool) {
		info, err := os.Stat(dir)
		if err != nil {
			return 0, false
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			return uint64(st.Dev), true
		}
		return 0, false
	}
	da, oka := dev(a)
	db, okb := dev(b)
	return oka && okb && da == db
}
