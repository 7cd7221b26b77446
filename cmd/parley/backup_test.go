package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestBackup: a backup made while people write has what was acknowledged before,
// and comes up elsewhere as it was.
func TestBackup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, dir)
	ticks := make(chan struct{})
	w := &writer{login: "writer", acked: make(map[int]string), tick: ticks}
	ws, err := w.enter(t.Context(), p.url)
	if err != nil {
		t.Fatal(err)
	}
	var busy sync.WaitGroup
	busy.Go(func() {
		if err := w.write(ws); err != nil {
			t.Error(err)
		}
	})
	const least = 50
	for range least {
		select {
		case <-ticks:
		case <-time.After(30 * time.Second):
			t.Fatal("nothing is acknowledged")
		}
	}
	out := succeed(t, dir, "", "backup", "copy.db", "--json")
	if info, err := os.Stat(filepath.Join(dir, "copy.db")); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	p.kill()
	busy.Wait()
	ws.Close()
	var made, restored struct{ Users, Topics, Messages int }
	if err := json.Unmarshal([]byte(out), &made); err != nil || made.Messages < least || made.Users != 1 || made.Topics != 1 {
		t.Fatalf("%s %v", out, err)
	}
	out = succeed(t, dir, "", "restore", "copy.db", "--data", "other", "--json")
	if err := json.Unmarshal([]byte(out), &restored); err != nil || restored != made {
		t.Errorf("%+v restored, %+v made, %v", restored, made, err)
	}
	key, err := os.ReadFile(filepath.Join(dir, "parley-data", "token.key"))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "other", "token.key"), key, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	p = start(t, dir, "--data", "other")
	maps.DeleteFunc(w.acked, func(seq int, _ string) bool { return seq > made.Messages })
	if ws, err = w.enter(t.Context(), p.url); err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	if err := w.check(ws); err != nil {
		t.Error(err)
	}
}

