package storetest

import (
	"testing"

	"parley/internal/chat"
	"parley/store"
)

func topicCases() []testCase {
	return []testCase{
		{"topics/create and read every field", topicFields},
		{"topics/create all or nothing", topicAllOrNothing},
		{"topics/update single fields", topicUpdate},
		{"topics/update with subscriptions", topicUpdateSubs},
		{"topics/delete softly", topicDeleteSoft},
		{"topics/delete hard", topicDeleteHard},
		{"topics/unknown", topicUnknown},
		{"topics/count of subscriptions", topicSubCount},
	}
}

func fullTopic() *store.Topic {
	return &store.Topic{
		Name: chat.NewGroupName(), Created: at(1), Updated: at(2), Touched: at(3), State: store.StateSuspended,
		Channel: true, Owner: chat.NewUID(), Access: chat.Access{Auth: chat.ModeGroup, Anon: chat.ModeRead},
		Seq: 7, Del: 2, Public: raw(`{"fn":"Group","x":[1, 2]}`), Trusted: raw(`{"staff":true}`), Aux: raw(`{"pins":[5]}`),
		Tags: []string{"a", "b"},
	}
}

func topicFields(k *kit) {
	want := fullTopic()
	in := *want
	in.SubCount = 99 // ignored
	member, reader := newSub(want.Name, chat.NewUID()), newSub(want.Name, chat.NewUID())
	member.Private, member.Read, member.Recv, member.Del = raw(`"p"`), 1, 2, 1
	reader.Reader = true
	k.must("CreateTopic", k.CreateTopic(k.ctx, &in, nil, member, reader))
	want.SubCount = 2
	k.same("topic", k.topic(want.Name), want)
	k.same("member", *k.sub(want.Name, member.User), member)
	k.same("reader", *k.sub(want.Name, reader.User), reader)

	least := newTopic(chat.P2PName(1, 2))
	k.must("CreateTopic", k.CreateTopic(k.ctx, least, nil))
	k.same("least topic", k.topic(least.Name), least)
}

func topicAllOrNothing(k *kit) {
	id := chat.NewUID()
	first := k.group(id)
	k.must("UpdateTopic", k.UpdateTopic(k.ctx, first, store.TopicUpdate{Tags: &[]string{"alias:x"}}))
	fresh := newTopic(chat.NewGroupName())
	fresh.Tags = []string{"alias:x", "only"}
	nothing := func(k *kit) {
		k.Helper()
		_, err := k.Topic(k.ctx, fresh.Name)
		k.wantErr("Topic", err, store.ErrNotFound)
		_, err = k.Sub(k.ctx, fresh.Name, id)
		k.wantErr("Sub", err, store.ErrNotFound)
		k.holderIs("only", "")
		k.same("subscriptions of the other", k.topic(first).SubCount, 1)
	}
	for name, create := range map[string]func(k *kit) error{
		"tag": func(k *kit) error {
			return k.CreateTopic(k.ctx, fresh, []string{"alias:x"}, newSub(fresh.Name, id))
		},
		"name": func(k *kit) error {
			return k.CreateTopic(k.ctx, newTopic(first), nil, newSub(first, chat.NewUID()))
		},
		"subscription twice": func(k *kit) error {
			return k.CreateTopic(k.ctx, fresh, nil, newSub(fresh.Name, id), newSub(fresh.Name, id))
		},
		"live subscription of another topic": func(k *kit) error {
			return k.CreateTopic(k.ctx, fresh, nil, newSub(fresh.Name, id), newSub(first, id))
		},
	} {
		k.Run(name, func(t *testing.T) {
			k := &kit{T: t, Store: k.Store, ctx: k.ctx}
			k.wantErr("CreateTopic", create(k), store.ErrDuplicate)
			nothing(k)
		})
	}
}

