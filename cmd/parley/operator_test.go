package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// finish runs a command in a folder to its end.
func finish(t *testing.T, dir, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := program(t, dir, args...)
	cmd.Env = append(cmd.Env, "TZ=UTC")
	cmd.Stdin = strings.NewReader(stdin)
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &err
	var exit *exec.ExitError
	if e := cmd.Run(); e != nil && !errors.As(e, &exit) {
		t.Fatal(e)
	}
	return out.String(), err.String(), cmd.ProcessState.ExitCode()
}

// succeed is finish that must go well.
func succeed(t *testing.T, dir, stdin string, args ...string) string {
	t.Helper()
	out, stderr, code := finish(t, dir, stdin, args...)
	if code != 0 {
		t.Fatalf("%v: exit code %d: %s", args, code, stderr)
	}
	return out
}

// refuse is finish that must fail with one line that has all of want.
func refuse(t *testing.T, dir string, code int, args []string, want ...string) {
	t.Helper()
	out, stderr, got := finish(t, dir, "", args...)
	if got != code {
		t.Errorf("%v: exit code %d, want %d: %s%s", args, got, code, out, stderr)
	}
	if strings.Count(stderr, "\n") != 1 {
		t.Errorf("%v: not one line: %q", args, stderr)
	}
	for _, w := range want {
		if !strings.Contains(stderr, w) {
			t.Errorf("%v: %q does not say %q", args, stderr, w)
		}
	}
}

// both runs a test with a server that runs, and with one that is stopped.
func both(t *testing.T, test func(t *testing.T, dir string, p *process)) {
	t.Parallel()
	t.Run("running", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		p := start(t, dir)
		test(t, dir, p)
		if code := p.stop(t); code != 0 || p.err.String() != "" {
			t.Errorf("the server: exit code %d, %s", code, &p.err)
		}
		if _, err := os.Lstat(filepath.Join(dir, "parley-data", socketName)); err == nil {
			t.Error("the socket stays")
		}
	})
	t.Run("stopped", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		start(t, dir).stop(t)
		test(t, dir, nil)
	})
}

// shape hides what differs from run to run.
func shape(text string) string {
	for pattern, with := range map[string]string{
		`usr[A-Za-z0-9_-]{11}`: "usrID", `\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?`: "TIME", `\d{4}-\d\d-\d\dT[0-9:.]+Z`: "TIME",
	} {
		text = regexp.MustCompile(pattern).ReplaceAllString(text, with)
	}
	return regexp.MustCompile(`  +`).ReplaceAllString(text, "  ")
}

