package storetest

import "parley/store"

func inviteCases() []testCase {
	return []testCase{
		{"invites/put, list, delete", invitePut},
		{"invites/uses are counted", inviteUses},
		{"invites/expire", inviteExpires},
		{"invites/a use is taken back", inviteUnuse},
	}
}

func (k *kit) invitesAre(what string, want ...store.Invite) {
	k.Helper()
	list, err := k.Invites(k.ctx)
	k.must(what, err)
	k.same(what, list, want)
}

func invitePut(k *kit) {
	k.invitesAre("none")
	a := store.Invite{Code: "a", Created: at(1)}
	b := store.Invite{Code: "é'\"\x00", By: 1 << 63, Note: "for the ç family", Created: at(3), Expires: at(9), Max: 5, Used: 2}
	c := store.Invite{Code: "c", By: 7, Created: at(2), Max: 1}
	for _, i := range []store.Invite{a, b, c} {
		k.must("PutInvite", k.PutInvite(k.ctx, &i))
	}
	k.invitesAre("newest first", b, c, a)
	k.wantErr("taken", k.PutInvite(k.ctx, &store.Invite{Code: "a", By: 9, Created: at(4)}), store.ErrDuplicate)
	k.must("other case", k.PutInvite(k.ctx, &store.Invite{Code: "A", Created: at(0)}))
	k.must("DeleteInvite", k.DeleteInvite(k.ctx, "A"))
	k.wantErr("unknown", k.DeleteInvite(k.ctx, "x"), store.ErrNotFound)
	k.must("DeleteInvite", k.DeleteInvite(k.ctx, "c"))
	k.wantErr("again", k.DeleteInvite(k.ctx, "c"), store.ErrNotFound)
	k.wantErr("deleted", k.UseInvite(k.ctx, "c", at(4)), store.ErrNotFound)
	k.invitesAre("what is left", b, a)
	k.must("used again", k.PutInvite(k.ctx, &c))
	k.invitesAre("made again", b, c, a)
}

func inviteUses(k *kit) {
	k.wantErr("unknown", k.UseInvite(k.ctx, "x", at(1)), store.ErrNotFound)
	twice, often := store.Invite{Code: "twice", Created: at(2), Max: 2}, store.Invite{Code: "often", Created: at(1)}
	k.must("PutInvite", k.PutInvite(k.ctx, &twice))
	k.must("PutInvite", k.PutInvite(k.ctx, &often))
	for range 2 {
		k.must("UseInvite", k.UseInvite(k.ctx, "twice", at(3)))
	}
	k.wantErr("used up", k.UseInvite(k.ctx, "twice", at(3)), store.ErrNotFound)
	for range 5 {
		k.must("any number", k.UseInvite(k.ctx, "often", at(1_000_000)))
	}
	twice.Used, often.Used = 2, 5
	k.invitesAre("used", twice, often)
	k.wantErr("a code that is used up is taken", k.PutInvite(k.ctx, &twice), store.ErrDuplicate)
}

func inviteExpires(k *kit) {
	i := store.Invite{Code: "x", Created: at(0), Expires: at(10)}
	k.must("PutInvite", k.PutInvite(k.ctx, &i))
	k.must("the moment before", k.UseInvite(k.ctx, "x", at(10).Add(-1e6)))
	k.wantErr("that moment", k.UseInvite(k.ctx, "x", at(10)), store.ErrNotFound)
	k.wantErr("later", k.UseInvite(k.ctx, "x", at(11)), store.ErrNotFound)
	i.Used = 1
	k.invitesAre("listed like others", i)
	k.must("DeleteInvite", k.DeleteInvite(k.ctx, "x"))
}

func inviteUnuse(k *kit) {
	k.wantErr("unknown", k.UnuseInvite(k.ctx, "x"), store.ErrNotFound)
	i := store.Invite{Code: "x", Created: at(0), Expires: at(10), Max: 1}
	k.must("PutInvite", k.PutInvite(k.ctx, &i))
	k.must("not used", k.UnuseInvite(k.ctx, "x"))
	k.invitesAre("not used", i)
	k.must("UseInvite", k.UseInvite(k.ctx, "x", at(1)))
	k.wantErr("used up", k.UseInvite(k.ctx, "x", at(1)), store.ErrNotFound)
	k.must("UnuseInvite", k.UnuseInvite(k.ctx, "x"))
	k.invitesAre("taken back", i)
	k.must("UseInvite", k.UseInvite(k.ctx, "x", at(1)))
	i.Used = 1
	k.invitesAre("used again", i)
}
