package storetest

import (
	"cmp"
	"errors"
	"slices"

	"parley/internal/chat"
	"parley/store"
)

func subCases() []testCase {
	return []testCase{
		{"subs/put and read every field", subFields},
		{"subs/put revives deleted ones", subRevive},
		{"subs/put all or nothing", subAllOrNothing},
		{"subs/list of a topic", subList},
		{"subs/long list of a topic", subListLong},
		{"subs/update", subUpdate},
		{"subs/update all or nothing", subUpdateRefused},
		{"subs/delete", subDelete},
		{"subs/places of a user", subPlaces},
	}
}

func fullSub(topic string, id chat.UID) store.Sub {
	return store.Sub{
		Topic: topic, User: id, Created: at(1), Updated: at(2), Reader: true, Want: chat.ModeFull, Given: chat.ModeReader,
		Read: 3, Recv: 4, Del: 5, Private: raw(`{"comment": "x"}`),
	}
}

func subFields(k *kit) {
	id := chat.NewUID()
	for _, topic := range []string{chat.NewGroupName(), id.MeName(), chat.P2PName(id, chat.NewUID())} {
		want := fullSub(topic, id)
		k.must("PutSubs", k.PutSubs(k.ctx, want))
		k.same(topic, *k.sub(topic, id), want)
	}
	_, err := k.Sub(k.ctx, chat.NewGroupName(), id)
	k.wantErr("unknown topic", err, store.ErrNotFound)
	_, err = k.Sub(k.ctx, id.MeName(), chat.NewUID())
	k.wantErr("unknown user", err, store.ErrNotFound)
	k.must("PutSubs of none", k.PutSubs(k.ctx))
}

func subRevive(k *kit) {
	id := chat.NewUID()
	name := k.group(id)
	old := fullSub(name, id)
	k.wantErr("live one", k.PutSubs(k.ctx, old), store.ErrDuplicate)
	k.must("DeleteSub", k.DeleteSub(k.ctx, name, id, at(7)))
	k.must("PutSubs", k.PutSubs(k.ctx, old))
	k.same("revived", *k.sub(name, id), old)
	k.must("DeleteSub", k.DeleteSub(k.ctx, name, id, at(8)))
	plain := newSub(name, id)
	k.must("PutSubs", k.PutSubs(k.ctx, plain))
	k.same("revived again", *k.sub(name, id), plain)
	k.wantErr("live again", k.PutSubs(k.ctx, plain), store.ErrDuplicate)
}

func subAllOrNothing(k *kit) {
	a, b, c := chat.NewUID(), chat.NewUID(), chat.NewUID()
	name := k.group(a, b)
	k.must("DeleteSub", k.DeleteSub(k.ctx, name, b, at(7)))
	k.wantErr("PutSubs", k.PutSubs(k.ctx, newSub(name, c), newSub(name, b), newSub(name, a)), store.ErrDuplicate)
	_, err := k.Sub(k.ctx, name, c)
	k.wantErr("new one", err, store.ErrNotFound)
	k.same("deleted one", k.sub(name, b).Deleted, at(7))
	k.wantErr("twice the same", k.PutSubs(k.ctx, newSub(name, c), newSub(name, c)), store.ErrDuplicate)
	_, err = k.Sub(k.ctx, name, c)
	k.wantErr("twice the same", err, store.ErrNotFound)
}

func subList(k *kit) {
	a, b, gone, reader := newSub("", 1), newSub("", 2), newSub("", 3), newSub("", 4)
	name := k.group()
	a.Private, b.Read, b.Recv, reader.Reader = raw(`"secret"`), 1, 2, true
	for _, s := range []*store.Sub{&a, &b, &gone, &reader} {
		s.Topic = name
		k.must("PutSubs", k.PutSubs(k.ctx, *s))
	}
	k.must("DeleteSub", k.DeleteSub(k.ctx, name, gone.User, at(1)))
	k.group(1, 2)
	got, err := Subs(k.ctx, k, name)
	k.must("EachSub", err)
	slices.SortFunc(got, func(x, y store.Sub) int { return cmp.Compare(x.User, y.User) })
	a.Private = nil
	k.same("subs", got, []store.Sub{a, b})
	got, err = Subs(k.ctx, k, chat.NewGroupName())
	k.must("EachSub", err)
	k.same("of an unknown topic", got, []store.Sub{})
	k.wantErr("an error of fn", k.EachSub(k.ctx, name, func(*store.Sub) error { return errEnough }), errEnough)
}

var errEnough = errors.New("enough")

// subListLong: the list may be read in parts.
func subListLong(k *kit) {
	const n = 1000
	name, members := k.group(), make(map[chat.UID]bool, n)
	subs := make([]store.Sub, n)
	for i := range subs {
		subs[i] = newSub(name, chat.NewUID())
		members[subs[i].User] = true
	}
	k.must("PutSubs", k.PutSubs(k.ctx, subs...))
	got := 0
	k.must("EachSub", k.EachSub(k.ctx, name, func(s *store.Sub) error {
		if got++; !members[s.User] {
			k.Errorf("user %v is told twice, or is none", s.User)
		}
		delete(members, s.User)
		if got%100 != 0 {
			return nil
		}
		return k.DeleteSub(k.ctx, name, s.User, at(1)) // the store can be used meanwhile
	}))
	k.same("number", got, n)
}

