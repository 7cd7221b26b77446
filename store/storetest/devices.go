package storetest

import (
	"cmp"
	"slices"

	"parley/internal/chat"
	"parley/store"
)

func deviceCases() []testCase {
	return []testCase{{"devices/put, list, move, delete", devices}}
}

func devices(k *kit) {
	a, b, c := chat.NewUID(), chat.NewUID(), chat.NewUID()
	list := func(what string, ids []chat.UID, want ...store.Device) {
		k.Helper()
		ds, err := k.Devices(k.ctx, ids...)
		k.must(what, err)
		slices.SortFunc(ds, func(x, y store.Device) int { return cmp.Compare(x.ID, y.ID) })
		k.same(what, ds, want)
	}
	d1 := store.Device{ID: "d1", User: a, Platform: "android", Lang: "en", LastSeen: at(1)}
	d2 := store.Device{ID: "d2", User: a, Platform: "web"}
	d3 := store.Device{ID: "d3", User: b, Platform: "ios", Lang: "zh", LastSeen: at(3)}
	for _, d := range []store.Device{d1, d2, d3} {
		k.must("PutDevice", k.PutDevice(k.ctx, &d))
	}
	list("of one", []chat.UID{a}, d1, d2)
	list("of several", []chat.UID{a, b, c}, d1, d2, d3)
	list("of one without", []chat.UID{c})
	list("of none", nil)

	d1.Lang, d1.LastSeen = "de", at(9)
	k.must("replace", k.PutDevice(k.ctx, &d1))
	list("replaced", []chat.UID{a}, d1, d2)
	d1.User = b
	k.must("move", k.PutDevice(k.ctx, &d1))
	list("former owner", []chat.UID{a}, d2)
	list("new owner", []chat.UID{b}, d1, d3)

	k.wantErr("delete another's", k.DeleteDevice(k.ctx, a, "d1"), store.ErrNotFound)
	k.wantErr("delete unknown", k.DeleteDevice(k.ctx, a, "d9"), store.ErrNotFound)
	k.must("DeleteDevice", k.DeleteDevice(k.ctx, b, "d1"))
	list("deleted", []chat.UID{a, b}, d2, d3)
}
