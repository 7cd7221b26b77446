package storetest

import (
	"parley/internal/chat"
	"parley/store"
)

func historyCases() []testCase {
	return []testCase{
		{"history/since, before, limit", historyPage},
		{"history/ranges", historyRanges},
		{"history/deleted for everybody", historyErased},
		{"history/deleted for one user", historyHidden},
	}
}

func historyPage(k *kit) {
	name, other := k.group(), k.group()
	k.fill(name, 10)
	k.fill(other, 3)
	for _, c := range []struct {
		what string
		q    store.HistoryQuery
		want []int
	}{
		{"all", store.HistoryQuery{}, down(10, 1)},
		{"since", store.HistoryQuery{Since: 8}, down(10, 8)},
		{"before", store.HistoryQuery{Before: 3}, down(2, 1)},
		{"both", store.HistoryQuery{Since: 4, Before: 7}, down(6, 4)},
		{"empty", store.HistoryQuery{Since: 4, Before: 4}, nil},
		{"reversed", store.HistoryQuery{Since: 7, Before: 4}, nil},
		{"beyond", store.HistoryQuery{Since: 11}, nil},
		{"limit takes the newest", store.HistoryQuery{Limit: 3}, down(10, 8)},
		{"limit and before", store.HistoryQuery{Before: 6, Limit: 2}, down(5, 4)},
		{"limit and since", store.HistoryQuery{Since: 2, Limit: 2}, down(10, 9)},
		{"limit above", store.HistoryQuery{Since: 9, Limit: 5}, down(10, 9)},
	} {
		k.same(c.what, k.seqs(name, c.q), c.want)
	}
	k.same("unknown topic", k.seqs(chat.NewGroupName(), store.HistoryQuery{}), []int{})
}

func historyRanges(k *kit) {
	name := k.group()
	k.fill(name, 10)
	for _, c := range []struct {
		what string
		q    store.HistoryQuery
		want []int
	}{
		{"one", store.HistoryQuery{Ranges: []chat.Range{{Low: 3, Hi: 4}}}, []int{3}},
		{"half open", store.HistoryQuery{Ranges: []chat.Range{{Low: 1, Hi: 3}, {Low: 4, Hi: 6}}}, []int{5, 4, 2, 1}},
		{"touching", store.HistoryQuery{Ranges: []chat.Range{{Low: 1, Hi: 3}, {Low: 3, Hi: 5}}}, down(4, 1)},
		{"unordered, overlapping", store.HistoryQuery{Ranges: []chat.Range{{Low: 6, Hi: 9}, {Low: 2, Hi: 4}, {Low: 7, Hi: 10}}}, []int{9, 8, 7, 6, 3, 2}},
		{"beyond the end", store.HistoryQuery{Ranges: []chat.Range{{Low: 9, Hi: 50}, {Low: 60, Hi: 70}}}, []int{10, 9}},
		{"limit", store.HistoryQuery{Ranges: []chat.Range{{Low: 1, Hi: 3}, {Low: 5, Hi: 7}}, Limit: 3}, []int{6, 5, 2}},
		{"instead of since and before", store.HistoryQuery{Since: 8, Before: 9, Ranges: []chat.Range{{Low: 1, Hi: 2}}}, []int{1}},
	} {
		k.same(c.what, k.seqs(name, c.q), c.want)
	}
}

func historyErased(k *kit) {
	name := k.group()
	k.fill(name, 10)
	_, err := k.DeleteMessages(k.ctx, name, store.NewDeletion{ID: 1, Ranges: []chat.Range{{Low: 3, Hi: 6}, {Low: 10, Hi: 11}}})
	k.must("DeleteMessages", err)
	k.same("all", k.seqs(name, store.HistoryQuery{}), []int{9, 8, 7, 6, 2, 1})
	k.same("limit", k.seqs(name, store.HistoryQuery{Limit: 5}), []int{9, 8, 7, 6, 2})
	k.same("ranges", k.seqs(name, store.HistoryQuery{Ranges: []chat.Range{{Low: 4, Hi: 8}}}), []int{7, 6})
	k.wantErr("seq stays taken", k.Append(k.ctx, message(name, 10)), store.ErrSeqTaken)
	k.must("Append", k.Append(k.ctx, message(name, 11)))
}

func historyHidden(k *kit) {
	a, b := chat.NewUID(), chat.NewUID()
	name, other := k.group(a, b), k.group(a)
	k.fill(name, 10)
	k.fill(other, 3)
	for i, rs := range [][]chat.Range{{{Low: 3, Hi: 6}}, {{Low: 1, Hi: 2}, {Low: 5, Hi: 8}}, {{Low: 10, Hi: 20}}} {
		_, err := k.DeleteMessages(k.ctx, name, store.NewDeletion{ID: i + 1, User: a, Ranges: rs})
		k.must("DeleteMessages", err)
	}
	k.same("himself", k.seqs(name, store.HistoryQuery{For: a}), []int{9, 8, 2})
	k.same("limit", k.seqs(name, store.HistoryQuery{For: a, Limit: 2}), []int{9, 8})
	k.same("since, before", k.seqs(name, store.HistoryQuery{For: a, Since: 2, Before: 9}), []int{8, 2})
	k.same("ranges", k.seqs(name, store.HistoryQuery{For: a, Ranges: []chat.Range{{Low: 1, Hi: 3}, {Low: 7, Hi: 9}}}), []int{8, 2})
	k.same("another", k.seqs(name, store.HistoryQuery{For: b}), down(10, 1))
	k.same("nobody", k.seqs(name, store.HistoryQuery{}), down(10, 1))
	k.same("other topic", k.seqs(other, store.HistoryQuery{For: a}), down(3, 1))
}
