//go:build linux

package bench

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// clockTick is USER_HZ, the unit of the times in /proc/PID/stat; it is 100 on every Linux port that
// Go supports.
const clockTick = 10 * time.Millisecond

// procStat is what the generator needs of /proc/PID/stat.
type procStat struct {
	parent   int
	cpu      time.Duration // of the process itself
	children time.Duration // of its ended children
}

func readStat(pid int) (procStat, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return procStat{}, err
	}
	f := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:]) // the name may hold spaces
	if len(f) < 15 {
		return procStat{}, fmt.Errorf("/proc/%d/stat: too short", pid)
	}
	num := func(i int) int64 {
		n, _ := strconv.ParseInt(string(f[i]), 10, 64)
		return n
	}
	return procStat{
		parent:   int(num(1)),
		cpu:      time.Duration(num(11)+num(12)) * clockTick,
		children: time.Duration(num(13)+num(14)) * clockTick,
	}, nil
}

// cpuOf is the CPU time used by a process so far; zero if it is gone.
func cpuOf(pid int) time.Duration {
	st, _ := readStat(pid)
	return st.cpu
}

// cpuOfTree is the CPU time of a process and of its children, living and ended. It fits a
// PostgreSQL server, whose backends come and go.
func cpuOfTree(root int) time.Duration {
	st, err := readStat(root)
	if err != nil {
		return 0
	}
	sum := st.cpu + st.children
	for _, pid := range allProcesses() {
		if st, err := readStat(pid); err == nil && st.parent == root {
			sum += st.cpu
		}
	}
	return sum
}

func allProcesses() []int {
	d, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer d.Close()
	names, _ := d.Readdirnames(-1)
	var pids []int
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// memory is what a process holds, in bytes.
type memory struct {
	rss, pss, peak int64
}

func memoryOf(pid int) memory {
	var m memory
	for file, fields := range map[string]map[string]*int64{
		"status":       {"VmRSS": &m.rss, "VmHWM": &m.peak},
		"smaps_rollup": {"Pss": &m.pss},
	} {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(b)) {
			name, rest, _ := strings.Cut(line, ":")
			if dst := fields[name]; dst != nil {
				if f := strings.Fields(rest); len(f) > 0 {
					kb, _ := strconv.ParseInt(f[0], 10, 64)
					*dst = kb << 10
				}
			}
		}
	}
	return m
}

// loadAverage is the number of runnable processes over the last minute.
func loadAverage() float64 {
	b, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(b), " ")
	v, _ := strconv.ParseFloat(first, 64)
	return v
}

// machineBusy is the time that all processors were not idle, stolen time included.
func machineBusy() time.Duration {
	b, _ := os.ReadFile("/proc/stat")
	line, _, _ := strings.Cut(string(b), "\n")
	var busy int64
	for i, s := range strings.Fields(line) {
		if i >= 1 && i <= 8 && i != 4 && i != 5 { // without idle and iowait
			n, _ := strconv.ParseInt(s, 10, 64)
			busy += n
		}
	}
	return time.Duration(busy) * clockTick
}

// usage is what an interval of a measurement cost.
type usage struct {
	wall, server, db, self, other time.Duration
}

// meter reads the processes of a target.
type meter struct {
	pid, db int
	t0      time.Time
	last    usage
}

func (m *meter) read() usage {
	u := usage{wall: time.Since(m.t0), server: cpuOf(m.pid), self: cpuOf(os.Getpid()), other: machineBusy()}
	if m.db > 0 {
		u.db = cpuOfTree(m.db)
	}
	return u
}

// startMeter begins an interval.
func (t *target) startMeter() *meter {
	m := &meter{pid: t.pid, db: t.db, t0: time.Now()}
	m.last = m.read()
	return m
}

// lap ends the interval and begins the next one. other is the CPU time of everything which is
// neither the server, nor its database, nor the generator: the noise of the machine.
func (m *meter) lap() usage {
	now := m.read()
	u := usage{
		wall:   now.wall - m.last.wall,
		server: now.server - m.last.server,
		db:     now.db - m.last.db,
		self:   now.self - m.last.self,
		other:  now.other - m.last.other,
	}
	u.other = max(0, u.other-u.server-u.db-u.self)
	m.last = now
	return u
}

// percent is the share of d in the interval, in percent of one processor.
func (u usage) percent(d time.Duration) float64 { return 100 * float64(d) / float64(u.wall) }

// mb is a number of bytes in MiB.
func mb(bytes int64) float64 { return float64(bytes) / (1 << 20) }
