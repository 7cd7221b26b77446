package storetest

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"runtime"

	"parley/internal/chat"
	"parley/store"
)

func wholeCases() []testCase {
	return []testCase{
		{"store/everything fails once closed", storeClosed},
		{"store/an ended context changes nothing", storeCancelled},
		{"store/what goes in and out is copied", storeCopies},
		{"store/backup", storeBackup},
	}
}

// calls makes every call that takes a context, by name.
func (k *kit) calls(ctx context.Context) map[string]error {
	id, name := chat.NewUID(), chat.NewGroupName()
	errs := map[string]error{
		"CreateUser":       k.CreateUser(ctx, newUser()),
		"UpdateUser":       k.UpdateUser(ctx, id, store.UserUpdate{}),
		"PutLogin":         k.PutLogin(ctx, &store.Login{Scheme: "basic", Name: "x", User: id}),
		"PutCredential":    k.PutCredential(ctx, email(id, "a@x", 1)),
		"FailCredential":   k.FailCredential(ctx, id, "email", at(1)),
		"DeleteCredential": k.DeleteCredential(ctx, id, "email", "a@x"),
		"PutDevice":        k.PutDevice(ctx, &store.Device{ID: "d", User: id}),
		"DeleteDevice":     k.DeleteDevice(ctx, id, "d"),
		"CreateTopic":      k.CreateTopic(ctx, newTopic(name), nil),
		"UpdateTopic":      k.UpdateTopic(ctx, name, store.TopicUpdate{}),
		"DeleteTopic":      k.DeleteTopic(ctx, name, true, at(1)),
		"PutSubs":          k.PutSubs(ctx, newSub(name, id)),
		"UpdateSubs":       k.UpdateSubs(ctx, store.SubUpdate{Topic: name, User: id}),
		"DeleteSub":        k.DeleteSub(ctx, name, id, at(1)),
		"Append":           k.Append(ctx, message(name, 1)),
		"DeleteUser":       k.DeleteUser(ctx, id, true, at(1)),
		"CreateFile":       k.CreateFile(ctx, &store.File{ID: 1}),
		"RenewFile":        k.RenewFile(ctx, 1, at(1)),
		"FinishFile":       k.FinishFile(ctx, &store.File{ID: 1}),
		"ClaimFile":        k.ClaimFile(ctx, 1, id),
		"DropFile":         k.DropFile(ctx, 1),
		"ForgetFiles":      k.ForgetFiles(ctx, 1),
	}
	note := func(name string, err error) { errs[name] = err }
	_, err := k.User(ctx, id)
	note("User", err)
	_, err = k.UsersByID(ctx, id)
	note("UsersByID", err)
	_, err = k.UsersNotOK(ctx)
	note("UsersNotOK", err)
	_, err = k.File(ctx, 1)
	note("File", err)
	_, err = k.FileShown(ctx, 1, id, chat.ModeRead)
	note("FileShown", err)
	_, err = k.UnusedFiles(ctx, at(1), at(1), 1)
	note("UnusedFiles", err)
	_, err = k.TagHolder(ctx, "t")
	note("TagHolder", err)
	_, err = k.Login(ctx, "basic", "x")
	note("Login", err)
	_, err = k.LoginOf(ctx, "basic", id)
	note("LoginOf", err)
	_, err = k.PendingCredential(ctx, id, "email")
	note("PendingCredential", err)
	_, err = k.Credentials(ctx, id, "")
	note("Credentials", err)
	_, err = k.ConfirmCredential(ctx, id, "email", at(1))
	note("ConfirmCredential", err)
	_, err = k.Devices(ctx, id)
	note("Devices", err)
	_, err = k.Topic(ctx, name)
	note("Topic", err)
	_, err = k.Sub(ctx, name, id)
	note("Sub", err)
	_, err = Subs(ctx, k, name)
	note("EachSub", err)
	_, err = k.Contacts(ctx, id, store.ContactQuery{})
	note("Contacts", err)
	_, err = k.Members(ctx, name, store.MemberQuery{})
	note("Members", err)
	_, err = k.History(ctx, name, store.HistoryQuery{})
	note("History", err)
	_, err = k.DeleteMessages(ctx, name, store.NewDeletion{ID: 1, Ranges: ranges(1, 2)})
	note("DeleteMessages", err)
	_, err = k.Deletions(ctx, name, id, 0, 0, 0)
	note("Deletions", err)
	_, _, err = k.Published(ctx, name, id, "x")
	note("Published", err)
	_, err = k.ForgetPublished(ctx, at(1), 1)
	note("ForgetPublished", err)
	_, err = k.Search(ctx, store.Search{All: all("x")})
	note("Search", err)
	maps.Copy(errs, k.accountCalls(ctx))
	note("Backup", k.Backup(ctx, filepath.Join(k.TempDir(), "copy"), nil))
	return errs
}

