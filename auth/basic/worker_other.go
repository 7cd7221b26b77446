//go:build !linux

package basic

import (
	"os"
	"syscall"
)

var endSignals = []os.Signal{os.Interrupt, syscall.SIGTERM}

func yieldToOthers() {}

func ownProgram() (string, error) { return os.Executable() }
