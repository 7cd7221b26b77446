package storetest

import (
	"fmt"
	"slices"
	"sync"

	"parley/internal/chat"
	"parley/store"
)

func fileCases() []testCase {
	return []testCase{
		{"files/pending, ready, forgotten", fileStates},
		{"files/links of messages", fileLinks},
		{"files/before whom a message is", fileShown},
		{"files/avatar of a user", userAvatar},
		{"files/avatar of a topic", topicAvatar},
		{"files/avatar of a new user", newUserAvatar},
		{"files/unused ones", unusedFiles},
		{"files/unused ones, some at a time", unusedFilesInParts},
		{"files/claimed", func(k *kit) {
			u, v := k.user(), k.user()
			f := k.file(0, 1)
			k.must("ClaimFile", k.ClaimFile(k.ctx, f, u))
			k.wantErr("ClaimFile again", k.ClaimFile(k.ctx, f, v), store.ErrNotFound)
			k.wantErr("ClaimFile, pending", k.ClaimFile(k.ctx, k.pendingFile(0, 1), v), store.ErrNotFound)
			k.wantFile(f, readyFile(f, u, 1))
		}},
		{"files/dropped", func(k *kit) {
			u := k.user()
			f, used := k.file(u, 1), k.file(u, 1)
			k.show(k.group(u), 1, used)
			k.must("DropFile", k.DropFile(k.ctx, f))
			_, err := k.File(k.ctx, f)
			k.wantErr("File", err, store.ErrNotFound)
			k.wantErr("DropFile, linked", k.DropFile(k.ctx, used), store.ErrNotFound)
			k.wantErr("DropFile, unknown", k.DropFile(k.ctx, chat.NewFileID()), store.ErrNotFound)
			k.wantUnused(f)
			rec, err := k.File(k.ctx, used)
			k.must("File", err)
			if !rec.Linked || rec.Avatar {
				k.Errorf("got %+v, want it linked, and no avatar", rec)
			}
		}},
		{"files/purged with their topic", filesOfPurgedTopic},
		{"files/of a purged user", filesOfPurgedUser},
		{"files/linked or doomed, not both", fileRaces},
	}
}

// pendingFile creates a record as it is while the bytes come, at second n.
func (k *kit) pendingFile(owner chat.UID, n int) chat.FileID {
	k.Helper()
	id := chat.NewFileID()
	k.must("CreateFile", k.CreateFile(k.ctx, &store.File{ID: id, Owner: owner, Created: at(n), Updated: at(n)}))
	return id
}

func readyFile(id chat.FileID, owner chat.UID, n int) *store.File {
	return &store.File{
		ID: id, Owner: owner, Created: at(n), Updated: at(n),
		Type: "image/jpeg", Size: 1 << 33, ETag: "abc", Width: 640, Height: 480, Thumb: "image/png",
	}
}

// file creates a ready one.
func (k *kit) file(owner chat.UID, n int) chat.FileID {
	k.Helper()
	id := k.pendingFile(owner, n)
	k.must("FinishFile", k.FinishFile(k.ctx, readyFile(id, owner, n)))
	return id
}

// show appends message seq of a topic with files.
func (k *kit) show(topic string, seq int, files ...chat.FileID) {
	k.Helper()
	m := message(topic, seq)
	m.Files = files
	k.must("Append", k.Append(k.ctx, m))
}

func (k *kit) wantShown(id chat.FileID, user chat.UID, want bool) {
	k.Helper()
	got, err := k.FileShown(k.ctx, id, user, chat.ModeRead|chat.ModeJoin)
	k.must("FileShown", err)
	if got != want {
		k.Errorf("FileShown: got %v, want %v", got, want)
	}
}

// wantUnused checks which files nobody uses, whatever their age; they are doomed.
func (k *kit) wantUnused(want ...chat.FileID) {
	k.Helper()
	got, err := k.UnusedFiles(k.ctx, at(1_000_000), at(1_000_000), 100)
	k.must("UnusedFiles", err)
	slices.Sort(got)
	slices.Sort(want)
	k.same("UnusedFiles", got, want)
}

