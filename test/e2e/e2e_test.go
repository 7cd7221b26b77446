// Package e2e drives the running server with clients that nobody here wrote:
// the published versions of the npm package tinode-sdk, in Node. The scenarios
// are in tests/, the versions in lib/versions.js.
package e2e

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// limit is far above what a busy machine needs.
const limit = 8 * time.Minute

func TestPublishedClients(t *testing.T) {
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s is missing: the published clients can't be tested", tool)
			}
			t.Skipf("NOT TESTED: %s is missing, no published client was tried against the server; install Node 20 or later", tool)
		}
	}
	lookAtSources(t)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	server := filepath.Join(t.TempDir(), "parley")
	if runtime.GOOS == "windows" {
		server += ".exe"
	}
	run(ctx, t, "go", "build", "-o", server, "parley/cmd/parley")
	install(ctx, t)
	t.Setenv("PARLEY_BIN", server)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PARLEY_PEOPLE", self) // TestMain
	t.Run("over TLS", TestSecureClient)
	t.Run("bridges", TestBridges)
	run(ctx, t, "node", "tests.js")
}

// lookAtSources visits the files that the result depends on: go test repeats a
// result from its cache while all that the test looked at is unchanged.
func lookAtSources(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git") {
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// install makes node_modules what the lock file says. npm leaves nothing there
// that could be compared with it, so a copy of the lock file is put beside.
func install(ctx context.Context, t *testing.T) {
	t.Helper()
	lock, err := os.ReadFile("package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	marker := filepath.Join("node_modules", ".installed-from")
	if done, err := os.ReadFile(marker); err == nil && bytes.Equal(done, lock) {
		return
	}
	run(ctx, t, "npm", "ci", "--ignore-scripts")
	if err := os.WriteFile(marker, lock, 0o644); err != nil {
		t.Fatal(err)
	}
}

// run fails the test with everything that the program said.
func run(ctx context.Context, t *testing.T, name string, args ...string) {
	t.Helper()
	c := exec.CommandContext(ctx, name, args...)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 10 * time.Second
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}
