package s3

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// binary is the program, built once.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(folder, "parley")
	build := exec.Command("go", "build", "-o", path, "./cmd/parley")
	build.Dir = "../.."
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return path, nil
})

// program is a server with one user.
type program struct {
	t    *testing.T
	path string
	dir  string
	addr string
	cmd  *exec.Cmd
	log  *bytes.Buffer
}

// newProgram keeps files in a folder, or in a bucket.
func newProgram(t *testing.T, handler string) *program {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	o := shared(t).options()
	p := &program{t: t, path: path, dir: t.TempDir()}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.addr = l.Addr().String()
	l.Close()
	conf, err := json.Marshal(map[string]any{
		"data": filepath.Join(p.dir, "data"), "listen": p.addr,
		"media": map[string]any{
			"use_handler": handler, "max_size": 0, "resumable": map[string]any{"max_bytes_per_user": 1 << 40, "max_bytes": 1 << 40},
			"handlers": map[string]any{"s3": map[string]any{
				"access_key_id": o.AccessKeyID, "secret_access_key": o.SecretAccessKey, "region": o.Region, "bucket": o.Bucket,
				"endpoint": o.Endpoint,
			}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.dir, "tinode.conf"), conf, 0o600); err != nil {
		t.Fatal(err)
	}
	p.start()
	t.Cleanup(p.kill)
	add := exec.Command(path, "user", "add", "anna", "--password-stdin", "--config", filepath.Join(p.dir, "tinode.conf"))
	add.Stdin = strings.NewReader("secret-word\n")
	if out, err := add.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return p
}

func (p *program) start() {
	p.t.Helper()
	p.log = &bytes.Buffer{}
	p.cmd = exec.Command(p.path, "--config", filepath.Join(p.dir, "tinode.conf"))
	p.cmd.Stderr = p.log
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", p.addr); err == nil {
			c.Close()
			return
		}
		if time.Now().After(end) {
			p.t.Fatalf("the program does not answer: %s", p.log)
		}
	}
}

// kill ends it as a power cut would.
func (p *program) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// do sends a request of Anna's; fields are pairs of a name and a value, of
// headers.
func (p *program) do(method, path string, body io.Reader, fields ...string) (*http.Response, string, error) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, "http://"+p.addr+path, body)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("X-Tinode-APIKey", "AQEAAAABAAD_rAp4DJh05a1HAwFT3A6K")
	r.Header.Set("X-Tinode-Auth", "basic "+base64.StdEncoding.EncodeToString([]byte("anna:secret-word")))
	r.Header.Set("Tus-Resumable", "1.0.0")
	for i := 0; i < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return res, string(text), err
}

// good is do for requests that must work.
func (p *program) good(method, path string, body io.Reader, fields ...string) (*http.Response, string) {
	p.t.Helper()
	res, text, err := p.do(method, path, body, fields...)
	if err != nil || res.StatusCode >= 300 {
		p.t.Fatalf("%s %s: %v %v %.300s\n%s", method, path, err, res, text, p.log)
	}
	return res, text
}

const pieceType = "application/offset+octet-stream"

func (p *program) begin(size int64) string {
	p.t.Helper()
	res, _ := p.good("POST", "/v0/file/tus/", nil, "Upload-Length", strconv.FormatInt(size, 10))
	return res.Header.Get("Location")
}

