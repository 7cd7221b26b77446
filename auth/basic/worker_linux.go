package basic

import (
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// endSignals reach all processes of a terminal or a service at once.
var endSignals = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}

// nicer is how much less pressing passwords are than messages. Not the most, so that
// logins get something of a busy machine.
const nicer = 15

// yieldToOthers lowers the priority of all threads that there are; those to come
// are like them.
func yieldToOthers() {
	list, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return
	}
	was, err := unix.Getpriority(unix.PRIO_PROCESS, 0) // 20 minus the niceness
	if err != nil {
		return
	}
	for _, e := range list {
		if tid, err := strconv.Atoi(e.Name()); err == nil {
			_ = unix.Setpriority(unix.PRIO_PROCESS, tid, min(20-was+nicer, 19))
		}
	}
}

// ownProgram is this program, also when its file has been replaced meanwhile.
func ownProgram() (string, error) { return "/proc/self/exe", nil }
