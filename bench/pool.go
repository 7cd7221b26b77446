//go:build linux

package bench

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"sync"
)

// user is an account which the generator made, with what it needs to log in again.
type user struct {
	Login string `json:"login,omitempty"` // empty for an anonymous account
	Pass  string `json:"pass,omitempty"`
	UID   string `json:"uid"`
	Token string `json:"token"`
}

func (u *user) basicSecret() string {
	return base64.StdEncoding.EncodeToString([]byte(u.Login + ":" + u.Pass))
}

// pool is the set of accounts that scenarios draw from. It is kept in a file, if one is named,
// because making accounts is the slowest part of most measurements. Safe from any goroutine.
type pool struct {
	path string

	mu    sync.Mutex
	users []*user             // guarded by mu
	made  map[string][]string // likewise: what scenarios furnished, for later runs
}

// furnished is what a scenario has kept under a key; nil if it has not been there yet.
func (p *pool) furnished(key string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.made[key]
}

// keep notes what a scenario has furnished, such as the names of groups.
func (p *pool) keep(key string, names ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.made == nil {
		p.made = map[string][]string{}
	}
	p.made[key] = names
}

// loadPool reads the accounts kept in the file; a missing file, or none, is an empty pool.
func loadPool(path string) (*pool, error) {
	p := &pool{path: path}
	if path == "" {
		return p, nil
	}
	b, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return p, nil
	}
	if err != nil {
		return nil, fmt.Errorf("pool of users: %w", err)
	}
	if err := json.Unmarshal(b, &p.users); err != nil {
		return nil, fmt.Errorf("pool of users %s: %w", path, err)
	}
	return p, nil
}

// add puts accounts into the pool and into its file.
func (p *pool) add(users []*user) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.users = append(p.users, users...)
	if p.path == "" {
		return nil
	}
	b, err := json.Marshal(p.users)
	if err != nil {
		return fmt.Errorf("pool of users: %w", err)
	}
	return os.WriteFile(p.path, b, 0o600)
}

// fitting lists the accounts which will do, anonymous ones first because they are cheap.
func (p *pool) fitting(anonymous bool) []*user {
	p.mu.Lock()
	defer p.mu.Unlock()
	var named, nameless []*user
	for _, u := range p.users {
		if u.Login != "" {
			named = append(named, u)
		} else {
			nameless = append(nameless, u)
		}
	}
	if anonymous {
		return append(nameless, named...)
	}
	return named
}

// take returns the first n accounts, anonymous ones only if they will do.
func (p *pool) take(n int, anonymous bool) ([]*user, error) {
	got := p.fitting(anonymous)
	if len(got) < n {
		return nil, fmt.Errorf("the pool has %d fitting users of %d needed: make more with the scenario accounts", len(got), n)
	}
	return got[:n], nil
}
