package storetest

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"parley/internal/chat"
	"parley/store"
)

func accountRaceCases() []testCase {
	return []testCase{
		{"races/an invitation has as many uses as it has", raceInvite},
		{"races/one use of a code", raceCode},
		{"races/one code for a key", racePutCode},
		{"races/every failure counts", raceFailCode},
		{"races/one deletion of a login", raceDeleteLogin},
		{"races/revocations", raceRevoke},
		{"races/the audit log", raceAudit},
	}
}

// winners runs 8 calls at once and checks how many succeed; the others must
// return refused.
func (k *kit) winners(what string, want int32, refused error, call func(i int) error) {
	k.Helper()
	var won atomic.Int32
	together(8, func(i int) {
		switch err := call(i); {
		case err == nil:
			won.Add(1)
		case !errors.Is(err, refused):
			k.Errorf("%s: got error %v, want none or %v", what, err, refused)
		}
	})
	k.same(what, won.Load(), want)
}

func raceInvite(k *kit) {
	for range 5 {
		i := store.Invite{Code: "x", Created: at(0), Max: 3}
		k.must("PutInvite", k.PutInvite(k.ctx, &i))
		k.winners("uses", 3, store.ErrNotFound, func(int) error { return k.UseInvite(k.ctx, "x", at(1)) })
		i.Used = 3
		k.invitesAre("used up", i)
		k.winners("taken back", 8, nil, func(int) error { return k.UnuseInvite(k.ctx, "x") })
		i.Used = 0
		k.invitesAre("unused", i)
		k.winners("deletions", 1, store.ErrNotFound, func(int) error { return k.DeleteInvite(k.ctx, "x") })
		k.winners("made again", 1, store.ErrDuplicate, func(int) error { return k.PutInvite(k.ctx, &i) })
		k.must("DeleteInvite", k.DeleteInvite(k.ctx, "x"))
	}
}

func raceCode(k *kit) {
	for range 5 {
		k.must("PutCode", k.PutCode(k.ctx, code("k", 1, 0)))
		k.winners("users of a code", 1, store.ErrNotFound, func(int) error { return k.DeleteCode(k.ctx, "k") })
	}
}

func racePutCode(k *kit) {
	for round := range 5 { // each replaces the one before
		k.winners("codes", 1, store.ErrDuplicate, func(i int) error { return k.PutCode(k.ctx, code("k", chat.UID(i+1), 10*round)) })
	}
}

func raceFailCode(k *kit) {
	k.must("PutCode", k.PutCode(k.ctx, code("k", 1, 0)))
	var mu sync.Mutex
	var got []int
	k.winners("failures", 8, nil, func(int) error {
		n, err := k.FailCode(k.ctx, "k")
		mu.Lock()
		defer mu.Unlock()
		got = append(got, n)
		return err
	})
	slices.Sort(got)
	k.same("counts", got, []int{1, 2, 3, 4, 5, 6, 7, 8})
}

func raceDeleteLogin(k *kit) {
	k.must("PutLogin", k.PutLogin(k.ctx, &store.Login{Scheme: "basic", Name: "ann", User: 1}))
	k.winners("deletions", 1, store.ErrNotFound, func(int) error { return k.DeleteLogin(k.ctx, "basic", 1) })
}

func raceRevoke(k *kit) {
	k.winners("revocations", 8, nil, func(i int) error {
		if _, err := k.Revocations(k.ctx, at(i)); err != nil {
			return err
		}
		return k.Revoke(k.ctx, store.Revocation{User: 1, Before: at(i), Until: at(20 + i)})
	})
	k.revocationsAre("the latest", 0, store.Revocation{User: 1, Before: at(7), Until: at(27)})
}

// raceAudit reads its own entries while others write: none may be missing.
func raceAudit(k *kit) {
	together(8, func(i int) {
		id := chat.UID(i + 1)
		for n := range 25 {
			k.AppendAudit(store.AuditEntry{At: at(n), Act: "login", Actor: id})
			es, err := k.AuditLog(k.ctx, store.AuditQuery{User: id})
			if err != nil || len(es) != n+1 || !es[0].At.Equal(at(n)) {
				k.Errorf("AuditLog after AppendAudit: got %d entries, %v, want %d", len(es), err, n+1)
				return
			}
		}
	})
	k.same("entries", len(k.audit(store.AuditQuery{})), 200)
}
