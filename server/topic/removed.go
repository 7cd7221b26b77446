package topic

import (
	"context"
	"maps"

	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// Events by which a topic learns what was done to accounts in the store.

// Gone tells a user's me that a conversation has ended. src is its canonical
// name, seenAs what the user calls it.
func Gone(src, seenAs string) Event {
	return &notice{src: src, pres: wsproto.Pres{What: "gone", Src: seenAs}, always: true, gone: true}
}

// Removed tells a live topic that it was deleted from the store. Whoever is
// attached is detached; members are told by whoever deleted it, who knows them
// even if the topic is not live.
type Removed struct{}

func (Removed) apply(t *Topic) {
	if t.loadErr != nil || !t.exists {
		return
	}
	t.tellGone(maps.Values(t.readers))
	for i := len(t.attached) - 1; i >= 0; i-- {
		t.detach(t.attached[i])
	}
	t.drop()
	t.membersChanged()
}

// Left tells a live group that the account of a member or reader was deleted.
type Left struct{ User chat.UID }

func (e Left) apply(t *Topic) {
	m := t.members.of(e.User)
	if m == nil {
		m = t.readers[e.User]
	}
	if m == nil || t.loadErr != nil {
		return
	}
	t.forget(m)
	t.tellRemoved(m, m.uid, nil)
	t.evict(m, true, nil)
}

// UserState tells a live topic that one of its users was suspended or is
// allowed in again.
type UserState struct{}

func (UserState) apply(t *Topic) {
	if t.loadErr != nil || !t.exists {
		return
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	if err := t.freeze(ctx); err != nil {
		t.Log.Error("state of users not read", "topic", t.name, "err", err)
	}
}

// freeze makes the topic read-only if its owner, or one of the two users, is
// suspended (wire.md §4.10).
func (t *Topic) freeze(ctx context.Context) error {
	ids := []chat.UID{t.owner()}
	if a, b, ok := chat.P2PUsers(t.name); ok {
		ids = []chat.UID{a, b}
	}
	users, err := t.Store.UsersByID(ctx, ids...)
	if err != nil {
		return err
	}
	t.readOnly = t.rec.State == store.StateSuspended
	for i := range users {
		t.readOnly = t.readOnly || users[i].State != store.StateOK
	}
	return nil
}
