package storetest

import (
	"cmp"
	"slices"

	"parley/store"
)

func revocationCases() []testCase {
	return []testCase{
		{"revocations/tokens and users", revokeBoth},
		{"revocations/a later one replaces", revokeAgain},
		{"revocations/are forgotten", revokeForgotten},
	}
}

// revocationsAre checks those that are in force at second n, by token and user.
func (k *kit) revocationsAre(what string, n int, want ...store.Revocation) {
	k.Helper()
	rs, err := k.Revocations(k.ctx, at(n))
	k.must(what, err)
	slices.SortFunc(rs, func(a, b store.Revocation) int {
		return cmp.Or(cmp.Compare(a.Token, b.Token), cmp.Compare(a.User, b.User))
	})
	k.same(what, rs, want)
}

func revokeBoth(k *kit) {
	k.revocationsAre("none", 0)
	k.must("Revoke nothing", k.Revoke(k.ctx))
	all1 := store.Revocation{User: 1, Before: at(1), Until: at(50)}
	all2 := store.Revocation{User: 1 << 63, Before: at(2), Until: at(40)}
	t1 := store.Revocation{Token: "a'\"é", User: 1, Until: at(30)}
	t2 := store.Revocation{Token: "b", User: 1, Until: at(30)}
	k.must("Revoke", k.Revoke(k.ctx, t2, all2))
	k.must("Revoke", k.Revoke(k.ctx, all1, t1))
	k.revocationsAre("all of them", 5, all1, all2, t1, t2)
}

func revokeAgain(k *kit) {
	r := store.Revocation{User: 1, Before: at(10), Until: at(50)}
	other := store.Revocation{User: 2, Before: at(10), Until: at(50)}
	token := store.Revocation{Token: "t", User: 1, Until: at(50)}
	k.must("Revoke", k.Revoke(k.ctx, r, other, token))
	r.Before, r.Until = at(20), at(60)
	k.must("later", k.Revoke(k.ctx, r))
	k.revocationsAre("later", 0, r, other, token)
	k.must("earlier", k.Revoke(k.ctx, store.Revocation{User: 1, Before: at(15), Until: at(55)}))
	k.revocationsAre("what is void stays void", 0, r, other, token)
	k.must("later, but forgotten earlier", k.Revoke(k.ctx, store.Revocation{User: 1, Before: at(30), Until: at(40)}))
	r.Before = at(30)
	k.revocationsAre("until the last token has expired", 0, r, other, token)
	k.must("twice in one call", k.Revoke(k.ctx, token, store.Revocation{Token: "t", User: 1, Until: at(70)}, token))
	token.Until = at(70)
	k.revocationsAre("token again", 0, r, other, token)
}

func revokeForgotten(k *kit) {
	old := store.Revocation{Token: "old", User: 1, Until: at(10)}
	user := store.Revocation{User: 1, Before: at(5), Until: at(11)}
	young := store.Revocation{Token: "young", User: 1, Until: at(20)}
	k.must("Revoke", k.Revoke(k.ctx, old, user, young))
	k.revocationsAre("in force", 9, user, old, young)
	k.revocationsAre("one has expired", 10, user, young)
	k.revocationsAre("it was removed", 0, user, young)
	k.revocationsAre("one is left", 15, young)
	k.must("Revoke", k.Revoke(k.ctx, store.Revocation{User: 1, Before: at(1), Until: at(30)}))
	k.revocationsAre("a new one after an old one", 15, store.Revocation{User: 1, Before: at(1), Until: at(30)}, young)
	k.revocationsAre("none is left", 30)
	k.must("in the past", k.Revoke(k.ctx, old))
	k.revocationsAre("none", 30)
	k.revocationsAre("still none", 0)
}
