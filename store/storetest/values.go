package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"

	"parley/internal/chat"
	"parley/store"
)

func valueCases() []testCase {
	return []testCase{
		{"values/put, find, replace, drop", valuePut},
		{"values/expire", valueExpire},
		{"values/swap", valueSwap},
		{"values/one of many swaps wins", valueRace},
		{"values/drop by prefix and age", valueDrop},
		{"bridge IDs/numbers", bridgeNumbers},
		{"bridge IDs/made at once", bridgeRace},
		{"bridge IDs/of deleted users", bridgeDeleted},
	}
}

// value was updated at a second and expires ten later.
func value(key, data string, made int) *store.Value {
	return &store.Value{Key: key, Data: []byte(data), Updated: at(made), Expires: at(made + 10)}
}

// valueIs checks what is there at second n; nil: nothing.
func (k *kit) valueIs(what, key string, n int, want *store.Value) {
	k.Helper()
	v, err := k.Value(k.ctx, key, at(n))
	if want == nil {
		k.wantErr(what, err, store.ErrNotFound)
		return
	}
	k.must(what, err)
	k.same(what, v, want)
}

func valuePut(k *kit) {
	k.valueIs("unknown", "a:1", 0, nil)
	a, b := value("a:1", "\x00\xff", 0), value("a:é'\"", "b", 1)
	k.must("PutValue", k.PutValue(k.ctx, a))
	k.must("PutValue", k.PutValue(k.ctx, b))
	want := value("a:1", "\x00\xff", 0)
	a.Data[0] = 'x'
	for range 2 { // the second time after the answer was scribbled on
		k.valueIs("first", a.Key, 0, want)
		v, err := k.Value(k.ctx, a.Key, at(0))
		k.must("Value", err)
		v.Data[0] = 'y'
	}
	again := &store.Value{Key: "a:1", Data: []byte("again"), Updated: at(5)}
	k.must("PutValue", k.PutValue(k.ctx, again))
	k.valueIs("never expires", "a:1", 1<<30, again)
	k.valueIs("another", b.Key, 2, b)
	k.must("drop another", k.DropValue(k.ctx, "a:1", []byte("agaim")))
	k.valueIs("not that one", "a:1", 6, again)
	k.must("drop it", k.DropValue(k.ctx, "a:1", []byte("again")))
	k.valueIs("dropped", "a:1", 6, nil)
	k.must("drop whatever it is", k.DropValue(k.ctx, b.Key, nil))
	k.must("drop nothing", k.DropValue(k.ctx, b.Key, nil))
	k.valueIs("dropped", b.Key, 2, nil)
}

func valueExpire(k *kit) {
	for i := range 5 {
		k.must("PutValue", k.PutValue(k.ctx, value(fmt.Sprint("a:", i), "x", i)))
	}
	k.must("PutValue", k.PutValue(k.ctx, &store.Value{Key: "for ever", Data: []byte("x"), Updated: at(0)}))
	k.valueIs("just before", "a:0", 9, value("a:0", "x", 0))
	k.valueIs("over", "a:0", 10, nil)
	expire := func(n, limit, want int) {
		k.Helper()
		got, err := k.ExpireValues(k.ctx, at(n), limit)
		k.must("ExpireValues", err)
		k.same("expired", got, want)
	}
	expire(9, 10, 0)
	expire(12, 2, 2)
	expire(12, 2, 1)
	expire(12, 0, 0)
	k.valueIs("the rest", "a:3", 12, value("a:3", "x", 3))
	k.valueIs("for ever", "for ever", 1000, &store.Value{Key: "for ever", Data: []byte("x"), Updated: at(0)})
}

func valueSwap(k *kit) {
	swap := func(what string, v *store.Value, old string, n int, want error) {
		k.Helper()
		var was []byte
		if old != "" {
			was = []byte(old)
		}
		k.wantErr(what, k.SwapValue(k.ctx, v, was, at(n)), want)
	}
	swap("of nothing", value("a", "1", 0), "0", 0, store.ErrChanged)
	swap("none yet", value("a", "1", 0), "", 0, nil)
	swap("there is one", value("a", "2", 1), "", 1, store.ErrChanged)
	swap("another one", value("a", "2", 1), "x", 1, store.ErrChanged)
	k.valueIs("unchanged", "a", 1, value("a", "1", 0))
	swap("that one", value("a", "2", 1), "1", 1, nil)
	k.valueIs("changed", "a", 1, value("a", "2", 1))
	swap("not expired", value("a", "3", 10), "", 10, store.ErrChanged)
	swap("expired", value("a", "3", 11), "", 11, nil)
	k.valueIs("anew", "a", 11, value("a", "3", 11))
	swap("expired, and known", value("a", "4", 40), "3", 40, nil)
	k.must("PutValue", k.PutValue(k.ctx, &store.Value{Key: "ever", Data: []byte("x"), Updated: at(0)}))
	swap("never expires", value("ever", "3", 99), "", 1<<20, store.ErrChanged)
}

