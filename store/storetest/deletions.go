package storetest

import (
	"parley/internal/chat"
	"parley/store"
)

func deletionCases() []testCase {
	return []testCase{
		{"deletions/for everybody", deleteForAll},
		{"deletions/do not concern who comes later", deleteBefore},
		{"deletions/are told everywhere", deleteTold},
		{"deletions/for one user", deleteForOne},
		{"deletions/spare old messages", deleteAfter},
		{"deletions/nothing to delete", deleteNothing},
		{"deletions/ID must be last+1", deleteTaken},
		{"deletions/log", deletionLog},
	}
}

func ranges(pairs ...int) []chat.Range {
	var rs []chat.Range
	for i := 0; i < len(pairs); i += 2 {
		rs = append(rs, chat.Range{Low: pairs[i], Hi: pairs[i+1]})
	}
	return rs
}

func (k *kit) del(topic string, d store.NewDeletion) []chat.Range {
	k.Helper()
	rs, err := k.DeleteMessages(k.ctx, topic, d)
	k.must("DeleteMessages", err)
	return rs
}

// dels lists Topic.Del and the Sub.Del of users.
func (k *kit) dels(topic string, ids ...chat.UID) []int {
	k.Helper()
	ns := []int{k.topic(topic).Del}
	for _, id := range ids {
		ns = append(ns, k.sub(topic, id).Del)
	}
	return ns
}

func deleteForAll(k *kit) {
	a, b, gone := chat.NewUID(), chat.NewUID(), chat.NewUID()
	name := k.group(a, b, gone)
	k.must("DeleteSub", k.DeleteSub(k.ctx, name, gone, at(1)))
	k.fill(name, 10)
	k.same("first", k.del(name, store.NewDeletion{ID: 1, Ranges: ranges(3, 5)}), ranges(3, 5))
	k.same("dels", k.dels(name, a, b), []int{1, 1, 1})
	k.same("only what was there", k.del(name, store.NewDeletion{ID: 2, Ranges: ranges(2, 7, 9, 50)}), ranges(2, 3, 5, 7, 9, 11))
	k.same("dels", k.dels(name, a, b), []int{2, 2, 2})
	k.same("history", k.seqs(name, store.HistoryQuery{}), []int{8, 7, 1})
	t := k.topic(name)
	k.same("seq, touched", []any{t.Seq, t.Touched}, []any{10, at(10)})
}

func deleteBefore(k *kit) {
	a, late, back := chat.NewUID(), chat.NewUID(), chat.NewUID()
	name := k.group(a, back)
	k.fill(name, 10)
	k.del(name, store.NewDeletion{ID: 1, Ranges: ranges(1, 2)})
	k.same("dels", k.dels(name, a, back), []int{1, 1, 1})
	k.must("DeleteSub", k.DeleteSub(k.ctx, name, back, at(1)))
	k.must("PutSubs", k.PutSubs(k.ctx, newSub(name, late), newSub(name, back)))
	k.same("of newcomers", k.dels(name, a, late, back), []int{1, 1, 0, 0})
	k.del(name, store.NewDeletion{ID: 2, User: late, Ranges: ranges(2, 3)})
	k.same("his own", k.dels(name, a, late, back), []int{2, 1, 2, 0})
	k.del(name, store.NewDeletion{ID: 3, Ranges: ranges(3, 4)})
	k.same("for everybody", k.dels(name, a, late, back), []int{3, 3, 3, 3})
	k.del(name, store.NewDeletion{ID: 4, User: a, Ranges: ranges(5, 6)})
	k.same("his own after that", k.dels(name, a, late, back), []int{4, 4, 3, 3})
}

// deleteTold: whatever reads a subscription tells its last deletion.
func deleteTold(k *kit) {
	a, b := k.user(), k.user()
	for _, name := range []string{k.group(a, b), k.p2p(a, b)} {
		k.fill(name, 5)
		k.del(name, store.NewDeletion{ID: 1, User: a, Ranges: ranges(1, 2)})
		k.del(name, store.NewDeletion{ID: 2, Ranges: ranges(2, 3)})
		k.del(name, store.NewDeletion{ID: 3, User: b, Ranges: ranges(3, 4)})
		k.same("Sub", k.dels(name, a, b), []int{3, 2, 3})
		want := map[chat.UID]int{a: 2, b: 3}
		subs, err := Subs(k.ctx, k, name)
		k.must("EachSub", err)
		members, err := k.Members(k.ctx, name, store.MemberQuery{})
		k.must("Members", err)
		k.same("numbers", []int{len(subs), len(members)}, []int{2, 2})
		for i := range subs {
			k.same("EachSub", subs[i].Del, want[subs[i].User])
			k.same("Members", members[i].Del, want[members[i].User])
		}
		for id, del := range want {
			cs, err := k.Contacts(k.ctx, id, store.ContactQuery{Topic: name})
			k.must("Contacts", err)
			k.same("Contacts", []int{cs[0].Del, cs[0].TopicDel}, []int{del, 3})
		}
	}
}

