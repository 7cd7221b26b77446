package storetest

import (
	"fmt"
	"slices"

	"parley/store"
)

func auditCases() []testCase {
	return []testCase{
		{"audit/every field", auditFields},
		{"audit/the newest first, page by page", auditPages},
		{"audit/by user", auditUser},
		{"audit/by act", auditAct},
		{"audit/by time", auditTime},
		{"audit/by all at once", auditAll},
		{"audit/a flood", auditFlood},
		{"audit/flushed", auditFlushed},
	}
}

// auditIs checks what a query finds, but for the IDs, which must descend.
func (k *kit) auditIs(what string, q store.AuditQuery, want ...store.AuditEntry) {
	k.Helper()
	got := k.audit(q)
	for i := range got {
		got[i].ID = 0
	}
	k.same(what, got, want)
}

func (k *kit) audit(q store.AuditQuery) []store.AuditEntry {
	k.Helper()
	es, err := k.AuditLog(k.ctx, q)
	k.must("AuditLog", err)
	for i := range es {
		if es[i].ID <= 0 || i > 0 && es[i].ID >= es[i-1].ID {
			k.Fatalf("IDs: got %d at place %d, want them descending and positive", es[i].ID, i)
		}
	}
	return es
}

// details names the entries that a query finds.
func (k *kit) details(what string, q store.AuditQuery, want ...string) {
	k.Helper()
	var got []string
	for _, e := range k.audit(q) {
		got = append(got, e.Detail)
	}
	k.same(what, got, want)
}

func auditFields(k *kit) {
	k.auditIs("none", store.AuditQuery{})
	k.AppendAudit()
	k.auditIs("still none", store.AuditQuery{})
	full := store.AuditEntry{
		At: at(1), Act: "password.changed", Actor: 1 << 63, User: 1<<64 - 1, Topic: "grpAAAAAAAAAAA",
		From: "[2001:db8::1]:443", Detail: "é'\"\x00 and more",
	}
	k.AppendAudit(full)
	k.auditIs("one", store.AuditQuery{}, full)
	least := store.AuditEntry{At: at(2), Act: "login.failed"}
	k.AppendAudit(least, full)
	k.auditIs("newest first", store.AuditQuery{}, full, least, full)
	id := k.audit(store.AuditQuery{})[1].ID
	k.auditIs("IDs stay", store.AuditQuery{BeforeID: id}, full)
}

// entries are numbered from lo to hi in Detail.
func entries(lo, hi int) []store.AuditEntry {
	var es []store.AuditEntry
	for n := lo; n <= hi; n++ {
		es = append(es, store.AuditEntry{At: at(n), Act: "login", Detail: fmt.Sprint(n)})
	}
	return es
}

func auditPages(k *kit) {
	k.AppendAudit(entries(1, 10)...)
	for _, e := range entries(11, 20) {
		k.AppendAudit(e)
	}
	var all []string
	for _, n := range down(20, 1) {
		all = append(all, fmt.Sprint(n))
	}
	k.details("all", store.AuditQuery{}, all...)
	k.details("newest", store.AuditQuery{Limit: 3}, all[:3]...)
	k.details("large limit", store.AuditQuery{Limit: 30}, all...)
	var got []string
	q := store.AuditQuery{Limit: 7}
	for page := k.audit(q); len(page) > 0; page = k.audit(q) {
		for _, e := range page {
			got = append(got, e.Detail)
		}
		q.BeforeID = page[len(page)-1].ID
		k.AppendAudit(entries(99, 99)...) // newer ones disturb no page
	}
	k.same("page by page", got, all)
}

func auditUser(k *kit) {
	k.AppendAudit(
		store.AuditEntry{At: at(1), Act: "login", Actor: 1, User: 1, Detail: "self"},
		store.AuditEntry{At: at(2), Act: "user.suspended", Actor: 1 << 63, User: 1, Detail: "concerned"},
		store.AuditEntry{At: at(3), Act: "user.deleted", Actor: 1, User: 3, Detail: "actor"},
		store.AuditEntry{At: at(4), Act: "login.failed", Detail: "nobody"},
	)
	k.details("as both", store.AuditQuery{User: 1}, "actor", "concerned", "self")
	k.details("as actor", store.AuditQuery{User: 1 << 63}, "concerned")
	k.details("as concerned", store.AuditQuery{User: 3}, "actor")
	k.details("unknown", store.AuditQuery{User: 4})
	k.details("all", store.AuditQuery{}, "nobody", "actor", "concerned", "self")
	k.details("newest", store.AuditQuery{User: 1, Limit: 2}, "actor", "concerned")
}

