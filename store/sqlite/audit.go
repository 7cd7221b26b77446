package sqlite

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"

	"parley/store"
)

// auditLimit is how many entries may wait in memory for a commit, give or take
// those of one call; while a commit is under way as many again are in it.
const auditLimit = 10_000

const auditColumns = `id, at, act, actor, user, topic, origin, detail`

func (r *row) audit() store.AuditEntry {
	return store.AuditEntry{
		ID: r.num(), At: r.time(), Act: r.text(), Actor: r.uid(), User: r.uid(),
		Topic: r.text(), From: r.text(), Detail: r.text(),
	}
}

func insertAudit(c *conn, e *store.AuditEntry) error {
	_, err := c.exec(`INSERT INTO audit (at, act, actor, user, topic, origin, detail) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		e.At, e.Act, e.Actor, e.User, e.Topic, e.From, e.Detail)
	return err
}

// AppendAudit implements store.Audit. When auditLimit entries wait it waits
// for a commit before it returns. Entries that find no room, because the
// commit fails too, are lost, which the log is told.
func (s *Store) AppendAudit(entries ...store.AuditEntry) {
	if len(entries) == 0 {
		return
	}
	for !s.pending.noteAudit(entries) {
		if err := s.settle(); err != nil {
			s.log.Error("entries of the audit log are lost", "op", "append audit", "count", len(entries), "err", err)
			return
		}
	}
}

// FlushAudit implements store.Audit. Callers at the same time share a commit,
// with each other and with writes of all kinds.
func (s *Store) FlushAudit(ctx context.Context) error {
	if s.pending.clean() {
		return nil
	}
	return wrap("flush audit", s.writer.do(ctx, settleOp()))
}

// AuditLog implements store.Audit.
func (s *Store) AuditLog(ctx context.Context, q store.AuditQuery) ([]store.AuditEntry, error) {
	var es []store.AuditEntry
	err := s.readSettled(ctx, "audit log", func(c *conn) error {
		paths, err := auditPaths(c, &q)
		if err != nil {
			return err
		}
		for _, p := range paths {
			text, args := auditQuery(&q, p)
			err := c.query(text, func(r *row) error {
				es = append(es, r.audit())
				return nil
			}, args...)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(es, func(a, b store.AuditEntry) int { return cmp.Compare(b.ID, a.ID) })
	es = slices.CompactFunc(es, func(a, b store.AuditEntry) bool { return a.ID == b.ID })
	if q.Limit > 0 && len(es) > q.Limit {
		es = es[:q.Limit]
	}
	return es, nil
}

// auditPath is a column with an index and the value looked for, or none. The
// entries on it are found in the order of their IDs, so that a limit ends the
// search, however many there are.
type auditPath struct {
	column string // empty: all entries
	value  any
}

// auditPaths are those that together have what is asked for, perhaps twice.
func auditPaths(c *conn, q *store.AuditQuery) ([]auditPath, error) {
	switch {
	case q.User != 0:
		return []auditPath{{"actor", q.User}, {"user", q.User}}, nil
	case q.Act == "":
		return []auditPath{{}}, nil
	}
	paths := []auditPath{{"act", q.Act}}
	// Few: from one to the next through the index.
	for from, end := below(q.Act); ; {
		var act string
		err := c.one(`SELECT act FROM audit WHERE act >= ? AND act < ? ORDER BY act LIMIT 1`,
			func(r *row) { act = r.text() }, from, end)
		if errors.Is(err, store.ErrNotFound) {
			return paths, nil
		}
		if err != nil {
			return nil, err
		}
		paths = append(paths, auditPath{"act", act})
		from = act + "\x00" // the least that is greater
	}
}

// below is where the acts begin and end that have this one as their beginning.
func below(act string) (from, end string) { return act + ".", act + "/" }

// auditQuery selects what is asked for on a path. A plus keeps the planner from
// the index of the column.
func auditQuery(q *store.AuditQuery, p auditPath) (text string, args []any) {
	table, at := "audit", "+at"
	if p.column == "" && !q.Since.IsZero() {
		table, at = "audit INDEXED BY audit_at", "at" // by ID it would look at all that is older, in vain
	}
	before := q.BeforeID
	if before == 0 {
		before = math.MaxInt64
	}
	text = `SELECT ` + auditColumns + ` FROM ` + table + ` WHERE id < ?`
	args = append(args, before)
	add := func(condition string, values ...any) {
		text += " AND " + condition
		args = append(args, values...)
	}
	if !q.Since.IsZero() {
		add(at+` >= ?`, q.Since)
	}
	if !q.Before.IsZero() {
		add(at+` < ?`, q.Before)
	}
	switch p.column {
	case "actor":
		add(`actor = ? AND actor <> 0`, p.value)
	case "user":
		add(`user = ? AND user <> 0`, p.value)
	case "act":
		add(`act = ?`, p.value)
	}
	if q.Act != "" && p.column != "act" {
		from, end := below(q.Act)
		add(`(+act = ? OR +act >= ? AND +act < ?)`, q.Act, from, end)
	}
	return text + ` ORDER BY id DESC LIMIT ? + 0`, append(args, atMost(q.Limit)) // see conn.stmt
}
