package sqlite

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"parley/internal/chat"
	"parley/store"
)

// exerciseAccounts makes every call about accounts once.
func exerciseAccounts(ctx context.Context, s *Store, id chat.UID, try func(error)) {
	now, later := benchTime(1), benchTime(9)
	for _, state := range []*store.State{nil, ptr(store.StateOK), ptr(store.StateSuspended)} {
		_, err := s.Users(ctx, store.UserQuery{State: state, Limit: 1})
		try(err)
	}
	_, err := s.StaleUsers(ctx, later, 1)
	try(err)
	try(s.PutLogin(ctx, &store.Login{Scheme: "rest", Name: "x", User: id}))
	_, err = s.LoginsOf(ctx, id)
	try(err)
	try(s.DeleteLogin(ctx, "rest", id))
	try(s.PutCode(ctx, &store.Code{Key: "k", User: id, Created: now, Expires: later}))
	_, err = s.Code(ctx, "k")
	try(err)
	_, err = s.FailCode(ctx, "k")
	try(err)
	try(s.DeleteCode(ctx, "k"))
	_, err = s.ExpireCodes(ctx, later, 1)
	try(err)
	try(s.PutInvite(ctx, &store.Invite{Code: "i", Created: now}))
	_, err = s.Invites(ctx)
	try(err)
	try(s.UseInvite(ctx, "i", now))
	try(s.UnuseInvite(ctx, "i"))
	try(s.DeleteInvite(ctx, "i"))
	try(s.Revoke(ctx, store.Revocation{Token: "t", User: id, Until: now}, store.Revocation{User: id, Until: later}))
	_, err = s.Revocations(ctx, now)
	try(err)
	s.AppendAudit(store.AuditEntry{At: now, Act: "login.failed", User: id})
	for _, q := range auditQueries(id) {
		_, err = s.AuditLog(ctx, q)
		try(err)
	}
}

// auditQueries are of every kind.
func auditQueries(id chat.UID) (qs []store.AuditQuery) {
	for bits := range 1 << 5 {
		var q store.AuditQuery
		if bits&1 != 0 {
			q.User = id
		}
		if bits&2 != 0 {
			q.Act = "login"
		}
		if bits&4 != 0 {
			q.Since = benchTime(0)
		}
		if bits&8 != 0 {
			q.Before = benchTime(9)
		}
		if bits&16 != 0 {
			q.BeforeID, q.Limit = 1000, 10
		}
		qs = append(qs, q)
	}
	return qs
}

// TestAuditPlans: every query goes through the one index that it is meant to,
// and sorts only if that is by time.
func TestAuditPlans(t *testing.T) {
	t.Parallel()
	s := openTest(t, testPath(t))
	s.AppendAudit(store.AuditEntry{At: benchTime(1), Act: "login.failed", User: 7})
	paths := map[string]string{"": `PRIMARY KEY \(rowid<\?\)`, "actor": `audit_actor \(actor=\? AND rowid<\?\)`, "user": `audit_user \(user=\? AND rowid<\?\)`, "act": `audit_act \(act=\? AND rowid<\?\)`}
	check := func(c *conn, q *store.AuditQuery, p auditPath) {
		want, sorts := paths[p.column], p.column == "" && !q.Since.IsZero()
		if sorts {
			want = `audit_at \(at>\?`
		}
		text, args := auditQuery(q, p)
		var plan []string
		if err := c.query("EXPLAIN QUERY PLAN "+text, func(r *row) error {
			r.next = 3
			plan = append(plan, r.text())
			return nil
		}, args...); err != nil {
			t.Fatal(err)
		}
		got := strings.Join(plan, "; ")
		if !regexp.MustCompile(want).MatchString(got) || strings.Contains(got, "TEMP B-TREE") != sorts {
			t.Errorf("%s\n\tgot the plan %q, want %q", text, got, want)
		}
	}
	err := s.readSettled(t.Context(), "plans", func(c *conn) error {
		for _, q := range auditQueries(7) {
			ps, err := auditPaths(c, &q)
			if err != nil {
				return err
			}
			for _, p := range ps {
				check(c, &q, p)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestAccountsAfterReopening: none of it is only in memory.
func TestAccountsAfterReopening(t *testing.T) {
	t.Parallel()
	path, ctx := testPath(t), t.Context()
	s := openTest(t, path)
	id := benchUser(t, s)
	code := &store.Code{Key: "k", User: id, Hash: []byte{1}, Created: benchTime(0), Expires: benchTime(9)}
	for _, err := range []error{
		s.PutCode(ctx, code), s.PutInvite(ctx, &store.Invite{Code: "i", Created: benchTime(0), Max: 1}),
		s.UseInvite(ctx, "i", benchTime(1)), s.Revoke(ctx, store.Revocation{Token: "t", User: id, Until: benchTime(9)}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	mustClose(t, s)
	s = openTest(t, path)
	if got, err := s.Code(ctx, "k"); err != nil || got.User != id || !got.Expires.Equal(benchTime(9)) {
		t.Errorf("Code: got %+v, %v", got, err)
	}
	if got, err := s.Invites(ctx); err != nil || len(got) != 1 || got[0].Used != 1 {
		t.Errorf("Invites: got %+v, %v, want one that was used", got, err)
	}
	if got, err := s.Revocations(ctx, benchTime(1)); err != nil || len(got) != 1 || got[0].Token != "t" {
		t.Errorf("Revocations: got %+v, %v", got, err)
	}
	if err := s.DeleteUser(ctx, id, true, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Code(ctx, "k"); err == nil {
		t.Error("Code of a purged user: got no error, want one")
	}
}
