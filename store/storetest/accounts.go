package storetest

import (
	"slices"

	"parley/internal/chat"
	"parley/store"
)

func accountCases() []testCase {
	return []testCase{
		{"accounts/every field", accountFields},
		{"accounts/in the order of IDs, page by page", accountPages},
		{"accounts/of one state", accountStates},
	}
}

// userID creates a user with an ID.
func (k *kit) userID(id chat.UID, change func(*store.NewUser)) {
	k.Helper()
	n := newUser()
	n.User.ID, n.Me.User, n.Me.Topic = id, id, id.MeName()
	if change != nil {
		change(n)
	}
	k.must("CreateUser", k.CreateUser(k.ctx, n))
}

// accountIDs lists the IDs of an answer of Users.
func (k *kit) accountIDs(q store.UserQuery) []chat.UID {
	k.Helper()
	us, err := k.Users(k.ctx, q)
	k.must("Users", err)
	var ids []chat.UID
	for _, u := range us {
		ids = append(ids, u.ID)
	}
	return ids
}

func accountFields(k *kit) {
	us, err := k.Users(k.ctx, store.UserQuery{})
	k.must("Users", err)
	k.same("none", us, []store.User{})
	n := fullUser()
	k.must("CreateUser", k.CreateUser(k.ctx, n))
	want := n.User
	k.Seen(want.ID, at(7), "seen just now")
	want.LastSeen, want.UserAgent = at(7), "seen just now"
	us, err = k.Users(k.ctx, store.UserQuery{})
	k.must("Users", err)
	k.same("one", us, []store.User{want})
}

func accountPages(k *kit) {
	ids := []chat.UID{1, 2, 1<<63 - 1, 1 << 63, 1<<63 + 5, 1<<64 - 1}
	for _, i := range []int{3, 0, 5, 1, 4, 2} {
		k.userID(ids[i], nil)
	}
	k.same("all", k.accountIDs(store.UserQuery{}), ids)
	for i, id := range ids {
		k.same("after one", k.accountIDs(store.UserQuery{After: id}), ids[i+1:])
	}
	k.same("after an unknown one", k.accountIDs(store.UserQuery{After: 3}), ids[2:])
	for limit := 1; limit <= len(ids)+1; limit++ {
		var got []chat.UID
		q := store.UserQuery{Limit: limit}
		for {
			page := k.accountIDs(q)
			if len(page) == 0 {
				break
			}
			if len(page) > limit {
				k.Fatalf("page: got %d users, want at most %d", len(page), limit)
			}
			got, q.After = append(got, page...), page[len(page)-1]
		}
		k.same("page by page", got, ids)
	}
}

func accountStates(k *kit) {
	const suspended, deleted = store.StateSuspended, store.StateDeleted
	states := map[chat.UID]store.State{1: 0, 2: suspended, 3: deleted, 1 << 63: suspended, 1<<63 + 1: 0, 1<<63 + 2: deleted}
	for id, state := range states {
		k.userID(id, func(n *store.NewUser) { n.User.State = state })
	}
	k.userID(9, nil)
	k.must("DeleteUser", k.DeleteUser(k.ctx, 9, true, at(1)))
	var all []chat.UID
	for _, state := range []store.State{store.StateOK, suspended, deleted} {
		ids := k.accountIDs(store.UserQuery{State: &state})
		k.same("how many", len(ids), 2)
		for _, id := range ids {
			k.same("state", states[id], state)
		}
		k.same("order", slices.IsSorted(ids), true)
		k.same("first", k.accountIDs(store.UserQuery{State: &state, Limit: 1}), ids[:1])
		k.same("second", k.accountIDs(store.UserQuery{State: &state, After: ids[0], Limit: 5}), ids[1:])
		all = append(all, ids...)
	}
	slices.Sort(all)
	k.same("of any state, but not purged", k.accountIDs(store.UserQuery{}), all)
}
