package storetest

import (
	"testing"

	"parley/internal/chat"
	"parley/store"
)

func userCases() []testCase {
	return []testCase{
		{"users/create and read every field", userFields},
		{"users/create all or nothing", userAllOrNothing},
		{"users/unknown and deleted", userUnknown},
		{"users/several by ID", usersByID},
		{"users/those not in order", usersNotOK},
		{"users/update single fields", userUpdate},
		{"users/update refuses", userUpdateRefused},
		{"users/seen", userSeen},
	}
}

func fullUser() *store.NewUser {
	n := newUser()
	u := &n.User
	u.Updated, u.State, u.Access = at(1), store.StateSuspended, chat.Access{Auth: chat.ModeFull, Anon: chat.ModeRead}
	u.LastSeen, u.UserAgent = at(2), "Agent/1.0 (é)"
	u.Public, u.Trusted = raw(`{"fn": "Ann", "n": 1.50, "z":null}`), raw(`{"verified":true}`)
	u.Tags = []string{"basic:ann", "email:ann@example.com", "å"}
	return n
}

func userFields(k *kit) {
	n := fullUser()
	id := n.User.ID
	n.Me.Private = raw(`{"note":"mine"}`)
	n.Login = &store.Login{Scheme: "basic", Name: "ann", User: id, Level: chat.LevelAuth, Secret: []byte{0, 1, 255}}
	n.Creds = []store.Credential{
		{User: id, Method: "email", Value: "ann@example.com", Created: at(0), Updated: at(0), Done: true},
		{User: id, Method: "tel", Value: "+15550100", Created: at(1), Updated: at(1), Code: "123456"},
	}
	k.must("CreateUser", k.CreateUser(k.ctx, n))

	u, err := k.User(k.ctx, id)
	k.must("User", err)
	k.same("user", *u, n.User)
	k.same("me", *k.sub(id.MeName(), id), n.Me)
	l, err := k.Login(k.ctx, "basic", "ann")
	k.must("Login", err)
	k.same("login", l, n.Login)
	cs, err := k.Credentials(k.ctx, id, "")
	k.must("Credentials", err)
	k.same("credentials", cs, n.Creds)

	least := &store.NewUser{User: store.User{ID: chat.NewUID(), Created: at(0), Updated: at(0)}}
	least.Me = newSub(least.User.ID.MeName(), least.User.ID)
	k.must("CreateUser without anything", k.CreateUser(k.ctx, least))
	u, err = k.User(k.ctx, least.User.ID)
	k.must("User", err)
	k.same("least user", *u, least.User)
}

func userAllOrNothing(k *kit) {
	first := fullUser()
	id := first.User.ID
	first.Unique = []string{"basic:ann"}
	first.Login = &store.Login{Scheme: "basic", Name: "ann", User: id, Secret: []byte("s")}
	first.Creds = []store.Credential{{User: id, Method: "email", Value: "ann@example.com", Created: at(0), Updated: at(0), Done: true}}
	k.must("CreateUser", k.CreateUser(k.ctx, first))

	for name, spoil := range map[string]func(*store.NewUser){
		"ID": func(n *store.NewUser) { n.User.ID = id },
		"login": func(n *store.NewUser) {
			n.Login = &store.Login{Scheme: "basic", Name: "ann", User: n.User.ID}
		},
		"unique tag": func(n *store.NewUser) {
			n.User.Tags, n.Unique = append(n.User.Tags, "basic:ann"), []string{"basic:ann"}
		},
		"confirmed credential": func(n *store.NewUser) {
			n.Creds = append(n.Creds, store.Credential{User: n.User.ID, Method: "email", Value: "ann@example.com", Created: at(0), Updated: at(0)})
		},
	} {
		k.Run(name, func(t *testing.T) {
			k := &kit{T: t, Store: k.Store, ctx: k.ctx}
			n := newUser()
			own := n.User.ID
			n.User.Tags = []string{"only:" + own.String()}
			n.Login = &store.Login{Scheme: "basic", Name: own.String(), User: own, Secret: []byte("s")}
			n.Creds = []store.Credential{{User: own, Method: "tel", Value: own.String(), Created: at(0), Updated: at(0)}}
			spoil(n)
			k.wantErr("CreateUser", k.CreateUser(k.ctx, n), store.ErrDuplicate)

			if n.User.ID != id {
				_, err := k.User(k.ctx, own)
				k.wantErr("User", err, store.ErrNotFound)
			}
			_, err := k.Login(k.ctx, "basic", own.String())
			k.wantErr("Login", err, store.ErrNotFound)
			_, err = k.Sub(k.ctx, own.MeName(), own)
			k.wantErr("Sub", err, store.ErrNotFound)
			_, err = k.TagHolder(k.ctx, "only:"+own.String())
			k.wantErr("TagHolder", err, store.ErrNotFound)
			cs, err := k.Credentials(k.ctx, own, "")
			k.must("Credentials", err)
			k.same("credentials", cs, []store.Credential{})
		})
	}
	u, err := k.User(k.ctx, id)
	k.must("User", err)
	k.same("first user", *u, first.User)
}

