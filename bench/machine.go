//go:build linux

package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// machine is what the figures depend on beside the server.
type machine struct {
	Go            string `json:"go"`
	Processors    int    `json:"processors"` // in use
	Load          number `json:"load_average"`
	DurableWrite  number `json:"durable_write_ms"` // median time of writing 4 KB and syncing
	dataOnMemory  bool
	dataDirectory string
}

// describe looks at the machine and at the disk below the folder.
func describe(dir string) (machine, error) {
	m := machine{
		Go: runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH, Processors: runtime.GOMAXPROCS(0),
		Load: number(loadAverage()), dataDirectory: dir,
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err == nil {
		m.dataOnMemory = fs.Type == unix.TMPFS_MAGIC
	}
	d, err := durableWrite(filepath.Join(dir, "probe"))
	m.DurableWrite = number(float64(d.Microseconds()) / 1000)
	return m, err
}

// durableWrite is the median time of appending 4 KB to a file and waiting for the disk.
func durableWrite(path string) (time.Duration, error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, fmt.Errorf("probe of the disk: %w", err)
	}
	defer os.Remove(path)
	defer f.Close()
	block := make([]byte, 4096)
	times := make([]time.Duration, 31)
	for i := range times {
		began := time.Now()
		if _, err := f.Write(block); err != nil {
			return 0, fmt.Errorf("probe of the disk: %w", err)
		}
		if err := unix.Fdatasync(int(f.Fd())); err != nil {
			return 0, fmt.Errorf("probe of the disk: %w", err)
		}
		times[i] = time.Since(began)
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}

func (m machine) String() string {
	s := fmt.Sprintf("%d processors, load %s; a durable write of 4 KB takes %s ms in %s",
		m.Processors, short(m.Load), short(m.DurableWrite), m.dataDirectory)
	if m.dataOnMemory {
		s += "\nthat folder is in memory, where durability costs nothing: choose one on a disk by -dir"
	}
	return s
}

// pin confines the process, and every child from now on, to the first n processors it may use;
// zero leaves it as it is.
func pin(n int) error {
	var set, first unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return fmt.Errorf("pin to %d processors: %w", n, err)
	}
	if n <= 0 || set.Count() <= n {
		return nil
	}
	for cpu := 0; first.Count() < n; cpu++ {
		if set.IsSet(cpu) {
			first.Set(cpu)
		}
	}
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return fmt.Errorf("pin to %d processors: %w", n, err)
	}
	for _, t := range threads { // threads to come inherit it from these
		if tid, err := strconv.Atoi(t.Name()); err == nil {
			if err := unix.SchedSetaffinity(tid, &first); err != nil && err != unix.ESRCH {
				return fmt.Errorf("pin to %d processors: %w", n, err)
			}
		}
	}
	runtime.GOMAXPROCS(n)
	return nil
}
