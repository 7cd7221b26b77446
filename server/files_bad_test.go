package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"parley/auth"
	"parley/internal/chat"
	"parley/media"
	"parley/server/files"
	"parley/store"
	"parley/store/mem"
)

const smallFiles = `{"media": {"max_size": 200000}}`

// wantNothingLeftSoon waits until no upload is under way any more.
func (h *fileHarness) wantNothingLeftSoon() {
	h.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		list, err := h.blobs.List(h.ctx, "", 1)
		if err != nil {
			h.Fatal(err)
		}
		if ids, err := h.store.UnusedFiles(h.ctx, time.Time{}, farAway, 1); err == nil && len(ids)+len(list) == 0 && h.files.Stats().Refused > 0 {
			break
		}
	}
	h.wantNothingLeft()
}

// raw sends bytes over a connection of its own and returns the answer.
func (h *fileHarness) raw(head string, body func(net.Conn) error) (string, error) {
	h.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
	if err != nil {
		h.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, head); err != nil {
		h.Fatal(err)
	}
	if err := body(conn); err != nil && !errors.Is(err, errCut) {
		h.Logf("sending ended: %v", err)
	} else if err != nil {
		return "", nil
	}
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return fmt.Sprint(res.StatusCode, " ", string(b)), err
}

var errCut = errors.New("cut")

func uploadHead(token string, more ...string) string {
	return "POST /v0/file/u/ HTTP/1.1\r\nHost: x\r\nX-Tinode-APIKey: " + stockAPIKey + "\r\nX-Tinode-Auth: token " + token + "\r\n" +
		strings.Join(more, "\r\n") + "\r\n\r\n"
}

func TestUploadTruncated(t *testing.T) {
	t.Parallel()
	h := newFileHarness(t, "")
	ann := h.person("ann")
	body, kind := form(part{"file", "image/jpeg", photo(t, 300, 200)}, part{"id", "", "1"})
	heads := map[string]string{
		"form": "Content-Type: " + kind, "plain": "Content-Type: image/jpeg",
	}
	for name, head := range heads {
		for _, n := range []int{10, 200, len(body) / 2, len(body) - 3} {
			_, _ = h.raw(uploadHead(ann.Token, head, fmt.Sprintf("Content-Length: %d", len(body))), func(c net.Conn) error {
				_, _ = c.Write(body[:n])
				return errCut
			})
			t.Log(name, n)
		}
	}
	got, err := h.raw(uploadHead(ann.Token, "Content-Type: text/plain", "Transfer-Encoding: chunked"), func(c net.Conn) error {
		_, err := fmt.Fprint(c, "5\r\nfirst\r\nzzz\r\nno chunk\r\n")
		return err
	})
	if err != nil || !strings.HasPrefix(got, "400") {
		t.Errorf("wrong chunks: got %s, %v, want 400", got, err)
	}
	// One that says that it is complete, and is not: the form has no end.
	for _, n := range []int{0, 10, 200, len(body) / 2, len(body) - 3} {
		r := h.do(http.MethodPost, "/v0/file/u/", ann.Token, bytes.NewReader(body[:n]), "Content-Type", kind)
		h.wantCode(r, 400, "malformed")
	}
	h.wantNothingLeftSoon()
}

