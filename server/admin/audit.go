package admin

import (
	"context"
	"time"

	"parley/internal/chat"
	"parley/store"
)

// FromCLI is where acts of the operator come from.
const FromCLI = "cli"

// note writes an act of the operator into the audit log.
func (s *Service) note(act string, user chat.UID, detail string) {
	s.Store.AppendAudit(store.AuditEntry{At: s.now(), Act: act, User: user, From: FromCLI, Detail: detail})
}

// AuditFilter selects entries of the audit log.
type AuditFilter struct {
	User    string    `json:"user,omitempty"` // empty: of all
	Act     string    `json:"act,omitempty"`  // or its beginning up to a dot
	Since   time.Time `json:"since,omitzero"`
	AfterID int64     `json:"after,omitempty"` // only newer entries
	Limit   int       `json:"limit,omitempty"` // the newest; 0: all
}

// Entry is one entry of the audit log.
type Entry struct {
	ID     int64     `json:"id"`
	At     time.Time `json:"at"`
	Act    string    `json:"act"`
	Actor  chat.UID  `json:"actor,omitzero"`
	User   chat.UID  `json:"user,omitzero"`
	Topic  string    `json:"topic,omitempty"`
	From   string    `json:"from,omitempty"`
	Detail string    `json:"detail,omitempty"`
}

// Audit implements Operations: the oldest entry first, as logs are read.
func (s *Service) Audit(ctx context.Context, r AuditFilter) ([]Entry, error) {
	q := store.AuditQuery{Act: r.Act, Since: r.Since, Limit: r.Limit}
	if r.User != "" {
		uid, err := s.find(ctx, r.User)
		if err != nil {
			return nil, err
		}
		q.User = uid
	}
	list, err := s.Store.AuditLog(ctx, q)
	if err != nil {
		return nil, err
	}
	out := make([]Entry, 0, len(list))
	for i := len(list) - 1; i >= 0; i-- {
		if e := &list[i]; e.ID > r.AfterID {
			out = append(out, Entry{e.ID, e.At, e.Act, e.Actor, e.User, e.Topic, e.From, e.Detail})
		}
	}
	return out, nil
}
