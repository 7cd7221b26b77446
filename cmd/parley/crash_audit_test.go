package main

import (
	"encoding/base64"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// TestKillKeepsAudit kills the server the moment it has acknowledged an act that
// matters for security: the act stays, and so does its entry in the audit log.
func TestKillKeepsAudit(t *testing.T) {
	t.Parallel()
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	acts := []struct {
		act string
		do  func(ws *websocket.Conn, dir string) error
	}{
		{"password.changed", func(ws *websocket.Conn, _ string) error {
			_, _, err := ask(ws, "p", m{"acc": m{"scheme": "basic", "secret": b64(":password-2")}})
			return err
		}},
		{"token.revoked", func(ws *websocket.Conn, _ string) error {
			_, _, err := ask(ws, "d", m{"del": m{"topic": "me", "what": "session", "session": "*"}})
			return err
		}},
		{"account.suspended", func(_ *websocket.Conn, dir string) error {
			if out, stderr, code := finish(t, dir, "", "user", "suspend", "annabel"); code != 0 {
				return fmt.Errorf("exit code %d: %s%s", code, out, stderr)
			}
			return nil
		}},
		{"invite.made", func(_ *websocket.Conn, dir string) error {
			if out, stderr, code := finish(t, dir, "", "invite", "new"); code != 0 {
				return fmt.Errorf("exit code %d: %s%s", code, out, stderr)
			}
			return nil
		}},
		{"account.deleted", func(ws *websocket.Conn, _ string) error {
			_, _, err := ask(ws, "x", m{"del": m{"what": "user", "hard": true}})
			return err
		}},
	}
	for _, a := range acts {
		t.Run(a.act, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			p := start(t, dir)
			ws, err := dial(t.Context(), p.url)
			if err != nil {
				t.Fatal(err)
			}
			defer ws.Close()
			_ = ws.SetReadDeadline(time.Now().Add(time.Minute))
			for id, request := range []m{
				{"hi": m{"ver": "0.25"}},
				{"acc": m{"user": "new", "scheme": "basic", "secret": b64("annabel:password"), "login": true}},
				{"sub": m{"topic": "me"}},
			} {
				if _, _, err := ask(ws, fmt.Sprint(id), request); err != nil {
					t.Fatal(err)
				}
			}
			if err := a.do(ws, dir); err != nil {
				t.Fatal(err)
			}
			p.kill()
			out, stderr, code := finish(t, dir, "", "audit", "--json")
			if code != 0 || !strings.Contains(out, `"`+a.act+`"`) || !strings.Contains(out, `"account.created"`) {
				t.Errorf("exit code %d in %s: %s%s", code, filepath.Base(dir), out, stderr)
			}
		})
	}
}
