package server

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/auth"
	"parley/auth/basic"
	"parley/internal/chat"
	"parley/internal/config"
	"parley/internal/wstest"
	"parley/media"
	"parley/media/fs"
	"parley/store"
)

const stockAPIKey = "AQEAAAABAAD_rAp4DJh05a1HAwFT3A6K"

// usual is the configuration of transcripts: that of the recordings of the
// reference (conformance/README.md), as far as it has a meaning here.
const usual = `{
	"max_subscriber_count": 8,
	"acc_validation": {"email": {"required": ["auth"], "add_to_tags": true, "config": {"debug_response": "123456"}}}
}`

// testConfig is the usual configuration with some keys of tinode.conf changed.
func testConfig(t testing.TB, changes string) *config.Config {
	t.Helper()
	keys := map[string]any{}
	for _, text := range []string{usual, changes} {
		if text == "" {
			continue
		}
		more := map[string]any{}
		if err := json.Unmarshal([]byte(text), &more); err != nil {
			t.Fatalf("config %s: %v", text, err)
		}
		maps.Copy(keys, more)
	}
	text, err := json.Marshal(keys)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tinode.conf")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, _, err := config.Load(path, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	cfg.Auth.Token.Keys = []config.Key{[]byte(strings.Repeat("k", 32))}
	return cfg
}

// harness is a server with its store.
type harness struct {
	*Server
	store store.Store
}

func newHarness(t testing.TB, cfg *config.Config, st store.Store) *harness {
	t.Helper()
	var blobs media.Store
	if cfg.Media.Handler != "" {
		folder, err := fs.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = folder.Close() })
		blobs = folder
	}
	s, err := New(Deps{
		Media: blobs, Uploads: t.TempDir(), Config: cfg, Store: st, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now, Build: "test:0",
		Passwords: quick{},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &harness{s, st}
}

// memory opens sessions of the server without a socket.
func (h *harness) memory(wait func()) *wstest.Memory {
	return &wstest.Memory{
		Open: func(recv func([]byte), closed func(int, string)) wstest.Link {
			if m := h.sessions.OpenMemory(recv, closed); m != nil {
				return m
			}
			return nil
		},
		Wait: wait,
	}
}

// socket serves over HTTP until the test ends.
func (h *harness) socket(t testing.TB, quiet time.Duration) *wstest.Socket {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.sessions.Run(ctx) }()
	srv := httptest.NewServer(h.routes())
	t.Cleanup(func() {
		if err := h.end(); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		srv.Close()
		cancel()
		<-done
	})
	return &wstest.Socket{
		URL: "ws" + strings.TrimPrefix(srv.URL, "http") + "/v0/channels", APIKey: stockAPIKey, Quiet: quiet,
	}
}

// end closes sessions and topics; what is left is the store.
func (h *harness) end() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return errors.Join(h.sessions.Close(ctx), h.hub.Close(ctx))
}

// hashes are those of the passwords of accounts, by password.
var hashes sync.Map

// quick hashes passwords in no time: hundreds of people log in here, and under
// the race detector argon2 takes most of a second.
type quick struct{}

// Derive implements basic.Deriver.
func (quick) Derive(_ context.Context, j *basic.Job) ([]byte, error) {
	return hkdf.Key(sha256.New, j.Password, j.Salt, "test", int(j.Len))
}

// account makes somebody with a login, a confirmed e-mail address and a token,
// as signing up would.
func (h *harness) account(login, who, level string) (wstest.Account, error) {
	ctx := context.Background()
	password := "password-" + who
	hash, ok := hashes.Load(password)
	if !ok {
		rec, err := basic.New(h.store, basic.Rules{Deriver: quick{}}).NewLogin(ctx, 1, []byte("x:"+password))
		if err != nil {
			return wstest.Account{}, err
		}
		hash, _ = hashes.LoadOrStore(password, rec.Secret)
	}
	lvl := chat.LevelAuth
	if l, ok := chat.ParseLevel(level); ok {
		lvl = l
	}
	id, now, rules := chat.NewUID(), h.now(), topicConfig(h.cfg)
	email := login + "@example.com"
	tags := []string{"basic:" + login, "email:" + email}
	err := h.store.CreateUser(ctx, &store.NewUser{
		User: store.User{
			ID: id, Created: now, Updated: now, Tags: tags, Public: fmt.Appendf(nil, `{"fn":%q}`, who),
			Access: chat.Access{Auth: chat.ModeUser | rules.MaskP2P()},
		},
		Me:    store.Sub{Topic: id.MeName(), User: id, Created: now, Updated: now, Want: chat.ModeMe, Given: chat.ModeMe},
		Login: &store.Login{Scheme: basic.Name, Name: login, User: id, Level: lvl, Secret: slices.Clone(hash.([]byte))},
		Creds: []store.Credential{{User: id, Method: "email", Value: email, Created: now, Updated: now, Code: "-", Done: true}},
	})
	if err != nil {
		return wstest.Account{}, err
	}
	token, err := h.sessions.Token.Issue(&auth.Record{User: id, Level: lvl, Validated: true}, now.Add(24*time.Hour))
	return wstest.Account{
		User: id.String(), Login: login, Secret: base64.StdEncoding.EncodeToString([]byte(login + ":" + password)),
		Token: base64.StdEncoding.EncodeToString(token),
	}, err
}