func TestUploadMalformed(t *testing.T) {
	t.Parallel()
	h := newFileHarness(t, "")
	ann := h.person("ann")
	long := strings.Repeat("x", maxField+1)
	var many []part
	for range maxFields + 1 {
		many = append(many, part{"x", "", "y"})
	}
	for name, parts := range map[string][]part{
		"no file":           {{"id", "", "1"}},
		"nothing":           {},
		"an empty file":     {{"file", "text/plain", ""}},
		"two files":         {{"file", "text/plain", "a"}, {"file", "text/plain", "b"}},
		"a field too long":  {{"id", "", long}, {"file", "text/plain", "a"}},
		"too long, after":   {{"file", "text/plain", "a"}, {"id", "", long}},
		"too many fields":   append(many[:len(many):len(many)], part{"file", "text/plain", "a"}),
		"too many, after":   append([]part{{"file", "text/plain", "a"}}, many...),
		"a file by another": {{"data", "text/plain", "a"}},
	} {
		if r := h.send(ann.Token, parts...); r.status != 400 || r.Ctrl.Text != "malformed" {
			t.Errorf("%s: got %d %s, want 400", name, r.status, r.body)
		}
	}
	for name, header := range map[string][]string{
		"no boundary": {"Content-Type", "multipart/form-data"},
		"url-encoded": {"Content-Type", "application/x-www-form-urlencoded"},
		"not a form":  {"Content-Type", "multipart/form-data; boundary=xyz"},
	} {
		if r := h.do(http.MethodPost, "/v0/file/u/", ann.Token, strings.NewReader("file=abc"), header...); r.status != 400 {
			t.Errorf("%s: got %d %s, want 400", name, r.status, r.body)
		}
	}
	h.wantStatus("an empty body", h.do(http.MethodPut, "/v0/file/u/", ann.Token, nil), 400)
	h.wantStatus("HEAD", h.do(http.MethodHead, "/v0/file/u/", ann.Token, nil), 200)
	h.wantStatus("HEAD, nobody", h.do(http.MethodHead, "/v0/file/u/", "", nil), 401)
	h.wantNothingLeft()
}

// zeroes are as many as anybody wants.
type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) { return len(p), nil }

func TestUploadTooLarge(t *testing.T) {
	t.Parallel()
	h := newFileHarness(t, smallFiles)
	ann := h.person("ann")
	full := h.upload(ann, "", strings.Repeat("x", 200000))
	h.wantStatus("as large as allowed", h.get(full, ann), 200)
	for name, n := range map[string]int{"one byte more": 200001, "more than the form may have": 400000, "much more": 20_000_000} {
		r := h.send(ann.Token, part{"file", "text/plain", strings.Repeat("x", n)})
		if r.status != 413 || r.Ctrl.Text != "too large" || r.Ctrl.Params.What != "size" || r.Ctrl.Params.Limit != 200000 {
			t.Errorf("%s: got %d %s, want 413", name, r.status, r.body)
		}
	}
	// Without an end, and without saying how long it is.
	for name, head := range map[string]string{
		"plain": "Content-Type: text/plain",
		"form":  "Content-Type: multipart/form-data; boundary=b",
	} {
		got, err := h.raw(uploadHead(ann.Token, head, "Transfer-Encoding: chunked"), func(c net.Conn) error {
			if name == "form" {
				head := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n"
				fmt.Fprintf(c, "%x\r\n%s\r\n", len(head), head)
			}
			for sent := 0; sent < 100<<20; sent += 64 << 10 {
				if _, err := fmt.Fprintf(c, "%x\r\n%s\r\n", 64<<10, make([]byte, 64<<10)); err != nil {
					return err
				}
			}
			t.Errorf("%s: 100 MiB were taken", name)
			return nil
		})
		if err == nil && !strings.HasPrefix(got, "413") { // or the connection ended before the answer could be read
			t.Errorf("%s: got %s, %v, want 413", name, got, err)
		}
	}
	if _, err := h.store.UnusedFiles(h.ctx, time.Time{}, farAway, 10); err != nil { // the good one
		t.Fatal(err)
	}
	h.files.Collect(h.ctx, 10)
	h.wantNothingLeftSoon()
}

// TestUploadSlow: who sends a byte now and then is cut off.
func TestUploadSlow(t *testing.T) {
	t.Parallel()
	h := newFileHarness(t, "")
	h.pace = pace{period: 300 * time.Millisecond, bytes: 1000}
	ann := h.person("ann")
	drip := func(n int, every time.Duration) func(net.Conn) error {
		return func(c net.Conn) error {
			for range 5000 {
				if _, err := fmt.Fprintf(c, "%x\r\n%s\r\n", n, strings.Repeat("x", n)); err != nil {
					return nil // the answer says why
				}
				time.Sleep(every)
			}
			return errCut
		}
	}
	started := time.Now()
	got, err := h.raw(uploadHead(ann.Token, "Content-Type: text/plain", "Transfer-Encoding: chunked"), drip(1, 20*time.Millisecond))
	if err == nil && !strings.HasPrefix(got, "408") || time.Since(started) > 20*time.Second {
		t.Errorf("got %s, %v after %v, want 408", got, err, time.Since(started))
	}
	h.wantNothingLeftSoon()
	// One that is slow, and fast enough, takes as long as it needs.
	h = newFileHarness(t, "")
	h.pace = pace{period: 5 * time.Second, bytes: 1000}
	ann = h.person("ann")
	got, err = h.raw(uploadHead(ann.Token, "Content-Type: text/plain", "Transfer-Encoding: chunked"), func(c net.Conn) error {
		for range 20 {
			fmt.Fprintf(c, "%x\r\n%s\r\n", 1000, strings.Repeat("x", 1000))
			time.Sleep(50 * time.Millisecond)
		}
		_, err := fmt.Fprint(c, "0\r\n\r\n")
		return err
	})
	if err != nil || !strings.HasPrefix(got, "200") {
		t.Errorf("slow, but fast enough: got %s, %v, want 200", got, err)
	}
}

