package tus

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parley/internal/chat"
	"parley/internal/disk"
	"parley/media"
	"parley/wsproto"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a service with its clock and what became of files.
type bench struct {
	t      *testing.T
	folder string
	config Config
	*Service
	srv *httptest.Server

	mu       sync.Mutex
	now      time.Time
	finished []string // "owner type name content"
	fail     error    // of finish
}

const megabyte = 1 << 20

func newBench(t *testing.T, change func(*Config)) *bench {
	t.Helper()
	b := &bench{t: t, folder: t.TempDir(), now: time.Now(), config: Config{
		Path: "/v0/file/tus/", MaxFile: 8 * megabyte, MaxPerUser: 3, BytesPerUser: 12 * megabyte, Bytes: 20 * megabyte, KeepFor: time.Hour,
	}}
	if change != nil {
		change(&b.config)
	}
	b.restart()
	b.srv = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _ := strconv.ParseUint(r.Header.Get("X-User"), 10, 64)
		b.mu.Lock()
		s := b.Service
		b.mu.Unlock()
		if r.Method == http.MethodOptions {
			s.Announce(w.Header())
			w.WriteHeader(http.StatusNoContent)
			return
		}
		s.Serve(w, r, chat.UID(user))
	}))
	t.Cleanup(b.srv.Close)
	return b
}

