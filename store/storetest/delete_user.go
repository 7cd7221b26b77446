package storetest

import (
	"slices"

	"parley/internal/chat"
	"parley/store"
)

func deleteUserCases() []testCase {
	return []testCase{
		{"users/mark as deleted", deleteUserSoft},
		{"users/purge", deleteUserHard},
		{"users/purge one who was marked", deleteUserTwice},
		{"users/a purged ID is never free again", deleteUserForEver},
	}
}

// world is a user with everything that can belong to one, and what must stay.
type world struct {
	id, peer            chat.UID
	owned, p2p, slf     string // go with him
	group, left, public string // stay: a member, no longer a member, a reader
}

func (k *kit) world() *world {
	k.Helper()
	n := newUser()
	id := n.User.ID
	n.User.Tags, n.Unique = []string{"basic:ann", "x"}, []string{"basic:ann"}
	n.Login = &store.Login{Scheme: "basic", Name: "ann", User: id}
	n.Creds = []store.Credential{
		{User: id, Method: "email", Value: "a@x", Created: at(0), Updated: at(0), Done: true},
		{User: id, Method: "tel", Value: "+1", Created: at(0), Updated: at(0), Code: "1"},
	}
	k.must("CreateUser", k.CreateUser(k.ctx, n))
	w := &world{id: id, peer: k.user(), slf: id.SlfName()}
	k.belongings(id)
	k.must("PutSubs", k.PutSubs(k.ctx, newSub(id.FndName(), id)))
	k.must("PutDevice", k.PutDevice(k.ctx, &store.Device{ID: "d", User: id, LastSeen: at(0)}))
	k.must("PutDevice", k.PutDevice(k.ctx, &store.Device{ID: "peer's", User: w.peer, LastSeen: at(0)}))
	k.must("CreateTopic", k.CreateTopic(k.ctx, newTopic(w.slf), nil, newSub(w.slf, id)))
	k.must("CreateTopic", k.CreateTopic(k.ctx, newTopic("sys"), nil))
	w.p2p, w.group, w.left, w.public = k.p2p(id, w.peer), k.group(id, w.peer), k.group(id, w.peer), k.group(w.peer)
	t := newTopic(chat.NewGroupName())
	w.owned, t.Owner, t.Tags = t.Name, id, []string{"x", "alias:owned"}
	k.must("CreateTopic", k.CreateTopic(k.ctx, t, []string{"alias:owned"}, newSub(t.Name, id), newSub(t.Name, w.peer)))
	reader := newSub(w.public, id)
	reader.Reader = true
	k.must("PutSubs", k.PutSubs(k.ctx, reader))
	for _, name := range []string{w.owned, w.p2p, w.slf, w.group, w.left, "sys"} {
		k.must("Append", k.Append(k.ctx, once(name, 1, id, "1"), once(name, 2, w.peer, "2"), once(name, 3, id, "3")))
	}
	k.del(w.group, store.NewDeletion{ID: 1, User: id, Ranges: ranges(1, 3)})
	k.del(w.group, store.NewDeletion{ID: 2, User: w.peer, Ranges: ranges(1, 2)})
	k.SetMarks(w.group, id, 2, 3)
	k.must("DeleteSub", k.DeleteSub(k.ctx, w.left, id, at(4)))
	return w
}

// othersStay checks what the deletion of the user must leave alone.
func (k *kit) othersStay(w *world) {
	k.Helper()
	for _, name := range []string{w.group, w.left, w.public} {
		k.same("count of "+name, k.topic(name).SubCount, 1)
		k.same("state of "+name, k.topic(name).State, store.StateOK)
		k.same("the other member", *k.sub(name, w.peer), store.Sub{
			Topic: name, User: w.peer, Created: at(0), Updated: at(0), Want: chat.ModeGroup, Given: chat.ModeGroup,
			Del: map[string]int{w.group: 2}[name],
		})
	}
	k.same("the peer's history", k.seqs(w.group, store.HistoryQuery{For: w.peer}), down(3, 2))
	k.publishedIs("the peer's message", w.group, w.peer, "2", 2)
	ds, err := k.Devices(k.ctx, w.id, w.peer)
	k.must("Devices", err)
	k.same("devices", ds, []store.Device{{ID: "peer's", User: w.peer, LastSeen: at(0)}})
	states, err := k.UsersNotOK(k.ctx)
	k.must("UsersNotOK", err)
	k.same("states", states, map[chat.UID]store.State{w.id: store.StateDeleted})
	k.holderIs("basic:ann", "")
	k.holderIs("alias:owned", "")
	own, err := k.Deletions(k.ctx, w.group, w.id, 0, 0, 0)
	k.must("Deletions", err)
	k.same("log of his own deletions", len(own), 0)
	places, err := k.Places(k.ctx, w.id)
	k.must("Places", err)
	k.same("places", places, []store.Place{})
	k.same("contacts", k.contacts(w.id, store.ContactQuery{}), []store.Contact{})
}

// senders lists who sent the messages of a topic, the first one first.
func (k *kit) senders(name string) []chat.UID {
	k.Helper()
	ms, err := k.History(k.ctx, name, store.HistoryQuery{})
	k.must("History", err)
	var ids []chat.UID
	for _, m := range slices.Backward(ms) {
		ids = append(ids, m.From)
	}
	return ids
}