func (k *kit) wantFile(id chat.FileID, want *store.File) {
	k.Helper()
	got, err := k.File(k.ctx, id)
	k.must("File", err)
	k.same("File", got, want)
}

func (k *kit) wantAvatar(id chat.FileID, want bool) {
	k.Helper()
	f, err := k.File(k.ctx, id)
	k.must("File", err)
	if f.Avatar != want {
		k.Errorf("Avatar: got %v, want %v", f.Avatar, want)
	}
}

func fileStates(k *kit) {
	u := k.user()
	id := k.pendingFile(u, 1)
	_, err := k.File(k.ctx, id)
	k.wantErr("File, pending", err, store.ErrNotFound)
	k.wantErr("CreateFile again", k.CreateFile(k.ctx, &store.File{ID: id, Created: at(1), Updated: at(1)}), store.ErrDuplicate)
	k.must("RenewFile", k.RenewFile(k.ctx, id, at(2)))
	f := readyFile(id, u, 3)
	k.must("FinishFile", k.FinishFile(k.ctx, f))
	f.Created = at(1)
	k.wantFile(id, f)
	k.wantErr("FinishFile again", k.FinishFile(k.ctx, f), store.ErrNotFound)
	k.wantErr("RenewFile, ready", k.RenewFile(k.ctx, id, at(4)), store.ErrNotFound)
	k.must("ForgetFiles, ready", k.ForgetFiles(k.ctx, id))
	k.wantFile(id, f)

	gone := k.pendingFile(u, 1)
	k.must("ForgetFiles", k.ForgetFiles(k.ctx, gone, chat.NewFileID()))
	k.wantErr("FinishFile, forgotten", k.FinishFile(k.ctx, readyFile(gone, u, 2)), store.ErrNotFound)
	_, err = k.File(k.ctx, chat.NewFileID())
	k.wantErr("File, unknown", err, store.ErrNotFound)
	shown, err := k.FileShown(k.ctx, chat.NewFileID(), u, chat.ModeRead)
	k.must("FileShown", err)
	if shown {
		k.Error("FileShown, unknown: got true")
	}
}

func fileLinks(k *kit) {
	u := k.user()
	g, other := k.group(u), k.group(u)
	one, two, pending := k.file(u, 1), k.file(u, 1), k.pendingFile(u, 1)
	k.show(g, 1, one)
	k.show(g, 2, one, one, two, pending, chat.NewFileID()) // those that are not ready are left out
	k.show(other, 1, two)
	k.fill(k.group(u), 3)
	del := func(topic string, id int, user chat.UID, low, hi int) {
		_, err := k.DeleteMessages(k.ctx, topic, store.NewDeletion{ID: id, User: user, Ranges: []chat.Range{{Low: low, Hi: hi}}})
		k.must("DeleteMessages", err)
	}
	k.wantUnused(pending)
	del(g, 1, 0, 1, 2)
	k.wantShown(one, u, true) // by message 2
	k.wantUnused(pending)
	del(g, 2, u, 1, 3) // for him: the file stays
	k.wantUnused(pending)
	del(g, 3, 0, 1, 10)
	k.wantShown(one, u, false)
	k.wantShown(two, u, true) // by the other group
	k.wantUnused(pending, one)
	_, err := k.File(k.ctx, one)
	k.wantErr("File, doomed", err, store.ErrNotFound)
	k.must("ForgetFiles", k.ForgetFiles(k.ctx, one, pending))
	k.wantUnused()
	k.wantAvatar(two, false)
	ms, err := k.History(k.ctx, other, store.HistoryQuery{})
	k.must("History", err)
	if len(ms) != 1 || ms[0].Files != nil {
		k.Errorf("History: got %+v, want one message without Files", ms)
	}
}