func TestUserCommands(t *testing.T) {
	both(t, func(t *testing.T, dir string, _ *process) {
		steps := []struct {
			args  []string
			stdin string
			want  string
		}{
			{[]string{"user", "add", "annie", "--password-stdin", "--name", "Ann\x1b[2J", "--email", "Ann@example.com"}, "secret1\n", "annie (usrID): made\n"},
			{[]string{"user", "add", "--root", "--password-stdin", "bobby", "--json"}, "secret2", `{
  "id": "usrID",
  "login": "bobby",
  "name": "bobby",
  "state": "ok",
  "root": true,
  "created": "TIME",
  "sessions": 0,
  "schemes": [
  "basic"
  ],
  "tags": [
  "basic:bobby"
  ]
}
`},
			{[]string{"user", "suspend", "email:ann@example.com"}, "", "annie (usrID): suspended\n"},
			{[]string{"user", "suspend", "annie"}, "", "annie (usrID): suspended\n"},
			{[]string{"user", "list", "--state", "suspended"}, "", "LOGIN  ID  STATE  ROOT  ONLINE  CREATED  LAST SEEN  NAME\nannie  usrID  suspended  no  0  TIME  never  Ann·[2J\n"},
			{[]string{"user", "resume", "annie"}, "", "annie (usrID): ok\n"},
			{[]string{"user", "list", "--root"}, "", "LOGIN  ID  STATE  ROOT  ONLINE  CREATED  LAST SEEN  NAME\nbobby  usrID  ok  yes  0  TIME  never  bobby\n"},
			{[]string{"user", "root", "--off", "bobby"}, "", "bobby (usrID): ordinary user\n"},
			{[]string{"user", "passwd", "annie", "--password-stdin"}, "secret3\n", "annie (usrID): new password; all devices are logged out\n"},
			{[]string{"user", "show", "ANNIE"}, "", "login  annie\nid  usrID\nname  Ann·[2J\nstate  ok\nroot  no\ncreated  TIME\nlast seen  never\n" +
				"sessions  0\nlogs in by  basic\nemail  ann@example.com\ntags  basic:annie, email:ann@example.com\n"},
			{[]string{"token", "revoke", "--all"}, "", "users logged out: 2\n"},
			{[]string{"user", "delete", "annie", "--yes", "--hard"}, "", "annie (usrID): deleted\n"},
			{[]string{"user", "list", "--limit", "5", "--state", "deleted", "--json"}, "", "[]\n"},
		}
		for _, s := range steps {
			if got := shape(succeed(t, dir, s.stdin, s.args...)); got != s.want {
				t.Errorf("%q:\n%s\nwant\n%s", s.args, got, s.want)
			}
		}
		log := serverActs.ReplaceAllString(shape(succeed(t, dir, "", "audit")), "")
		want := "TIME  ACT  BY  USER  FROM  DETAIL\n" +
			"TIME  account.created  usrID  cli\n" +
			"TIME  account.created  usrID  cli  root\n" +
			"TIME  account.suspended  usrID  cli\n" +
			"TIME  account.resumed  usrID  cli\n" +
			"TIME  account.root  usrID  cli  off\n" +
			"TIME  password.changed  usrID  cli\n" +
			"TIME  token.revoked  cli  all\n" +
			"TIME  account.deleted  usrID  cli  hard\n"
		if log != want {
			t.Errorf("audit:\n%s\nwant\n%s", log, want)
		}
		lines := strings.Count(succeed(t, dir, "", "audit", "--json", "--act", "account", "--since", "1h"), "\n")
		if lines != 6 {
			t.Errorf("audit --act account: %d entries", lines)
		}
	})
}

func TestRefusals(t *testing.T) {
	both(t, func(t *testing.T, dir string, _ *process) {
		succeed(t, dir, "secret1\n", "user", "add", "annie", "--password-stdin", "--email", "a@example.com")
		for _, c := range []struct {
			args string
			code int
			want string
		}{
			{"user", 2, "needs a command"},
			{"user nonsense", 2, "nonsense"},
			{"user add", 2, "LOGIN is missing"},
			{"user add carol", 2, "--password-stdin"},
			{"user add carol --generate --password-stdin", 2, "exclude"},
			{"user add carol --generate --nonsense", 2, "nonsense"},
			{"user add annie --generate", 1, "taken"},
			{"user add ab --generate", 1, "too short"},
			{"user add a:bcd --generate", 1, "colon"},
			{"user add carol --generate --email nobody", 1, "not an e-mail address"},
			{"user add carol --generate --email a@example.com", 1, "already"},
			{"user show nobody", 1, `no user "nobody"`},
			{"user show email:x@example.com", 1, "no user"},
			{"user show usrAAAAAAAAAAE", 1, "no user"},
			{"user show annie annie", 2, "too much"},
			{"user list --state nonsense", 2, "not \"nonsense\""},
			{"audit --act nonsense", 2, "login.failed"},
			{"user factor-off annie", 1, "no second factor"},
			{"user list --limit -1", 2, "negative"},
			{"user delete annie", 2, "--yes"},
			{"invite delete nonsense", 1, "no invitation"},
			{"invite new --expires never", 2, "expires"},
			{"token revoke", 2, "missing"},
			{"token revoke annie --all", 2, "exclude"},
			{"audit --user nobody", 1, "no user"},
			{"backup", 2, "missing"},
			{"backup no/such/folder/file.db", 1, "no such file"},
			{"restore nothing.db", 1, "no such file"},
			{"user list --data elsewhere", 1, "no server has been started"},
			{"user list --config nonsense.conf", 1, "nonsense.conf"},
		} {
			refuse(t, dir, c.code, strings.Fields(c.args), c.want)
		}
		out, _, code := finish(t, dir, "x\n", "user", "passwd", "annie", "--password-stdin")
		if code != 1 || out != "" {
			t.Errorf("a short password: %d %q", code, out)
		}
	})
}

