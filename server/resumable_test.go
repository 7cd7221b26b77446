package server

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/auth"
	"parley/internal/chat"
	"parley/store"
	"parley/store/mem"
)

// piece sends a part of a file.
func (v *visitor) piece(path string, offset int, text string) (*http.Response, string) {
	v.t.Helper()
	return v.do("PATCH", path, strings.NewReader(text), "Tus-Resumable", "1.0.0", "Content-Type", "application/offset+octet-stream",
		"Upload-Offset", fmt.Sprint(offset))
}

func (v *visitor) begin(size int) string {
	v.t.Helper()
	res, text := v.do("POST", "/v0/file/tus/", nil, "Tus-Resumable", "1.0.0", "Upload-Length", fmt.Sprint(size), "Upload-Metadata", "filetype dGV4dC9wbGFpbg==")
	if res.StatusCode != 201 {
		v.t.Fatalf("got %s %s", res.Status, text)
	}
	return res.Header.Get("Location")
}

// TestResumable: a file that came in pieces is one like any other.
func TestResumable(t *testing.T) {
	t.Parallel()
	h := newHarness(t, testConfig(t, `{"media": {"max_size": 1000, "resumable": {"max_per_user": 2}}}`), mem.New())
	anna := newVisitor(t, h, "Anna")
	bert := anna.as(h, "Bert")
	path := anna.begin(11)
	if res, text := anna.piece(path, 0, "hello "); res.StatusCode != 204 {
		t.Fatalf("got %s %s", res.Status, text)
	}
	if res, _ := bert.piece(path, 6, "Bert!"); res.StatusCode != 404 {
		t.Errorf("Bert goes on: got %s", res.Status)
	}
	res, text := anna.piece(path, 6, "world")
	if res.StatusCode != 204 {
		t.Fatalf("got %s %s", res.Status, text)
	}
	url := res.Header.Get("Content-Location")
	if _, text := anna.do("GET", path, nil); !strings.Contains(text, `"url":"`+url+`"`) || !strings.Contains(text, `"size":11`) || !strings.Contains(text, `"expires":`) {
		t.Errorf("got %s, want what an upload is answered with", text)
	}
	if res, text := anna.do("GET", url, nil); res.StatusCode != 200 || text != "hello world" || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("GET %s: got %s %s", url, res.Status, text)
	}
	if res, _ := bert.do("GET", url, nil); res.StatusCode != 403 {
		t.Errorf("Bert fetches it: got %s", res.Status)
	}
	stranger := &visitor{t, anna.base, ""}
	for _, tt := range []struct {
		name   string
		who    *visitor
		fields []string
		status int
	}{
		{"nobody", stranger, nil, 401},
		{"without an API key", anna, []string{"X-Tinode-APIKey", "x"}, 403},
		{"wrong password", anna, []string{"X-Tinode-Auth", "basic YW5uYTp3cm9uZw=="}, 401},
		{"too large", anna, []string{"Upload-Length", "1001"}, 413},
		{"the first", anna, nil, 201},
		{"the second", anna, nil, 201},
		{"one too many", anna, nil, 422},
	} {
		res, text := tt.who.do("POST", "/v0/file/tus", nil, append([]string{"Tus-Resumable", "1.0.0", "Upload-Length", "5"}, tt.fields...)...)
		if res.StatusCode != tt.status {
			t.Errorf("%s: got %s %s, want %d", tt.name, res.Status, text, tt.status)
		}
	}
	_, text = anna.do("POST", "/v0/file/tus/", nil, "Tus-Resumable", "1.0.0", "Upload-Length", "1001")
	if !strings.Contains(text, `"what":"size"`) || !strings.Contains(text, `"limit":1000`) {
		t.Errorf("too large: got %s, want what an upload is answered with", text)
	}
	res, _ = stranger.do("OPTIONS", "/v0/file/tus/", nil)
	if res.StatusCode != 204 || res.Header.Get("Tus-Version") != "1.0.0" || res.Header.Get("Tus-Max-Size") != "1000" {
		t.Errorf("OPTIONS: got %s %v", res.Status, res.Header)
	}
}

// TestResumableRefused: what would be refused in one piece is refused in pieces.
func TestResumableRefused(t *testing.T) {
	t.Parallel()
	h := newHarness(t, testConfig(t, `{"media": {"max_pixels": 1}}`), mem.New())
	anna := newVisitor(t, h, "Anna")
	gif := "GIF89a\x02\x00\x02\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x02\x00\x02\x00\x00\x02\x02\x84Q\x00;" // 2 × 2
	path := anna.begin(len(gif))
	if res, text := anna.piece(path, 0, gif); res.StatusCode != 413 || !strings.Contains(text, "pixels") {
		t.Errorf("got %s %s, want 413", res.Status, text)
	}
	if res, _ := anna.do("HEAD", path, nil, "Tus-Resumable", "1.0.0"); res.StatusCode != 404 {
		t.Errorf("after that: got %s", res.Status)
	}
}

