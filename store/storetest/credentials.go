package storetest

import (
	"parley/internal/chat"
	"parley/store"
)

func credentialCases() []testCase {
	return []testCase{
		{"credentials/pending, failed, confirmed", credLife},
		{"credentials/a new value deactivates the pending one", credReplaced},
		{"credentials/a value comes back with its failures", credFailures},
		{"credentials/failures are forgiven", credForgiven},
		{"credentials/who has confirmed a value", credHolder},
		{"credentials/confirmed values are unique", credUnique},
		{"credentials/delete", credDelete},
		{"credentials/list", credList},
	}
}

func email(id chat.UID, value string, n int) *store.Credential {
	return &store.Credential{User: id, Method: "email", Value: value, Created: at(n), Updated: at(n), Code: "code" + value}
}

// credsAre checks all that is confirmed or pending.
func (k *kit) credsAre(what string, id chat.UID, want ...store.Credential) {
	k.Helper()
	got, err := k.Credentials(k.ctx, id, "")
	k.must(what, err)
	k.same(what, got, want)
}

func (k *kit) noPending(what string, id chat.UID, method string) {
	k.Helper()
	_, err := k.PendingCredential(k.ctx, id, method)
	k.wantErr(what, err, store.ErrNotFound)
}

func credLife(k *kit) {
	id, other := k.user(), k.user()
	k.noPending("at first", id, "email")
	_, err := k.ConfirmCredential(k.ctx, id, "email", at(1))
	k.wantErr("confirm nothing", err, store.ErrNotFound)
	k.wantErr("fail nothing", k.FailCredential(k.ctx, id, "email", at(1)), store.ErrNotFound)

	c := email(id, "a@x", 0)
	k.must("PutCredential", k.PutCredential(k.ctx, c))
	got, err := k.PendingCredential(k.ctx, id, "email")
	k.must("PendingCredential", err)
	k.same("pending", got, c)
	k.noPending("other method", id, "tel")
	k.noPending("other user", other, "email")

	k.must("FailCredential", k.FailCredential(k.ctx, id, "email", at(3)))
	c.Failed, c.Updated = 1, at(3)
	k.credsAre("after a failure", id, *c)

	got, err = k.ConfirmCredential(k.ctx, id, "email", at(4))
	k.must("ConfirmCredential", err)
	c.Done, c.Updated = true, at(4)
	got.Code = c.Code // forgotten now or by the next read
	k.same("confirmed", got, c)
	done, err := k.Credentials(k.ctx, id, "email")
	k.must("Credentials", err)
	k.same("confirmed, and its code forgotten", []any{len(done), done[0].Done, done[0].Code}, []any{1, true, ""})
	k.noPending("after confirmation", id, "email")
	_, err = k.ConfirmCredential(k.ctx, id, "email", at(5))
	k.wantErr("confirm again", err, store.ErrNotFound)
	k.wantErr("fail after confirmation", k.FailCredential(k.ctx, id, "email", at(5)), store.ErrNotFound)
}

func credReplaced(k *kit) {
	id := k.user()
	k.must("PutCredential", k.PutCredential(k.ctx, email(id, "a@x", 0)))
	b := email(id, "b@x", 1)
	k.must("PutCredential", k.PutCredential(k.ctx, b))
	k.credsAre("after another value", id, *b)

	tel := &store.Credential{User: id, Method: "tel", Value: "1", Created: at(2), Updated: at(2)}
	k.must("PutCredential", k.PutCredential(k.ctx, tel))
	k.credsAre("other method", id, *b, *tel)

	_, err := k.ConfirmCredential(k.ctx, id, "email", at(3))
	k.must("ConfirmCredential", err)
	c := email(id, "c@x", 4)
	k.must("PutCredential", k.PutCredential(k.ctx, c))
	cs, err := k.Credentials(k.ctx, id, "email")
	k.must("Credentials", err)
	if len(cs) != 2 || !cs[0].Done || cs[0].Value != "b@x" || cs[1].Done || cs[1].Value != "c@x" {
		k.Errorf("a confirmed one beside a pending one: got %+v", cs)
	}
}

func credFailures(k *kit) {
	id := k.user()
	k.must("PutCredential", k.PutCredential(k.ctx, email(id, "a@x", 0)))
	k.must("FailCredential", k.FailCredential(k.ctx, id, "email", at(1)))
	k.must("PutCredential", k.PutCredential(k.ctx, email(id, "b@x", 2)))
	k.must("FailCredential", k.FailCredential(k.ctx, id, "email", at(3))) // also against a@x

	again := email(id, "a@x", 4)
	again.Code = "fresh"
	k.must("PutCredential", k.PutCredential(k.ctx, again))
	got, err := k.PendingCredential(k.ctx, id, "email")
	k.must("PendingCredential", err)
	k.same("value, code, failures", []any{got.Value, got.Code, got.Failed}, []any{"a@x", "fresh", 2})

	same := email(id, "a@x", 5)
	k.must("PutCredential", k.PutCredential(k.ctx, same))
	got, err = k.PendingCredential(k.ctx, id, "email")
	k.must("PendingCredential", err)
	k.same("sent again", []any{got.Code, got.Failed, got.Updated}, []any{same.Code, 2, at(5)})
}