func fileShown(k *kit) {
	us := k.users(6)
	member, blind, stranger, gone, reader, banned := us[0], us[1], us[2], us[3], us[4], us[5]
	g := k.group(member, blind, gone, banned)
	f := k.file(stranger, 1)
	k.show(g, 1, f)
	k.show(g, 2, f)
	r := newSub(g, reader)
	r.Reader = true
	k.must("PutSubs", k.PutSubs(k.ctx, r))
	noRead, noJoin := chat.ModeGroup&^chat.ModeRead, chat.ModeGroup&^chat.ModeJoin
	k.must("UpdateSubs", k.UpdateSubs(k.ctx,
		store.SubUpdate{Topic: g, User: blind, Want: &noRead}, store.SubUpdate{Topic: g, User: banned, Given: &noJoin}))
	k.must("DeleteSub", k.DeleteSub(k.ctx, g, gone, at(2)))
	for i, u := range us {
		k.wantShown(f, u, u == member || u == reader)
		shown, err := k.FileShown(k.ctx, f, u, 0)
		k.must("FileShown", err)
		if want := u != stranger && u != gone; shown != want {
			k.Errorf("user %d, whatever the mode: got %v, want %v", i, shown, want)
		}
	}
	del := func(id, low, hi int) {
		_, err := k.DeleteMessages(k.ctx, g, store.NewDeletion{ID: id, User: member, Ranges: []chat.Range{{Low: low, Hi: hi}}})
		k.must("DeleteMessages", err)
	}
	del(1, 1, 2)
	k.wantShown(f, member, true)
	del(2, 2, 3)
	k.wantShown(f, member, false)
	k.wantShown(f, reader, true)
	k.must("DeleteTopic", k.DeleteTopic(k.ctx, g, false, at(3)))
	k.wantShown(f, reader, false)
	k.wantUnused() // a marked topic keeps its files
}

func userAvatar(k *kit) {
	u, v := k.user(), k.user()
	one, two, none := k.file(u, 1), k.file(0, 1), chat.FileID(0)
	set := func(f *chat.FileID) { k.must("UpdateUser", k.UpdateUser(k.ctx, u, store.UserUpdate{Avatar: f})) }
	set(&one)
	set(&one)
	set(nil)
	k.wantAvatar(one, true)
	k.wantShown(one, v, false)
	set(&two)
	k.wantAvatar(one, false)
	f, err := k.File(k.ctx, two)
	k.must("File", err)
	if f.Owner != u {
		k.Errorf("owner of what nobody owned: got %v, want %v", f.Owner, u)
	}
	k.must("UpdateUser", k.UpdateUser(k.ctx, v, store.UserUpdate{Avatar: &two}))
	set(&none)
	k.wantAvatar(two, true) // of v
	if f, err = k.File(k.ctx, two); err != nil || f.Owner != u {
		k.Errorf("got %+v, %v, want the owner unchanged", f, err)
	}
	k.wantUnused(one)
	set(&one) // too late
	_, err = k.File(k.ctx, one)
	k.wantErr("File", err, store.ErrNotFound)
}

func topicAvatar(k *kit) {
	u := k.user()
	g, h := k.group(u), k.group(u)
	one, two := k.file(u, 1), k.file(u, 1)
	set := func(g string, f chat.FileID) {
		k.must("UpdateTopic", k.UpdateTopic(k.ctx, g, store.TopicUpdate{Avatar: &f}))
	}
	set(g, one)
	set(h, one)
	set(g, two)
	k.wantAvatar(one, true)
	k.wantAvatar(two, true)
	set(h, 0)
	k.wantUnused(one)
	k.fill(g, 2)
	_, err := k.DeleteMessages(k.ctx, g, store.NewDeletion{ID: 1, Ranges: []chat.Range{{Low: 0, Hi: 10}}})
	k.must("DeleteMessages", err)
	k.wantAvatar(two, true) // is no message
	k.must("DeleteTopic", k.DeleteTopic(k.ctx, g, true, at(1)))
	k.wantUnused(one, two)
}

func newUserAvatar(k *kit) {
	u := newUser()
	u.Avatar = k.file(0, 1)
	k.must("CreateUser", k.CreateUser(k.ctx, u))
	f := readyFile(u.Avatar, u.User.ID, 1)
	f.Avatar, f.Linked = true, true
	k.wantFile(u.Avatar, f)
	k.wantUnused()
}

