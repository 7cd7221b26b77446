package storetest

import (
	"parley/internal/chat"
	"parley/store"
)

func staleCases() []testCase {
	return []testCase{
		{"stale/who is and who is not", staleWho},
		{"stale/the oldest first", staleOrder},
		{"stale/no longer", staleNoLonger},
	}
}

// staleAre checks the stale users who were made before second n.
func (k *kit) staleAre(what string, n, limit int, want ...chat.UID) {
	k.Helper()
	ids, err := k.StaleUsers(k.ctx, at(n), limit)
	k.must(what, err)
	k.same(what, ids, want)
}

func staleWho(k *kit) {
	cred := func(id chat.UID, done bool) []store.Credential {
		return []store.Credential{{User: id, Method: "email", Value: id.String(), Created: at(0), Updated: at(0), Done: done, Code: "1"}}
	}
	login := func(id chat.UID, level chat.Level) *store.Login {
		return &store.Login{Scheme: "basic", Name: id.String(), User: id, Level: level}
	}
	stale := []func(*store.NewUser){
		func(n *store.NewUser) {}, // anonymous: no login
		func(n *store.NewUser) { n.Login = login(n.User.ID, chat.LevelAuth) },
		func(n *store.NewUser) { n.Creds = cred(n.User.ID, false) },
		func(n *store.NewUser) { n.User.State = store.StateSuspended },
		func(n *store.NewUser) { n.User.Updated = at(99) },
	}
	used := []func(*store.NewUser){
		func(n *store.NewUser) { n.User.LastSeen = at(1) },
		func(n *store.NewUser) { n.Creds = cred(n.User.ID, true) },
		func(n *store.NewUser) { n.User.State = store.StateDeleted },
		func(n *store.NewUser) { n.Login = login(n.User.ID, chat.LevelRoot) },
		func(n *store.NewUser) { n.User.Created = at(50) },
		func(n *store.NewUser) { n.User.Created = at(51) },
	}
	k.staleAre("nobody", 50, 0)
	var want []chat.UID
	for i, change := range stale {
		id := 1<<63 + 100 - chat.UID(i) // the order is that of Created
		k.userID(id, func(n *store.NewUser) { n.User.Created = at(i); change(n) })
		want = append(want, id)
	}
	for i, change := range used {
		k.userID(chat.UID(1+i), change)
	}
	k.userID(1000, nil)
	k.must("PutLogin", k.PutLogin(k.ctx, login(1000, chat.LevelAuth)))
	k.must("PutLogin", k.PutLogin(k.ctx, &store.Login{Scheme: "rest", Name: "root", User: 1000, Level: chat.LevelRoot}))
	k.userID(1002, nil)
	owned := newTopic(chat.NewGroupName())
	owned.Owner = 1002
	k.must("CreateTopic", k.CreateTopic(k.ctx, owned, nil, newSub(owned.Name, 1002)))
	k.userID(1001, nil)
	k.must("DeleteUser", k.DeleteUser(k.ctx, 1001, true, at(1)))
	k.staleAre("stale users", 50, 0, want...)
}

func staleOrder(k *kit) {
	ids := []chat.UID{5, 1 << 63, 3, 9}
	for _, i := range []int{2, 0, 3, 1} {
		k.userID(ids[i], func(n *store.NewUser) { n.User.Created = at(i) })
	}
	k.staleAre("all", 10, 0, ids...)
	k.staleAre("limit", 10, 3, ids[:3]...)
	k.staleAre("large limit", 10, 30, ids...)
	k.staleAre("made before", 2, 10, ids[:2]...)
	k.staleAre("none so old", 0, 10)
}

func staleNoLonger(k *kit) {
	ids := []chat.UID{1, 2, 3, 4, 5}
	for i, id := range ids {
		k.userID(id, func(n *store.NewUser) { n.User.Created = at(i) })
	}
	k.Seen(1, at(20), "just now")
	k.staleAre("seen, with a limit", 10, 2, 2, 3)
	k.must("PutCredential", k.PutCredential(k.ctx, email(2, "b@x", 1)))
	k.staleAre("pending", 10, 2, 2, 3)
	_, err := k.ConfirmCredential(k.ctx, 2, "email", at(2))
	k.must("ConfirmCredential", err)
	k.must("PutLogin", k.PutLogin(k.ctx, &store.Login{Scheme: "basic", Name: "c", User: 3, Level: chat.LevelRoot}))
	k.must("DeleteUser", k.DeleteUser(k.ctx, 4, false, at(3)))
	k.staleAre("the last one", 10, 0, 5)
	k.must("DeleteCredential", k.DeleteCredential(k.ctx, 2, "email", "b@x"))
	k.must("DeleteLogin", k.DeleteLogin(k.ctx, "basic", 3))
	k.staleAre("lost what kept them", 10, 0, 2, 3, 5)
}