func topicUpdate(k *kit) {
	want := fullTopic()
	want.State = store.StateOK
	k.must("CreateTopic", k.CreateTopic(k.ctx, want, nil))
	step := func(what string, up store.TopicUpdate, change func(*store.Topic)) {
		k.Helper()
		k.must(what, k.UpdateTopic(k.ctx, want.Name, up))
		change(want)
		k.same(what, k.topic(want.Name), want)
	}
	owner := chat.NewUID()
	step("nothing", store.TopicUpdate{}, func(*store.Topic) {})
	step("updated", store.TopicUpdate{Updated: ptr(at(9))}, func(t *store.Topic) { t.Updated = at(9) })
	step("state", store.TopicUpdate{State: ptr(store.StateSuspended)}, func(t *store.Topic) { t.State = store.StateSuspended })
	step("owner", store.TopicUpdate{Owner: &owner}, func(t *store.Topic) { t.Owner = owner })
	step("no owner", store.TopicUpdate{Owner: ptr(chat.UID(0))}, func(t *store.Topic) { t.Owner = 0 })
	step("access", store.TopicUpdate{Access: &chat.Access{Auth: chat.ModeFull}},
		func(t *store.Topic) { t.Access = chat.Access{Auth: chat.ModeFull} })
	step("public", store.TopicUpdate{Public: ptr(raw(`"x"`))}, func(t *store.Topic) { t.Public = raw(`"x"`) })
	step("no public", store.TopicUpdate{Public: noJSON()}, func(t *store.Topic) { t.Public = nil })
	step("trusted", store.TopicUpdate{Trusted: ptr(raw(`1`))}, func(t *store.Topic) { t.Trusted = raw(`1`) })
	step("no trusted", store.TopicUpdate{Trusted: noJSON()}, func(t *store.Topic) { t.Trusted = nil })
	step("aux", store.TopicUpdate{Aux: ptr(raw(`{"a":1}`))}, func(t *store.Topic) { t.Aux = raw(`{"a":1}`) })
	step("no aux", store.TopicUpdate{Aux: noJSON()}, func(t *store.Topic) { t.Aux = nil })
	step("tags", store.TopicUpdate{Tags: &[]string{"c", "d"}}, func(t *store.Topic) { t.Tags = []string{"c", "d"} })
	step("no tags", store.TopicUpdate{Tags: &[]string{}}, func(t *store.Topic) { t.Tags = nil })
}

func topicUpdateSubs(k *kit) {
	a, b, stranger := chat.NewUID(), chat.NewUID(), chat.NewUID()
	name := k.group(a, b)
	k.must("UpdateTopic", k.UpdateTopic(k.ctx, name, store.TopicUpdate{
		Owner: &b,
		Subs: []store.SubUpdate{
			{Topic: name, User: a, Given: ptr(chat.ModeRead)},
			{Topic: name, User: b, Given: ptr(chat.ModeFull), Updated: ptr(at(7))},
		},
	}))
	k.same("owner", k.topic(name).Owner, b)
	k.same("given", []chat.Mode{k.sub(name, a).Given, k.sub(name, b).Given}, []chat.Mode{chat.ModeRead, chat.ModeFull})
	k.same("updated", k.sub(name, b).Updated, at(7))

	err := k.UpdateTopic(k.ctx, name, store.TopicUpdate{
		Owner: &a, Tags: &[]string{"t"},
		Subs: []store.SubUpdate{{Topic: name, User: a, Given: ptr(chat.ModeFull)}, {Topic: name, User: stranger}},
	})
	k.wantErr("missing subscription", err, store.ErrNotFound)
	k.same("owner after refusal", k.topic(name).Owner, b)
	k.same("given after refusal", k.sub(name, a).Given, chat.ModeRead)
	k.holderIs("t", "")

	k.must("DeleteSub", k.DeleteSub(k.ctx, name, a, at(8)))
	err = k.UpdateTopic(k.ctx, name, store.TopicUpdate{Owner: &a, Subs: []store.SubUpdate{{Topic: name, User: a}}})
	k.wantErr("deleted subscription", err, store.ErrNotFound)
	k.same("owner after refusal", k.topic(name).Owner, b)
}

func topicDeleteSoft(k *kit) {
	a, b := k.user(), k.user()
	name, other := k.group(a, b), k.group(a)
	k.fill(name, 3)
	k.must("DeleteSub", k.DeleteSub(k.ctx, name, b, at(1)))
	k.must("DeleteTopic", k.DeleteTopic(k.ctx, name, false, at(5)))
	t := k.topic(name)
	k.same("state, subscriptions, seq", []any{t.State, t.SubCount, t.Seq}, []any{store.StateDeleted, 0, 3})
	k.same("deleted", k.sub(name, a).Deleted, at(5))
	k.same("deleted before", k.sub(name, b).Deleted, at(1))
	k.same("other topic", []any{k.topic(other).SubCount, k.sub(other, a).Deleted.IsZero()}, []any{1, true})
	k.wantErr("Append", k.Append(k.ctx, message(name, 4)), store.ErrSeqTaken)
	k.wantErr("CreateTopic", k.CreateTopic(k.ctx, newTopic(name), nil), store.ErrDuplicate)
	k.must("again", k.DeleteTopic(k.ctx, name, false, at(6)))
	k.same("deleted once", k.sub(name, a).Deleted, at(5))

	k.must("UpdateTopic", k.UpdateTopic(k.ctx, name, store.TopicUpdate{State: ptr(store.StateOK)}))
	k.must("Append to the restored topic", k.Append(k.ctx, message(name, 4)))
}

