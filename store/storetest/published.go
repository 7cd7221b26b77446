package storetest

import (
	"fmt"

	"parley/internal/chat"
	"parley/store"
)

func publishedCases() []testCase {
	return []testCase{
		{"published/found by user, topic and key", publishedFound},
		{"published/the first one wins", publishedFirst},
		{"published/forget old ones", publishedForget},
		{"published/goes with the topic and the user", publishedGoes},
	}
}

// once is a message of a user with a key.
func once(topic string, seq int, from chat.UID, key string) *store.Message {
	m := message(topic, seq)
	m.From, m.Once = from, key
	return m
}

// publishedIs checks the number of the message that has a key; 0: nobody's.
func (k *kit) publishedIs(what, topic string, from chat.UID, key string, want int) {
	k.Helper()
	seq, sent, err := k.Published(k.ctx, topic, from, key)
	if want == 0 {
		k.wantErr(what, err, store.ErrNotFound)
		return
	}
	k.must(what, err)
	k.same(what, []any{seq, sent}, []any{want, at(want)})
}

func publishedFound(k *kit) {
	a, b := k.user(), k.user()
	slf := a.SlfName()
	k.must("CreateTopic", k.CreateTopic(k.ctx, newTopic(slf), nil, newSub(slf, a)))
	k.must("CreateTopic", k.CreateTopic(k.ctx, newTopic("sys"), nil))
	for _, name := range []string{k.group(a, b), k.p2p(a, b), slf, "sys"} {
		k.must("Append", k.Append(k.ctx, message(name, 1), once(name, 2, a, "k"), once(name, 3, b, "k"), once(name, 4, a, "é'\"\x00")))
		k.must("Append", k.Append(k.ctx, once(name, 5, a, "K"), once(name, 6, chat.UID(1<<63), "k")))
		k.publishedIs("first user", name, a, "k", 2)
		k.publishedIs("second user", name, b, "k", 3)
		k.publishedIs("any text", name, a, "é'\"\x00", 4)
		k.publishedIs("other case", name, a, "K", 5)
		k.publishedIs("large ID", name, 1<<63, "k", 6)
		k.publishedIs("no key", name, 1, "", 0)
		k.publishedIs("unknown key", name, b, "K", 0)
		k.publishedIs("stranger", name, chat.NewUID(), "k", 0)
		ms, err := k.History(k.ctx, name, store.HistoryQuery{})
		k.must("History", err)
		for _, m := range ms {
			k.same("key in the history", m.Once, "")
		}
		k.same("history", len(ms), 6)
	}
	k.publishedIs("other topic", k.group(a), a, "k", 0)
	k.publishedIs("unknown topic", chat.NewGroupName(), a, "k", 0)
}

func publishedFirst(k *kit) {
	a := k.user()
	name := k.group(a)
	k.must("Append", k.Append(k.ctx, once(name, 1, a, "k"), once(name, 2, a, "k"), once(name, 3, a, "j")))
	k.publishedIs("twice in one call", name, a, "k", 1)
	k.must("Append", k.Append(k.ctx, once(name, 4, a, "k")))
	k.publishedIs("again", name, a, "k", 1)
	k.same("history", k.seqs(name, store.HistoryQuery{}), down(4, 1))
	k.wantErr("refused", k.Append(k.ctx, once(name, 4, a, "new")), store.ErrSeqTaken)
	k.publishedIs("of a refused message", name, a, "new", 0)
	k.del(name, store.NewDeletion{ID: 1, Ranges: ranges(1, 5)})
	k.publishedIs("deleted", name, a, "k", 1)
	k.must("DeleteTopic", k.DeleteTopic(k.ctx, name, false, at(9)))
	k.publishedIs("topic marked", name, a, "k", 1)

	many := k.group(a)
	var ms []*store.Message
	for seq := 1; seq <= 40; seq++ {
		ms = append(ms, once(many, seq, a, fmt.Sprint(seq%30)))
	}
	k.must("Append", k.Append(k.ctx, ms...))
	for n := range 30 {
		k.publishedIs("many", many, a, fmt.Sprint(n), max(n, 30*(1-min(n, 1))))
	}
}

func publishedForget(k *kit) {
	a := k.user()
	name, other := k.group(a), k.group(a)
	for seq := 1; seq <= 4; seq++ {
		k.must("Append", k.Append(k.ctx, once(name, seq, a, fmt.Sprint(seq))))
		k.must("Append", k.Append(k.ctx, once(other, seq, a, fmt.Sprint(seq))))
	}
	forget := func(what string, before, limit, want int) {
		k.Helper()
		n, err := k.ForgetPublished(k.ctx, at(before), limit)
		k.must(what, err)
		k.same(what, n, want)
	}
	forget("too young", 1, 10, 0)
	forget("oldest", 4, 2, 2)
	k.publishedIs("oldest", name, a, "1", 0)
	k.publishedIs("oldest", other, a, "1", 0)
	k.publishedIs("next", name, a, "2", 2)
	forget("rest", 4, 10, 4)
	forget("none left", 4, 10, 0)
	k.publishedIs("as old as that", name, a, "4", 4)
	k.must("Append", k.Append(k.ctx, once(name, 5, a, "1")))
	k.publishedIs("used again", name, a, "1", 5)
	k.same("history", k.seqs(name, store.HistoryQuery{}), down(5, 1))
}

func publishedGoes(k *kit) {
	a, b := k.user(), k.user()
	name, other := k.group(a, b), k.group(a, b)
	k.must("Append", k.Append(k.ctx, once(name, 1, a, "k"), once(name, 2, b, "k")))
	k.must("Append", k.Append(k.ctx, once(other, 1, a, "k"), once(other, 2, b, "k")))
	k.must("DeleteTopic", k.DeleteTopic(k.ctx, other, true, at(9)))
	k.must("CreateTopic", k.CreateTopic(k.ctx, newTopic(other), nil, newSub(other, a)))
	k.publishedIs("topic purged and made again", other, a, "k", 0)
	k.publishedIs("other topic", name, a, "k", 1)

	k.must("DeleteUser", k.DeleteUser(k.ctx, a, false, at(9)))
	k.publishedIs("user marked", name, a, "k", 1)
	k.must("DeleteUser", k.DeleteUser(k.ctx, a, true, at(9)))
	k.publishedIs("user purged", name, a, "k", 0)
	k.publishedIs("other user", name, b, "k", 2)
}
