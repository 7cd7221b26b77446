package storetest

import (
	"parley/internal/chat"
	"parley/store"
)

// belongings gives a user what else can be about him: a second login, a code,
// a revocation, an invitation, entries of the audit log.
func (k *kit) belongings(id chat.UID) {
	k.Helper()
	k.must("PutLogin", k.PutLogin(k.ctx, &store.Login{Scheme: "rest", Name: "ann", User: id}))
	k.must("PutCode", k.PutCode(k.ctx, &store.Code{Key: "his", User: id, Created: at(0), Expires: at(9)}))
	k.must("PutCode", k.PutCode(k.ctx, &store.Code{Key: "another's", User: 1, Created: at(0), Expires: at(9)}))
	k.must("Revoke", k.Revoke(k.ctx, store.Revocation{User: id, Before: at(1), Until: at(9)}))
	k.must("PutInvite", k.PutInvite(k.ctx, &store.Invite{Code: "by him", By: id, Created: at(0)}))
	k.AppendAudit(store.AuditEntry{At: at(1), Act: "login", Actor: id, User: id})
}

// belongingsAre checks what is left of them: all, or after a purge only what
// keeps tokens void, what others may still use, and the audit log.
func (k *kit) belongingsAre(id chat.UID, all bool) {
	k.Helper()
	_, err := k.Code(k.ctx, "his")
	if logins, want := len(k.logins(id)), 2; all {
		k.must("Code", err)
		k.same("logins", logins, want)
	} else {
		k.wantErr("Code", err, store.ErrNotFound)
		k.same("logins", logins, 0)
		_, err = k.Login(k.ctx, "rest", "ann")
		k.wantErr("Login", err, store.ErrNotFound)
	}
	_, err = k.Code(k.ctx, "another's")
	k.must("another's Code", err)
	k.revocationsAre("revocations", 2, store.Revocation{User: id, Before: at(1), Until: at(9)})
	k.invitesAre("invitations", store.Invite{Code: "by him", By: id, Created: at(0)})
	k.auditIs("audit log", store.AuditQuery{User: id}, store.AuditEntry{At: at(1), Act: "login", Actor: id, User: id})
}

func (k *kit) logins(id chat.UID) []store.Login {
	k.Helper()
	ls, err := k.LoginsOf(k.ctx, id)
	k.must("LoginsOf", err)
	return ls
}
