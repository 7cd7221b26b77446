//go:build linux

package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// hubName is the name of the hub as a target: it is the limit.
const hubName = "limit"

// serveHub runs a hub until ctx is done. It prints its address first.
func serveHub(ctx context.Context, listen string, stdout io.Writer) error {
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: newHub()}
	defer context.AfterFunc(ctx, func() { srv.Close() })()
	fmt.Fprintf(stdout, "ws://%s/v0/channels\n", ln.Addr())
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// hubProcess is a hub in a process of its own.
type hubProcess struct {
	cmd  *exec.Cmd
	addr string
}

// startHub runs `self bench hub` as a child, which does not outlive the generator.
func startHub(self string, stderr io.Writer) (*hubProcess, error) {
	cmd := exec.Command(self, "bench", "hub")
	if f, ok := stderr.(*os.File); ok { // any other writer is not for two programs at once
		cmd.Stderr = f
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start the hub: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the hub: %w", err)
	}
	h := &hubProcess{cmd: cmd}
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		h.stop()
		return nil, fmt.Errorf("the hub did not start: %w", err)
	}
	h.addr = strings.TrimSpace(addr)
	return h, nil
}

func (h *hubProcess) stop() {
	_ = h.cmd.Process.Kill()
	_ = h.cmd.Wait()
}
