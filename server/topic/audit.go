package topic

import (
	"parley/internal/chat"
	"parley/store"
)

// record tells the audit log what a request did to an account, or here.
func (t *Topic) record(r *Request, act string, user chat.UID, detail string) {
	e := store.AuditEntry{Act: act, Actor: r.User, User: user, From: r.From, Detail: detail}
	if r.Sender != 0 {
		e.Actor = r.Sender
	}
	if chat.KindOf(t.name) == chat.KindGroup {
		e.Topic = t.name
	}
	t.Audit.Record(e)
}