// TestHelpOfCommands: each fits a screen.
func TestHelpOfCommands(t *testing.T) {
	t.Parallel()
	for _, group := range []string{"user", "invite", "token", "audit", "backup", "restore", "check", "doctor", "keygen"} {
		for _, c := range commandsOf(group) {
			var stdout, stderr bytes.Buffer
			if code := run(append(strings.Fields(c.name), "-h"), &stdout, &stderr); code != 0 || stderr.Len() > 0 {
				t.Errorf("%s: exit code %d, %s", c.name, code, &stderr)
			}
			all := strings.Split(strings.TrimSuffix(stdout.String(), "\n"), "\n")
			for _, l := range all {
				if len([]rune(l)) > 80 {
					t.Errorf("%s: too wide: %q", c.name, l)
				}
			}
			if len(all) > 24 {
				t.Errorf("%s: %d lines", c.name, len(all))
			}
		}
	}
}

// signIn logs in by password and returns what it was answered.
func signIn(t *testing.T, url, login, password string) (*websocket.Conn, error) {
	t.Helper()
	ws, err := dial(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.Close() })
	_ = ws.SetReadDeadline(time.Now().Add(30 * time.Second))
	if _, _, err := ask(ws, "hi", m{"hi": m{"ver": "0.25"}}); err != nil {
		t.Fatal(err)
	}
	_, _, err = ask(ws, "login", m{"login": m{"scheme": "basic", "secret": base64.StdEncoding.EncodeToString([]byte(login + ":" + password))}})
	return ws, err
}

// gone waits until the server has ended a session.
func gone(t *testing.T, what string, ws *websocket.Conn) {
	t.Helper()
	var last string
	for {
		_, frame, err := ws.ReadMessage()
		if err == nil {
			last = string(frame)
			continue
		}
		if !websocket.IsCloseError(err, websocket.CloseNormalClosure) || !strings.Contains(last, "evicted") {
			t.Errorf("%s: got %v after %s", what, err, last)
		}
		return
	}
}

// TestLiveSessions: what an operator does holds at once for who is connected.
func TestLiveSessions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, dir)
	succeed(t, dir, "secret1\n", "user", "add", "annie", "--password-stdin")
	password := "secret1"
	for _, args := range [][]string{{"user", "suspend", "annie"}, {"user", "root", "annie"}, {"token", "revoke", "annie"}, {"user", "passwd", "annie", "--password-stdin"}, {"user", "delete", "annie", "--yes"}} {
		ws, err := signIn(t, p.url, "annie", password)
		if err != nil {
			t.Fatalf("before %v: %v", args, err)
		}
		if out := succeed(t, dir, "", "user", "list"); !regexp.MustCompile(`annie .* (yes|no) +1 `).MatchString(out) {
			t.Errorf("not shown as online:\n%s", out)
		}
		succeed(t, dir, "secret2\n", args...)
		gone(t, strings.Join(args, " "), ws)
		switch args[1] {
		case "suspend":
			if _, err := signIn(t, p.url, "annie", password); err == nil || !strings.Contains(err.Error(), "403") {
				t.Errorf("suspended: %v", err)
			}
			succeed(t, dir, "", "user", "resume", "annie")
		case "passwd":
			if _, err := signIn(t, p.url, "annie", password); err == nil {
				t.Error("the old password is good")
			}
			password = "secret2"
		}
	}
	if _, err := signIn(t, p.url, "annie", password); err == nil {
		t.Error("a deleted user logs in")
	}
}

// TestKilledServer: a socket that nobody serves is in nobody's way.
func TestKilledServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, dir)
	path := filepath.Join(dir, "parley-data", socketName)
	if info, err := os.Lstat(path); err != nil || info.Mode() != os.ModeSocket|0o600 {
		t.Errorf("the socket: %v %v", info, err)
	}
	p.kill()
	if _, err := os.Lstat(path); err != nil {
		t.Fatal(err)
	}
	succeed(t, dir, "secret1\n", "user", "add", "annie", "--password-stdin")
	start(t, dir)
	if out := succeed(t, dir, "", "user", "list"); !strings.Contains(out, "annie") {
		t.Errorf("got %s", out)
	}
}

// TestManyCommands: commands on a stopped store wait for each other.
func TestManyCommands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start(t, dir).stop(t)
	refuse(t, dir, 1, []string{"audit", "--follow"}, "needs a running server")
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			if _, stderr, code := finish(t, dir, "", "invite", "new", "--uses", strconv.Itoa(i)); code != 0 {
				t.Errorf("exit code %d: %s", code, stderr)
			}
		})
	}
	all.Wait()
	if out := succeed(t, dir, "", "invite", "list"); strings.Count(out, "\n") != 5 {
		t.Errorf("got\n%s", out)
	}
}

