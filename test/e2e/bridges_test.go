package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parley/internal/certs/certstest"
	fakenetease "parley/internal/fake/netease"
	fakerong "parley/internal/fake/rongcloud"
)

const (
	vendorKey    = "0123456789abcdef0123456789abcdef"
	vendorSecret = "s3cret-of-both-apps"
)

// bridged is what bridges.js tells of a login.
type bridged struct {
	User, Group string
	Bridges     struct {
		RongCloud struct{ UserID, Token string }
		NetEase   struct {
			Accid, Token string
			RTC          struct {
				UID   int64
				Token string
			}
		}
	}
}

// TestBridges: a published client gets credentials of RongCloud and NetEase, and
// what it writes in a conversation that is carried there arrives, though the
// server is killed meanwhile.
func TestBridges(t *testing.T) {
	binary := os.Getenv("PARLEY_BIN")
	if binary == "" {
		t.Skip("a part of TestPublishedClients and scripts/e2e.sh")
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	rong := &fakerong.Service{AppKey: vendorKey, Secret: vendorSecret, Now: time.Now}
	ne := &fakenetease.Service{AppKey: vendorKey, Secret: vendorSecret, Now: time.Now}
	a, b := httptest.NewServer(rong.Host()), httptest.NewServer(ne.Host())
	defer a.Close()
	defer b.Close()
	dir := t.TempDir()
	config := func(relay string) {
		certstest.Write(t, filepath.Join(dir, "tinode.conf"), fmt.Appendf(nil, `{"bridges": {
			"rongcloud": {"enabled": true, "app_key": %q, "app_secret": "env:VENDOR_SECRET", "hosts": [%q], "relay": [%s]},
			"netease": {"enabled": true, "app_key": %q, "app_secret": "env:VENDOR_SECRET", "v1_base": [%q], "relay": [%s]}}}`,
			vendorKey, a.URL, relay, vendorKey, b.URL+fakenetease.Path, relay))
	}
	config("")
	kill := startBridged(ctx, t, binary, dir)
	defer func() { kill() }()
	var got bridged
	node(ctx, t, &got, "bridges.js", "login")
	r, n := got.Bridges.RongCloud, got.Bridges.NetEase
	if u := rong.User(r.UserID); !rong.Valid(r.UserID, r.Token) || u.Name != "Erika" || len(u.Tokens) != 1 {
		t.Errorf("rongcloud: %+v, %+v", r, u)
	}
	if !ne.ValidIM(n.Accid, n.Token) || !ne.ValidRTC(n.RTC.UID, "", n.RTC.Token) || ne.Account(n.Accid).Name != "Erika" {
		t.Errorf("netease: %+v", n)
	}

	kill()
	config(fmt.Sprintf("%q", got.Group))
	kill = startBridged(ctx, t, binary, dir)
	const count = 40
	node(ctx, t, &struct{}{}, "bridges.js", "publish", got.Group, fmt.Sprint(count))
	kill() // whatever was under way
	kill = startBridged(ctx, t, binary, dir)
	var texts []string
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		texts = carried(t, rong.Messages())
		if len(texts) >= count && len(ne.Messages()) >= count || time.Now().After(end) {
			break
		}
	}
	if len(texts) != count || len(ne.Messages()) != count {
		t.Fatalf("%d and %d messages arrived, want %d", len(texts), len(ne.Messages()), count)
	}
	for i, m := range ne.Messages() {
		if want := fmt.Sprint("message ", i); texts[i] != want || !strings.Contains(m.Body, `"`+want+`"`) {
			t.Fatalf("message %d: %q and %s", i, texts[i], m.Body)
		}
	}
}

// carried lists the texts of messages, each once: a receiver knows repetitions by
// the mark.
func carried(t *testing.T, ms []fakerong.Message) []string {
	t.Helper()
	var list []string
	seen := map[string]bool{}
	for _, m := range ms {
		var c struct{ Content, Extra string }
		if err := json.Unmarshal([]byte(m.Content), &c); err != nil {
			t.Fatal(err)
		}
		if !seen[c.Extra] {
			list = append(list, c.Content)
		}
		seen[c.Extra] = true
	}
	return list
}

// startBridged starts the server and says where it is (E2E_HOST). kill is kill -9.
func startBridged(ctx context.Context, t *testing.T, binary, dir string) (kill func()) {
	t.Helper()
	server := exec.CommandContext(ctx, binary, "--listen", "127.0.0.1:0")
	server.Dir, server.Env = dir, append(os.Environ(), "VENDOR_SECRET="+vendorSecret)
	var said strings.Builder
	server.Stderr = &said
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	killed := false
	kill = func() {
		if killed {
			return
		}
		killed = true
		_ = server.Process.Kill()
		_ = server.Wait()
		if strings.Contains(said.String(), vendorSecret) {
			t.Error("the secret is in the log")
		}
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, host, ok := strings.Cut(lines.Text(), "http://"); ok {
			t.Setenv("E2E_HOST", strings.TrimRight(strings.Fields(host)[0], "/"))
			return kill
		}
	}
	kill()
	t.Fatalf("the server did not say where it is:\n%s", said.String())
	return nil
}

// node runs a script and reads the JSON text that it prints last.
func node(ctx context.Context, t *testing.T, out any, args ...string) {
	t.Helper()
	var stderr strings.Builder
	c := exec.CommandContext(ctx, "node", args...)
	c.Stderr = &stderr
	text, err := c.Output()
	if err != nil {
		t.Fatalf("node %v: %v\n%s%s", args, err, text, stderr.String())
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), out); err != nil {
		t.Fatalf("node %v printed %s: %v", args, text, err)
	}
}
