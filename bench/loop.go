//go:build linux

package bench

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// spareFiles is how many descriptors of the process are left to everything but connections.
const spareFiles = 64

// loop is an epoll reactor. Every connection is read on its one goroutine, so that the generator
// needs neither a goroutine nor a buffer for a connection, and the handlers of a running scenario
// need no locks.
type loop struct {
	// Fixed by newLoop.
	epfd    int
	wakefd  int
	timerfd int
	conns   []atomic.Pointer[conn] // by file descriptor
	epoch   time.Time              // zero of nanotime
	sources uint32
	stopped chan struct{} // closed when the goroutine has ended

	// Owned by the goroutine of the loop.
	buf   []byte  // shared by all reads
	dirty []*conn // connections with output queued by handlers
	now   int64   // time of the event being handled
	pacer func(now int64) (next int64)

	mu    sync.Mutex
	tasks []func() // guarded by mu

	open   atomic.Int64 // connections
	stop   atomic.Bool
	source atomic.Uint32
}

// newLoop starts a reactor whose connections come from as many loopback addresses as asked for.
// The caller must close it.
func newLoop(sources int) (*loop, error) {
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		return nil, fmt.Errorf("getrlimit: %w", err)
	}
	if lim.Cur < lim.Max {
		lim.Cur = lim.Max
		_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &lim) // a lower limit only bounds what can be asked
	}
	l := &loop{
		epfd: -1, wakefd: -1, timerfd: -1,
		conns:   make([]atomic.Pointer[conn], min(lim.Cur, 1<<20)),
		epoch:   time.Now(),
		sources: uint32(max(1, min(sources, 250))),
		stopped: make(chan struct{}),
		buf:     make([]byte, 256<<10),
	}
	if err := l.openFiles(); err != nil {
		l.closeFiles()
		return nil, err
	}
	go l.run()
	return l, nil
}

func (l *loop) openFiles() (err error) {
	if l.epfd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return fmt.Errorf("epoll_create: %w", err)
	}
	if l.wakefd, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return fmt.Errorf("eventfd: %w", err)
	}
	if l.timerfd, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK); err != nil {
		return fmt.Errorf("timerfd: %w", err)
	}
	for _, fd := range []int{l.wakefd, l.timerfd} {
		ev := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}
		if err := unix.EpollCtl(l.epfd, unix.EPOLL_CTL_ADD, fd, &ev); err != nil {
			return fmt.Errorf("epoll_ctl: %w", err)
		}
	}
	return nil
}

func (l *loop) closeFiles() {
	for _, fd := range []int{l.timerfd, l.wakefd, l.epfd} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

// nanotime is monotonic time in nanoseconds since the loop began.
func (l *loop) nanotime() int64 { return int64(time.Since(l.epoch)) }

// maxConns is the number of connections that the limit of open files leaves room for.
func (l *loop) maxConns() int { return len(l.conns) - spareFiles }

// do runs fn on the loop's goroutine and waits for it.
func (l *loop) do(fn func()) {
	done := make(chan struct{})
	l.mu.Lock()
	l.tasks = append(l.tasks, func() { fn(); close(done) })
	l.mu.Unlock()
	l.wake()
	select {
	case <-done:
	case <-l.stopped:
	}
}

// pace has fn called on the loop's goroutine, now and then at each time it asks for, until it
// asks for none by returning zero. It must be called on the loop's goroutine.
func (l *loop) pace(fn func(now int64) (next int64)) {
	l.pacer = fn
	l.runPacer()
}

// close ends the loop and every connection. No connection may be dialled any more.
func (l *loop) close() {
	if l.stop.Swap(true) {
		return
	}
	l.wake()
	<-l.stopped
	for i := range l.conns {
		if c := l.conns[i].Load(); c != nil {
			c.finish(errors.New("loop closed"))
		}
	}
	l.closeFiles()
}

func (l *loop) wake() {
	one := [8]byte{1}
	_, _ = unix.Write(l.wakefd, one[:])
}

func (l *loop) run() {
	defer close(l.stopped)
	events := make([]unix.EpollEvent, 256)
	for !l.stop.Load() {
		n, err := unix.EpollWait(l.epfd, events, 1000)
		if err != nil && err != unix.EINTR {
			panic(fmt.Sprintf("epoll_wait: %v", err))
		}
		for _, ev := range events[:max(n, 0)] {
			switch fd := int(ev.Fd); fd {
			case l.wakefd:
				l.drain(fd)
				l.runTasks()
			case l.timerfd:
				l.drain(fd)
				l.now = l.nanotime()
				l.runPacer()
			default:
				if c := l.conns[fd].Load(); c != nil {
					l.now = l.nanotime()
					c.event(ev.Events)
				}
			}
			l.flush()
		}
	}
}

// drain empties an eventfd or a timerfd.
func (l *loop) drain(fd int) {
	var b [8]byte
	_, _ = unix.Read(fd, b[:])
}

func (l *loop) runTasks() {
	l.mu.Lock()
	tasks := l.tasks
	l.tasks = nil
	l.mu.Unlock()
	for _, fn := range tasks {
		l.now = l.nanotime()
		fn()
	}
}

func (l *loop) runPacer() {
	if l.pacer == nil {
		return
	}
	next := l.pacer(l.now)
	if next == 0 {
		l.pacer = nil
		return
	}
	wait := max(next-l.nanotime(), 1)
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(wait)}
	if err := unix.TimerfdSettime(l.timerfd, 0, &spec, nil); err != nil {
		panic(fmt.Sprintf("timerfd_settime: %v", err))
	}
}

// flush writes out what the handlers queued.
func (l *loop) flush() {
	for i, c := range l.dirty {
		c.dirty = false
		c.flush()
		l.dirty[i] = nil
	}
	l.dirty = l.dirty[:0]
}

// nextSource returns the next loopback address to connect from.
func (l *loop) nextSource() [4]byte {
	return [4]byte{127, 0, 0, byte(1 + l.source.Add(1)%l.sources)}
}