func unusedFiles(k *kit) {
	u := k.user()
	young, old := k.file(u, 100), k.file(u, 10)
	going, stuck := k.pendingFile(u, 100), k.pendingFile(u, 10)
	used := k.file(u, 10)
	g := k.group(u)
	k.show(g, 1, used)
	get := func(pending, ready int) []chat.FileID {
		k.Helper()
		ids, err := k.UnusedFiles(k.ctx, at(pending), at(ready), 100)
		k.must("UnusedFiles", err)
		slices.Sort(ids)
		return ids
	}
	k.same("nothing so old", get(10, 10), []chat.FileID(nil))
	k.must("RenewFile", k.RenewFile(k.ctx, stuck, at(11)))
	k.same("not old enough", get(11, 10), []chat.FileID(nil))
	k.same("pending", get(12, 10), []chat.FileID{stuck})
	k.wantErr("FinishFile, doomed", k.FinishFile(k.ctx, readyFile(stuck, u, 12)), store.ErrNotFound)
	want := []chat.FileID{stuck, old}
	slices.Sort(want)
	k.same("ready, and what was doomed before", get(12, 11), want)
	k.show(g, 2, old) // too late
	k.wantShown(old, u, false)
	k.must("ForgetFiles", k.ForgetFiles(k.ctx, old, stuck))
	k.wantUnused(young, going)
}

func unusedFilesInParts(k *kit) {
	for n := range 10 {
		k.file(0, n)
	}
	total := 0
	for range 20 {
		ids, err := k.UnusedFiles(k.ctx, at(100), at(100), 3)
		k.must("UnusedFiles", err)
		if len(ids) > 3 {
			k.Fatalf("got %d, want at most 3", len(ids))
		}
		total += len(ids)
		k.must("ForgetFiles", k.ForgetFiles(k.ctx, ids...))
	}
	if total != 10 {
		k.Errorf("got %d, want 10", total)
	}
}

func filesOfPurgedTopic(k *kit) {
	u := k.user()
	g, h := k.group(u), k.group(u)
	one, two := k.file(u, 1), k.file(u, 1)
	k.show(g, 1, one, two)
	k.show(h, 1, two)
	k.must("DeleteTopic", k.DeleteTopic(k.ctx, g, true, at(1)))
	k.wantUnused(one)
	k.wantShown(two, u, true)
}

func filesOfPurgedUser(k *kit) {
	u, v := k.user(), k.user()
	p, g := k.p2p(u, v), k.group(u, v)
	private, public, photo := k.file(u, 1), k.file(u, 1), k.file(u, 1)
	k.show(p, 1, private)
	k.show(g, 1, public)
	k.must("UpdateUser", k.UpdateUser(k.ctx, u, store.UserUpdate{Avatar: &photo}))
	k.must("DeleteUser", k.DeleteUser(k.ctx, u, false, at(2)))
	k.wantUnused()
	k.must("DeleteUser", k.DeleteUser(k.ctx, u, true, at(3)))
	k.wantUnused(private, photo)
	k.wantShown(public, v, true)
	f, err := k.File(k.ctx, public)
	k.must("File", err)
	if f.Owner != 0 {
		k.Errorf("owner: got %v, want nobody", f.Owner)
	}
}

// fileRaces: a file that got a link is not doomed, and the other way round.
func fileRaces(k *kit) {
	u := k.user()
	for range 20 {
		g, f := k.group(u), k.file(u, 1)
		var doomed []chat.FileID
		var wg sync.WaitGroup
		wg.Go(func() {
			m := message(g, 1)
			m.Files = []chat.FileID{f}
			if err := k.Append(k.ctx, m); err != nil {
				k.Error(fmt.Errorf("append: %w", err))
			}
		})
		wg.Go(func() {
			var err error
			if doomed, err = k.UnusedFiles(k.ctx, at(0), at(100), 100); err != nil {
				k.Error(fmt.Errorf("unused files: %w", err))
			}
		})
		wg.Wait()
		k.wantShown(f, u, !slices.Contains(doomed, f))
	}
}