// TestResumableFromOtherSites: pages of allowed origins can use it.
func TestResumableFromOtherSites(t *testing.T) {
	t.Parallel()
	h := newHarness(t, testConfig(t, `{"media": {"handlers": {"fs": {"cors_origins": ["https://app.example.com"]}}}}`), mem.New())
	anna := newVisitor(t, h, "Anna")
	res, _ := anna.do("OPTIONS", "/v0/file/tus/", nil, "Origin", "https://app.example.com", "Access-Control-Request-Method", "PATCH")
	if res.StatusCode != 204 || !strings.Contains(res.Header.Get("Access-Control-Allow-Methods"), "PATCH") ||
		!strings.Contains(res.Header.Get("Access-Control-Allow-Headers"), "Upload-Offset") {
		t.Errorf("got %s %v", res.Status, res.Header)
	}
	res, _ = anna.do("HEAD", anna.begin(3), nil, "Origin", "https://app.example.com", "Tus-Resumable", "1.0.0")
	if res.Header.Get("Access-Control-Allow-Origin") != "https://app.example.com" || !strings.Contains(res.Header.Get("Access-Control-Expose-Headers"), "Upload-Offset") {
		t.Errorf("got %v", res.Header)
	}
}

// TestResumableTokenEnds: who loses his right while the last piece comes does not
// finish the file, whose pieces wait for another secret.
func TestResumableTokenEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		end    func(*fileHarness, person) error
		back   func(*fileHarness, person) error // nil: there is no way back
	}{
		"revoked": {401, func(h *fileHarness, p person) error {
			return h.sessions.RevokeUser(h.ctx, p.uid, h.now())
		}, func(*fileHarness, person) error { return nil }},
		"suspended": {403, func(h *fileHarness, p person) error {
			return h.sessions.SetState(h.ctx, p.uid, store.StateSuspended)
		}, func(h *fileHarness, p person) error { return h.sessions.SetState(h.ctx, p.uid, store.StateOK) }},
		"deleted": {401, func(h *fileHarness, p person) error { return h.sessions.Delete(h.ctx, p.uid, true) }, nil},
		"expired": {401, func(h *fileHarness, p person) error {
			for h.do(http.MethodHead, "/v0/file/u/", p.Token, nil).status == 200 {
				time.Sleep(50 * time.Millisecond)
			}
			return nil
		}, func(*fileHarness, person) error { return nil }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newFileHarness(t, "")
			ann := h.person("ann")
			path := h.do(http.MethodPost, "/v0/file/tus/", ann.Token, nil, "Tus-Resumable", "1.0.0", "Upload-Length", "12006").header.Get("Location")
			if name == "expired" {
				ann.Token = h.token(auth.Record{User: ann.uid, Level: chat.LevelAuth, Validated: true}, 2*time.Second)
			}
			pr, pw := io.Pipe()
			go func() {
				_, _ = io.WriteString(pw, strings.Repeat("first ", 2000))
				for strings.Contains(h.do(http.MethodGet, path, ann.Token, nil).body, `"offset":0`) { // the server does not know the sender
					time.Sleep(5 * time.Millisecond)
				}
				if err := c.end(h, ann); err != nil {
					t.Error(err)
				}
				_, _ = io.WriteString(pw, "second")
				pw.Close()
			}()
			r := h.do(http.MethodPatch, path, ann.Token, pr, "Tus-Resumable", "1.0.0", "Upload-Offset", "0", "Content-Type", "application/offset+octet-stream")
			if r.status != c.status || r.header.Get("Content-Location") != "" {
				t.Errorf("got %d %s %v, want %d", r.status, r.body, r.header, c.status)
			}
			h.wantNothingLeft()
			if c.back == nil {
				return
			}
			if err := c.back(h, ann); err != nil {
				t.Fatal(err)
			}
			ann.Token = h.token(auth.Record{User: ann.uid, Level: chat.LevelAuth, Validated: true}, time.Hour)
			r = h.do(http.MethodHead, path, ann.Token, nil, "Tus-Resumable", "1.0.0")
			if r.status != 200 || r.header.Get("Upload-Offset") != "12006" || r.header.Get("Content-Location") == "" {
				t.Errorf("with another token: got %d %s %v, want what came, finished", r.status, r.body, r.header)
			}
		})
	}
}
