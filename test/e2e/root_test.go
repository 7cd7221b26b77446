package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"parley/auth/basic"
	"parley/internal/chat"
	"parley/store"
	"parley/store/sqlite"
)

// TestMain is the test, or, when a scenario runs this program with E2E_ROOT_IN,
// what puts an account of level root into a new data folder: no client can make
// one. Its arguments are login and password.
func TestMain(m *testing.M) {
	folder := os.Getenv("E2E_ROOT_IN")
	if folder == "" {
		os.Exit(m.Run())
	}
	if err := makeRoot(context.Background(), folder, os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "account of level root:", err)
		os.Exit(1)
	}
}

func makeRoot(ctx context.Context, folder, name, password string) (err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	st, err := sqlite.Open(ctx, filepath.Join(folder, "parley.db"), sqlite.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	id, now := chat.NewUID(), time.Now()
	login, err := basic.New(st, basic.Rules{}).NewLogin(ctx, id, []byte(name+":"+password))
	if err != nil {
		return err
	}
	login.Level = chat.LevelRoot
	return st.CreateUser(ctx, &store.NewUser{
		User: store.User{
			ID: id, Created: now, Updated: now, Tags: []string{"basic:" + name},
			Public: []byte(`{"fn":"Root"}`), Access: chat.Access{Auth: chat.ModeUser},
		},
		Me:    store.Sub{Topic: id.MeName(), User: id, Created: now, Updated: now, Want: chat.ModeMe, Given: chat.ModeMe},
		Login: login,
	})
}