// TestRestoreRefuses: nothing is lost by a command in the wrong place.
func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, dir)
	succeed(t, dir, "secret1\n", "user", "add", "annie", "--password-stdin")
	succeed(t, dir, "", "backup", "copy.db")
	succeed(t, dir, "secret1\n", "user", "add", "bobby", "--password-stdin")
	refuse(t, dir, 1, []string{"backup", "copy.db"}, "exists")
	refuse(t, dir, 1, []string{"restore", "copy.db"}, "--force")
	refuse(t, dir, 1, []string{"restore", "copy.db", "--force"}, "stop it first")
	p.kill() // leaves a -wal file
	refuse(t, dir, 1, []string{"restore", "copy.db"}, "--force")
	refuse(t, dir, 1, []string{"restore", "parley-data/parley.db", "--force"}, "no backup")
	good, err := os.ReadFile(filepath.Join(dir, "copy.db"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{
		"half.db": good[:len(good)/2], "text.db": []byte("this is no database at all, whatever its name says"), "empty.db": nil,
		"torn.db": append(bytes.Clone(good[:8192]), bytes.Repeat([]byte{7}, len(good)-8192)...),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, stderr, code := finish(t, dir, "", "restore", name, "--force"); code != 1 || strings.Contains(stderr, "goroutine") {
			t.Errorf("%s: exit code %d: %s", name, code, stderr)
		}
	}
	if out := succeed(t, dir, "", "user", "list"); !strings.Contains(out, "bobby") {
		t.Errorf("the store was touched:\n%s", out)
	}
	succeed(t, dir, "", "restore", "copy.db", "--force")
	if out := succeed(t, dir, "", "user", "list"); strings.Contains(out, "bobby") || !strings.Contains(out, "annie") {
		t.Errorf("got\n%s", out)
	}
	kept, err := filepath.Glob(filepath.Join(dir, "parley-data", "parley.db.old-*"))
	if err != nil || len(kept) == 0 {
		t.Errorf("the old one is gone: %v %v", kept, err)
	}
	if out := succeed(t, dir, "", "audit", "--act", "backup"); !strings.Contains(out, "backup.restored") {
		t.Errorf("got\n%s", out)
	}
}

func TestCheckCommands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	conf := `{"lisen": 1, "max_tag_count": -1, "registration": {"mode": "maybe"}}`
	if err := os.WriteFile(filepath.Join(dir, "bad.conf"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	out, stderr, code := finish(t, dir, "", "check", "--config", "bad.conf")
	if code != 1 || stderr != "" || strings.Count(out, "fault: bad.conf:1:") != 3 {
		t.Errorf("%d %q %q", code, out, stderr)
	}
	out, _, code = finish(t, dir, "", "check", "--config", "bad.conf", "--json")
	var found struct{ Faults, Warnings []struct{ Path string } }
	if err := json.Unmarshal([]byte(out), &found); err != nil || code != 1 || len(found.Faults) != 3 || found.Warnings == nil {
		t.Errorf("%d %s %v", code, out, err)
	}
	if out := succeed(t, dir, "", "check"); out != "no file, defaults: ok\n" {
		t.Errorf("got %q", out)
	}
	// wire.md appendix A has this pair.
	if out := succeed(t, dir, "", "keygen", "--salt", "T713/rYYgW7g4m3vG6zGRh7+FM1t0T8j13koXScOAj4="); !strings.Contains(out, "AQAAAAABAAAoeOI7tA3HsYvdzDhYhZJy") {
		t.Errorf("got %q", out)
	}
	if one, two := succeed(t, dir, "", "keygen"), succeed(t, dir, "", "keygen"); one == two || len(one) != 45 {
		t.Errorf("got %q and %q", one, two)
	}
	refuse(t, dir, 2, []string{"keygen", "--salt", "?"}, "base64")
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "tinode.conf"), []byte(`{"listen": "127.0.0.1:0"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	verdicts := func(want string) map[string]finding {
		t.Helper()
		out, stderr, code := finish(t, dir, "", "doctor", "--json")
		var list []finding
		if err := json.Unmarshal([]byte(out), &list); err != nil {
			t.Fatalf("%s%s: %v", out, stderr, err)
		}
		found := make(map[string]finding)
		failed := 0
		for _, f := range list {
			found[f.Name] = f
			if f.Verdict == verdictFail {
				failed = 1
			}
		}
		if len(found) != 13 || code != failed || found["server"].Text != want {
			t.Errorf("%d, exit code %d: %s", len(found), code, out)
		}
		return found
	}
	if f := verdicts("does not run"); f["folder"].Verdict != verdictWarn || f["folder"].Cure == "" {
		t.Errorf("got %+v", f["folder"])
	}
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	if err := os.WriteFile(filepath.Join(dir, "busy.conf"), []byte(`{"listen": "`+busy.Addr().String()+`"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _, code := finish(t, dir, "", "doctor", "--config", "busy.conf")
	if code != 1 || !strings.Contains(out, "FAIL  port ") || runtime.GOOS == "linux" && !strings.Contains(out, strconv.Itoa(os.Getpid())) {
		t.Errorf("%d %s", code, out)
	}
	p := start(t, dir)
	if f := verdicts("runs"); f["store"].Verdict != verdictOK || f["folder"].Verdict != verdictOK || f["port"].Verdict != verdictOK {
		t.Errorf("got %+v", f)
	}
	p.stop(t)
	for name, damage := range map[string]func() error{
		"secret": func() error { return os.Chmod(filepath.Join(dir, "parley-data", "token.key"), 0o644) },
		"clock": func() error {
			later := time.Now().Add(time.Hour)
			return os.Chtimes(filepath.Join(dir, "parley-data", storeName), later, later)
		},
		"store": func() error { return os.Truncate(filepath.Join(dir, "parley-data", storeName), 20000) },
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		if f := verdicts("does not run")[name]; f.Verdict != verdictFail || f.Cure == "" {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
