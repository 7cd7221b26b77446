package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"
	_ "modernc.org/sqlite" // the driver, for looking into a file
)

// asProgram makes the test's own binary be the program: no test has to build it.
const asProgram = "PARLEY_TEST_RUN"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" || len(os.Args) > 1 && os.Args[1] == passwordsCommand {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	goleak.VerifyTestMain(m)
}

// process is a running server.
type process struct {
	cmd  *exec.Cmd
	url  string // of the WebSocket
	err  lines  // what it said on stderr
	out  lines
	done chan struct{} // closed when it has ended and everything was read
}

// lines collects text.
type lines struct {
	mu   sync.Mutex // guards the following
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// program prepares the program in an empty folder of its own.
func program(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// start starts a server on a free port and waits until it takes connections.
func start(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	p := &process{cmd: program(t, dir, append([]string{"--listen", "127.0.0.1:0"}, args...)...), done: make(chan struct{})}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stderr = &p.err
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make(chan string, 1)
	go func() {
		defer close(p.done)
		sc := bufio.NewScanner(io.TeeReader(out, &p.out))
		for sc.Scan() {
			if _, rest, ok := strings.Cut(strings.ReplaceAll(sc.Text(), "https://", "http://"), "http://"); ok {
				select {
				case ready <- strings.Fields(rest)[0]:
				default:
				}
			}
		}
		_ = p.cmd.Wait()
	}()
	t.Cleanup(func() { p.kill() })
	select {
	case address := <-ready:
		p.url = "ws://" + address + "/v0/channels"
	case <-p.done:
		t.Fatalf("the server ended: %s%s", &p.out, &p.err)
	case <-time.After(30 * time.Second):
		t.Fatalf("the server does not start: %s%s", &p.out, &p.err)
	}
	return p
}

// kill ends the process at once, as a power failure would.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// stop ends it in order and returns its exit code.
func (p *process) stop(t *testing.T) int {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.done:
	case <-time.After(30 * time.Second):
		t.Fatal("SIGTERM does not end it")
	}
	return p.cmd.ProcessState.ExitCode()
}

func dial(ctx context.Context, url string) (*websocket.Conn, error) {
	ws, _, err := websocket.DefaultDialer.DialContext(ctx, url, http.Header{"X-Tinode-APIKey": {"AQEAAAABAAD_rAp4DJh05a1HAwFT3A6K"}})
	return ws, err
}

// fails runs the program to its end, which must be exit code 1 with one line on
// stderr that holds all of want.
func fails(t *testing.T, dir string, args []string, want ...string) {
	t.Helper()
	cmd := program(t, dir, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("%v: %v, want exit code 1", args, err)
	}
	text := stderr.String()
	if strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, "parley: ") || strings.Contains(text, "goroutine") {
		t.Errorf("%v: not one clear line: %q", args, text)
	}
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("%v: %q does not say %q", args, text, w)
		}
	}
	if stdout.Len() > 0 {
		t.Errorf("%v: stdout %q", args, &stdout)
	}
}

func TestStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, dir)
	first := p.out.String()
	for path, want := range map[string]os.FileMode{
		"parley-data": os.ModeDir | 0o700, "parley-data/token.key": 0o600, "parley-data/parley.db": 0o600,
	} {
		info, err := os.Stat(filepath.Join(dir, path))
		if err != nil {
			t.Error(err)
		} else if info.Mode() != want {
			t.Errorf("%s: mode %v, want %v", path, info.Mode(), want)
		}
	}
	key, err := os.ReadFile(filepath.Join(dir, "parley-data", "token.key"))
	if err != nil {
		t.Fatal(err)
	}
	ws, err := dial(t.Context(), p.url)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	if err := ws.WriteMessage(websocket.TextMessage, []byte(`{"hi":{"id":"1","ver":"0.25"}}`)); err != nil {
		t.Fatal(err)
	}
	if _, m, err := ws.ReadMessage(); err != nil || !bytes.Contains(m, []byte(`"code":201`)) {
		t.Fatalf("%s %v", m, err)
	}
	if code := p.stop(t); code != 0 {
		t.Errorf("exit code %d: %s", code, &p.err)
	}
	// the client was told
	if _, m, err := ws.ReadMessage(); err != nil || !bytes.Contains(m, []byte(`{"ctrl":{"code":205,"text":"server shutdown","ts":"`)) {
		t.Errorf("%s %v", m, err)
	}
	if _, _, err := ws.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseGoingAway) {
		t.Errorf("got %v, want close 1001", err)
	}
	again := start(t, dir)
	if second := again.out.String(); strings.Count(second, "\n") >= strings.Count(first, "\n") {
		t.Errorf("the second start is not quieter:\n%s\nthan\n%s", second, first)
	}
	same, err := os.ReadFile(filepath.Join(dir, "parley-data", "token.key"))
	if err != nil || !bytes.Equal(key, same) {
		t.Errorf("the key changed: %v", err)
	}
	if code := again.stop(t); code != 0 {
		t.Errorf("exit code %d: %s", code, &again.err)
	}
	if text := again.err.String(); text != "" {
		t.Errorf("stderr: %s", text)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file := write("file", "")
	broken := write("broken.conf", `{"listen": ":0",`)
	unknown := write("unknown.conf", `{"lisen": ":0"}`)
	fails(t, dir, []string{"--listen", busy.Addr().String()}, busy.Addr().String(), "in use", "--listen")
	fails(t, dir, []string{"--data", file}, "is a file", "--data")
	fails(t, dir, []string{"--data", filepath.Join(file, "x")}, "data folder")
	fails(t, dir, []string{"--config", filepath.Join(dir, "missing.conf")}, "missing.conf")
	fails(t, dir, []string{"--config", broken}, "broken.conf:1")
	fails(t, dir, []string{"--config", unknown}, "unknown.conf:1", "lisen", "listen")
	fails(t, dir, []string{"--nonsense"}, "nonsense", "parley -h")
	fails(t, dir, []string{"nonsense"}, "nonsense", "parley -h")
	fails(t, dir, []string{"--static_data", filepath.Join(dir, "no-such")}, "static_data")
	key := filepath.Join(dir, "keys")
	if err := os.Mkdir(key, 0o700); err != nil {
		t.Fatal(err)
	}
	write("keys/token.key", "short\n")
	fails(t, dir, []string{"--data", key, "--listen", "127.0.0.1:0"}, "token.key", "restore")
	if os.Getuid() != 0 { // root reads everything
		locked := filepath.Join(dir, "locked")
		if err := os.Mkdir(locked, 0); err != nil {
			t.Fatal(err)
		}
		fails(t, dir, []string{"--data", locked}, "permission denied", "--data")
	}
}

// TestNewerStore: an older program refuses the file of a newer one, and leaves it
// alone.
func TestNewerStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start(t, dir).stop(t)
	path := filepath.Join(dir, "parley-data", "parley.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	fails(t, dir, []string{"--listen", "127.0.0.1:0"}, "parley.db", "9999")
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file was changed: %v", err)
	}
}

// TestTwoServers: a folder belongs to one server at a time.
func TestTwoServers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, dir)
	fails(t, dir, []string{"--listen", "127.0.0.1:0"}, "parley.db")
	if code := p.stop(t); code != 0 {
		t.Errorf("the first: exit code %d", code)
	}
}

func TestHelpFitsAScreen(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-h"}, {"--help"}, {"help"}} {
		var stdout, stderr bytes.Buffer
		if code := run(args, &stdout, &stderr); code != 0 || stderr.Len() > 0 {
			t.Errorf("%v: exit code %d, %s", args, code, &stderr)
		}
		all := strings.Split(strings.TrimSuffix(stdout.String(), "\n"), "\n")
		if len(all) > 24 {
			t.Errorf("%v: %d lines", args, len(all))
		}
		for _, l := range all {
			if len([]rune(l)) > 80 {
				t.Errorf("%v: too wide: %q", args, l)
			}
		}
	}
	var stdout bytes.Buffer
	if code := run([]string{"version"}, &stdout, io.Discard); code != 0 || !strings.Contains(stdout.String(), version) {
		t.Errorf("version: %d %q", code, &stdout)
	}
}
