package storetest

import (
	"slices"
	"time"

	"parley/internal/chat"
	"parley/store"
)

func contactCases() []testCase {
	return []testCase{
		{"contacts/every field of a group", contactGroup},
		{"contacts/every field of p2p", contactPeer},
		{"contacts/which are listed", contactList},
		{"contacts/changed since", contactSince},
		{"contacts/what counts as a change", contactChanges},
		{"contacts/limit", contactLimit},
	}
}

func (k *kit) contacts(id chat.UID, q store.ContactQuery) []store.Contact {
	k.Helper()
	cs, err := k.Contacts(k.ctx, id, q)
	k.must("Contacts", err)
	return cs
}

// contactNames lists topics in the order of the answer.
func (k *kit) contactNames(id chat.UID, q store.ContactQuery) []string {
	k.Helper()
	var names []string
	for _, c := range k.contacts(id, q) {
		names = append(names, c.Topic)
	}
	return names
}

func contactGroup(k *kit) {
	id := k.user()
	t := fullTopic()
	s := fullSub(t.Name, id)
	k.must("CreateTopic", k.CreateTopic(k.ctx, t, nil, s, newSub(t.Name, chat.NewUID())))
	k.same("group", k.contacts(id, store.ContactQuery{}), []store.Contact{{
		Sub: s, TopicUpdated: t.Updated, Touched: t.Touched, TopicState: t.State, Channel: true,
		Seq: t.Seq, TopicDel: t.Del, SubCount: 2, Public: t.Public, Trusted: t.Trusted,
	}})
}

func contactPeer(k *kit) {
	id, n := k.user(), fullUser()
	k.must("CreateUser", k.CreateUser(k.ctx, n))
	peer := n.User
	t := newTopic(chat.P2PName(id, peer.ID))
	t.Updated, t.Touched, t.Seq, t.Del = at(50), at(51), 4, 1
	s := newSub(t.Name, id)
	s.Private = raw(`{"comment":"ann"}`)
	k.must("CreateTopic", k.CreateTopic(k.ctx, t, nil, s, newSub(t.Name, peer.ID)))
	k.same("p2p", k.contacts(id, store.ContactQuery{}), []store.Contact{{
		Sub: s, TopicUpdated: peer.Updated, Touched: t.Touched, Seq: 4, TopicDel: 1, SubCount: 2,
		Public: peer.Public, Trusted: peer.Trusted,
		Peer: peer.ID, PeerState: peer.State, LastSeen: peer.LastSeen, UserAgent: peer.UserAgent,
	}})
	back := k.contacts(peer.ID, store.ContactQuery{})
	k.same("from the other side", []any{len(back), back[0].Peer, back[0].LastSeen.IsZero()}, []any{1, id, true})
}

func contactList(k *kit) {
	id, peer := k.user(), k.user()
	k.must("PutSubs", k.PutSubs(k.ctx, newSub("fnd"+id.String()[3:], id)))
	k.same("me and fnd", k.contactNames(id, store.ContactQuery{}), []string{})
	slf := "slf" + id.String()[3:]
	k.must("CreateTopic", k.CreateTopic(k.ctx, newTopic(slf), nil, newSub(slf, id)))
	want := []string{k.group(id), k.group(id, peer), k.p2p(id, peer), slf}
	gone := k.group(id)
	k.must("DeleteSub", k.DeleteSub(k.ctx, gone, id, at(1)))
	channel := newSub(k.group(), id)
	channel.Reader = true
	orphan := newSub(chat.NewGroupName(), id) // no such topic
	k.must("PutSubs", k.PutSubs(k.ctx, channel, orphan))
	want = append(want, channel.Topic, orphan.Topic)
	got := k.contactNames(id, store.ContactQuery{})
	slices.Sort(got)
	slices.Sort(want)
	k.same("live ones", got, want)

	k.same("one topic", k.contactNames(id, store.ContactQuery{Topic: slf}), []string{slf})
	k.same("one p2p topic", k.contactNames(id, store.ContactQuery{Topic: chat.P2PName(id, peer)}), []string{chat.P2PName(id, peer)})
	k.same("a deleted one", k.contactNames(id, store.ContactQuery{Topic: gone}), []string{})
	k.same("a deleted one, since", k.contactNames(id, store.ContactQuery{Topic: gone, Since: at(0)}), []string{gone})
	k.same("an unknown one", k.contactNames(id, store.ContactQuery{Topic: chat.NewGroupName()}), []string{})
	k.same("an unknown user's", k.contactNames(chat.NewUID(), store.ContactQuery{}), []string{})
}

