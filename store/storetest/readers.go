package storetest

import (
	"slices"

	"parley/internal/chat"
	"parley/store"
)

func readerCases() []testCase {
	return []testCase{
		{"readers/counted once", readerCount},
		{"readers/where they are listed", readerLists},
		{"readers/change like others", readerChanges},
		{"readers/deletion of the topic", readerDeletion},
		{"subs/ten thousand members", subMany},
	}
}

func newReader(topic string, id chat.UID) store.Sub {
	s := newSub(topic, id)
	s.Reader, s.Want, s.Given = true, chat.ModeReader, chat.ModeReader
	return s
}

// channel creates a group with a member and readers.
func (k *kit) channel(member chat.UID, readers ...chat.UID) string {
	k.Helper()
	t := newTopic(chat.NewGroupName())
	t.Channel = true
	subs := []store.Sub{newSub(t.Name, member)}
	for _, id := range readers {
		subs = append(subs, newReader(t.Name, id))
	}
	k.must("CreateTopic", k.CreateTopic(k.ctx, t, nil, subs...))
	return t.Name
}

func readerCount(k *kit) {
	name := k.channel(1, 2, 3)
	count := func(what string, want int) {
		k.Helper()
		k.same(what, k.topic(name).SubCount, want)
		k.same(what+", in contacts", k.contacts(1, store.ContactQuery{})[0].SubCount, want)
	}
	count("created", 3)
	k.must("PutSubs", k.PutSubs(k.ctx, newReader(name, 4), newReader(name, 5), newSub(k.group(), 4), newReader(name, 6)))
	count("joined", 6)
	k.wantErr("again", k.PutSubs(k.ctx, newReader(name, 4)), store.ErrDuplicate)
	k.wantErr("again, as a member", k.PutSubs(k.ctx, newReader(name, 7), newSub(name, 4)), store.ErrDuplicate)
	count("refused", 6)
	k.must("DeleteSub", k.DeleteSub(k.ctx, name, 4, at(1)))
	k.must("DeleteSub", k.DeleteSub(k.ctx, name, 5, at(1)))
	count("left", 4)
	gone := newReader(name, 5)
	gone.Deleted = at(2)
	k.must("PutSubs of a deleted one", k.PutSubs(k.ctx, gone))
	count("still gone", 4)
	k.must("PutSubs", k.PutSubs(k.ctx, newReader(name, 4)))
	k.must("PutSubs", k.PutSubs(k.ctx, newSub(name, 5)))
	count("came back, one as a member", 6)
	k.must("DeleteSub", k.DeleteSub(k.ctx, name, 5, at(3)))
	k.must("PutSubs", k.PutSubs(k.ctx, newReader(name, 5)))
	count("a member who became a reader", 6)
}

func readerLists(k *kit) {
	member, reader := k.user(), k.user()
	name := k.channel(member, reader)
	k.same("Sub", *k.sub(name, reader), newReader(name, reader))
	subs, err := Subs(k.ctx, k, name)
	k.must("EachSub", err)
	k.same("Subs", subs, []store.Sub{newSub(name, member)})
	for _, c := range []struct {
		name string
		q    store.MemberQuery
		want []chat.UID
	}{
		{"Members", store.MemberQuery{}, []chat.UID{member}},
		{"Members, limit", store.MemberQuery{Limit: 5}, []chat.UID{member}},
		{"Members, the reader", store.MemberQuery{User: reader}, []chat.UID{reader}},
		{"Members, the member", store.MemberQuery{User: member, Limit: 1}, []chat.UID{member}},
		{"Members, since", store.MemberQuery{DeletedSince: at(0)}, []chat.UID{member}},
	} {
		k.same(c.name, k.memberIDs(name, c.q), c.want)
	}
	places, err := k.Places(k.ctx, reader)
	k.must("Places", err)
	k.same("Places", places, []store.Place{{Topic: name, Mode: chat.ModeReader, Reader: true}})
	for who, isReader := range map[chat.UID]bool{member: false, reader: true} {
		c := k.contacts(who, store.ContactQuery{Topic: name})
		k.same("Contacts", []any{len(c), c[0].Reader, c[0].Channel, c[0].SubCount}, []any{1, isReader, true, 2})
	}
	k.must("DeleteSub", k.DeleteSub(k.ctx, name, reader, at(5)))
	k.same("gone", k.memberIDs(name, store.MemberQuery{DeletedSince: at(4)}), []chat.UID{member})
	k.same("gone, himself", k.memberIDs(name, store.MemberQuery{DeletedSince: at(4), User: reader}), []chat.UID{reader})
	k.same("gone, in contacts", k.contacts(reader, store.ContactQuery{Since: at(4)})[0].Reader, true)

	plain := k.group(member)
	c := k.contacts(member, store.ContactQuery{Topic: plain})[0]
	k.same("no channel", []any{c.Reader, c.Channel, c.SubCount}, []any{false, false, 1})
}