func userUnknown(k *kit) {
	_, err := k.User(k.ctx, chat.NewUID())
	k.wantErr("User", err, store.ErrNotFound)
	id := k.user()
	k.must("UpdateUser", k.UpdateUser(k.ctx, id, store.UserUpdate{State: ptr(store.StateDeleted)}))
	u, err := k.User(k.ctx, id)
	k.must("User", err)
	k.same("state", u.State, store.StateDeleted)
}

func usersByID(k *kit) {
	ids := k.users(3)
	us, err := k.UsersByID(k.ctx, ids[0], chat.NewUID(), ids[2])
	k.must("UsersByID", err)
	got := map[chat.UID]bool{}
	for _, u := range us {
		got[u.ID] = true
	}
	k.same("users", got, map[chat.UID]bool{ids[0]: true, ids[2]: true})
	k.same("how many", len(us), 2)
	us, err = k.UsersByID(k.ctx)
	k.must("UsersByID", err)
	k.same("of none", us, []store.User{})
}

func usersNotOK(k *kit) {
	list := func(what string, want map[chat.UID]store.State) {
		k.Helper()
		got, err := k.UsersNotOK(k.ctx)
		k.must(what, err)
		k.same(what, got, want)
	}
	ids := k.users(3)
	list("at first", nil)
	k.must("UpdateUser", k.UpdateUser(k.ctx, ids[0], store.UserUpdate{State: ptr(store.StateSuspended)}))
	k.must("UpdateUser", k.UpdateUser(k.ctx, ids[1], store.UserUpdate{State: ptr(store.StateDeleted)}))
	list("two", map[chat.UID]store.State{ids[0]: store.StateSuspended, ids[1]: store.StateDeleted})
	k.must("UpdateUser", k.UpdateUser(k.ctx, ids[0], store.UserUpdate{State: ptr(store.StateOK)}))
	list("one", map[chat.UID]store.State{ids[1]: store.StateDeleted})
}

