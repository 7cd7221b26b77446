// Package s3 runs media/s3 and the program against a real gateway.
package s3

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"

	"parley/media/s3"
)

// The keys of the gateway.
const (
	accessKey = "parley-test"
	secretKey = "parley-test-secret"
	region    = "eu-test-1"
)

// gatewayFolder, set in the environment, makes a gateway of this program: only
// one fits into a process, and it is to be killed.
const (
	gatewayFolder = "PARLEY_TEST_GATEWAY"
	gatewayPort   = "PARLEY_TEST_GATEWAY_PORT"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(gatewayFolder); dir != "" {
		fmt.Fprintln(os.Stderr, runGateway(dir, os.Getenv(gatewayPort)))
		os.Exit(1)
	}
	var err error
	if folder, err = os.MkdirTemp("", "parley-s3-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if sharedGateway != nil {
		sharedGateway.kill()
	}
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// folder has what lives as long as the process.
var folder string

// runGateway serves a folder until the one who started it has gone.
func runGateway(dir, port string) error {
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends with the other process
		stop()
	}()
	for _, d := range []string{"data", "meta"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			return err
		}
	}
	side, err := meta.NewSideCar(filepath.Join(dir, "meta"))
	if err != nil {
		return err
	}
	backend, err := posix.New(filepath.Join(dir, "data"), side, posix.PosixOpts{SideCarDir: filepath.Join(dir, "meta"), NewDirPerm: 0o700})
	if err != nil {
		return err
	}
	return embedgw.RunVersityGW(ctx, backend, &embedgw.Config{
		RootUserAccess: accessKey, RootUserSecret: secretKey, Region: region, Ports: []string{"127.0.0.1:" + port},
		MaxConnections: 1000, MaxRequests: 1000, MultipartMaxParts: 10_000, KeepAlive: true, Quiet: true, HealthPath: "/healthz",
	})
}

// gateway is one that runs as a process.
type gateway struct {
	dir, port string
	cmd       *exec.Cmd
	stdin     io.Closer
}

func (g *gateway) url() string { return "http://127.0.0.1:" + g.port }

// start starts the gateway, again if it was killed.
func (g *gateway) start() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	g.cmd = exec.Command(self)
	g.cmd.Env = append(os.Environ(), gatewayFolder+"="+g.dir, gatewayPort+"="+g.port)
	out := &strings.Builder{}
	g.cmd.Stderr = out
	if g.stdin, err = g.cmd.StdinPipe(); err != nil {
		return err
	}
	if err := g.cmd.Start(); err != nil {
		return err
	}
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		res, err := http.Get(g.url() + "/healthz")
		if err == nil {
			res.Body.Close()
			return nil
		}
	}
	return fmt.Errorf("the gateway does not answer: %s", out)
}

// kill ends it as a power cut would.
func (g *gateway) kill() {
	_ = g.cmd.Process.Kill()
	_ = g.cmd.Wait()
}

// newGateway runs one until the test ends.
func newGateway(t testing.TB) *gateway {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	g := &gateway{dir: t.TempDir(), port: port}
	if err := g.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.kill)
	return g
}

// shared is the gateway of those tests that leave it alone.
func shared(t testing.TB) *gateway {
	t.Helper()
	sharedOnce.Do(func() { sharedGateway = newGateway(mainTB{t}) })
	if sharedGateway == nil {
		t.Fatal("there is no gateway")
	}
	return sharedGateway
}

var (
	sharedOnce    sync.Once
	sharedGateway *gateway
)

// mainTB lives as long as the process: TestMain ends what it has.
type mainTB struct{ testing.TB }

func (mainTB) Cleanup(func()) {}

func (m mainTB) TempDir() string {
	dir := filepath.Join(folder, "gateway")
	if err := os.Mkdir(dir, 0o700); err != nil {
		m.Fatal(err)
	}
	return dir
}

// options are those of a bucket of its own.
func (g *gateway) options() s3.Options {
	return s3.Options{
		AccessKeyID: accessKey, SecretAccessKey: secretKey, Region: region,
		Bucket: "b-" + strings.ToLower(rand.Text()), Endpoint: g.url(), PathStyle: true,
	}
}

// store is a store with a bucket.
func (g *gateway) store(t testing.TB, o s3.Options) *s3.Store {
	t.Helper()
	s, err := s3.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}