// accountCalls makes those about accounts.
func (k *kit) accountCalls(ctx context.Context) map[string]error {
	id := chat.NewUID()
	errs := map[string]error{
		"DeleteLogin":  k.DeleteLogin(ctx, "basic", id),
		"PutCode":      k.PutCode(ctx, &store.Code{Key: "k", User: id, Created: at(0), Expires: at(9)}),
		"DeleteCode":   k.DeleteCode(ctx, "k"),
		"PutInvite":    k.PutInvite(ctx, &store.Invite{Code: "i", Created: at(0)}),
		"UseInvite":    k.UseInvite(ctx, "i", at(1)),
		"UnuseInvite":  k.UnuseInvite(ctx, "i"),
		"DeleteInvite": k.DeleteInvite(ctx, "i"),
		"Revoke":       k.Revoke(ctx, store.Revocation{Token: "t", User: id, Until: at(9)}),
	}
	note := func(name string, err error) { errs[name] = err }
	_, err := k.Users(ctx, store.UserQuery{})
	note("Users", err)
	_, err = k.StaleUsers(ctx, at(1), 1)
	note("StaleUsers", err)
	_, err = k.LoginsOf(ctx, id)
	note("LoginsOf", err)
	_, err = k.Code(ctx, "k")
	note("Code", err)
	_, err = k.FailCode(ctx, "k")
	note("FailCode", err)
	_, err = k.ExpireCodes(ctx, at(1), 1)
	note("ExpireCodes", err)
	_, err = k.Invites(ctx)
	note("Invites", err)
	_, err = k.Revocations(ctx, at(1))
	note("Revocations", err)
	_, err = k.AuditLog(ctx, store.AuditQuery{})
	note("AuditLog", err)
	return errs
}

func storeClosed(k *kit) {
	id := k.user()
	name := k.group(id)
	k.SetMarks(name, id, 1, 1)
	k.must("Close", k.Close())
	for call, err := range k.calls(k.ctx) {
		k.wantErr(call, err, store.ErrClosed)
	}
	k.SetMarks(name, id, 2, 2)
	k.Seen(id, at(1), "x")
	k.AppendAudit(store.AuditEntry{At: at(1), Act: "login"})
	k.wantErr("Close again", k.Close(), store.ErrClosed)
}

func storeCancelled(k *kit) {
	ctx, cancel := context.WithCancel(k.ctx)
	cancel()
	for call, err := range k.calls(ctx) {
		if err == nil {
			k.Errorf("%s: got no error, want one", call)
		}
	}
	ds, err := k.Login(k.ctx, "basic", "x")
	k.wantErr("Login", err, store.ErrNotFound)
	k.same("login", ds, (*store.Login)(nil))
	k.must("PutLogin", k.PutLogin(k.ctx, &store.Login{Scheme: "basic", Name: "x", User: chat.NewUID()}))
}

func storeCopies(k *kit) {
	n := fullUser()
	id := n.User.ID
	n.Login = &store.Login{Scheme: "basic", Name: "ann", User: id, Secret: []byte("secret")}
	k.must("CreateUser", k.CreateUser(k.ctx, n))
	name := k.group(id)
	m := message(name, 1)
	m.Head = raw(`{"a":1}`)
	k.must("Append", k.Append(k.ctx, m))
	want := *fullUser()
	for i := range n.User.Public {
		n.User.Public[i] = 'x'
	}
	n.User.Tags[0], n.Login.Secret[0], m.Head[0], m.Content[0] = "x", 'x', 'x', 'x'

	for range 2 { // the second time after the first answers were scribbled on
		u, err := k.User(k.ctx, id)
		k.must("User", err)
		k.same("public", u.Public, want.User.Public)
		k.same("tags", u.Tags, want.User.Tags)
		l, err := k.Login(k.ctx, "basic", "ann")
		k.must("Login", err)
		k.same("secret", string(l.Secret), "secret")
		ms, err := k.History(k.ctx, name, store.HistoryQuery{})
		k.must("History", err)
		k.same("message", []string{string(ms[0].Head), string(ms[0].Content)}, []string{`{"a":1}`, `"message 1"`})
		u.Public[0], u.Tags[0], l.Secret[0], ms[0].Head[0], ms[0].Content[0] = 'y', "y", 'y', 'y', 'y'
	}
}

func storeBackup(k *kit) {
	k.fill(k.group(), 3)
	path := filepath.Join(k.TempDir(), "copy")
	var done, total int
	k.must("Backup", k.Backup(k.ctx, path, func(d, t int) { done, total = d, t }))
	if done != total || total == 0 {
		k.Errorf("progress: got %d of %d at the end, want all", done, total)
	}
	info, err := os.Stat(path)
	k.must("Stat", err)
	if info.Size() == 0 {
		k.Error("copy: got no bytes, want some")
	}
	before, err := os.ReadFile(path)
	k.must("ReadFile", err)
	if err := k.Backup(k.ctx, path, nil); err == nil {
		k.Error("Backup to an existing file: got no error, want one")
	}
	after, err := os.ReadFile(path)
	k.must("ReadFile", err)
	k.same("existing file", len(after), len(before))
	if err := k.Backup(k.ctx, filepath.Join(path, "no", "such", "folder"), nil); err == nil {
		k.Error("Backup into no folder: got no error, want one")
	}
	if runtimeHasModes() && info.Mode().Perm() != 0o600 {
		k.Errorf("mode of the copy: got %v, want -rw-------", info.Mode())
	}
}

// runtimeHasModes tells whether files have owners and modes here.
func runtimeHasModes() bool { return runtime.GOOS != "windows" }
