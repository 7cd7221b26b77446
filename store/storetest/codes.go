package storetest

import (
	"fmt"
	"slices"

	"parley/internal/chat"
	"parley/store"
)

func codeCases() []testCase {
	return []testCase{
		{"codes/put, find, delete", codePut},
		{"codes/one at a time for a key", codeUnique},
		{"codes/failures are counted", codeFail},
		{"codes/expire", codeExpire},
	}
}

// code is made at a second and expires ten later.
func code(key string, id chat.UID, made int) *store.Code {
	return &store.Code{Key: key, User: id, Hash: []byte{0, 255, byte(made)}, Created: at(made), Expires: at(made + 10)}
}

// codeIs checks the code of a key; nil: there is none.
func (k *kit) codeIs(what, key string, want *store.Code) {
	k.Helper()
	c, err := k.Code(k.ctx, key)
	if want == nil {
		k.wantErr(what, err, store.ErrNotFound)
		return
	}
	k.must(what, err)
	k.same(what, c, want)
}

func codePut(k *kit) {
	k.codeIs("unknown", "reset:email:ann@example.com", nil)
	a, b := code("reset:email:ann@example.com", 1<<63, 0), code("é'\"\x00", chat.NewUID(), 1)
	a.Failed = 2
	k.must("PutCode", k.PutCode(k.ctx, a))
	k.must("PutCode", k.PutCode(k.ctx, b))
	want := *code(a.Key, a.User, 0)
	want.Failed = 2
	a.Hash[0] = 'x'
	for range 2 { // the second time after the answer was scribbled on
		k.codeIs("first", a.Key, &want)
		c, err := k.Code(k.ctx, a.Key)
		k.must("Code", err)
		c.Hash[0] = 'y'
	}
	k.codeIs("second", b.Key, b)
	k.codeIs("other case", "RESET:email:ann@example.com", nil)
	k.wantErr("unknown", k.DeleteCode(k.ctx, "reset:"), store.ErrNotFound)
	k.must("DeleteCode", k.DeleteCode(k.ctx, a.Key))
	k.wantErr("again", k.DeleteCode(k.ctx, a.Key), store.ErrNotFound)
	k.codeIs("deleted", a.Key, nil)
	k.codeIs("second", b.Key, b)
	k.must("PutCode", k.PutCode(k.ctx, code(a.Key, 1, 1)))
}

func codeUnique(k *kit) {
	first := code("k", 1, 0)
	k.must("PutCode", k.PutCode(k.ctx, first))
	k.wantErr("another user's", k.PutCode(k.ctx, code("k", 2, 5)), store.ErrDuplicate)
	k.wantErr("the same", k.PutCode(k.ctx, first), store.ErrDuplicate)
	late := code("k", 2, 10)
	late.Created = at(10).Add(-1e6) // a millisecond before the first one expires
	k.wantErr("just too early", k.PutCode(k.ctx, late), store.ErrDuplicate)
	_, err := k.FailCode(k.ctx, "k")
	k.must("FailCode", err)
	first.Failed = 1
	k.codeIs("after refusals", "k", first)
	second := code("k", 2, 10)
	k.must("expired at that moment", k.PutCode(k.ctx, second))
	k.codeIs("replaced, with its failures", "k", second)
}

func codeFail(k *kit) {
	_, err := k.FailCode(k.ctx, "k")
	k.wantErr("unknown", err, store.ErrNotFound)
	k.codeIs("unknown", "k", nil)
	c, other := code("k", 1, 0), code("other", 1, 0)
	k.must("PutCode", k.PutCode(k.ctx, c))
	k.must("PutCode", k.PutCode(k.ctx, other))
	for n := 1; n <= 3; n++ {
		got, err := k.FailCode(k.ctx, "k")
		k.must("FailCode", err)
		k.same("failures", got, n)
		c.Failed = n
		k.codeIs("code", "k", c)
	}
	k.codeIs("other", "other", other)
	k.must("DeleteCode", k.DeleteCode(k.ctx, "k"))
	_, err = k.FailCode(k.ctx, "k")
	k.wantErr("deleted", err, store.ErrNotFound)
}

func codeExpire(k *kit) {
	for _, n := range []int{3, 1, 4, 2, 5} {
		k.must("PutCode", k.PutCode(k.ctx, code(fmt.Sprint(n), 1, n)))
	}
	expire := func(what string, second, limit, want int, left ...int) {
		k.Helper()
		n, err := k.ExpireCodes(k.ctx, at(second), limit)
		k.must(what, err)
		k.same(what, n, want)
		for made := 1; made <= 5; made++ {
			want := code(fmt.Sprint(made), 1, made)
			if !slices.Contains(left, made) {
				want = nil
			}
			k.codeIs(what, fmt.Sprint(made), want)
		}
	}
	expire("too young", 10, 10, 0, 1, 2, 3, 4, 5)
	expire("limit", 13, 2, 2, 3, 4, 5) // the oldest; and those that expired are there until then
	expire("rest", 13, 10, 1, 4, 5)
	expire("none left", 13, 10, 0, 4, 5)
	expire("no limit", 99, 0, 2)
}
