package storetest

import (
	"strings"

	"parley/internal/chat"
	"parley/store"
)

func appendCases() []testCase {
	return []testCase{
		{"append/every field, byte for byte", appendFields},
		{"append/seq and touched advance", appendAdvances},
		{"append/refuses a seq that is not last+1", appendTaken},
		{"append/many at once", appendMany},
		{"append/to a topic that starts later", appendLater},
	}
}

func appendFields(k *kit) {
	name := k.group()
	want := []store.Message{
		{Topic: name, Seq: 1, From: chat.NewUID(), At: at(1), Head: raw(`{"mime":"text/x-drafty", "n":1.0}`), Content: raw(`{"txt": "é\u0000 \ud83d\ude00", "n":12345678901234567890}`)},
		{Topic: name, Seq: 2, At: at(0), Content: raw(`null`)},
		{Topic: name, Seq: 3, From: ^chat.UID(0), At: at(3), Content: raw(`""`)},
		{Topic: name, Seq: 4, From: 1 << 63, At: at(3), Head: raw(`{}`), Content: raw(`"` + strings.Repeat("长", 50_000) + `"`)},
	}
	k.must("Append", k.Append(k.ctx, &want[0]))
	k.must("Append", k.Append(k.ctx, &want[1], &want[2], &want[3]))
	got, err := k.History(k.ctx, name, store.HistoryQuery{})
	k.must("History", err)
	k.same("history", got, []store.Message{want[3], want[2], want[1], want[0]})
}

func appendAdvances(k *kit) {
	name, other := k.group(), k.group()
	k.must("Append of none", k.Append(k.ctx))
	k.fill(name, 2)
	t := k.topic(name)
	k.same("seq, touched, updated", []any{t.Seq, t.Touched, t.Updated}, []any{2, at(2), at(0)})
	k.must("Append", k.Append(k.ctx, messages(name, 3, 5)...))
	t = k.topic(name)
	k.same("seq, touched", []any{t.Seq, t.Touched}, []any{5, at(5)})
	t = k.topic(other)
	k.same("other topic", []any{t.Seq, t.Touched}, []any{0, at(0)})
}

func appendTaken(k *kit) {
	name := k.group()
	k.wantErr("not from 1", k.Append(k.ctx, message(name, 2)), store.ErrSeqTaken)
	k.wantErr("zero", k.Append(k.ctx, message(name, 0)), store.ErrSeqTaken)
	k.fill(name, 3)
	for _, seq := range []int{1, 3, 5, 100} {
		k.wantErr("wrong seq", k.Append(k.ctx, messages(name, seq, seq+2)...), store.ErrSeqTaken)
	}
	k.wantErr("unknown topic", k.Append(k.ctx, message(chat.NewGroupName(), 1)), store.ErrSeqTaken)
	if err := k.Append(k.ctx, message(name, 4), message(name, 6)); err == nil {
		k.Error("a gap inside: got no error, want one")
	}
	k.same("nothing was added", k.seqs(name, store.HistoryQuery{}), down(3, 1))
	k.same("seq", k.topic(name).Seq, 3)
	k.must("the right one", k.Append(k.ctx, message(name, 4)))
}

func appendMany(k *kit) {
	name, next := k.group(), 1
	for _, n := range []int{1, 2, 3, 4, 5, 15, 16, 17, 33, 100} {
		k.must("Append", k.Append(k.ctx, messages(name, next, next+n-1)...))
		next += n
	}
	k.same("history", k.seqs(name, store.HistoryQuery{}), down(next-1, 1))
	ms, err := k.History(k.ctx, name, store.HistoryQuery{})
	k.must("History", err)
	for _, m := range ms {
		k.same("message", m, *message(name, m.Seq))
	}
}

func appendLater(k *kit) {
	t := newTopic(chat.NewGroupName())
	t.Seq = 40
	k.must("CreateTopic", k.CreateTopic(k.ctx, t, nil))
	k.wantErr("from 1", k.Append(k.ctx, message(t.Name, 1)), store.ErrSeqTaken)
	k.must("Append", k.Append(k.ctx, message(t.Name, 41)))
	k.same("history", k.seqs(t.Name, store.HistoryQuery{}), []int{41})
}