func auditAct(k *kit) {
	for _, act := range []string{"login", "login.failed", "loginx", "login.failed.twice", "Login", "log", "logout", "login/x", "login-x"} {
		k.AppendAudit(store.AuditEntry{At: at(1), Act: act, Detail: act})
	}
	k.details("and what is below", store.AuditQuery{Act: "login"}, "login.failed.twice", "login.failed", "login")
	k.details("two words", store.AuditQuery{Act: "login.failed"}, "login.failed.twice", "login.failed")
	k.details("the whole", store.AuditQuery{Act: "login.failed.twice"}, "login.failed.twice")
	k.details("not half a word", store.AuditQuery{Act: "logi"})
	k.details("no pattern", store.AuditQuery{Act: "lo%"})
	k.details("newest", store.AuditQuery{Act: "login", Limit: 2}, "login.failed.twice", "login.failed")
	k.AppendAudit(store.AuditEntry{At: at(1), Act: "login", Detail: "again"})
	k.details("acts are mixed by ID", store.AuditQuery{Act: "login"}, "again", "login.failed.twice", "login.failed", "login")
}

func auditTime(k *kit) {
	for _, n := range []int{1, 3, 2, 4} { // clocks of two callers
		k.AppendAudit(entries(n, n)...)
	}
	k.details("in the order of IDs", store.AuditQuery{}, "4", "2", "3", "1")
	k.details("since", store.AuditQuery{Since: at(2)}, "4", "2", "3")
	k.details("before", store.AuditQuery{Before: at(3)}, "2", "1")
	k.details("both", store.AuditQuery{Since: at(2), Before: at(4)}, "2", "3")
	k.details("newest", store.AuditQuery{Since: at(2), Before: at(4), Limit: 1}, "2")
	k.details("nothing", store.AuditQuery{Since: at(2), Before: at(2)})
	k.details("later", store.AuditQuery{Since: at(5)})
}

func auditAll(k *kit) {
	var ids []int64
	for i, e := range []store.AuditEntry{
		{Act: "login", Actor: 1},
		{Act: "login.failed", User: 1},
		{Act: "login", Actor: 2},
		{Act: "logout", Actor: 1},
		{Act: "login", User: 1, Actor: 1},
		{Act: "login.token", Actor: 1},
		{Act: "login", Actor: 1},
	} {
		e.At, e.Detail = at(i), fmt.Sprint(i)
		k.AppendAudit(e)
		ids = append(ids, k.audit(store.AuditQuery{Limit: 1})[0].ID)
	}
	k.same("IDs ascend", slices.IsSorted(ids), true)
	q := store.AuditQuery{User: 1, Act: "login", Since: at(1), Before: at(6)}
	k.details("user, act and time", q, "5", "4", "1")
	q.BeforeID = ids[5]
	k.details("before an ID", q, "4", "1")
	q.Limit = 1
	k.details("newest", q, "4")
	q.BeforeID = ids[4]
	k.details("next", q, "1")
}

// auditFlushed: flushing changes nothing of what is read, and can be done twice.
func auditFlushed(k *kit) {
	k.must("FlushAudit of nothing", k.FlushAudit(k.ctx))
	k.AppendAudit(entries(1, 3)...)
	k.must("FlushAudit", k.FlushAudit(k.ctx))
	k.must("FlushAudit again", k.FlushAudit(k.ctx))
	k.AppendAudit(entries(4, 4)...)
	k.details("all", store.AuditQuery{}, "4", "3", "2", "1")
}

// auditFlood has several callers at once: none of their entries is missing, and
// each caller's are in order.
func auditFlood(k *kit) {
	const callers, calls, each = 4, 20, 20
	together(callers, func(i int) {
		for n := range calls {
			es := entries(1, each)
			for j := range es {
				es[j].From = fmt.Sprint(i)
				es[j].Detail = fmt.Sprint(n*each + j)
			}
			k.AppendAudit(es...)
		}
	})
	k.AppendAudit(store.AuditEntry{At: at(1), Act: "last"})
	es := k.audit(store.AuditQuery{})
	k.same("entries", len(es), callers*calls*each+1)
	k.same("last", es[0].Act, "last")
	last := map[string]int{}
	for _, e := range slices.Backward(es[1:]) {
		if e.Detail != fmt.Sprint(last[e.From]) {
			k.Fatalf("caller %s: got entry %s, want %d", e.From, e.Detail, last[e.From])
		}
		last[e.From]++
	}
}