// TestUploadRefusedSlowly: who is refused does not hold the connection by sending
// the rest of the file slowly.
func TestUploadRefusedSlowly(t *testing.T) {
	t.Parallel()
	h := newFileHarness(t, "")
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, uploadHead("", "Content-Type: text/plain", "Content-Length: 100000"))
	started := time.Now()
	_ = conn.SetReadDeadline(started.Add(leftoverTime + 15*time.Second))
	answer, err := io.ReadAll(conn) // until the server closes it
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 400") {
		t.Errorf("got %.40s, %v after %v, want 400 and the end of the connection", answer, err, time.Since(started))
	}
}

// TestRefusalArrives: who sends all before he reads anything gets the answer, if
// it is not too much.
func TestRefusalArrives(t *testing.T) {
	t.Parallel()
	h := newFileHarness(t, `{"media": {"max_size": 33554432}}`)
	ann := h.person("ann")
	// More than what the buffers of a connection hold.
	body, kind := form(part{"id", "", strings.Repeat("z", 12<<20)}, part{"file", "text/plain", "x"})
	piece := "Content-Type: application/offset+octet-stream\r\nTus-Resumable: 1.0.0\r\nUpload-Length: 10"
	for name, c := range map[string]struct{ head, want string }{
		"a field too long":  {uploadHead(ann.Token, "Content-Type: "+kind, fmt.Sprint("Content-Length: ", len(body))), "400"},
		"nobody":            {uploadHead("e", "Content-Type: "+kind, fmt.Sprint("Content-Length: ", len(body))), "400"},
		"in pieces":         {strings.Replace(uploadHead(ann.Token, piece, fmt.Sprint("Content-Length: ", len(body))), "/u/", "/tus/", 1), "413"},
		"in pieces, nobody": {strings.Replace(uploadHead("e", piece, fmt.Sprint("Content-Length: ", len(body))), "/u/", "/tus/", 1), "400"},
	} {
		got, err := h.raw(c.head, func(conn net.Conn) error {
			_, err := conn.Write(body)
			if err != nil {
				t.Errorf("%s: sending ended: %v", name, err)
			}
			return err
		})
		if err != nil || !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: got %s, %v, want %s", name, got, err, c.want)
		}
	}
	h.wantNothingLeft()
}

// TestUploadBusy: the time that the server takes is not held against the client.
func TestUploadBusy(t *testing.T) {
	t.Parallel()
	h := newFileHarness(t, "")
	h.pace = pace{period: time.Second, bytes: 1000}
	slow := func(string) error { time.Sleep(1500 * time.Millisecond); return nil }
	h.blobs.stored.Store(&slow)
	ann := h.person("ann")
	for _, kind := range []string{"text/plain", "multipart/form-data; boundary=b"} {
		body := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nx\r\n--b\r\nContent-Disposition: form-data; name=\"id\"\r\n\r\n9\r\n--b--\r\n"
		h.wantCode(h.do(http.MethodPost, "/v0/file/u/", ann.Token, strings.NewReader(body), "Content-Type", kind), 200, "ok")
	}
}