func (k *kit) memberIDs(name string, q store.MemberQuery) []chat.UID {
	k.Helper()
	ms, err := k.Members(k.ctx, name, q)
	k.must("Members", err)
	var ids []chat.UID
	for _, m := range ms {
		ids = append(ids, m.User)
	}
	return ids
}

func readerChanges(k *kit) {
	name := k.channel(1, 2)
	k.must("UpdateSubs", k.UpdateSubs(k.ctx,
		store.SubUpdate{Topic: name, User: 2, Updated: ptr(at(3)), Want: ptr(chat.ModeNone), Private: ptr(raw(`1`))}))
	want := newReader(name, 2)
	want.Updated, want.Want, want.Private = at(3), chat.ModeNone, raw(`1`)
	k.same("updated", *k.sub(name, 2), want)
	k.SetMarks(name, 2, 4, 6)
	k.marksAre("marks", name, 2, 4, 6)
	k.fill(name, 3)
	k.del(name, store.NewDeletion{ID: 1, Ranges: ranges(1, 2)})
	k.same("dels", k.dels(name, 1, 2), []int{1, 1, 1})
	k.must("DeleteSub", k.DeleteSub(k.ctx, name, 2, at(4)))
	k.wantErr("UpdateSubs", k.UpdateSubs(k.ctx, store.SubUpdate{Topic: name, User: 2}), store.ErrNotFound)
	k.must("PutSubs", k.PutSubs(k.ctx, newReader(name, 2)))
	k.marksAre("marks of the revived", name, 2, 0, 0)
}

func readerDeletion(k *kit) {
	name := k.channel(1, 2, 3)
	k.must("DeleteSub", k.DeleteSub(k.ctx, name, 3, at(1)))
	k.must("DeleteTopic", k.DeleteTopic(k.ctx, name, false, at(2)))
	k.same("count", k.topic(name).SubCount, 0)
	k.same("deleted", k.sub(name, 2).Deleted, at(2))
	k.same("deleted before", k.sub(name, 3).Deleted, at(1))
	places, err := k.Places(k.ctx, 2)
	k.must("Places", err)
	k.same("places", places, []store.Place{})
	k.must("DeleteTopic", k.DeleteTopic(k.ctx, name, true, at(3)))
	for _, id := range []chat.UID{1, 2, 3} {
		_, err := k.Sub(k.ctx, name, id)
		k.wantErr("Sub", err, store.ErrNotFound)
	}
}

func subMany(k *kit) {
	const n = 10_000
	name := chat.NewGroupName()
	subs := make([]store.Sub, n)
	for i := range subs {
		subs[i] = newSub(name, chat.UID(i+1))
		subs[i].Created = at(n - i)
	}
	k.must("CreateTopic", k.CreateTopic(k.ctx, newTopic(name), nil, subs[:n/2]...))
	k.must("PutSubs", k.PutSubs(k.ctx, subs[n/2:]...))
	k.same("count", k.topic(name).SubCount, n)
	got, err := Subs(k.ctx, k, name)
	k.must("EachSub", err)
	seen := map[chat.UID]bool{}
	for _, s := range got {
		seen[s.User] = true
	}
	k.same("subs", []int{len(got), len(seen)}, []int{n, n})
	k.same("first", k.memberIDs(name, store.MemberQuery{Limit: 3}), []chat.UID{n, n - 1, n - 2})
	ids := k.memberIDs(name, store.MemberQuery{})
	k.same("all", len(ids), n)
	k.same("in order", slices.IsSortedFunc(ids, func(a, b chat.UID) int { return int(b) - int(a) }), true)
	k.must("DeleteTopic", k.DeleteTopic(k.ctx, name, false, at(1)))
	k.same("count when deleted", k.topic(name).SubCount, 0)
}
