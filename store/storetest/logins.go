package storetest

import (
	"parley/internal/chat"
	"parley/store"
)

func loginCases() []testCase {
	return []testCase{
		{"logins/put, find, replace", loginPut},
		{"logins/names are unique in a scheme", loginUnique},
		{"logins/list of a user", loginsOf},
		{"logins/delete", loginDelete},
	}
}

func (k *kit) loginIs(what string, want *store.Login) {
	k.Helper()
	l, err := k.Login(k.ctx, want.Scheme, want.Name)
	k.must(what, err)
	k.same(what+" by name", l, want)
	l, err = k.LoginOf(k.ctx, want.Scheme, want.User)
	k.must(what, err)
	k.same(what+" of user", l, want)
}

func loginPut(k *kit) {
	id := k.user()
	_, err := k.Login(k.ctx, "basic", "ann")
	k.wantErr("Login", err, store.ErrNotFound)
	_, err = k.LoginOf(k.ctx, "basic", id)
	k.wantErr("LoginOf", err, store.ErrNotFound)

	l := &store.Login{Scheme: "basic", Name: "ann", User: id, Level: chat.LevelRoot, Secret: []byte{1, 0, 2}, Expires: at(100)}
	k.must("PutLogin", k.PutLogin(k.ctx, l))
	k.loginIs("login", l)
	k.must("PutLogin", k.PutLogin(k.ctx, &store.Login{Scheme: "rest", Name: "ann", User: id, Level: chat.LevelAuth}))
	k.loginIs("other scheme", &store.Login{Scheme: "rest", Name: "ann", User: id, Level: chat.LevelAuth})

	l = &store.Login{Scheme: "basic", Name: "anna", User: id, Level: chat.LevelAuth, Secret: []byte("new")}
	k.must("PutLogin", k.PutLogin(k.ctx, l))
	k.loginIs("replaced login", l)
	_, err = k.Login(k.ctx, "basic", "ann")
	k.wantErr("former name", err, store.ErrNotFound)
	l.Secret = []byte("newer")
	k.must("PutLogin", k.PutLogin(k.ctx, l))
	k.loginIs("same name, new secret", l)
}

func loginUnique(k *kit) {
	a, b := k.user(), k.user()
	la := &store.Login{Scheme: "basic", Name: "ann", User: a, Secret: []byte("a")}
	lb := &store.Login{Scheme: "basic", Name: "bob", User: b, Secret: []byte("b")}
	k.must("PutLogin", k.PutLogin(k.ctx, la))
	k.must("PutLogin", k.PutLogin(k.ctx, lb))
	err := k.PutLogin(k.ctx, &store.Login{Scheme: "basic", Name: "ann", User: b, Secret: []byte("thief")})
	k.wantErr("taken name", err, store.ErrDuplicate)
	k.loginIs("first", la)
	k.loginIs("second", lb)
}

// loginsAre checks a user's records, by scheme.
func (k *kit) loginsAre(what string, id chat.UID, want ...store.Login) {
	k.Helper()
	ls, err := k.LoginsOf(k.ctx, id)
	k.must(what, err)
	k.same(what, ls, want)
}

func loginsOf(k *kit) {
	a, b := k.user(), chat.UID(1<<63)
	k.loginsAre("none", a)
	rest := store.Login{Scheme: "rest", Name: "1", User: a, Level: chat.LevelAnon}
	basic := store.Login{Scheme: "basic", Name: "ann", User: a, Level: chat.LevelRoot, Secret: []byte{0, 255}, Expires: at(9)}
	code := store.Login{Scheme: "code", Name: "ann", User: a, Level: chat.LevelAuth}
	other := store.Login{Scheme: "basic", Name: "bob", User: b, Secret: []byte("b")}
	for _, l := range []store.Login{rest, basic, code, other} {
		k.must("PutLogin", k.PutLogin(k.ctx, &l))
	}
	k.loginsAre("by scheme", a, basic, code, rest)
	k.loginsAre("of another", b, other)
	k.loginsAre("of nobody", chat.NewUID())
	ls, err := k.LoginsOf(k.ctx, a)
	k.must("LoginsOf", err)
	ls[0].Secret[0] = 'x'
	k.loginsAre("after the answer was scribbled on", a, basic, code, rest)
}

func loginDelete(k *kit) {
	a, b := k.user(), k.user()
	basic := store.Login{Scheme: "basic", Name: "ann", User: a}
	rest := store.Login{Scheme: "rest", Name: "ann", User: a}
	bob := store.Login{Scheme: "basic", Name: "bob", User: b}
	for _, l := range []store.Login{basic, rest, bob} {
		k.must("PutLogin", k.PutLogin(k.ctx, &l))
	}
	k.wantErr("other scheme", k.DeleteLogin(k.ctx, "rest", b), store.ErrNotFound)
	k.wantErr("unknown user", k.DeleteLogin(k.ctx, "basic", chat.NewUID()), store.ErrNotFound)
	k.must("DeleteLogin", k.DeleteLogin(k.ctx, "basic", a))
	k.wantErr("again", k.DeleteLogin(k.ctx, "basic", a), store.ErrNotFound)
	_, err := k.Login(k.ctx, "basic", "ann")
	k.wantErr("Login", err, store.ErrNotFound)
	_, err = k.LoginOf(k.ctx, "basic", a)
	k.wantErr("LoginOf", err, store.ErrNotFound)
	k.loginsAre("what is left", a, rest)
	k.loginsAre("another's", b, bob)
	k.must("PutLogin", k.PutLogin(k.ctx, &store.Login{Scheme: "basic", Name: "ann", User: b}))
}
