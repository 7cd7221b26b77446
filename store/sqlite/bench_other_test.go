//go:build !linux

package sqlite

import (
	"os"
	"time"
)

func cpuTime() time.Duration { return 0 }

func dataSync(f *os.File) error { return f.Sync() }
