package mem

import (
	"context"
	"slices"
	"strings"

	"parley/store"
)

// AppendAudit implements store.Audit.
func (s *Store) AppendAudit(entries ...store.AuditEntry) {
	if s.lock(context.Background()) != nil {
		return
	}
	defer s.mu.Unlock()
	for _, e := range entries {
		e.ID = int64(len(s.audit)) + 1
		s.audit = append(s.audit, e)
	}
}

// FlushAudit implements store.Audit: nothing is more durable here than it was.
func (s *Store) FlushAudit(ctx context.Context) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	s.mu.Unlock()
	return nil
}

// AuditLog implements store.Audit.
func (s *Store) AuditLog(ctx context.Context, q store.AuditQuery) ([]store.AuditEntry, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var out []store.AuditEntry
	for _, e := range slices.Backward(s.audit) {
		if selects(&q, &e) {
			out = append(out, e)
		}
		if q.Limit > 0 && len(out) == q.Limit {
			break
		}
	}
	return out, nil
}

func selects(q *store.AuditQuery, e *store.AuditEntry) bool {
	switch {
	case q.User != 0 && q.User != e.Actor && q.User != e.User:
	case q.Act != "" && q.Act != e.Act && !strings.HasPrefix(e.Act, q.Act+"."):
	case !q.Since.IsZero() && e.At.Before(q.Since):
	case !q.Before.IsZero() && !e.At.Before(q.Before):
	case q.BeforeID != 0 && e.ID >= q.BeforeID:
	default:
		return true
	}
	return false
}