func topicDeleteHard(k *kit) {
	a, b := k.user(), k.user()
	name, other := k.group(a, b), k.group(a)
	k.must("UpdateTopic", k.UpdateTopic(k.ctx, name, store.TopicUpdate{Tags: &[]string{"t"}, Unique: []string{"t"}}))
	k.fill(name, 3)
	k.fill(other, 2)
	_, err := k.DeleteMessages(k.ctx, name, store.NewDeletion{ID: 1, Ranges: []chat.Range{{Low: 1, Hi: 2}}})
	k.must("DeleteMessages", err)
	k.must("DeleteTopic", k.DeleteTopic(k.ctx, name, true, at(5)))

	_, err = k.Topic(k.ctx, name)
	k.wantErr("Topic", err, store.ErrNotFound)
	_, err = k.Sub(k.ctx, name, a)
	k.wantErr("Sub", err, store.ErrNotFound)
	k.same("history", k.seqs(name, store.HistoryQuery{}), []int{})
	k.holderIs("t", "")
	k.wantErr("Append", k.Append(k.ctx, message(name, 4)), store.ErrSeqTaken)
	k.same("other topic", k.seqs(other, store.HistoryQuery{}), []int{2, 1})

	k.must("CreateTopic again", k.CreateTopic(k.ctx, newTopic(name), nil, newSub(name, a)))
	k.same("fresh topic", []any{k.topic(name).Seq, k.topic(name).SubCount}, []any{0, 1})
	ds, err := k.Deletions(k.ctx, name, a, 0, 0, 0)
	k.must("Deletions", err)
	k.same("fresh log of deletions", ds, []store.Deletion{})
	k.must("Append", k.Append(k.ctx, message(name, 1)))
	k.same("fresh history", k.seqs(name, store.HistoryQuery{}), []int{1})
}

func topicUnknown(k *kit) {
	name := chat.NewGroupName()
	_, err := k.Topic(k.ctx, name)
	k.wantErr("Topic", err, store.ErrNotFound)
	k.wantErr("UpdateTopic", k.UpdateTopic(k.ctx, name, store.TopicUpdate{}), store.ErrNotFound)
	k.wantErr("DeleteTopic", k.DeleteTopic(k.ctx, name, false, at(1)), store.ErrNotFound)
	k.wantErr("DeleteTopic hard", k.DeleteTopic(k.ctx, name, true, at(1)), store.ErrNotFound)
}

func topicSubCount(k *kit) {
	name, ids := chat.NewGroupName(), []chat.UID{1, 2, 3, 4}
	count := func(what string, want int) {
		k.Helper()
		k.same(what, k.topic(name).SubCount, want)
	}
	k.must("PutSubs before the topic", k.PutSubs(k.ctx, newSub(name, ids[0])))
	k.must("CreateTopic", k.CreateTopic(k.ctx, newTopic(name), nil, newSub(name, ids[1])))
	count("created", 2)
	reader := newSub(name, ids[2])
	reader.Reader = true
	k.must("PutSubs", k.PutSubs(k.ctx, reader, newSub(name, ids[3])))
	count("joined", 4)
	k.wantErr("PutSubs", k.PutSubs(k.ctx, newSub(name, 9), newSub(name, ids[3])), store.ErrDuplicate)
	count("refused", 4)
	k.must("UpdateSubs", k.UpdateSubs(k.ctx, store.SubUpdate{Topic: name, User: ids[0], Want: ptr(chat.ModeNone)}))
	count("updated", 4)
	k.must("DeleteSub", k.DeleteSub(k.ctx, name, ids[2], at(1)))
	k.must("DeleteSub", k.DeleteSub(k.ctx, name, ids[3], at(1)))
	count("left", 2)
	k.wantErr("DeleteSub", k.DeleteSub(k.ctx, name, ids[3], at(1)), store.ErrNotFound)
	count("left twice", 2)
	k.must("PutSubs", k.PutSubs(k.ctx, newSub(name, ids[3])))
	count("came back", 3)
	cs, err := k.Contacts(k.ctx, ids[3], store.ContactQuery{})
	k.must("Contacts", err)
	k.same("in contacts", cs[0].SubCount, 3)
}
