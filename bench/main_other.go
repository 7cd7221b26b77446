//go:build !linux

package bench

import (
	"fmt"
	"io"
	"runtime"
)

// Main says that there is nothing to run here: the load generator needs epoll, and the figures come
// from /proc. It returns 1.
func Main(_ []string, _, stderr io.Writer) int {
	fmt.Fprintf(stderr, "parley bench: needs Linux (epoll and /proc); this is %s\n", runtime.GOOS)
	return 1
}