// TestProgramKilled: an upload in pieces goes on after kill -9 of the server in
// the middle of a piece, and the file is what was sent.
func TestProgramKilled(t *testing.T) {
	t.Parallel()
	for _, handler := range []string{"fs", "s3"} {
		t.Run(handler, func(t *testing.T) {
			t.Parallel()
			p := newProgram(t, handler)
			content := make([]byte, 12<<20)
			for i := range content {
				content[i] = byte(i * i >> 7)
			}
			path := p.begin(int64(len(content)))
			p.good("PATCH", path, bytes.NewReader(content[:1<<20]), "Upload-Offset", "0", "Content-Type", pieceType)
			offset := func() int {
				res, _ := p.good("HEAD", path, nil)
				n, err := strconv.Atoi(res.Header.Get("Upload-Offset"))
				if err != nil {
					t.Fatal(err)
				}
				return n
			}
			for n := range 2 { // twice in the middle of a piece
				from := offset()
				r, w := io.Pipe()
				sent := make(chan struct{})
				go func() {
					defer close(sent)
					_, _, _ = p.do("PATCH", path, r, "Upload-Offset", strconv.Itoa(from), "Content-Type", pieceType)
					r.Close()
				}()
				if _, err := w.Write(content[from : from+3<<20]); err != nil {
					t.Fatal(err)
				}
				// It asks how far it is, which interrupts nobody, until most has come.
				for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
					var reply struct {
						Ctrl struct{ Params struct{ Offset int } }
					}
					_, text := p.good("GET", path, nil)
					if err := json.Unmarshal([]byte(text), &reply); err != nil {
						t.Fatal(err, text)
					}
					if reply.Ctrl.Params.Offset >= from+2<<20 {
						break
					}
					if time.Now().After(end) {
						t.Fatalf("the piece does not come: %s", text)
					}
				}
				p.kill()
				w.Close()
				<-sent
				p.start()
				if now := offset(); now < from+2<<20 {
					t.Errorf("kill %d: %d bytes were there, %d came, %d are left", n, from, 2<<20, now)
				}
			}
			from := offset()
			res, _ := p.good("PATCH", path, bytes.NewReader(content[from:]), "Upload-Offset", strconv.Itoa(from), "Content-Type", pieceType)
			url := res.Header.Get("Content-Location")
			p.kill() // the end of it is durable, too
			p.start()
			if res, _ := p.good("HEAD", path, nil); res.Header.Get("Content-Location") != url || url == "" {
				t.Errorf("after the end: got %q, want %q", res.Header.Get("Content-Location"), url)
			}
			if res, text := p.good("GET", url, nil); text != string(content) {
				t.Errorf("got %s, %d bytes, want %d", res.Status, len(text), len(content))
			}
			list, err := os.ReadDir(filepath.Join(p.dir, "data", "uploads"))
			if err != nil || len(list) != 1 {
				t.Errorf("left of it: %v, %v", list, err)
			}
			if res, _, err := p.do("GET", url, nil, "X-Tinode-Auth", "basic eDp5"); err != nil || res.StatusCode < 400 {
				t.Errorf("with wrong credentials: got %v %v", res, err)
			}
		})
	}
}

// TestProgramMemory: a large upload costs the server no more than a small one,
// whichever way it comes and wherever it is kept.
func TestProgramMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("NOT TESTED: needs /proc")
	}
	big := bigMiB(t)
	for _, handler := range []string{"fs", "s3"} {
		p := newProgram(t, handler)
		proc := fmt.Sprintf("/proc/%d/", p.cmd.Process.Pid)
		peak := func(f func()) int { // KiB
			time.Sleep(100 * time.Millisecond)
			if err := os.WriteFile(proc+"clear_refs", []byte("5"), 0); err != nil {
				t.Skip("NOT TESTED: the peak of memory cannot be reset:", err)
			}
			f()
			text, err := os.ReadFile(proc + "status")
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(text)) {
				if kib, ok := strings.CutPrefix(line, "VmHWM:"); ok {
					n, _ := strconv.Atoi(strings.Fields(kib)[0])
					return n
				}
			}
			t.Fatal("no VmHWM")
			return 0
		}
		whole := func(mib int64) func() {
			return func() {
				p.good("POST", "/v0/file/u/", io.LimitReader(&cut{}, mib<<20), "Content-Type", "application/octet-stream")
			}
		}
		pieces := func(mib int64) func() {
			return func() {
				path := p.begin(mib << 20)
				p.good("PATCH", path, io.LimitReader(&cut{}, mib<<20), "Upload-Offset", "0", "Content-Type", pieceType)
			}
		}
		for name, upload := range map[string]func(int64) func(){"whole": whole, "in pieces": pieces} {
			peak(upload(20)) // what is taken once
			small, large := peak(upload(1)), peak(upload(big))
			t.Logf("%s, %s: peak RSS with 1 MiB %d KiB, with %d MiB %d KiB", handler, name, small, big, large)
			const slack = 24 << 10 // one part, and what the collector has not looked at yet
			if large > small+slack {
				t.Errorf("%s, %s: memory grows with the size", handler, name)
			}
		}
	}
}
