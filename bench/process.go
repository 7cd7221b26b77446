//go:build linux

package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Bounds of a server's life cycle.
const (
	startTimeout = 30 * time.Second
	stopTimeout  = 10 * time.Second
	pollEvery    = 2 * time.Millisecond
)

// process starts and ends a server in the foreground. It is used by one goroutine at a time.
type process struct {
	// Fixed by the maker.
	argv []string
	dir  string   // working directory; empty is that of the generator
	log  string   // file which its output is appended to; empty drops it
	wipe []string // folders which are removed before each start

	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
}

// shellProcess runs a command line, which must become the server itself and not put it into the
// background.
func shellProcess(command, dir, log string) *process {
	return &process{argv: []string{"sh", "-c", "exec " + command}, dir: dir, log: log}
}

// start runs the program and returns the process id.
func (p *process) start() (int, error) {
	for _, dir := range p.wipe {
		if err := os.RemoveAll(dir); err != nil {
			return 0, fmt.Errorf("empty the folder of the server: %w", err)
		}
	}
	cmd := exec.Command(p.argv[0], p.argv[1:]...)
	cmd.Dir = p.dir
	// A group of its own, because Ctrl-C is for the generator, which then stops the server.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if p.log != "" {
		f, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return 0, fmt.Errorf("log of the server: %w", err)
		}
		defer f.Close()
		cmd.Stdout, cmd.Stderr = f, f
	}
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("start the server: %w", err)
	}
	p.cmd, p.done = cmd, make(chan struct{})
	go func(done chan struct{}) { // ends with the process, which stop and kill wait for
		_ = cmd.Wait()
		close(done)
	}(p.done)
	return cmd.Process.Pid, nil
}

// stop asks the server to end, and kills it if it does not. It does nothing before start.
func (p *process) stop() {
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(stopTimeout):
		p.kill()
	}
}

// kill ends the server without warning.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// startServer starts the target's server and waits until it answers a {hi}.
func (e *env) startServer(ctx context.Context) error {
	pid, err := e.proc.start()
	if err != nil {
		return err
	}
	e.pid = pid
	return e.awaitServer(ctx)
}

// awaitServer polls the server until it answers.
func (e *env) awaitServer(ctx context.Context) error {
	var err error
	for end := time.Now().Add(startTimeout); time.Now().Before(end); {
		var c *conn
		if c, err = e.dial(ctx, dialOptions{}); err == nil {
			c.close()
			return nil
		}
		select {
		case <-e.proc.done:
			return fmt.Errorf("the server ended at once%s", e.proc.lastWords())
		default:
		}
		if err := sleep(ctx, pollEvery); err != nil {
			return err
		}
	}
	return fmt.Errorf("the server does not answer: %w", err)
}

// lastWords is the end of the log, introduced by a colon.
func (p *process) lastWords() string {
	const most = 400
	b, err := os.ReadFile(p.log)
	switch {
	case errors.Is(err, os.ErrNotExist) || err == nil && len(b) == 0:
		return " and said nothing"
	case err != nil:
		return ": " + err.Error()
	}
	return ": …" + string(b[max(0, len(b)-most):])
}
