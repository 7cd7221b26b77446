package storetest

import (
	"parley/internal/chat"
	"parley/store"
)

func loginCases() []testCase {
	return []testCase{
		{"logins/put, find, replace", loginPut},
		{"logins/names are unique in a scheme", loginUnique},
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