func subUpdate(k *kit) {
	id, other := chat.NewUID(), chat.NewUID()
	name := k.group(other)
	want := fullSub(name, id)
	k.must("PutSubs", k.PutSubs(k.ctx, want))
	step := func(what string, up store.SubUpdate, change func(*store.Sub)) {
		k.Helper()
		up.Topic, up.User = name, id
		k.must(what, k.UpdateSubs(k.ctx, up))
		change(&want)
		k.same(what, *k.sub(name, id), want)
	}
	step("nothing", store.SubUpdate{}, func(*store.Sub) {})
	step("updated", store.SubUpdate{Updated: ptr(at(9))}, func(s *store.Sub) { s.Updated = at(9) })
	step("want", store.SubUpdate{Want: ptr(chat.ModeNone)}, func(s *store.Sub) { s.Want = 0 })
	step("given", store.SubUpdate{Given: ptr(chat.ModeFull)}, func(s *store.Sub) { s.Given = chat.ModeFull })
	step("private", store.SubUpdate{Private: ptr(raw(`[1]`))}, func(s *store.Sub) { s.Private = raw(`[1]`) })
	step("no private", store.SubUpdate{Private: noJSON()}, func(s *store.Sub) { s.Private = nil })
	k.same("other subscription", *k.sub(name, other), newSub(name, other))
	k.must("UpdateSubs of none", k.UpdateSubs(k.ctx))
}

func subUpdateRefused(k *kit) {
	a, gone, stranger := chat.NewUID(), chat.NewUID(), chat.NewUID()
	name := k.group(a, gone)
	k.must("DeleteSub", k.DeleteSub(k.ctx, name, gone, at(1)))
	for _, id := range []chat.UID{gone, stranger} {
		err := k.UpdateSubs(k.ctx,
			store.SubUpdate{Topic: name, User: a, Want: ptr(chat.ModeNone)},
			store.SubUpdate{Topic: name, User: id, Want: ptr(chat.ModeNone)})
		k.wantErr("UpdateSubs", err, store.ErrNotFound)
		k.same("the other one", k.sub(name, a).Want, chat.ModeGroup)
	}
}

func subDelete(k *kit) {
	a, b := chat.NewUID(), chat.NewUID()
	name := k.group(a, b)
	k.fill(name, 5)
	for i, id := range []chat.UID{a, b} {
		_, err := k.DeleteMessages(k.ctx, name, store.NewDeletion{ID: i + 1, User: id, Ranges: []chat.Range{{Low: 1, Hi: 3}}})
		k.must("DeleteMessages", err)
	}
	k.must("DeleteSub", k.DeleteSub(k.ctx, name, a, at(7)))
	k.wantErr("again", k.DeleteSub(k.ctx, name, a, at(8)), store.ErrNotFound)
	k.wantErr("unknown", k.DeleteSub(k.ctx, name, chat.NewUID(), at(8)), store.ErrNotFound)
	k.same("deleted", k.sub(name, a).Deleted, at(7))
	k.same("the other one", k.sub(name, b).Deleted.IsZero(), true)

	ds, err := k.Deletions(k.ctx, name, a, 0, 0, 0)
	k.must("Deletions", err)
	k.same("own deletions", ds, []store.Deletion{})
	k.same("history", k.seqs(name, store.HistoryQuery{For: a}), down(5, 1))
	k.same("history of the other", k.seqs(name, store.HistoryQuery{For: b}), down(5, 3))
}

func subPlaces(k *kit) {
	a, b := chat.NewUID(), chat.NewUID()
	group, left, pair := k.group(a), k.group(a), chat.P2PName(a, b)
	places := func() []store.Place {
		list, err := k.Places(k.ctx, a)
		k.must("Places", err)
		slices.SortFunc(list, func(x, y store.Place) int { return cmp.Compare(x.Topic, y.Topic) })
		return list
	}
	me, other, p2p, channel := newSub(a.MeName(), a), newSub(group, b), newSub(pair, a), newSub(chat.NewGroupName(), a)
	p2p.Want, p2p.Given = chat.ModeFull, chat.ModeP2P
	channel.Want, channel.Given, channel.Reader = chat.ModeReader, chat.ModeReader, true
	k.must("PutSubs", k.PutSubs(k.ctx, me, other, p2p, channel))
	k.must("DeleteSub", k.DeleteSub(k.ctx, left, a, at(9)))
	want := []store.Place{
		{Topic: group, Mode: k.sub(group, a).Mode()},
		{Topic: pair, Mode: chat.ModeP2P},
		{Topic: channel.Topic, Mode: chat.ModeReader, Reader: true},
	}
	slices.SortFunc(want, func(x, y store.Place) int { return cmp.Compare(x.Topic, y.Topic) })
	k.same("places", places(), want)
}