// restart takes what a killed process left.
func (b *bench) restart() {
	b.t.Helper()
	s, err := New(Deps{
		Folder: b.folder, Config: b.config, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Now: func() time.Time { b.mu.Lock(); defer b.mu.Unlock(); return b.now },
		Finish: func(_ context.Context, f File) (Result, error) {
			b.mu.Lock()
			fail := b.fail
			b.mu.Unlock()
			if fail != nil {
				return Result{}, fail
			}
			content, err := io.ReadAll(f.Body)
			if err != nil || int64(len(content)) != f.Size {
				return Result{}, fmt.Errorf("%d bytes of %d: %w", len(content), f.Size, err)
			}
			if len(content) > 50 {
				content = fmt.Appendf(nil, "%d bytes", len(content))
			}
			b.mu.Lock()
			defer b.mu.Unlock()
			b.finished = append(b.finished, fmt.Sprintf("%d %s %s %s", uint64(f.Owner), f.Type, f.Name, content))
			url := fmt.Sprintf("/v0/file/s/%d", len(b.finished))
			return Result{URL: url, Params: json.RawMessage(fmt.Sprintf(`{"url":%q}`, url))}, nil
		},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.mu.Lock()
	b.Service = s
	b.mu.Unlock()
}

func (b *bench) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

func (b *bench) failing(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = err
}

// answer is one, read.
type answer struct {
	status int
	http.Header
	body string
}

// do sends a request; fields are pairs of a name and a value, of headers.
func (b *bench) do(user int, method, path string, body io.Reader, fields ...string) answer {
	b.t.Helper()
	a, err := b.try(user, method, path, body, fields...)
	if err != nil {
		b.t.Fatal(err)
	}
	return a
}

func (b *bench) try(user int, method, path string, body io.Reader, fields ...string) (answer, error) {
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.srv.URL+path, body)
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Tus-Resumable", "1.0.0")
	r.Header.Set("X-User", strconv.Itoa(user))
	for i := 0; i < len(fields); i += 2 {
		if fields[i+1] == "" {
			r.Header.Del(fields[i])
			continue
		}
		r.Header.Set(fields[i], fields[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(text)}, err
}

func (b *bench) want(a answer, status int, fields ...string) {
	b.t.Helper()
	if a.status != status {
		b.t.Fatalf("got %d %s, want %d", a.status, a.body, status)
	}
	if a.Get("Tus-Resumable") != "1.0.0" {
		b.t.Errorf("Tus-Resumable: got %q", a.Get("Tus-Resumable"))
	}
	for i := 0; i < len(fields); i += 2 {
		if got := a.Get(fields[i]); got != fields[i+1] {
			b.t.Errorf("%s: got %q, want %q", fields[i], got, fields[i+1])
		}
	}
	if status >= 400 && a.body != "" && !strings.Contains(a.body, fmt.Sprintf(`"code":%d`, status)) {
		b.t.Errorf("got %s, want a {ctrl} with %d", a.body, status)
	}
}

func text64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// begin makes an upload and returns its path.
func (b *bench) begin(user int, size int) string {
	b.t.Helper()
	a := b.do(user, "POST", "/v0/file/tus/", nil, "Upload-Length", strconv.Itoa(size),
		"Upload-Metadata", "filename "+text64("a.txt")+",filetype "+text64("text/plain")+",other")
	b.want(a, 201, "Upload-Offset", "0")
	return a.Get("Location")
}

func (b *bench) piece(user int, path string, offset int, text string) answer {
	b.t.Helper()
	return b.do(user, "PATCH", path, strings.NewReader(text), "Upload-Offset", strconv.Itoa(offset), "Content-Type", pieceType)
}

func (b *bench) wantFinished(want ...string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if got := strings.Join(b.finished, "; "); got != strings.Join(want, "; ") {
		b.t.Errorf("got %q, want %q", got, want)
	}
}

// wantNothing checks that the folder is empty but for these endings.
func (b *bench) wantFiles(want ...string) {
	b.t.Helper()
	list, err := os.ReadDir(b.folder)
	if err != nil {
		b.t.Fatal(err)
	}
	var got []string
	for _, e := range list {
		got = append(got, filepath.Ext(e.Name()))
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		b.t.Errorf("in the folder: got %q, want %q", got, want)
	}
}

func TestPieces(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	path := b.begin(1, 11)
	b.want(b.piece(1, path, 0, "hello"), 204, "Upload-Offset", "5", "Content-Location", "")
	a := b.do(1, "HEAD", path, nil)
	b.want(a, 200, "Upload-Offset", "5", "Upload-Length", "11", "Cache-Control", "no-store",
		"Upload-Metadata", "filename "+text64("a.txt")+",filetype "+text64("text/plain")+",other")
	if _, err := http.ParseTime(a.Get("Upload-Expires")); err != nil {
		t.Error(err)
	}
	if a := b.do(1, "GET", path, nil); a.status != 202 || !strings.Contains(a.body, `"offset":5`) || !strings.Contains(a.body, `"length":11`) {
		t.Errorf("GET: got %d %s", a.status, a.body)
	}
	b.want(b.piece(1, path, 5, " world"), 204, "Upload-Offset", "11", "Content-Location", "/v0/file/s/1")
	b.wantFinished("1 text/plain a.txt hello world")
	// Whoever did not get the last answer asks again, also after a restart.
	for range 2 {
		b.want(b.do(1, "HEAD", path, nil), 200, "Upload-Offset", "11", "Content-Location", "/v0/file/s/1")
		if a := b.do(1, "GET", path, nil); a.status != 200 || !strings.Contains(a.body, `"params":{"url":"/v0/file/s/1"}`) {
			t.Errorf("GET: got %d %s", a.status, a.body)
		}
		b.restart()
	}
	b.wantFinished("1 text/plain a.txt hello world")
	b.wantFiles(".json")
	b.pass(2 * time.Hour)
	b.want(b.do(1, "HEAD", path, nil), 404)
	if n := b.Sweep(); n != 1 {
		t.Errorf("%d uploads removed, want 1", n)
	}
	b.wantFiles()
}

// TestRestart: a process that is killed between or within pieces loses nothing
// of them.
func TestRestart(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	path := b.begin(1, 10)
	b.restart()
	b.want(b.do(1, "HEAD", path, nil), 200, "Upload-Offset", "0")
	b.want(b.piece(1, path, 0, "01234"), 204)
	b.restart()
	b.want(b.do(1, "HEAD", path, nil), 200, "Upload-Offset", "5")
	b.want(b.piece(1, path, 5, "56789"), 204, "Content-Location", "/v0/file/s/1")

	// All is there, but the process ended before it was handed on.
	path = b.begin(1, 4)
	if err := os.WriteFile(filepath.Join(b.folder, strings.TrimPrefix(path, b.config.Path)+dataEnd), []byte("abcd"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.restart()
	b.want(b.do(1, "HEAD", path, nil), 200, "Upload-Offset", "4", "Content-Location", "/v0/file/s/2")
	b.wantFinished("1 text/plain a.txt 0123456789", "1 text/plain a.txt abcd")

	// What belongs to nothing is removed, damage too; strange files stay.
	for name, content := range map[string]string{
		"aaaaaaaaaaaaaaaaaaaaaaaaaa.part": "x", "bbbbbbbbbbbbbbbbbbbbbbbbbb.json": "{", "cccccccccccccccccccccccccc.json.new": "{}",
		"README": "hello",
	} {
		if err := os.WriteFile(filepath.Join(b.folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b.restart()
	b.pass(2 * time.Hour)
	b.Sweep()
	list, err := os.ReadDir(b.folder)
	if err != nil || len(list) != 1 || list[0].Name() != "README" {
		t.Errorf("got %v, %v, want README alone", list, err)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	const root = "/v0/file/tus/"
	mine := b.begin(1, 10)
	b.want(b.piece(1, mine, 0, "01234"), 204)
	tests := []struct {
		name, method, path string
		user               int
		body               string
		fields             []string
		status             int
	}{
		{"no version", "POST", root, 1, "", []string{"Tus-Resumable", "", "Upload-Length", "5"}, 412},
		{"another version", "PATCH", mine, 1, "x", []string{"Tus-Resumable", "0.2.2"}, 412},
		{"no length", "POST", root, 1, "", nil, 400},
		{"empty", "POST", root, 1, "", []string{"Upload-Length", "0"}, 400},
		{"negative", "POST", root, 1, "", []string{"Upload-Length", "-5"}, 400},
		{"more than fits into a number", "POST", root, 1, "", []string{"Upload-Length", "99999999999999999999"}, 400},
		{"a length that is told later", "POST", root, 1, "", []string{"Upload-Defer-Length", "1"}, 400},
		{"too large", "POST", root, 1, "", []string{"Upload-Length", "8388609"}, 413},
		{"metadata that is none", "POST", root, 1, "", []string{"Upload-Length", "5", "Upload-Metadata", "filename ???"}, 400},
		{"endless metadata", "POST", root, 1, "", []string{"Upload-Length", "5", "Upload-Metadata", "a " + strings.Repeat("AAAA", 1100)}, 400},
		{"list", "GET", root, 1, "", nil, 405},
		{"unknown", "HEAD", root + "aaaaaaaaaaaaaaaaaaaaaaaaaa", 1, "", nil, 404},
		{"climbing", "GET", root + "..%2f..%2fetc%2fpasswd", 1, "", nil, 404},
		{"somebody else's, asked", "HEAD", mine, 2, "", nil, 404},
		{"somebody else's, read", "GET", mine, 2, "", nil, 404},
		{"somebody else's, continued", "PATCH", mine, 2, "56789", []string{"Upload-Offset", "5", "Content-Type", pieceType}, 404},
		{"somebody else's, deleted", "DELETE", mine, 2, "", nil, 404},
		{"wrong type", "PATCH", mine, 1, "56789", []string{"Upload-Offset", "5", "Content-Type", "text/plain"}, 415},
		{"from before", "PATCH", mine, 1, "0", []string{"Upload-Offset", "0", "Content-Type", pieceType}, 409},
		{"from beyond", "PATCH", mine, 1, "0", []string{"Upload-Offset", "6", "Content-Type", pieceType}, 409},
		{"from nowhere", "PATCH", mine, 1, "0", []string{"Upload-Offset", "-1", "Content-Type", pieceType}, 400},
		{"more than there should be", "PATCH", mine, 1, "56789A", []string{"Upload-Offset", "5", "Content-Type", pieceType}, 413},
		{"method", "PUT", mine, 1, "", nil, 405},
	}
	for _, tt := range tests {
		a := b.do(tt.user, tt.method, tt.path, strings.NewReader(tt.body), tt.fields...)
		if a.status != tt.status {
			t.Errorf("%s: got %d %s, want %d", tt.name, a.status, a.body, tt.status)
		}
	}
	// Without Content-Length it is found out while it comes.
	a := b.do(1, "PATCH", mine, struct{ io.Reader }{strings.NewReader("56789A")}, "Upload-Offset", "5", "Content-Type", pieceType)
	b.want(a, 413)
	b.want(b.do(1, "HEAD", mine, nil), 200, "Upload-Offset", "5")
	b.want(b.piece(1, mine, 5, "56789"), 204, "Upload-Offset", "10")
	b.wantFinished("1 text/plain a.txt 0123456789")
}

func TestLimits(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	begin := func(user, size int) answer {
		return b.do(user, "POST", "/v0/file/tus/", nil, "Upload-Length", strconv.Itoa(size))
	}
	first := begin(1, 6*megabyte)
	b.want(first, 201)
	b.want(begin(1, 7*megabyte), 422) // 13 of 12
	b.want(begin(1, megabyte), 201)
	b.want(begin(1, megabyte), 201)
	b.want(begin(1, 1), 422) // the fourth
	b.want(begin(2, 8*megabyte), 201)
	b.want(begin(3, 5*megabyte), 507) // 21 of 20
	b.restart()
	b.want(begin(1, 1), 422)
	b.want(b.do(1, "DELETE", first.Get("Location"), nil), 204)
	b.want(b.do(1, "DELETE", first.Get("Location"), nil), 404)
	b.want(begin(1, 1), 201)
	b.want(begin(3, 5*megabyte), 201)
	b.pass(2 * time.Hour)
	if n := b.Sweep(); n != 5 {
		t.Errorf("%d uploads expired, want 5", n)
	}
	b.wantFiles()
	b.want(begin(3, 8*megabyte), 201)
	if b.total != (usage{count: 1, bytes: 8 * megabyte}) || len(b.users) != 1 {
		t.Errorf("the books say %+v of %d users", b.total, len(b.users))
	}
}

// TestRenewed: pieces put the end off.
func TestRenewed(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	path := b.begin(1, 3)
	for i := range 2 {
		b.pass(50 * time.Minute)
		b.want(b.piece(1, path, i, "x"), 204)
	}
	b.pass(50 * time.Minute)
	if n := b.Sweep(); n != 0 {
		t.Errorf("%d removed", n)
	}
	b.pass(10 * time.Minute)
	b.want(b.piece(1, path, 2, "x"), 404)
}

// TestBrokenOff: what came of a piece before the connection ended is kept.
func TestBrokenOff(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	path := b.begin(1, megabyte)
	half := bytes.Repeat([]byte("x"), megabyte/2)
	conn, err := net.Dial("tcp", b.srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "PATCH %s HTTP/1.1\r\nHost: x\r\nX-User: 1\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n",
		path, pieceType, megabyte)
	if _, err := conn.Write(half); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond)
	conn.Close()
	b.want(b.do(1, "HEAD", path, nil), 200, "Upload-Offset", strconv.Itoa(megabyte/2))
	b.want(b.piece(1, path, megabyte/2, string(half)), 204, "Content-Location", "/v0/file/s/1")
	b.wantFinished("1 text/plain a.txt 1048576 bytes")
}

// TestTakenOver: a request whose client is silent gives way to the next one.
func TestTakenOver(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	path := b.begin(1, 10)
	r, w := io.Pipe()
	first := make(chan answer, 1)
	go func() {
		a, _ := b.try(1, "PATCH", path, r, "Upload-Offset", "0", "Content-Type", pieceType)
		first <- a
	}()
	if _, err := w.Write([]byte("012")); err != nil {
		t.Fatal(err)
	}
	for {
		if a := b.do(1, "GET", path, nil); strings.Contains(a.body, `"offset":3`) {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	start := time.Now()
	b.want(b.do(1, "HEAD", path, nil), 200, "Upload-Offset", "3")
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %v", d)
	}
	b.want(b.piece(1, path, 3, "3456789"), 204, "Upload-Offset", "10")
	w.Close()
	if a := <-first; a.status != 423 && a.status != 0 {
		t.Errorf("the first one got %d %s", a.status, a.body)
	}
	b.wantFinished("1 text/plain a.txt 0123456789")
}

// TestAtOnce: pieces for the same place do not mix.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	path := b.begin(1, 5)
	codes := make(chan int)
	for i := range 8 {
		go func() {
			a, err := b.try(1, "PATCH", path, strings.NewReader(strings.Repeat(strconv.Itoa(i), 5)), "Upload-Offset", "0", "Content-Type", pieceType)
			if err != nil {
				t.Error(err)
			}
			codes <- a.status
		}()
	}
	good := 0
	for range 8 {
		switch code := <-codes; code {
		case 204:
			good++
		case 409, 423:
		default:
			t.Errorf("got %d", code)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if good != 1 || len(b.finished) != 1 {
		t.Errorf("%d were taken, %q finished", good, b.finished)
	}
}

// TestAllInterrupted: of requests for the same place whose bytes take time, each
// ends the one before; whoever asks where to go on loses nothing.
func TestAllInterrupted(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	content := strings.Repeat("0123456789", 5)
	path := b.begin(1, len(content))
	answers := make(chan answer)
	for range 10 {
		go func() {
			r, w := io.Pipe()
			go func() { // it comes as long as it is wanted
				for i := 0; i < len(content); i += 5 {
					if _, err := io.WriteString(w, content[i:i+5]); err != nil {
						return
					}
					time.Sleep(5 * time.Millisecond)
				}
				w.Close()
			}()
			a, err := b.try(1, "PATCH", path, r, "Upload-Offset", "0", "Content-Type", pieceType)
			r.Close()
			if err != nil {
				t.Logf("refused while it sent: %v", err)
			}
			answers <- a
		}()
	}
	for range 10 {
		select {
		case a := <-answers:
			if a.status != 204 && a.status != 409 && a.status != 423 && a.status != 0 {
				t.Errorf("got %d %s", a.status, a.body)
			}
		case <-time.After(time.Minute):
			t.Fatal("a request does not end")
		}
	}
	a := b.do(1, "HEAD", path, nil)
	b.want(a, 200)
	if n, _ := strconv.Atoi(a.Get("Upload-Offset")); n < len(content) {
		b.want(b.piece(1, path, n, content[n:]), 204)
	}
	b.wantFinished("1 text/plain a.txt " + content)
}

// interrupted is a body that somebody interrupts when it is read.
type interrupted struct {
	io.ReadCloser
	interrupt func()
}

func (r *interrupted) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.interrupt()
	return n, err
}

// TestInterruptedLate: who is interrupted when all of his bytes are there is not
// harmed, nor are those whose requests come after his on the same connection.
func TestInterruptedLate(t *testing.T) {
	t.Parallel()
	for name, late := range map[string]bool{"while it is handed on": true, "with the last byte": false} {
		b := newBench(t, nil)
		path := b.begin(1, 3)
		u := b.find(1, strings.TrimPrefix(path, b.config.Path))
		interrupt := func() {
			b.Service.mu.Lock()
			h := u.held
			b.Service.mu.Unlock()
			h.interrupt()
		}
		if late {
			finish := b.Finish
			b.Finish = func(ctx context.Context, f File) (Result, error) {
				interrupt()
				time.Sleep(100 * time.Millisecond) // for net/http to notice
				return finish(ctx, f)
			}
		}
		handler := b.srv.Config.Handler
		b.srv.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := r.Context().Err(); err != nil {
				t.Errorf("%s: %s %s: %v", name, r.Method, r.URL, err)
			}
			if !late && r.Method == http.MethodPatch {
				r.Body = &interrupted{r.Body, interrupt}
			}
			handler.ServeHTTP(w, r)
		})
		b.want(b.piece(1, path, 0, "abc"), 204, "Upload-Offset", "3")
		for range 3 {
			b.want(b.do(1, "HEAD", path, nil), 200, "Content-Location", "/v0/file/s/1")
		}
		b.wantFinished("1 text/plain a.txt abc")
	}
}

// TestFinishFails: what cannot be handed on now is handed on later; what is
// refused is gone.
func TestFinishFails(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	path := b.begin(1, 3)
	b.failing(errors.New("the store is ill"))
	b.want(b.piece(1, path, 0, "abc"), 500)
	b.failing(nil)
	b.want(b.do(1, "HEAD", path, nil), 200, "Content-Location", "/v0/file/s/1")
	b.wantFinished("1 text/plain a.txt abc")

	path = b.begin(1, 3)
	b.failing(&wsproto.Error{Code: 422, Text: "policy violation"})
	b.want(b.piece(1, path, 0, "abc"), 422)
	b.want(b.do(1, "HEAD", path, nil), 404)
	b.wantFiles(".json") // of the first

	for _, full := range []error{media.ErrFull, &wsproto.Error{Code: 507, Text: "no space left"}} { // the pieces give their room back
		path = b.begin(1, 3)
		b.failing(full)
		b.want(b.piece(1, path, 0, "abc"), 507)
		b.want(b.do(1, "GET", path, nil), 404)
		b.wantFiles(".json")
	}

	path = b.begin(1, 3)
	b.failing(Later{Err: wsproto.ErrAuthFailed})
	b.want(b.piece(1, path, 0, "abc"), 401)
	b.failing(nil)
	b.want(b.do(1, "HEAD", path, nil), 200, "Upload-Offset", "3", "Content-Location", "/v0/file/s/2")
	if b.total != (usage{}) {
		t.Errorf("the books say %+v", b.total)
	}
}

// small has the folder on a disk of so many bytes, most of which others take.
type small struct {
	b     *bench
	total int64

	mu     sync.Mutex
	others int64
}

func (d *small) take(n int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.others += n
}

func (d *small) look() (disk.Space, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	free := d.total - d.others
	list, err := filepath.Glob(filepath.Join(d.b.folder, "*"+dataEnd))
	for _, path := range list {
		if info, e := os.Stat(path); e == nil {
			free -= info.Size()
		}
	}
	return disk.Space{Total: d.total, Free: max(free, 0)}, err == nil
}

// TestFullDisk: what cannot have room is not begun; pieces leave some, and give
// theirs back when it becomes too little.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *Config) { c.MaxPerUser, c.BytesPerUser, c.Bytes = 10, 100*megabyte, 100*megabyte })
	d := &small{b: b, total: 20 * megabyte} // 2 MiB stay free
	b.space = d.look
	begin := func(user, size int) answer {
		return b.do(user, "POST", "/v0/file/tus/", nil, "Upload-Length", strconv.Itoa(size))
	}
	first := begin(1, 8*megabyte)
	b.want(first, 201)
	b.want(begin(1, 8*megabyte), 201)
	b.want(begin(2, 2*megabyte+1), 507)
	b.want(begin(2, 2*megabyte), 201)
	b.want(begin(2, 1), 507)
	path := first.Get("Location")
	b.want(b.piece(1, path, 0, strings.Repeat("x", 5*megabyte)), 204)
	b.want(begin(2, 1), 507) // it is counted once
	b.restart()
	b.space = d.look
	b.want(begin(2, 1), 507) // also after a restart

	d.take(12 * megabyte) // 3 are left
	b.want(b.piece(1, path, 5*megabyte, strings.Repeat("x", 2*megabyte)), 507)
	b.want(b.do(1, "HEAD", path, nil), 404)
	b.wantFiles(".json", ".json")
	if s, _ := d.look(); s.Free != 8*megabyte {
		t.Errorf("got %d bytes free, want 8 MiB: the room was not given back", s.Free)
	}
	if b.total != (usage{count: 2, bytes: 10 * megabyte}) {
		t.Errorf("the books say %+v", b.total)
	}

	b.pass(2 * time.Hour)
	b.Sweep()
	b.copies = 2 // whole files are on the same disk
	b.want(begin(1, 3*megabyte+1), 507)
	b.want(begin(1, 3*megabyte), 201)
	b.want(begin(1, 1), 507)
}

func TestWithUpload(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	a := b.do(1, "POST", "/v0/file/tus/", strings.NewReader("all"), "Upload-Length", "3", "Content-Type", pieceType)
	b.want(a, 201, "Upload-Offset", "3", "Content-Location", "/v0/file/s/1")
	a = b.do(1, "POST", "/v0/file/tus/", strings.NewReader("hal"), "Upload-Length", "5", "Content-Type", pieceType)
	b.want(a, 201, "Upload-Offset", "3")
	b.want(b.do(1, "POST", a.Get("Location"), strings.NewReader("ve"), "Upload-Offset", "3", "Content-Type", pieceType, "X-HTTP-Method-Override", "PATCH"),
		204, "Content-Location", "/v0/file/s/2")
	b.wantFinished("1   all", "1   halve")
	o := b.do(1, "OPTIONS", "/v0/file/tus/", nil)
	b.want(o, 204, "Tus-Version", "1.0.0", "Tus-Extension", extensions, "Tus-Max-Size", "8388608")
}

// TestClose lets a shutdown go on: a request that waits for its client ends.
func TestClose(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	path := b.begin(1, 10)
	r, w := io.Pipe()
	defer w.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = b.try(1, "PATCH", path, r, "Upload-Offset", "0", "Content-Type", pieceType)
	}()
	_, _ = w.Write([]byte("012"))
	for a := (answer{}); !strings.Contains(a.body, `"offset":3`); {
		a = b.do(1, "GET", path, nil)
	}
	b.Close()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("the request goes on")
	}
}

// TestSlow: a client that sends a byte now and then is given up, and nothing of
// it is lost.
func TestSlow(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.paceTime = 300 * time.Millisecond
	path := b.begin(1, 100)
	r, w := io.Pipe()
	go func() {
		for {
			if _, err := w.Write([]byte("x")); err != nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	start := time.Now()
	a, _ := b.try(1, "PATCH", path, r, "Upload-Offset", "0", "Content-Type", pieceType)
	r.Close()
	if d := time.Since(start); d > 10*time.Second || a.status != 408 && a.status != 0 {
		t.Errorf("got %d after %v", a.status, d)
	}
	a = b.do(1, "HEAD", path, nil)
	if n, _ := strconv.Atoi(a.Get("Upload-Offset")); n == 0 || n >= 100 {
		t.Errorf("offset %d", n)
	}
}

// TestMemory does not grow with the size of a file.
func TestMemory(t *testing.T) {
	b := newBench(t, func(c *Config) { c.MaxFile, c.BytesPerUser, c.Bytes = 0, 1<<40, 1<<40 })
	b.Finish = func(_ context.Context, f File) (Result, error) {
		_, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{f.Body}, make([]byte, bufBytes))
		return Result{URL: "u"}, err
	}
	taken := func(mib int) uint64 {
		path := b.begin(1, mib*megabyte)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		body := io.LimitReader(zeros{}, int64(mib)*megabyte)
		b.want(b.do(1, "PATCH", path, body, "Upload-Offset", "0", "Content-Type", pieceType), 204)
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc // all that was ever taken: more than a peak
	}
	taken(1)
	small, big := taken(1), taken(128)
	t.Logf("taken for 1 MiB %d KiB, for 128 MiB %d KiB", small>>10, big>>10)
	if big > small+megabyte {
		t.Error("memory grows with the size")
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func FuzzMetadata(f *testing.F) {
	for _, s := range []string{"", "filename YS50eHQ=", "a,b c,d ", "filetype dGV4dC9wbGFpbg==,filename", ",,,", "x  eA=="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := record{Metadata: s}
		if err := r.parse(); err != nil && !isRefusal(err) {
			t.Errorf("%q: %v", s, err)
		}
		if len(r.Name) > maxName || len(r.Type) > maxName {
			t.Errorf("%q: got a name of %d bytes, a type of %d", s, len(r.Name), len(r.Type))
		}
	})
}