func deleteForOne(k *kit) {
	a, b, stranger := chat.NewUID(), chat.NewUID(), chat.NewUID()
	name := k.group(a, b)
	k.fill(name, 10)
	asked := ranges(3, 5, 9, 50)
	k.same("as asked", k.del(name, store.NewDeletion{ID: 1, User: a, Ranges: asked, After: at(99)}), asked)
	k.same("dels", k.dels(name, a, b), []int{1, 1, 0})
	k.same("again, as asked", k.del(name, store.NewDeletion{ID: 2, User: a, Ranges: asked}), asked)
	k.same("dels", k.dels(name, a, b), []int{2, 2, 0})
	k.same("by a stranger", k.del(name, store.NewDeletion{ID: 3, User: stranger, Ranges: asked}), asked)
	k.same("dels", k.dels(name, a, b), []int{3, 2, 0})
	k.same("messages are still there", k.seqs(name, store.HistoryQuery{For: b}), down(10, 1))
}

func deleteAfter(k *kit) {
	name := k.group()
	k.fill(name, 6) // message n at second n
	k.same("ranges", k.del(name, store.NewDeletion{ID: 1, Ranges: ranges(1, 4, 5, 7), After: at(3)}), ranges(3, 4, 5, 7))
	k.same("history", k.seqs(name, store.HistoryQuery{}), []int{4, 2, 1})
}

func deleteNothing(k *kit) {
	a := chat.NewUID()
	name := k.group(a)
	k.fill(name, 4)
	k.del(name, store.NewDeletion{ID: 1, Ranges: ranges(2, 3)})
	for what, d := range map[string]store.NewDeletion{
		"deleted already": {ID: 2, Ranges: ranges(2, 3)},
		"not there":       {ID: 2, Ranges: ranges(7, 9)},
		"too old":         {ID: 2, Ranges: ranges(1, 5), After: at(50)},
		"no ranges":       {ID: 2},
		"none for a user": {ID: 2, User: a},
	} {
		k.same(what, k.del(name, d), ranges())
		k.same(what+", dels", k.dels(name, a), []int{1, 1})
		ds, err := k.Deletions(k.ctx, name, a, 0, 0, 0)
		k.must("Deletions", err)
		k.same(what+", log", len(ds), 1)
	}
	k.same("the next", k.del(name, store.NewDeletion{ID: 2, Ranges: ranges(1, 9)}), ranges(1, 2, 3, 5))
}

func deleteTaken(k *kit) {
	name := k.group()
	k.fill(name, 4)
	refused := func(what, topic string, id int) {
		k.Helper()
		_, err := k.DeleteMessages(k.ctx, topic, store.NewDeletion{ID: id, Ranges: ranges(1, 3)})
		k.wantErr(what, err, store.ErrSeqTaken)
	}
	refused("zero", name, 0)
	refused("too high", name, 2)
	k.del(name, store.NewDeletion{ID: 1, Ranges: ranges(4, 5)})
	refused("taken", name, 1)
	refused("unknown topic", chat.NewGroupName(), 1)
	k.same("history", k.seqs(name, store.HistoryQuery{}), down(3, 1))
}

func deletionLog(k *kit) {
	a, b := chat.NewUID(), chat.NewUID()
	name, other := k.group(a, b), k.group(a)
	k.fill(name, 20)
	k.fill(other, 3)
	k.del(other, store.NewDeletion{ID: 1, Ranges: ranges(1, 2)})
	k.del(name, store.NewDeletion{ID: 1, Ranges: ranges(1, 2, 3, 5)})
	k.del(name, store.NewDeletion{ID: 2, User: a, Ranges: ranges(6, 7, 8, 10)})
	k.del(name, store.NewDeletion{ID: 3, User: b, Ranges: ranges(6, 9)})
	k.del(name, store.NewDeletion{ID: 4, Ranges: ranges(1, 4, 12, 13)}) // 3 to 5 are gone
	k.del(name, store.NewDeletion{ID: 5, User: a, Ranges: ranges(15, 16)})
	all := []store.Deletion{
		{ID: 1, Ranges: ranges(1, 2, 3, 5)},
		{ID: 2, Ranges: ranges(6, 7, 8, 10)},
		{ID: 4, Ranges: ranges(2, 3, 12, 13)},
		{ID: 5, Ranges: ranges(15, 16)},
	}
	log := func(what string, id chat.UID, since, before, limit int, want ...store.Deletion) {
		k.Helper()
		ds, err := k.Deletions(k.ctx, name, id, since, before, limit)
		k.must(what, err)
		k.same(what, ds, want)
	}
	log("all", a, 0, 0, 0, all...)
	log("since", a, 2, 0, 0, all[1:]...)
	log("before", a, 0, 4, 0, all[:2]...)
	log("since and before", a, 2, 5, 0, all[1:3]...)
	log("limit", a, 0, 0, 2, all[:2]...)
	log("limit above", a, 0, 0, 9, all...)
	log("since and limit", a, 3, 0, 1, all[2])
	log("none", a, 6, 0, 0)
	log("another user", b, 2, 0, 0, store.Deletion{ID: 3, Ranges: ranges(6, 9)}, all[2])
	log("a stranger", chat.NewUID(), 0, 0, 0, all[0], all[2])
}