// serverActs are the lines of starts and stops.
var serverActs = regexp.MustCompile(`(?m)^TIME  server\..*\n`)

// TestFollow: what comes is printed, until Ctrl-C.
func TestFollow(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, dir)
	succeed(t, dir, "", "invite", "new", "--note", "first")
	follow := program(t, dir, "audit", "--follow", "--json", "--act", "invite")
	pipe, err := follow.StdoutPipe()
	if err == nil {
		err = follow.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = follow.Process.Kill() }()
	lines := bufio.NewScanner(pipe)
	for _, note := range []string{"first", "second", "third"} {
		if note != "first" {
			succeed(t, dir, "", "invite", "new", "--note", note)
		}
		if !lines.Scan() || !strings.Contains(lines.Text(), `"detail":"`+note+`"`) {
			t.Errorf("got %q, want %s", lines.Text(), note)
		}
	}
	if err := follow.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := follow.Wait(); err != nil {
		t.Error(err)
	}
	p.stop(t)
}

// TestForeignFolder: nobody but the owner opens a stopped store, root neither.
func TestForeignFolder(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can give a folder away")
	}
	dir := t.TempDir()
	start(t, dir).stop(t)
	for _, name := range []string{"parley-data", "parley-data/parley.db"} {
		if err := os.Chown(filepath.Join(dir, name), 54321, 54321); err != nil {
			t.Fatal(err)
		}
	}
	refuse(t, dir, 1, []string{"user", "list"}, "belongs to user #54321", "sudo")
}

// TestDeepFolder: the path of a socket is short, that of a folder need not be.
func TestDeepFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), strings.Repeat("deep/", 30))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	p := start(t, dir)
	succeed(t, dir, "secret1\n", "user", "add", "annie", "--password-stdin")
	if code := p.stop(t); code != 0 || p.err.String() != "" {
		t.Errorf("exit code %d, %s", code, &p.err)
	}
}

func TestInviteCommands(t *testing.T) {
	both(t, func(t *testing.T, dir string, _ *process) {
		code := strings.TrimSpace(succeed(t, dir, "", "invite", "new", "--uses", "2", "--note", "for ann"))
		succeed(t, dir, "", "invite", "new", "--uses", "0", "--expires", "0")
		if out := shape(succeed(t, dir, "", "invite", "list")); !strings.Contains(out, code+"  0  2  yes  TIME  TIME  for ann\n") || !strings.Contains(out, "  0  any  yes  TIME  never\n") {
			t.Errorf("got\n%s", out)
		}
		succeed(t, dir, "", "invite", "delete", strings.ToUpper(code))
		var list []map[string]any
		if err := json.Unmarshal([]byte(succeed(t, dir, "", "invite", "list", "--json")), &list); err != nil || len(list) != 1 {
			t.Errorf("got %v %v", list, err)
		}
	})
}

// What talks to a running server does not need its secrets; serve, check, and
// what opens the store itself do.
func TestWithoutSecrets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := `{"bridges":{"rongcloud":{"enabled":true,"app_key":"env:PARLEY_TEST_KEY","app_secret":"file:not-there"}}}`
	if err := os.WriteFile(filepath.Join(dir, "secret.conf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, dir)
	if out := succeed(t, dir, "secret1\n", "user", "add", "annie", "--password-stdin", "--config", "secret.conf"); !strings.Contains(out, "annie") {
		t.Errorf("got %s", out)
	}
	succeed(t, dir, "", "audit", "--config", "secret.conf")
	succeed(t, dir, "", "backup", "b.db", "--config", "secret.conf")
	if out, _, code := finish(t, dir, "", "check", "--config", "secret.conf"); code != 1 || !strings.Contains(out, "PARLEY_TEST_KEY is not set") {
		t.Errorf("check: %d, %s", code, out)
	}
	p.stop(t)
	if _, stderr, code := finish(t, dir, "", "user", "list", "--config", "secret.conf"); code != 1 || !strings.Contains(stderr, "no server answers") {
		t.Errorf("stopped: %d, %s", code, stderr)
	}
}
