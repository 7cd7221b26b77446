//go:build unix

package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// foreignOwner names the owner of a file if that is somebody else.
func foreignOwner(info fs.FileInfo) (name string, foreign bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(st.Uid) == os.Geteuid() {
		return "", false
	}
	id := strconv.Itoa(int(st.Uid))
	if u, err := user.LookupId(id); err == nil {
		return u.Username, true
	}
	return fmt.Sprintf("#%s", id), true // as sudo -u takes it
}
