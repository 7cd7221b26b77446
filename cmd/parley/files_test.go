package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sender is somebody who uploads to a process.
type sender struct {
	url, token string
}

func (s sender) do(method, path string, body io.Reader) (int, string, error) {
	req, err := http.NewRequest(method, "http"+strings.TrimSuffix(strings.TrimPrefix(s.url, "ws"), "/v0/channels")+path, body)
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("X-Tinode-APIKey", "AQEAAAABAAD_rAp4DJh05a1HAwFT3A6K")
	req.Header.Set("X-Tinode-Auth", "token "+s.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

// upload sends a file and returns its path.
func (s sender) upload(t *testing.T, text string) string {
	t.Helper()
	code, body, err := s.do(http.MethodPost, "/v0/file/u/", strings.NewReader(text))
	var a struct {
		Ctrl struct{ Params struct{ URL string } }
	}
	if err != nil || code != 200 || json.Unmarshal([]byte(body), &a) != nil {
		t.Fatalf("got %d %s, %v", code, body, err)
	}
	return a.Ctrl.Params.URL
}

// stored lists the files of a folder, half ones included.
func stored(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func newSender(t *testing.T, p *process, login string) sender {
	t.Helper()
	ws, err := dial(t.Context(), p.url)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	secret := base64.StdEncoding.EncodeToString([]byte(login + ":password"))
	if _, _, err := ask(ws, "hi", m{"hi": m{"ver": "0.25"}}); err != nil {
		t.Fatal(err)
	}
	a, _, err := ask(ws, "acc", m{"acc": m{"user": "new", "scheme": "basic", "secret": secret, "login": true}})
	if err != nil {
		t.Fatal(err)
	}
	return sender{p.url, a.Ctrl.Params.Token}
}

// TestKilledUpload: a process that dies in the middle of an upload leaves
// nothing of it after the next start.
func TestKilledUpload(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, dir)
	s := newSender(t, p, "sender")
	whole := s.upload(t, "a whole file")
	pr, pw := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _, _ = s.do(http.MethodPost, "/v0/file/u/", pr)
	}()
	if _, err := pw.Write(bytes.Repeat([]byte("half a file "), 100_000)); err != nil {
		t.Fatal(err)
	}
	files := filepath.Join(dir, "parley-data", "files")
	for deadline := time.Now().Add(10 * time.Second); len(stored(t, files)) < 2; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the upload does not arrive")
		}
	}
	p.kill()
	pw.CloseWithError(io.ErrUnexpectedEOF)
	<-done
	if n := len(stored(t, files)); n != 2 {
		t.Fatalf("got %d files after the kill, want the half one, too", n)
	}
	p = start(t, dir)
	for deadline := time.Now().Add(10 * time.Second); len(stored(t, files)) != 1; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("got %q, want the half file gone", stored(t, files))
		}
	}
	s.url = p.url
	if code, body, err := s.do(http.MethodGet, whole, nil); code != 200 || body != "a whole file" {
		t.Errorf("got %d %s, %v", code, body, err)
	}
	if out := succeed(t, dir, "", "doctor", "--json"); !strings.Contains(out, "1 files") {
		t.Errorf("got %s", out)
	}
}

func TestBackupOfFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, dir)
	s := newSender(t, p, "sender")
	one := s.upload(t, "one")
	s.upload(t, "two")
	out := succeed(t, dir, "", "backup", "copy.db")
	if !strings.Contains(out, "2 files") {
		t.Errorf("got %s", out)
	}
	succeed(t, dir, "", "backup", "bare.db", "--no-files")
	if _, err := os.Stat(filepath.Join(dir, "bare.db.files")); err == nil {
		t.Error("got files, want none")
	}
	p.stop(t)
	key, err := os.ReadFile(filepath.Join(dir, "parley-data", "token.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "parley-data", "files")); err != nil {
		t.Fatal(err)
	}
	if out, _, code := finish(t, dir, "", "doctor", "--json"); !strings.Contains(out, "first start makes it") || code != 0 {
		t.Errorf("got %d %s", code, out)
	}
	out = succeed(t, dir, "", "restore", "copy.db", "--data", "other", "--json")
	if !strings.Contains(out, `"files": 2`) && !strings.Contains(out, `"files":2`) {
		t.Errorf("got %s", out)
	}
	if err := os.WriteFile(filepath.Join(dir, "other", "token.key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	p = start(t, dir, "--data", "other")
	s.url = p.url
	if code, body, err := s.do(http.MethodGet, one, nil); code != 200 || body != "one" {
		t.Errorf("got %d %s, %v", code, body, err)
	}
	// The doctor misses what is gone.
	for _, path := range stored(t, filepath.Join(dir, "other", "files"))[:1] {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	if out, _, code := finish(t, dir, "", "doctor", "--data", "other"); code == 0 || !strings.Contains(out, "1 of 2 files are missing") {
		t.Errorf("got %d %s", code, out)
	}
}