// TestDownloadSlow: who does not take what he asked for is cut off.
func TestDownloadSlow(t *testing.T) {
	t.Parallel()
	h := newFileHarness(t, `{"media": {"max_size": 0}}`)
	h.pace = pace{period: 300 * time.Millisecond, bytes: 1000}
	ann := h.person("ann")
	f, err := h.files.Receive(h.ctx, files.Upload{Owner: ann.uid, Body: io.LimitReader(zeroes{}, 64<<20)})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nX-Tinode-APIKey: %s\r\nX-Tinode-Auth: token %s\r\n\r\n", h.files.URL(f), stockAPIKey, ann.Token)
	time.Sleep(2 * time.Second)
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	n, _ := io.Copy(io.Discard, conn)
	if n >= 64<<20 {
		t.Errorf("got all %d bytes after a second of not reading, want the connection cut", n)
	}
}

// hugePNG says that it has so many pixels.
func hugePNG(t *testing.T, w, h uint32) string {
	p := []byte(pixel(t))
	binary.BigEndian.PutUint32(p[16:], w)
	binary.BigEndian.PutUint32(p[20:], h)
	binary.BigEndian.PutUint32(p[29:], crc32.ChecksumIEEE(p[12:29]))
	return string(p)
}

func TestUploadAbsurdPicture(t *testing.T) {
	t.Parallel()
	h := newFileHarness(t, "")
	ann := h.person("ann")
	for _, c := range []struct {
		width, height uint32
		what          string
		limit         int64
	}{
		{60000, 60000, "pixels", 250_000_000},
		{65537, 2, "side", 65536},
		{1, 1 << 30, "side", 65536},
		{1 << 31, 1, "side", 65536},
		{math.MaxUint32, math.MaxUint32, "side", 65536},
	} {
		r := h.send(ann.Token, part{"file", "image/png", hugePNG(t, c.width, c.height)})
		if r.status != 413 || r.Ctrl.Params.What != c.what || r.Ctrl.Params.Limit != c.limit {
			t.Errorf("%+v: got %d %s, want 413", c, r.status, r.body)
		}
	}
	for _, size := range [][2]uint32{{0, 0}, {0, 5}, {math.MaxUint32, 0}} {
		h.wantCode(h.send(ann.Token, part{"file", "image/png", hugePNG(t, size[0], size[1])}), 400, "malformed")
	}
	h.wantNothingLeft()
	// Too large for a small copy, but not absurd; and one that is damaged.
	r := h.upload(ann, "", hugePNG(t, 15000, 15000))
	if p := r.Ctrl.Params; p.Thumb != "" || p.Width != 15000 {
		t.Errorf("got %+v, want no small copy", p)
	}
	h.wantStatus("damaged", h.upload(ann, "", photo(t, 900, 900)[:5000]), 200)
}

// TestUploadAbsurdSideWithoutLimit: no limit to pixels is none to sides.
func TestUploadAbsurdSideWithoutLimit(t *testing.T) {
	t.Parallel()
	h := newFileHarness(t, `{"media": {"max_pixels": 0}}`)
	ann := h.person("ann")
	r := h.send(ann.Token, part{"file", "image/png", hugePNG(t, 1<<31-1, 1<<31-1)})
	if r.status != 413 || r.Ctrl.Params.What != "side" {
		t.Errorf("got %d %s, want 413", r.status, r.body)
	}
	h.upload(ann, "", hugePNG(t, 60000, 60000))
}

func TestUploadNoSpace(t *testing.T) {
	t.Parallel()
	h := newFileHarness(t, "")
	ann := h.person("ann")
	full := func(key string) error { return fmt.Errorf("put %s: %w", key, media.ErrFull) }
	h.blobs.put.Store(&full)
	h.wantCode(h.send(ann.Token, part{"file", "text/plain", "x"}), 507, "no space left")
	h.wantNothingLeft()
	small := func(key string) error {
		if strings.HasSuffix(key, "-t") {
			return full(key)
		}
		return nil
	}
	h.blobs.put.Store(&small)
	h.wantCode(h.send(ann.Token, part{"file", "image/jpeg", photo(t, 900, 600)}), 507, "no space left")
	h.wantNothingLeft()
	h.blobs.put.Store(nil)
	broken := func(string) error { return errors.New("the disk is on fire") }
	h.blobs.stored.Store(&broken)
	h.wantCode(h.send(ann.Token, part{"file", "text/plain", "x"}), 500, "internal error")
	h.wantNothingLeft()
}

