package storetest

import (
	"parley/internal/chat"
	"parley/store"
)

func memberCases() []testCase {
	return []testCase{
		{"members/every field", memberFields},
		{"members/which are listed, in which order", memberList},
	}
}

func memberFields(k *kit) {
	n := fullUser()
	k.must("CreateUser", k.CreateUser(k.ctx, n))
	name := k.group()
	s := fullSub(name, n.User.ID)
	s.Reader = false
	stranger := newSub(name, chat.NewUID()) // no such user
	stranger.Created = at(2)
	k.must("PutSubs", k.PutSubs(k.ctx, s, stranger))
	ms, err := k.Members(k.ctx, name, store.MemberQuery{})
	k.must("Members", err)
	k.same("members", ms, []store.Member{
		{Sub: s, UserUpdated: n.User.Updated, Public: n.User.Public, Trusted: n.User.Trusted},
		{Sub: stranger},
	})
}

func memberList(k *kit) {
	name := k.group()
	for i := range 6 {
		s := newSub(name, chat.UID(i+1))
		s.Created = at(10 - i)
		s.Reader = i == 5
		k.must("PutSubs", k.PutSubs(k.ctx, s))
	}
	k.group(1, 2, 3)
	k.must("DeleteSub", k.DeleteSub(k.ctx, name, 1, at(21)))
	k.must("DeleteSub", k.DeleteSub(k.ctx, name, 2, at(22)))
	list := func(what string, q store.MemberQuery, want ...chat.UID) {
		k.Helper()
		ms, err := k.Members(k.ctx, name, q)
		k.must(what, err)
		var got []chat.UID
		for _, m := range ms {
			got = append(got, m.User)
		}
		k.same(what, got, want)
	}
	list("live ones", store.MemberQuery{}, 5, 4, 3)
	list("limit", store.MemberQuery{Limit: 2}, 5, 4)
	list("limit above", store.MemberQuery{Limit: 9}, 5, 4, 3)
	list("deleted since", store.MemberQuery{DeletedSince: at(21)}, 5, 4, 3, 2)
	list("deleted since longer", store.MemberQuery{DeletedSince: at(20)}, 5, 4, 3, 2, 1)
	list("deleted since later", store.MemberQuery{DeletedSince: at(22)}, 5, 4, 3)
	list("one", store.MemberQuery{User: 4}, 4)
	list("a reader", store.MemberQuery{User: 6}, 6)
	list("a deleted one", store.MemberQuery{User: 1})
	list("a deleted one, since", store.MemberQuery{User: 1, DeletedSince: at(20)}, 1)
	list("an unknown one", store.MemberQuery{User: 99})
	ms, err := k.Members(k.ctx, chat.NewGroupName(), store.MemberQuery{})
	k.must("Members", err)
	k.same("of an unknown topic", ms, []store.Member{})
}
