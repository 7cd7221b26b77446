package storetest

import (
	"parley/internal/chat"
	"parley/store"
)

func markCases() []testCase {
	return []testCase{
		{"marks/visible at once everywhere", marksVisible},
		{"marks/only rise", marksRise},
		{"marks/of unknown and deleted subscriptions", marksIgnored},
		{"marks/stay when other things change", marksStay},
	}
}

// marksAre checks read and recv wherever they can be read.
func (k *kit) marksAre(what, topic string, id chat.UID, read, recv int) {
	k.Helper()
	want := [2]int{read, recv}
	s := k.sub(topic, id)
	k.same(what+", Sub", [2]int{s.Read, s.Recv}, want)
	subs, err := Subs(k.ctx, k, topic)
	k.must("EachSub", err)
	for _, s := range subs {
		if s.User == id {
			k.same(what+", Subs", [2]int{s.Read, s.Recv}, want)
		}
	}
	cs, err := k.Contacts(k.ctx, id, store.ContactQuery{Topic: topic})
	k.must("Contacts", err)
	for _, c := range cs {
		k.same(what+", Contacts", [2]int{c.Read, c.Recv}, want)
	}
	ms, err := k.Members(k.ctx, topic, store.MemberQuery{User: id})
	k.must("Members", err)
	for _, m := range ms {
		k.same(what+", Members", [2]int{m.Read, m.Recv}, want)
	}
	if len(cs) != len(ms) {
		k.Errorf("%s: got %d contacts and %d members, want as many", what, len(cs), len(ms))
	}
}

func marksVisible(k *kit) {
	a, b := k.user(), k.user()
	group, p2p := k.group(a, b), k.p2p(a, b)
	k.SetMarks(group, a, 3, 5)
	k.SetMarks(p2p, a, 1, 1)
	k.marksAre("group", group, a, 3, 5)
	k.marksAre("p2p", p2p, a, 1, 1)
	k.marksAre("other member", group, b, 0, 0)
	k.marksAre("peer", p2p, b, 0, 0)
}

func marksRise(k *kit) {
	a := k.user()
	name := k.group(a)
	k.SetMarks(name, a, 3, 5)
	k.SetMarks(name, a, 2, 4)
	k.marksAre("lower", name, a, 3, 5)
	k.SetMarks(name, a, 0, 6)
	k.marksAre("recv", name, a, 3, 6)
	k.SetMarks(name, a, 9, 0)
	k.marksAre("read alone", name, a, 9, 6)
	k.must("UpdateSubs", k.UpdateSubs(k.ctx, store.SubUpdate{Topic: name, User: a, Want: ptr(chat.ModeFull)}))
	k.SetMarks(name, a, 1, 1)
	k.marksAre("lower, after a write", name, a, 9, 6)
}

func marksIgnored(k *kit) {
	a, stranger := k.user(), k.user()
	name := k.group(a)
	k.SetMarks(name, stranger, 7, 7)
	_, err := k.Sub(k.ctx, name, stranger)
	k.wantErr("unknown subscription", err, store.ErrNotFound)
	k.must("PutSubs", k.PutSubs(k.ctx, newSub(name, stranger)))
	k.marksAre("marks from before", name, stranger, 0, 0)

	k.SetMarks(name, a, 2, 3)
	k.must("DeleteSub", k.DeleteSub(k.ctx, name, a, at(1)))
	s := k.sub(name, a)
	k.same("marks at deletion", [2]int{s.Read, s.Recv}, [2]int{2, 3})
	k.SetMarks(name, a, 8, 9)
	s = k.sub(name, a)
	k.same("marks after deletion", [2]int{s.Read, s.Recv}, [2]int{2, 3})
	k.must("PutSubs", k.PutSubs(k.ctx, newSub(name, a)))
	k.marksAre("revived", name, a, 0, 0)
	k.SetMarks(name, a, 1, 1)
	k.marksAre("marked again", name, a, 1, 1)

	k.SetMarks(name, a, 4, 4)
	k.must("DeleteTopic", k.DeleteTopic(k.ctx, name, false, at(2)))
	s = k.sub(name, a)
	k.same("marks at deletion of the topic", [2]int{s.Read, s.Recv}, [2]int{4, 4})
}

func marksStay(k *kit) {
	a := k.user()
	name := k.group(a)
	for n := 1; n <= 20; n++ {
		k.SetMarks(name, a, n, n)
		k.must("Append", k.Append(k.ctx, message(name, n)))
		k.marksAre("after Append", name, a, n, n)
		k.must("UpdateSubs", k.UpdateSubs(k.ctx, store.SubUpdate{Topic: name, User: a, Updated: ptr(at(n))}))
		k.marksAre("after UpdateSubs", name, a, n, n)
	}
}