func valueRace(k *kit) {
	var won atomic.Int32
	var g sync.WaitGroup
	for i := range 16 {
		g.Go(func() {
			if k.SwapValue(k.ctx, value("lease", fmt.Sprint(i), 0), nil, at(0)) == nil {
				won.Add(1)
			}
		})
	}
	g.Wait()
	k.same("winners", won.Load(), int32(1))
}

func valueDrop(k *kit) {
	for i, key := range []string{"br:a:1", "br:a:2", "br:b:1", "br", "bs", "BR:a:3"} {
		k.must("PutValue", k.PutValue(k.ctx, value(key, "x", i)))
	}
	var keys []string
	for after := ""; ; {
		list, err := k.ListValues(k.ctx, "br:", after, 2)
		k.must("ListValues", err)
		for _, v := range list {
			keys = append(keys, v.Key)
			after = v.Key
		}
		if len(list) < 2 {
			break
		}
	}
	k.same("listed", keys, []string{"br:a:1", "br:a:2", "br:b:1"})
	drop := func(prefix string, before, limit, want int) {
		k.Helper()
		got, err := k.DropValues(k.ctx, prefix, at(before), limit)
		k.must("DropValues", err)
		k.same("dropped", got, want)
	}
	drop("br:a:", 0, 0, 0)
	drop("br:a:", 1, 0, 1)
	k.valueIs("too young", "br:a:2", 5, value("br:a:2", "x", 1))
	drop("br:", 100, 1, 1)
	drop("br:", 100, 0, 1)
	for i, key := range []string{"br", "bs", "BR:a:3"} {
		k.valueIs("others", key, 5, value(key, "x", i+3))
	}
	drop("", 100, 0, 3)
}

func bridgeNumbers(k *kit) {
	a, b := k.user(), k.user()
	_, err := k.FindBridgeID(k.ctx, "x", a)
	k.wantErr("none yet", err, store.ErrNotFound)
	get := func(bridge string, u chat.UID, second int) store.BridgeID {
		k.Helper()
		id, err := k.BridgeID(k.ctx, bridge, u, at(second))
		k.must("BridgeID", err)
		return *id
	}
	first := store.BridgeID{Bridge: "x", User: a, Num: 1, Updated: at(1)}
	k.same("first", get("x", a, 1), first)
	k.same("again", get("x", a, 2), first)
	k.same("second", get("x", b, 2), store.BridgeID{Bridge: "x", User: b, Num: 2, Updated: at(2)})
	k.same("another bridge", get("y", b, 3), store.BridgeID{Bridge: "y", User: b, Num: 1, Updated: at(3)})
	first.Created, first.Profile, first.Updated = true, "hash", at(4)
	k.must("UpdateBridgeID", k.UpdateBridgeID(k.ctx, &first))
	found, err := k.FindBridgeID(k.ctx, "x", a)
	k.must("FindBridgeID", err)
	k.same("updated", *found, first)
	k.wantErr("of nobody", k.UpdateBridgeID(k.ctx, &store.BridgeID{Bridge: "z", User: a}), store.ErrNotFound)
}

func bridgeRace(k *kit) {
	us := k.users(4)
	nums := make([]atomic.Int64, len(us))
	var g sync.WaitGroup
	for i := range 32 {
		g.Go(func() {
			id, err := k.BridgeID(k.ctx, "x", us[i%len(us)], at(0))
			if err != nil {
				k.Errorf("BridgeID: %v", err)
				return
			}
			if old := nums[i%len(us)].Swap(int64(id.Num)); old != 0 && old != int64(id.Num) {
				k.Errorf("numbers %d and %d of one user", old, id.Num)
			}
		})
	}
	g.Wait()
	seen := map[int64]bool{}
	for i := range nums {
		n := nums[i].Load()
		if seen[n] || n < 1 || n > int64(len(us)) {
			k.Errorf("number %d", n)
		}
		seen[n] = true
	}
}

func bridgeDeleted(k *kit) {
	a, b := k.user(), k.user()
	for _, u := range []chat.UID{a, b} {
		_, err := k.BridgeID(k.ctx, "x", u, at(0))
		k.must("BridgeID", err)
	}
	k.must("DeleteUser", k.DeleteUser(k.ctx, a, false, at(1)))
	k.must("DeleteUser", k.DeleteUser(k.ctx, b, true, at(1)))
	_, err := k.FindBridgeID(k.ctx, "x", a)
	k.must("marked", err)
	_, err = k.FindBridgeID(k.ctx, "x", b)
	k.wantErr("purged", err, store.ErrNotFound)
	id, err := k.BridgeID(k.ctx, "x", k.user(), at(2))
	k.must("BridgeID", err)
	k.same("a new number", id.Num, 3)
}