// brokenStore fails where it is told to.
type brokenStore struct {
	files.Store
	finish, forget error
}

func (b *brokenStore) FinishFile(ctx context.Context, f *store.File) error {
	if b.finish != nil {
		return b.finish
	}
	return b.Store.FinishFile(ctx, f)
}

func (b *brokenStore) ForgetFiles(ctx context.Context, ids ...chat.FileID) error {
	if b.forget != nil {
		return b.forget
	}
	return b.Store.ForgetFiles(ctx, ids...)
}

// TestUploadStoreFails: the record can't be made ready after the bytes were
// written.
func TestUploadStoreFails(t *testing.T) {
	t.Parallel()
	h := newFileHarness(t, "")
	ann := h.person("ann")
	st := &brokenStore{Store: h.files.Store, finish: errors.New("database locked")}
	h.files.Store = st
	h.wantCode(h.send(ann.Token, part{"file", "text/plain", "x"}), 500, "internal error")
	h.wantNothingLeft()
	st.forget = errors.New("database gone") // not even that
	h.wantCode(h.send(ann.Token, part{"file", "text/plain", "x"}), 500, "internal error")
	if list, err := h.blobs.List(h.ctx, "", 1); err != nil || len(list) > 0 {
		t.Errorf("got blobs %v, %v, want none", list, err)
	}
	st.finish, st.forget = nil, nil
	h.files.Now = func() time.Time { return time.Now().Add(11 * time.Minute) }
	if n := h.files.Collect(h.ctx, 10); n != 1 {
		t.Errorf("got %d collected, want 1", n)
	}
	h.wantNothingLeft()
}

// TestUploadTokenEnds: the token becomes void while the file comes.
func TestUploadTokenEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*fileHarness, person) error{
		"revoked": func(h *fileHarness, p person) error {
			return h.sessions.RevokeUser(h.ctx, p.uid, h.now().Add(time.Second))
		},
		"suspended": func(h *fileHarness, p person) error { return h.sessions.SetState(h.ctx, p.uid, store.StateSuspended) },
		"deleted":   func(h *fileHarness, p person) error { return h.sessions.Delete(h.ctx, p.uid, true) },
		"expired":   func(*fileHarness, person) error { time.Sleep(2100 * time.Millisecond); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newFileHarness(t, "")
			ann := h.person("ann")
			if name == "expired" {
				ann.Token = h.token(auth.Record{User: ann.uid, Level: chat.LevelAuth, Validated: true}, 2*time.Second)
			}
			for _, kind := range []string{"text/plain", "multipart/form-data; boundary=b"} {
				if name != "revoked" && kind != "text/plain" {
					continue
				}
				head, tail := "", ""
				if kind != "text/plain" {
					head, tail = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n", "\r\n--b--\r\n"
					ann = h.person("bob")
				}
				pr, pw := io.Pipe()
				go func() {
					_, _ = io.WriteString(pw, head+strings.Repeat("first ", 2000))
					time.Sleep(50 * time.Millisecond) // for the server to know the sender
					if err := end(h, ann); err != nil {
						t.Error(err)
					}
					_, _ = io.WriteString(pw, "second"+tail)
					pw.Close()
				}()
				r := h.do(http.MethodPost, "/v0/file/u/", ann.Token, pr, "Content-Type", kind)
				if r.status != 401 && r.status != 403 && r.status != 404 {
					t.Errorf("%s: got %d %s, want a refusal", kind, r.status, r.body)
				}
			}
			h.wantNothingLeft()
		})
	}
}

func TestUploadLimits(t *testing.T) {
	t.Parallel()
	h := newFileHarness(t, `{"limits": {"exempt": [], "uploads_per_user": "1/h, burst 2", "avatars_per_address": "1/h, burst 1"}}`)
	ann, bob := h.person("ann"), h.person("bob")
	h.upload(ann, "", "one")
	h.upload(ann, "", "two")
	r := h.send(ann.Token, part{"file", "text/plain", "three"})
	h.wantCode(r, 429, "too many requests")
	if r.header.Get("Retry-After") == "" {
		t.Errorf("got headers %v, want Retry-After", r.header)
	}
	h.upload(bob, "", "one")
	h.wantCode(h.send("", part{"topic", "", "newacc"}, part{"file", "image/png", pixel(t)}), 200, "ok")
	h.wantCode(h.send("", part{"topic", "", "newacc"}, part{"file", "image/png", pixel(t)}), 429, "too many requests")
}

