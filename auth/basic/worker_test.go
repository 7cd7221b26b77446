package basic

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// serveArg makes the test's own binary be the process of a Worker.
const serveArg = "serve-worker"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == serveArg {
		if ServeWorker(os.Stdin, os.Stdout) != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// newTestWorker counts what its worker complains of.
func newTestWorker(t *testing.T) (*Worker, *[]error) {
	t.Helper()
	var faults []error
	w := NewWorker(func(err error) { faults = append(faults, err) }, serveArg)
	t.Cleanup(w.Close)
	return w, &faults
}

func testJob(password string) *Job {
	return &Job{Password: []byte(password), Salt: []byte("0123456789abcdef"), Passes: 1, Memory: 64, Lanes: 1, Len: 32}
}

// derive asks for a key, which must be the right one.
func derive(t *testing.T, w *Worker, password string) {
	t.Helper()
	j := testJob(password)
	if got, err := w.Derive(t.Context(), j); err != nil || !bytes.Equal(got, j.do()) {
		t.Errorf("%s: %x, %v", password, got, err)
	}
}

func (w *Worker) pid() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.proc == nil {
		return 0
	}
	return w.proc.cmd.Process.Pid
}

func TestWorker(t *testing.T) {
	t.Parallel()
	w, faults := newTestWorker(t)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() { derive(t, w, fmt.Sprint("password ", i)) })
	}
	wg.Wait()
	old, err := bcrypt.GenerateFromPassword([]byte("right"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	for password, want := range map[string]int{"right": 1, "wrong": 0} {
		if got, err := w.Derive(t.Context(), &Job{Password: []byte(password), Bcrypt: old}); err != nil || len(got) != want {
			t.Errorf("bcrypt, %s: %v, %v", password, got, err)
		}
	}
	if pid := w.pid(); pid == 0 || pid == os.Getpid() {
		t.Errorf("the work was done by process %d", pid)
	} else if own, its := niceness(t, "self"), niceness(t, strconv.Itoa(pid)); runtime.GOOS == "linux" && its <= own && own < 19 {
		t.Errorf("niceness %d of the process, %d here", its, own)
	}
	if len(*faults) > 0 {
		t.Error(*faults)
	}
}

// niceness is that of the first thread of a process.
func niceness(t *testing.T, pid string) int {
	t.Helper()
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return 0 // another system
	}
	n, err := strconv.Atoi(strings.Fields(string(stat))[18])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestWorkerKilled: those who wait get their answers all the same, and the next
// ones another process.
func TestWorkerKilled(t *testing.T) {
	t.Parallel()
	w, faults := newTestWorker(t)
	derive(t, w, "a")
	first := w.pid()
	p, err := os.FindProcess(first)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() { derive(t, w, fmt.Sprint(i)) })
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	for end := time.Now().Add(10 * time.Second); w.pid() == first && time.Now().Before(end); time.Sleep(time.Millisecond) {
		derive(t, w, "b")
	}
	derive(t, w, "c")
	if pid := w.pid(); pid == 0 || pid == first {
		t.Errorf("process %d after %d", pid, first)
	}
	if len(*faults) > 1 {
		t.Errorf("told %d times", len(*faults))
	}
}

func TestWorkerRests(t *testing.T) {
	t.Parallel()
	w, faults := newTestWorker(t)
	w.idle = 20 * time.Millisecond
	derive(t, w, "a")
	for end := time.Now().Add(10 * time.Second); w.pid() != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the process stays")
		}
	}
	derive(t, w, "b")
	if len(*faults) > 0 {
		t.Error(*faults)
	}
}

func TestWorkerWithoutProcess(t *testing.T) {
	t.Parallel()
	w, _ := newTestWorker(t)
	w.Close()
	derive(t, w, "a")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w, _ = newTestWorker(t)
	j := testJob("b")
	j.Passes, j.Memory = 4, 64*1024
	if _, err := w.Derive(ctx, j); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