func deleteUserSoft(k *kit) {
	k.wantErr("unknown", k.DeleteUser(k.ctx, chat.NewUID(), false, at(5)), store.ErrNotFound)
	w := k.world()
	for range 2 { // the second time nothing happens
		k.must("DeleteUser", k.DeleteUser(k.ctx, w.id, false, at(5)))
		u, err := k.User(k.ctx, w.id)
		k.must("User", err)
		k.same("state, tags", []any{u.State, u.Tags}, []any{store.StateDeleted, []string{"basic:ann", "x"}})
		for _, name := range []string{w.owned, w.p2p, w.slf} {
			t := k.topic(name)
			k.same("state, count of "+name, []any{t.State, t.SubCount}, []any{store.StateDeleted, 0})
			k.same("his subscription", k.sub(name, w.id).Deleted, at(5))
			k.same("messages of "+name, len(k.seqs(name, store.HistoryQuery{})), 3)
		}
		k.same("the peer's subscription", k.sub(w.owned, w.peer).Deleted, at(5))
		k.same("member", k.sub(w.group, w.id).Deleted, at(5))
		k.same("his marks", k.sub(w.group, w.id).Read, 2)
		k.same("reader", k.sub(w.public, w.id).Deleted, at(5))
		k.same("had left before", k.sub(w.left, w.id).Deleted, at(4))
		k.same("me", k.sub(w.id.MeName(), w.id).Deleted.IsZero(), true)
		k.same("fnd", k.sub(w.id.FndName(), w.id).Deleted.IsZero(), true)
		k.same("senders", k.senders(w.group), []chat.UID{w.id, w.peer, w.id})
		k.publishedIs("his message", w.group, w.id, "1", 1)
		_, err = k.Login(k.ctx, "basic", "ann")
		k.must("Login", err)
		cs, err := k.Credentials(k.ctx, w.id, "")
		k.must("Credentials", err)
		k.same("credentials", len(cs), 2)
		k.belongingsAre(w.id, true)
		k.othersStay(w)
	}
	n := newUser()
	n.User.Tags, n.Unique = []string{"basic:ann"}, []string{"basic:ann"}
	k.wantErr("his tag", k.CreateUser(k.ctx, n), store.ErrDuplicate)
}

// purged checks that a user has left nothing.
func (k *kit) purged(w *world) {
	k.Helper()
	_, err := k.User(k.ctx, w.id)
	k.wantErr("User", err, store.ErrNotFound)
	us, err := k.UsersByID(k.ctx, w.id)
	k.must("UsersByID", err)
	k.same("users", len(us), 0)
	for _, name := range []string{w.owned, w.p2p, w.slf} {
		_, err := k.Topic(k.ctx, name)
		k.wantErr("Topic "+name, err, store.ErrNotFound)
		k.same("messages of "+name, len(k.seqs(name, store.HistoryQuery{})), 0)
	}
	for _, name := range []string{w.owned, w.p2p, w.slf, w.group, w.left, w.public, w.id.MeName(), w.id.FndName()} {
		_, err := k.Sub(k.ctx, name, w.id)
		k.wantErr("Sub "+name, err, store.ErrNotFound)
	}
	_, err = k.Sub(k.ctx, w.p2p, w.peer)
	k.wantErr("the peer's Sub", err, store.ErrNotFound)
	for _, name := range []string{w.group, w.left, "sys"} {
		k.same("senders of "+name, k.senders(name), []chat.UID{0, w.peer, 0})
		k.publishedIs("his message", name, w.id, "1", 0)
		k.publishedIs("his message", name, 0, "1", 0)
	}
	_, err = k.Login(k.ctx, "basic", "ann")
	k.wantErr("Login", err, store.ErrNotFound)
	_, err = k.LoginOf(k.ctx, "basic", w.id)
	k.wantErr("LoginOf", err, store.ErrNotFound)
	cs, err := k.Credentials(k.ctx, w.id, "")
	k.must("Credentials", err)
	k.same("credentials", len(cs), 0)
	k.belongingsAre(w.id, false)
	k.othersStay(w)
	k.wantErr("again", k.DeleteUser(k.ctx, w.id, true, at(7)), store.ErrNotFound)
	k.wantErr("again, marked", k.DeleteUser(k.ctx, w.id, false, at(7)), store.ErrNotFound)
}

func deleteUserHard(k *kit) {
	w := k.world()
	k.must("DeleteUser", k.DeleteUser(k.ctx, w.id, true, at(5)))
	k.purged(w)
}

func deleteUserTwice(k *kit) {
	w := k.world()
	k.must("DeleteUser", k.DeleteUser(k.ctx, w.id, false, at(5)))
	k.must("DeleteUser", k.DeleteUser(k.ctx, w.id, true, at(6)))
	k.purged(w)
}

func deleteUserForEver(k *kit) {
	w := k.world()
	k.must("DeleteUser", k.DeleteUser(k.ctx, w.id, true, at(5)))
	again := newUser()
	again.User.ID = w.id
	again.Me = newSub(w.id.MeName(), w.id)
	k.wantErr("the same ID", k.CreateUser(k.ctx, again), store.ErrDuplicate)
	heir := newUser() // of everything else
	heir.User.Tags, heir.Unique = []string{"basic:ann"}, []string{"basic:ann"}
	heir.Login = &store.Login{Scheme: "basic", Name: "ann", User: heir.User.ID}
	heir.Creds = []store.Credential{{User: heir.User.ID, Method: "email", Value: "a@x", Created: at(6), Updated: at(6), Done: true}}
	k.must("CreateUser", k.CreateUser(k.ctx, heir))
	k.holderIs("basic:ann", heir.User.ID.String())
	k.must("Append", k.Append(k.ctx, message(w.group, 4)))
	k.wantErr("UpdateUser", k.UpdateUser(k.ctx, w.id, store.UserUpdate{}), store.ErrNotFound)
}