// TestUploadMemory: a large file costs no more than a small one.
func TestUploadMemory(t *testing.T) {
	h := newFileHarness(t, `{"media": {"max_size": 0}}`, mem.New())
	ann := h.person("ann")
	cost := func(n int64, kind string) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		h.wantCode(h.do(http.MethodPost, "/v0/file/u/", ann.Token, io.LimitReader(zeroes{}, n), "Content-Type", kind), 200, "ok")
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	cost(1<<20, "application/x-a") // what is made once
	small, large := cost(1<<20, "application/x-a"), cost(128<<20, "application/x-a")
	if large > small+4<<20 { // the client allocates, too
		t.Errorf("got %d bytes allocated for 128 MiB, %d for 1 MiB", large, small)
	}
	t.Logf("1 MiB: %d bytes allocated; 128 MiB: %d", small, large)
}

func TestCollectUnused(t *testing.T) {
	t.Parallel()
	h := newFileHarness(t, "")
	start := time.Now() // uploads may take a minute on a busy machine
	later := func(d time.Duration) { h.files.Now = func() time.Time { return start.Add(d) } }
	later(0)
	ann := h.person("ann")
	young := h.upload(ann, "", "young")
	unused, used, photo := h.upload(ann, "", "unused"), h.upload(ann, "", "used"), h.upload(ann, "", photo(t, 900, 600))
	g := h.group(ann)
	h.publish(g, 1, ann, used)
	h.publish(g, 2, ann, young)
	if _, err := h.store.DeleteMessages(h.ctx, g, store.NewDeletion{ID: 1, Ranges: []chat.Range{{Low: 2, Hi: 3}}}); err != nil {
		t.Fatal(err)
	}
	later(59 * time.Minute)
	if n := h.files.Collect(h.ctx, 10); n != 0 {
		t.Errorf("after 59 minutes: got %d removed, want none", n)
	}
	h.wantStatus("young, its message deleted", h.get(young, ann), 200) // the hour wins
	h.wantStatus("young, for others", h.get(young, h.person("bob")), 403)
	later(61 * time.Minute)
	if n := h.files.Collect(h.ctx, 1); n != 1 {
		t.Errorf("one at a time: got %d", n)
	}
	if n := h.files.Collect(h.ctx, 10); n != 2 {
		t.Errorf("the others: got %d", n)
	}
	h.wantStatus("young", h.get(young, ann), 404)
	h.wantStatus("unused", h.get(unused, ann), 404)
	h.wantStatus("unused", h.get(photo, ann), 404)
	h.wantStatus("used", h.get(used, ann), 200)
	if list, err := h.blobs.List(h.ctx, "", 10); err != nil || len(list) != 1 {
		t.Errorf("got blobs %v, %v, want that of the used file", list, err)
	}
	if _, err := h.store.DeleteMessages(h.ctx, g, store.NewDeletion{ID: 2, Ranges: []chat.Range{{Low: 1, Hi: 2}}}); err != nil {
		t.Fatal(err)
	}
	h.files.Collect(h.ctx, 10)
	h.wantNothingLeft()
}

// TestRecover: what a process left that was killed is gone after the next start.
func TestRecover(t *testing.T) {
	t.Parallel()
	h := newFileHarness(t, "")
	ann := h.person("ann")
	keep := h.upload(ann, "", "keep this")
	id, now := chat.NewFileID(), h.now().Add(-time.Second)
	if err := h.store.CreateFile(h.ctx, &store.File{ID: id, Owner: ann.uid, Created: now, Updated: now}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.blobs.Put(h.ctx, id.Key(), strings.NewReader("written, and then the end"), media.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	h.files.Recover(h.ctx)
	if list, err := h.blobs.List(h.ctx, "", 10); err != nil || len(list) != 1 || list[0].Key != keep.id(t).Key() {
		t.Errorf("got blobs %v, %v, want the finished one", list, err)
	}
	h.wantStatus("finished", h.get(keep, ann), 200)
}
