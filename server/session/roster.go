package session

import (
	"context"
	"fmt"
	"sync"

	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// roster knows who may not log in: suspended and deleted users. It is small,
// and spares each login by token a question to the store (design.md §5).
// Whoever changes the state of a user tells it.
type roster struct {
	mu    sync.RWMutex
	notOK map[chat.UID]store.State
}

func (r *roster) load(ctx context.Context, st store.Users) error {
	notOK, err := st.UsersNotOK(ctx)
	if err != nil {
		return fmt.Errorf("read the states of users: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notOK = notOK
	return nil
}

// mayLogin holds the state of the account against a login.
func (r *roster) mayLogin(u chat.UID) error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	switch r.notOK[u] {
	case store.StateOK:
		return nil
	case store.StateDeleted:
		return wsproto.ErrUserNotFound
	}
	return wsproto.ErrDenied
}

// set notes a new state.
func (r *roster) set(u chat.UID, s store.State) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s == store.StateOK {
		delete(r.notOK, u)
		return
	}
	if r.notOK == nil {
		r.notOK = make(map[chat.UID]store.State)
	}
	r.notOK[u] = s
}