func userUpdate(k *kit) {
	n := fullUser()
	n.User.State = store.StateOK
	k.must("CreateUser", k.CreateUser(k.ctx, n))
	want := n.User
	step := func(what string, up store.UserUpdate, change func(*store.User)) {
		k.Helper()
		k.must(what, k.UpdateUser(k.ctx, want.ID, up))
		change(&want)
		u, err := k.User(k.ctx, want.ID)
		k.must("User", err)
		k.same(what, *u, want)
	}
	step("nothing", store.UserUpdate{}, func(*store.User) {})
	step("updated", store.UserUpdate{Updated: ptr(at(9))}, func(u *store.User) { u.Updated = at(9) })
	step("state", store.UserUpdate{State: ptr(store.StateSuspended)}, func(u *store.User) { u.State = store.StateSuspended })
	step("access", store.UserUpdate{Access: &chat.Access{Anon: chat.ModeJoin}},
		func(u *store.User) { u.Access = chat.Access{Anon: chat.ModeJoin} })
	step("public", store.UserUpdate{Public: ptr(raw(`"x"`))}, func(u *store.User) { u.Public = raw(`"x"`) })
	step("no public", store.UserUpdate{Public: noJSON()}, func(u *store.User) { u.Public = nil })
	step("trusted", store.UserUpdate{Trusted: ptr(raw(`1`))}, func(u *store.User) { u.Trusted = raw(`1`) })
	step("no trusted", store.UserUpdate{Trusted: noJSON()}, func(u *store.User) { u.Trusted = nil })
	step("tags", store.UserUpdate{Tags: &[]string{"a", "b"}}, func(u *store.User) { u.Tags = []string{"a", "b"} })
	step("no tags", store.UserUpdate{Tags: &[]string{}}, func(u *store.User) { u.Tags = nil })
	step("several", store.UserUpdate{Public: ptr(raw(`{}`)), Tags: &[]string{"c"}, State: ptr(store.StateOK)},
		func(u *store.User) { u.Public, u.Tags, u.State = raw(`{}`), []string{"c"}, store.StateOK })
}

func userUpdateRefused(k *kit) {
	k.wantErr("unknown user", k.UpdateUser(k.ctx, chat.NewUID(), store.UserUpdate{Updated: ptr(at(1))}), store.ErrNotFound)
	k.wantErr("unknown user, no change", k.UpdateUser(k.ctx, chat.NewUID(), store.UserUpdate{}), store.ErrNotFound)
	a, b := k.user(), k.user()
	k.must("UpdateUser", k.UpdateUser(k.ctx, a, store.UserUpdate{Tags: &[]string{"alias:x"}, Unique: []string{"alias:x"}}))
	before, err := k.User(k.ctx, b)
	k.must("User", err)
	err = k.UpdateUser(k.ctx, b, store.UserUpdate{
		Public: ptr(raw(`"changed"`)), Tags: &[]string{"alias:x", "other"}, Unique: []string{"alias:x"},
	})
	k.wantErr("taken tag", err, store.ErrDuplicate)
	after, err := k.User(k.ctx, b)
	k.must("User", err)
	k.same("user after refusal", after, before)
	_, err = k.TagHolder(k.ctx, "other")
	k.wantErr("TagHolder", err, store.ErrNotFound)
}

func userSeen(k *kit) {
	a, b := k.user(), k.user()
	k.p2p(a, b)
	check := func(what string, n int, agent string) {
		k.Helper()
		u, err := k.User(k.ctx, b)
		k.must("User", err)
		us, err := k.UsersByID(k.ctx, b)
		k.must("UsersByID", err)
		cs, err := k.Contacts(k.ctx, a, store.ContactQuery{})
		k.must("Contacts", err)
		if len(us) != 1 || len(cs) != 1 {
			k.Fatalf("%s: got %d users and %d contacts, want 1 of each", what, len(us), len(cs))
		}
		k.same(what+", User", []any{u.LastSeen, u.UserAgent}, []any{at(n), agent})
		k.same(what+", UsersByID", []any{us[0].LastSeen, us[0].UserAgent}, []any{at(n), agent})
		k.same(what+", Contacts", []any{cs[0].LastSeen, cs[0].UserAgent}, []any{at(n), agent})
	}
	k.Seen(b, at(5), "one")
	check("seen", 5, "one")
	k.Seen(b, at(4), "late news")
	check("older", 5, "one")
	k.Seen(b, at(6), "two")
	check("seen again", 6, "two")
	k.must("UpdateUser", k.UpdateUser(k.ctx, b, store.UserUpdate{Updated: ptr(at(20))}))
	check("after an update", 6, "two")

	nobody := chat.NewUID()
	k.Seen(nobody, at(1), "x")
	_, err := k.User(k.ctx, nobody)
	k.wantErr("unknown user", err, store.ErrNotFound)
}
