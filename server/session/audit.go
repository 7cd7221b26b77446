package session

import (
	"parley/internal/audit"
	"parley/internal/chat"
	"parley/store"
)

// audit records what the session did to an account. Who has not logged in acts
// for himself: he has proved it otherwise, or just made the account.
func (s *Session) audit(act string, user chat.UID, detail string) {
	actor := s.uid
	if actor == 0 {
		actor = user
	}
	s.reg.Audit.Record(store.AuditEntry{Act: act, Actor: actor, User: user, From: s.host, Detail: detail})
}

// maxObo bounds what a session remembers; then it begins to tell again.
const maxObo = 1024

// noteObo tells the audit log, once per session, for whom an administrator acts.
func (s *Session) noteObo(u chat.UID) {
	if _, known := s.obo[u]; known {
		return
	}
	if s.obo == nil || len(s.obo) >= maxObo {
		s.obo = make(map[chat.UID]struct{})
	}
	s.obo[u] = struct{}{}
	s.audit(audit.RootObo, u, "")
}
