package storetest

import (
	"fmt"

	"parley/internal/chat"
	"parley/store"
)

func tokenCases() []testCase {
	return []testCase{
		{"tokens/noted and noted again", tokensNoted},
		{"tokens/expired", tokensExpired},
		{"tokens/no more than so many", tokensBounded},
		{"tokens/revoked", tokensRevoked},
		{"tokens/of deleted users", tokensOfDeleted},
	}
}

func token(id string, u chat.UID, seen int) *store.Token {
	return &store.Token{
		ID: id, User: u, Created: at(seen), Seen: at(seen), Expires: at(1000),
		UserAgent: "TinodeWeb/0.25 (é)", Platform: "web", Lang: "en-US", Addr: "[2001:db8::1]:443",
	}
}

// tokensAre checks those of a user at second n, by ID.
func (k *kit) tokensAre(what string, u chat.UID, n int, want ...string) {
	k.Helper()
	ts, err := k.Tokens(k.ctx, u, at(n))
	k.must(what, err)
	var got []string
	for _, t := range ts {
		got = append(got, t.ID)
	}
	k.same(what, got, want)
}

func tokensNoted(k *kit) {
	a, b := k.user(), k.user()
	k.tokensAre("none", a, 0)
	first, second := token("t1", a, 1), token("t2", a, 2)
	k.NoteToken(first)
	k.NoteToken(second)
	k.NoteToken(token("t3", b, 3))
	got, err := k.Tokens(k.ctx, a, at(5))
	k.must("Tokens", err)
	k.same("as noted", got, []store.Token{*second, *first})
	again := token("t1", a, 9)
	again.UserAgent, again.Platform, again.Lang, again.Addr, again.Expires = "x", "", "", "y", at(2000)
	k.NoteToken(again)
	again.Created = first.Created
	got, err = k.Tokens(k.ctx, a, at(5))
	k.must("Tokens", err)
	k.same("noted again", got, []store.Token{*again, *second})
}

func tokensExpired(k *kit) {
	u := k.user()
	for i := range 5 {
		t := token(fmt.Sprint("t", i), u, 10-i)
		t.Expires = at(100 + i)
		k.NoteToken(t)
	}
	k.tokensAre("all", u, 99, "t0", "t1", "t2", "t3", "t4")
	k.tokensAre("one has expired", u, 100, "t1", "t2", "t3", "t4")
	expire := func(n, limit, want int) {
		k.Helper()
		got, err := k.ExpireTokens(k.ctx, at(n), limit)
		k.must("ExpireTokens", err)
		k.same("expired", got, want)
	}
	expire(99, 10, 0)
	expire(102, 2, 2)
	expire(102, 2, 1)
	expire(102, 2, 0)
	k.tokensAre("the rest", u, 0, "t3", "t4")
}

func tokensBounded(k *kit) {
	a, b := k.user(), k.user()
	k.NoteToken(token("of b", b, 0))
	for i := range store.MaxTokens + 10 {
		k.NoteToken(token(fmt.Sprint("t", i), a, i))
	}
	ts, err := k.Tokens(k.ctx, a, at(0))
	k.must("Tokens", err)
	if len(ts) != store.MaxTokens || ts[0].ID != fmt.Sprint("t", store.MaxTokens+9) {
		k.Errorf("%d tokens, the first is %s", len(ts), ts[0].ID)
	}
	k.tokensAre("of others", b, 0, "of b")
}

func tokensRevoked(k *kit) {
	a, b := k.user(), k.user()
	for i := range 6 {
		k.NoteToken(token(fmt.Sprint("t", i), a, i))
	}
	k.NoteToken(token("of b", b, 0))
	k.must("Revoke", k.Revoke(k.ctx, store.Revocation{Token: "t1", User: a, Until: at(1000)}))
	k.tokensAre("one", a, 0, "t5", "t4", "t3", "t2", "t0")
	all := store.Revocation{User: a, Before: at(5), Except: "t3", Until: at(1000)}
	k.must("Revoke", k.Revoke(k.ctx, all))
	k.tokensAre("all before, but one", a, 0, "t5", "t3")
	rs, err := k.Revocations(k.ctx, at(0))
	k.must("Revocations", err)
	if len(rs) != 2 || rs[0].Except+rs[1].Except != "t3" {
		k.Errorf("revocations: %+v", rs)
	}
	k.must("Revoke earlier", k.Revoke(k.ctx, store.Revocation{User: a, Before: at(4), Except: "t9", Until: at(1000)}))
	k.must("Revoke later", k.Revoke(k.ctx, store.Revocation{User: b, Before: at(1), Until: at(1000)}))
	rs, err = k.Revocations(k.ctx, at(0))
	k.must("Revocations", err)
	for _, r := range rs {
		if r.User == a && r.Token == "" && r.Except != "t3" {
			k.Errorf("an earlier one replaced: %+v", r)
		}
	}
	k.must("Revoke", k.Revoke(k.ctx, store.Revocation{User: a, Before: at(9), Until: at(1000)}))
	k.tokensAre("everything", a, 0)
	k.tokensAre("of others", b, 0)
}

func tokensOfDeleted(k *kit) {
	a, b := k.user(), k.user()
	k.NoteToken(token("a", a, 0))
	k.NoteToken(token("b", b, 0))
	k.must("DeleteUser", k.DeleteUser(k.ctx, a, false, at(1)))
	k.must("DeleteUser", k.DeleteUser(k.ctx, b, true, at(1)))
	k.tokensAre("marked", a, 0)
	k.tokensAre("purged", b, 0)
}