func contactSince(k *kit) {
	id := k.user()
	names := make([]string, 4)
	for i := range names {
		names[i] = k.group(id)
	}
	k.must("Append", k.Append(k.ctx, message(names[2], 1)))                                                    // at 1
	k.must("UpdateTopic", k.UpdateTopic(k.ctx, names[0], store.TopicUpdate{Updated: ptr(at(2))}))              // at 2
	k.must("UpdateSubs", k.UpdateSubs(k.ctx, store.SubUpdate{Topic: names[3], User: id, Updated: ptr(at(3))})) // at 3
	k.must("DeleteSub", k.DeleteSub(k.ctx, names[1], id, at(4)))                                               // at 4
	order := []string{names[2], names[0], names[3], names[1]}
	k.same("all changes", k.contactNames(id, store.ContactQuery{Since: at(0)}), order)
	k.same("later ones", k.contactNames(id, store.ContactQuery{Since: at(2)}), order[2:])
	k.same("just before", k.contactNames(id, store.ContactQuery{Since: at(2).Add(-time.Millisecond)}), order[1:])
	k.same("none", k.contactNames(id, store.ContactQuery{Since: at(4)}), []string{})
	k.same("paged", k.contactNames(id, store.ContactQuery{Since: at(0), Limit: 2}), order[:2])
	k.same("one topic", k.contactNames(id, store.ContactQuery{Since: at(0), Topic: names[3]}), []string{names[3]})
	k.same("one topic, unchanged", k.contactNames(id, store.ContactQuery{Since: at(3), Topic: names[3]}), []string{})
}

func contactChanges(k *kit) {
	id, peer := k.user(), k.user()
	p2p, group := k.p2p(id, peer), k.group(id)
	n := 10
	changed := func(what string, want string, change func(n int) error) {
		k.Helper()
		n++
		k.must(what, change(n))
		k.same(what, k.contactNames(id, store.ContactQuery{Since: at(n - 1)}), []string{want})
		k.same(what+", afterwards", k.contactNames(id, store.ContactQuery{Since: at(n)}), []string{})
	}
	changed("peer", p2p, func(n int) error {
		return k.UpdateUser(k.ctx, peer, store.UserUpdate{Updated: ptr(at(n)), Public: ptr(raw(`"new"`))})
	})
	changed("topic", group, func(n int) error {
		return k.UpdateTopic(k.ctx, group, store.TopicUpdate{Updated: ptr(at(n))})
	})
	changed("message", p2p, func(n int) error {
		m := message(p2p, 1)
		m.At = at(n)
		return k.Append(k.ctx, m)
	})
	changed("subscription", p2p, func(n int) error {
		return k.UpdateSubs(k.ctx, store.SubUpdate{Topic: p2p, User: id, Updated: ptr(at(n))})
	})
	changed("deletion", group, func(n int) error { return k.DeleteSub(k.ctx, group, id, at(n)) })
	changed("deletion of the topic", p2p, func(n int) error { return k.DeleteTopic(k.ctx, p2p, false, at(n)) })
	k.Seen(peer, at(99), "x")
	k.same("seen is no change", k.contactNames(id, store.ContactQuery{Since: at(n)}), []string{})
}

func contactLimit(k *kit) {
	id := k.user()
	for range 5 {
		k.group(id)
	}
	for limit, want := range map[int]int{0: 5, 1: 1, 4: 4, 5: 5, 9: 5} {
		k.same("limit", len(k.contacts(id, store.ContactQuery{Limit: limit})), want)
	}
}
