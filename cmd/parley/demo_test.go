package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// demoPeople waits for what the start prints and returns login and password of
// each.
func demoPeople(t *testing.T, p *process) [][]string {
	t.Helper()
	line := regexp.MustCompile(`(?m)^([a-z]+)  +([a-z0-9]{12,})  +[A-Z].*$`)
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if list := line.FindAllStringSubmatch(p.out.String(), -1); len(list) >= 4 {
			return list
		}
		if time.Now().After(end) {
			t.Fatalf("nobody is named: %s%s", &p.out, &p.err)
		}
	}
}

// logInAs returns a connection of somebody, and his token.
func logInAs(t *testing.T, p *process, login, password string) (*websocket.Conn, string) {
	t.Helper()
	ws, err := dial(t.Context(), p.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ws.Close() })
	_ = ws.SetReadDeadline(time.Now().Add(time.Minute))
	if _, _, err := ask(ws, "hi", m{"hi": m{"ver": "0.25"}}); err != nil {
		t.Fatal(err)
	}
	a, _, err := ask(ws, "in", m{"login": m{"scheme": "basic", "secret": base64.StdEncoding.EncodeToString([]byte(login + ":" + password))}})
	if err != nil {
		t.Fatalf("%s: %v", login, err)
	}
	return ws, a.Ctrl.Params.Token
}

// fetch gets something from a topic: the {meta} that answers, or the {data} before
// the answer.
func fetch(t *testing.T, ws *websocket.Conn, topic, what string) (meta json.RawMessage, data []string) {
	t.Helper()
	if err := ws.WriteJSON(m{"get": m{"id": "last", "topic": topic, "what": what}}); err != nil {
		t.Fatal(err)
	}
	for {
		var got struct{ Ctrl, Meta, Data json.RawMessage }
		if err := ws.ReadJSON(&got); err != nil {
			t.Fatal(err)
		}
		if got.Data != nil {
			data = append(data, string(got.Data))
		}
		if id := []byte(`"id":"last"`); bytes.Contains(got.Ctrl, id) || bytes.Contains(got.Meta, id) {
			return got.Meta, data
		}
	}
}

// TestDemo: those whom --demo names can log in and have something to read.
func TestDemo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, dir, "--demo")
	people := demoPeople(t, p)
	for _, who := range people {
		logInAs(t, p, who[1], who[2])
	}
	ws, token := logInAs(t, p, people[0][1], people[0][2])
	if _, _, err := ask(ws, "me", m{"sub": m{"topic": "me"}}); err != nil {
		t.Fatal(err)
	}
	list, _ := fetch(t, ws, "me", "sub")
	var me struct {
		Sub []struct {
			Topic     string
			Seq, Read int
		}
	}
	if err := json.Unmarshal(list, &me); err != nil {
		t.Fatal(err)
	}
	var kinds []string
	unread, formats, picture := 0, "", ""
	for _, s := range me.Sub {
		kinds = append(kinds, s.Topic[:3])
		unread += s.Seq - s.Read
		if _, _, err := ask(ws, "sub"+s.Topic, m{"sub": m{"topic": s.Topic}}); err != nil {
			t.Fatal(err)
		}
		_, data := fetch(t, ws, s.Topic, "data")
		if len(data) != s.Seq || s.Seq == 0 {
			t.Errorf("%s: %d messages, want %d", s.Topic, len(data), s.Seq)
		}
		for _, d := range data {
			for _, f := range regexp.MustCompile(`"tp":"(\w\w)"`).FindAllStringSubmatch(d, -1) {
				formats += f[1] + " "
			}
			if ref := regexp.MustCompile(`"ref":"([^"]+)"`).FindStringSubmatch(d); ref != nil {
				picture = ref[1]
			}
		}
	}
	slices.Sort(kinds)
	if want := []string{"chn", "grp", "usr", "usr"}; !slices.Equal(kinds, want) {
		t.Errorf("conversations %v, want %v", kinds, want)
	}
	if unread == 0 {
		t.Error("there is nothing unread")
	}
	for _, f := range []string{"ST", "EM", "DL", "CO", "LN", "MN", "HT", "IM"} {
		if !strings.Contains(formats, f) {
			t.Errorf("no message has %s", f)
		}
	}
	code, body, err := sender{p.url, token}.do("GET", picture, nil)
	if err != nil || code != 200 {
		t.Fatalf("%s: %d %v", picture, code, err)
	}
	if _, err := png.Decode(strings.NewReader(body)); err != nil {
		t.Errorf("%s: %v", picture, err)
	}
	if code := p.stop(t); code != 0 || p.err.String() != "" {
		t.Errorf("exit code %d: %s", code, &p.err)
	}

	// another start is as any other; the passwords are good and not said again
	p = start(t, dir, "--demo")
	logInAs(t, p, people[1][1], people[1][2])
	if code := p.stop(t); code != 0 || strings.Contains(p.out.String(), people[1][2]) || strings.Contains(p.out.String(), "PASSWORD") {
		t.Errorf("exit code %d: %s%s", code, &p.out, &p.err)
	}

	// another installation has other passwords
	q := start(t, t.TempDir(), "--demo")
	for i, who := range demoPeople(t, q) {
		if who[2] == people[i][2] {
			t.Errorf("%s has the same password everywhere", who[1])
		}
	}
	q.stop(t)
}

// TestDemoRefused: --demo never touches what people have written.
func TestDemoRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, dir)
	p.stop(t)
	if _, err := os.Stat(filepath.Join(dir, "parley-data", demoName)); err == nil {
		t.Error("a start without --demo says that it was one")
	}
	fails(t, dir, []string{"--listen", "127.0.0.1:0", "--demo"}, "--demo is for a new data folder", "--data")

	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("parley-data/"+demoName, demoBegun) // killed in the middle
	fails(t, dir, []string{"--listen", "127.0.0.1:0", "--demo"}, "not finished", "remove the folder")

	write("tinode.conf", `{"acc_validation":{"email":{"required":["auth"],"config":{"host_url":"https://x.example/","smtp_server":"127.0.0.1","sender":"a@x.example"}}}}`)
	fails(t, dir, []string{"--listen", "127.0.0.1:0", "--demo", "--data", "other"}, "acc_validation requires email")
	if _, err := os.Stat(filepath.Join(dir, "other", storeName)); err == nil {
		t.Error("a start that was refused made a store")
	}
}