func credForgiven(k *kit) {
	id := k.user()
	k.wantErr("nothing", k.ForgiveCredential(k.ctx, id, "email"), store.ErrNotFound)
	k.must("PutCredential", k.PutCredential(k.ctx, email(id, "a@x", 0)))
	k.must("PutCredential", k.PutCredential(k.ctx, email(id, "b@x", 1)))
	k.must("FailCredential", k.FailCredential(k.ctx, id, "email", at(2)))
	k.wantErr("other method", k.ForgiveCredential(k.ctx, id, "tel"), store.ErrNotFound)
	k.must("ForgiveCredential", k.ForgiveCredential(k.ctx, id, "email"))
	b := email(id, "b@x", 1)
	b.Updated = at(2)
	k.credsAre("forgiven", id, *b)
	k.must("PutCredential", k.PutCredential(k.ctx, email(id, "a@x", 3)))
	got, err := k.PendingCredential(k.ctx, id, "email")
	k.must("PendingCredential", err)
	k.same("failures of the one that was not pending", got.Failed, 1)
	_, err = k.ConfirmCredential(k.ctx, id, "email", at(4))
	k.must("ConfirmCredential", err)
	k.wantErr("a confirmed one", k.ForgiveCredential(k.ctx, id, "email"), store.ErrNotFound)
}

func credHolder(k *kit) {
	id, other := k.user(), k.user()
	holder := func(what, method, value string, want chat.UID) {
		k.Helper()
		got, err := k.CredentialHolder(k.ctx, method, value)
		if want == 0 {
			k.wantErr(what, err, store.ErrNotFound)
			return
		}
		k.must(what, err)
		k.same(what, got, want)
	}
	holder("nobody", "email", "a@x", 0)
	k.must("PutCredential", k.PutCredential(k.ctx, email(id, "a@x", 0)))
	k.must("PutCredential", k.PutCredential(k.ctx, email(other, "a@x", 0)))
	holder("pending", "email", "a@x", 0)
	_, err := k.ConfirmCredential(k.ctx, id, "email", at(1))
	k.must("ConfirmCredential", err)
	holder("confirmed", "email", "a@x", id)
	holder("other method", "tel", "a@x", 0)
	k.must("DeleteCredential", k.DeleteCredential(k.ctx, id, "email", "a@x"))
	holder("deleted", "email", "a@x", 0)
}

func credUnique(k *kit) {
	a, b := k.user(), k.user()
	k.must("PutCredential", k.PutCredential(k.ctx, email(a, "x@x", 0)))
	k.must("PutCredential of another user", k.PutCredential(k.ctx, email(b, "x@x", 0)))
	_, err := k.ConfirmCredential(k.ctx, a, "email", at(1))
	k.must("ConfirmCredential", err)

	_, err = k.ConfirmCredential(k.ctx, b, "email", at(2))
	k.wantErr("confirm too late", err, store.ErrDuplicate)
	k.credsAre("the slower one", b, *email(b, "x@x", 0))
	k.must("PutCredential", k.PutCredential(k.ctx, email(b, "y@x", 3)))
	k.wantErr("value of another", k.PutCredential(k.ctx, email(b, "x@x", 4)), store.ErrDuplicate)
	k.credsAre("after refusal", b, *email(b, "y@x", 3))
	k.wantErr("own value", k.PutCredential(k.ctx, email(a, "x@x", 5)), store.ErrDuplicate)
	tel := &store.Credential{User: b, Method: "tel", Value: "x@x", Created: at(6), Updated: at(6)}
	k.must("same value of another method", k.PutCredential(k.ctx, tel))
}

func credDelete(k *kit) {
	id := k.user()
	del := func(value string) error { return k.DeleteCredential(k.ctx, id, "email", value) }
	k.wantErr("nothing", del("a@x"), store.ErrNotFound)

	k.must("PutCredential", k.PutCredential(k.ctx, email(id, "a@x", 0)))
	k.wantErr("other method", k.DeleteCredential(k.ctx, id, "tel", "a@x"), store.ErrNotFound)
	k.wantErr("other user", k.DeleteCredential(k.ctx, chat.NewUID(), "email", "a@x"), store.ErrNotFound)
	k.must("never tried", del("a@x"))
	k.credsAre("deleted", id)
	k.wantErr("again", del("a@x"), store.ErrNotFound)

	k.must("PutCredential", k.PutCredential(k.ctx, email(id, "a@x", 1)))
	k.must("FailCredential", k.FailCredential(k.ctx, id, "email", at(2)))
	k.must("with failures", del("a@x"))
	k.credsAre("deactivated", id)
	k.noPending("deactivated", id, "email")
	k.wantErr("deactivated", del("a@x"), store.ErrNotFound)
	k.must("PutCredential", k.PutCredential(k.ctx, email(id, "a@x", 3)))
	got, err := k.PendingCredential(k.ctx, id, "email")
	k.must("PendingCredential", err)
	k.same("failures after deletion", got.Failed, 1)

	_, err = k.ConfirmCredential(k.ctx, id, "email", at(4))
	k.must("ConfirmCredential", err)
	k.must("confirmed", del("a@x"))
	k.credsAre("confirmed and deleted", id)
	k.must("value is free again", k.PutCredential(k.ctx, email(k.user(), "a@x", 5)))
}

func credList(k *kit) {
	id := k.user()
	for i, value := range []string{"c@x", "a@x", "b@x"} {
		k.must("PutCredential", k.PutCredential(k.ctx, email(id, value, 10-i)))
		_, err := k.ConfirmCredential(k.ctx, id, "email", at(20))
		k.must("ConfirmCredential", err)
	}
	k.must("PutCredential", k.PutCredential(k.ctx, &store.Credential{User: id, Method: "tel", Value: "1", Created: at(9), Updated: at(9)}))
	values := func(method string) (vs []string) {
		cs, err := k.Credentials(k.ctx, id, method)
		k.must("Credentials", err)
		for _, c := range cs {
			vs = append(vs, c.Value)
		}
		return vs
	}
	k.same("one method", values("email"), []string{"b@x", "a@x", "c@x"})
	all := values("")
	k.same("first and last of all", []any{len(all), all[0], all[3]}, []any{4, "b@x", "c@x"})
	k.same("unknown method", values("fax"), []string{})
}
