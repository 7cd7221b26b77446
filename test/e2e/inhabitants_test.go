package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/auth"
	"parley/auth/basic"
	"parley/auth/token"
	"parley/internal/chat"
	"parley/store"
	"parley/store/sqlite"
)

// inhabitants is what lib/server.js wants to be in a new data folder.
type inhabitants struct {
	Folder   string
	Key      []byte   // signs the tokens
	Password string   // of all
	Names    []string // of each of these
	Each     int      // so many
}

// inhabitant is one account, as lib/scenarios.js uses it.
type inhabitant struct {
	Name  string `json:"name"`
	Login string `json:"login"`
	Token []byte `json:"token"`
}

// TestMain is the test, or, when lib/server.js runs this program with
// E2E_INHABITANTS, what puts accounts into a new data folder: one of level root,
// which no client can make, and ordinary ones, whose passwords would take half
// the time of the whole run to hash.
func TestMain(m *testing.M) {
	order := os.Getenv("E2E_INHABITANTS")
	if order == "" {
		os.Exit(m.Run())
	}
	var in inhabitants
	err := json.Unmarshal([]byte(order), &in)
	var all []inhabitant
	if err == nil {
		all, err = in.settle(context.Background())
	}
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(all)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "accounts for the tests:", err)
		os.Exit(1)
	}
}

// settle makes the accounts.
func (in *inhabitants) settle(ctx context.Context) (all []inhabitant, err error) {
	if err := os.MkdirAll(in.Folder, 0o700); err != nil {
		return nil, err
	}
	st, err := sqlite.Open(ctx, filepath.Join(in.Folder, "parley.db"), sqlite.Options{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	login, err := basic.New(st, basic.Rules{}).NewLogin(ctx, 1, []byte("x:"+in.Password))
	if err != nil {
		return nil, err
	}
	tokens, err := token.New([][]byte{in.Key}, 1, time.Hour, time.Now)
	if err != nil {
		return nil, err
	}
	all = []inhabitant{{Name: "Root", Login: "root"}}
	for _, name := range in.Names {
		for i := range in.Each {
			all = append(all, inhabitant{Name: name, Login: strings.ToLower(fmt.Sprintf("%s.%d", name, i))})
		}
	}
	makers, ctx := errgroup.WithContext(ctx)
	makers.SetLimit(64) // they share transactions
	for i := range all {
		makers.Go(func() error { return add(ctx, st, tokens, login.Secret, &all[i]) })
	}
	return all, makers.Wait()
}

// add makes one account, as signing up would, with a token.
func add(ctx context.Context, st store.Users, tokens *token.Scheme, hash []byte, who *inhabitant) error {
	id, now, level := chat.NewUID(), time.Now(), chat.LevelAuth
	if who.Name == "Root" {
		level = chat.LevelRoot
	}
	signed, err := tokens.Issue(&auth.Record{User: id, Level: level, Validated: true}, now.Add(14*24*time.Hour))
	if err != nil {
		return err
	}
	who.Token = signed
	return st.CreateUser(ctx, &store.NewUser{
		User: store.User{
			ID: id, Created: now, Updated: now, Tags: []string{"basic:" + who.Login},
			Public: fmt.Appendf(nil, `{"fn":%q}`, who.Name), Access: chat.Access{Auth: chat.ModeUser | chat.ModeDelete},
		},
		Me:    store.Sub{Topic: id.MeName(), User: id, Created: now, Updated: now, Want: chat.ModeMe, Given: chat.ModeMe},
		Login: &store.Login{Scheme: basic.Name, Name: who.Login, User: id, Level: level, Secret: slices.Clone(hash)},
	})
}
