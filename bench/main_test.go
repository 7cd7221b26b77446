//go:build linux

package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"go.uber.org/goleak"
)

// TestMain lets the test's own program play its children: `bench …` as cmd/parley would call it,
// and, for `--data DIR --listen ADDRESS --config FILE`, a hub in place of the server.
func TestMain(m *testing.M) {
	args := os.Args[1:]
	switch {
	case len(args) > 0 && args[0] == "bench":
		os.Exit(Main(args[1:], os.Stdout, os.Stderr))
	case len(args) == 6 && args[0] == "--data" && args[2] == "--listen" && args[4] == "--config":
		if _, err := os.Stat(args[5]); err != nil {
			os.Exit(1)
		}
		if err := serveHub(context.Background(), args[3], os.Stdout); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// hubEnv serves a hub inside the test.
func hubEnv(t *testing.T) *env {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: newHub()}
	go srv.Serve(ln)
	t.Cleanup(func() { srv.Close() })
	l, err := newLoop(3)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.close)
	addr, err := parseEndpoint("ws://" + ln.Addr().String() + "/v0/channels")
	if err != nil {
		t.Fatal(err)
	}
	return &env{loop: l, workers: 4, target: &target{name: hubName, addr: addr, pid: os.Getpid(), pool: &pool{}}}
}

// runMain calls Main as the command line does.
func runMain(args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = Main(args, &out, &err)
	return code, out.String(), err.String()
}

func TestHelpFitsOneScreen(t *testing.T) {
	t.Parallel()
	code, out, _ := runMain("-h")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if code != exitOK || len(lines) > 40 {
		t.Errorf("exit code %d, %d lines", code, len(lines))
	}
	for _, l := range lines {
		if n := utf8.RuneCountInString(l); n > 100 {
			t.Errorf("%d characters: %s", n, l)
		}
	}
	for _, s := range scenarios() {
		if !strings.Contains(out, "\n  "+s.name+" ") {
			t.Errorf("no scenario %s", s.name)
		}
		if code, out, _ := runMain(s.name, "-h"); code != exitOK || !strings.Contains(out, s.brief) {
			t.Errorf("%s -h: exit code %d\n%s", s.name, code, out)
		}
	}
	for _, r := range rows((&options{}).scale()) {
		if !strings.Contains(out, r.key) {
			t.Errorf("no row %s", r.key)
		}
	}
}

func TestWrongArguments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"-nonsense", exitUsage, "-nonsense"},
		{"nonsense", exitUsage, `no scenario "nonsense"`},
		{"p2p -nonsense", exitUsage, "parley bench p2p -h"},
		{"table", exitUsage, "file of results"},
		{"table /nonexistent", exitFailed, "no such file"},
		{"-only p2p,nonsense", exitUsage, `no row "nonsense"`},
		{"-url ws://192.0.2.1:80/ p2p", exitFailed, "loopback"},
		{"crash", exitFailed, "needs -start"},
		{"-limit-only slow", exitFailed, "makes no sense"},
		{"-start false startup", exitFailed, "ended at once"},
		{"-users /dev/null/x p2p", exitFailed, "pool of users"},
	} {
		code, _, stderr := runMain(strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(stderr, c.says) {
			t.Errorf("%s: exit code %d, want %d, and %q in\n%s", c.args, code, c.code, c.says, stderr)
		}
	}
}

// A scenario in turns with the hub in its own process prints a report for each and their ratio.
func TestRunScenario(t *testing.T) {
	t.Parallel()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	users := filepath.Join(dir, "users.json")
	start, err := newHome(exe, dir, "", true) // for its free address
	if err != nil {
		t.Fatal(err)
	}
	flags := []string{
		"-url", start.url, "-start", strings.Join(start.proc.argv, " "), "-start-log", filepath.Join(dir, "log"),
		"-users", users, "-runs", "2",
	}
	call := func(args ...string) string {
		code, stdout, stderr := runMain(append(flags, args...)...)
		if code != exitOK {
			t.Fatalf("%v: exit code %d\n%s", args, code, stderr)
		}
		return stdout
	}
	call("accounts", "-n", "3")
	if fi, err := os.Stat(users); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("file of accounts: %v, %v", fi, err)
	}
	results := call("-limit", "p2p", "-pairs", "2", "-window", "2", "-warm", "10ms", "-d", "300ms")
	var targets []string
	for dec := json.NewDecoder(strings.NewReader(results)); dec.More(); {
		var r report
		if err := dec.Decode(&r); err != nil {
			t.Fatal(err)
		}
		targets = append(targets, r.Target)
		if r.Runs != 2 || r.Params["pairs"] != 2.0 || r.Params["d"] != "300ms" || !(r.Median.get("acked_per_s") > 0) {
			t.Errorf("report %+v", r)
		}
	}
	if got := strings.Join(targets, " "); got != "server limit server/limit" {
		t.Errorf("reports of %s", got)
	}
}
