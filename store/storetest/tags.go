package storetest

import (
	"parley/internal/chat"
	"parley/store"
)

func tagCases() []testCase {
	return []testCase{
		{"tags/holder", tagHolder},
		{"tags/unique across users and topics", tagUnique},
		{"tags/only unique ones are exclusive", tagShared},
	}
}

func (k *kit) holderIs(tag, want string) {
	k.Helper()
	got, err := k.TagHolder(k.ctx, tag)
	if want == "" {
		k.wantErr("TagHolder "+tag, err, store.ErrNotFound)
		return
	}
	k.must("TagHolder", err)
	k.same("holder of "+tag, got, want)
}

func tagHolder(k *kit) {
	id, name := k.user(), k.group()
	k.holderIs("alias:u", "")
	k.must("UpdateUser", k.UpdateUser(k.ctx, id, store.UserUpdate{Tags: &[]string{"x", "alias:u"}}))
	k.must("UpdateTopic", k.UpdateTopic(k.ctx, name, store.TopicUpdate{Tags: &[]string{"alias:t"}}))
	k.holderIs("alias:u", id.String())
	k.holderIs("alias:t", name)
	k.holderIs("alias", "")
	k.holderIs("ALIAS:u", "")

	for _, state := range []store.State{store.StateSuspended, store.StateDeleted} {
		k.must("UpdateUser", k.UpdateUser(k.ctx, id, store.UserUpdate{State: ptr(state)}))
		k.must("UpdateTopic", k.UpdateTopic(k.ctx, name, store.TopicUpdate{State: ptr(state)}))
		k.holderIs("alias:u", "")
		k.holderIs("alias:t", "")
	}
	k.must("UpdateUser", k.UpdateUser(k.ctx, id, store.UserUpdate{State: ptr(store.StateOK)}))
	k.must("UpdateTopic", k.UpdateTopic(k.ctx, name, store.TopicUpdate{State: ptr(store.StateOK)}))
	k.holderIs("alias:u", id.String())
	k.holderIs("alias:t", name)

	k.must("UpdateUser", k.UpdateUser(k.ctx, id, store.UserUpdate{Tags: &[]string{"x"}}))
	k.holderIs("alias:u", "")
	k.must("DeleteTopic", k.DeleteTopic(k.ctx, name, true, at(1)))
	k.holderIs("alias:t", "")
}

func tagUnique(k *kit) {
	id, name := k.user(), k.group()
	tags := func(tag string) ([]string, *[]string) { return []string{tag}, &[]string{tag} }
	unique, list := tags("alias:u")
	k.must("UpdateUser", k.UpdateUser(k.ctx, id, store.UserUpdate{Tags: list, Unique: unique}))
	k.must("own tag again", k.UpdateUser(k.ctx, id, store.UserUpdate{Tags: list, Unique: unique}))
	k.wantErr("topic takes a user's", k.UpdateTopic(k.ctx, name, store.TopicUpdate{Tags: list, Unique: unique}), store.ErrDuplicate)

	unique, list = tags("alias:t")
	k.must("UpdateTopic", k.UpdateTopic(k.ctx, name, store.TopicUpdate{Tags: list, Unique: unique}))
	k.must("own tag again", k.UpdateTopic(k.ctx, name, store.TopicUpdate{Tags: list, Unique: unique}))
	k.wantErr("user takes a topic's", k.UpdateUser(k.ctx, id, store.UserUpdate{Tags: list, Unique: unique}), store.ErrDuplicate)
	n := newUser()
	n.User.Tags, n.Unique = *list, unique
	k.wantErr("new user", k.CreateUser(k.ctx, n), store.ErrDuplicate)
	t := newTopic(chat.NewGroupName())
	t.Tags = *list
	k.wantErr("new topic", k.CreateTopic(k.ctx, t, unique), store.ErrDuplicate)
	_, err := k.Topic(k.ctx, t.Name)
	k.wantErr("new topic", err, store.ErrNotFound)
	k.holderIs("alias:t", name)
	k.holderIs("alias:u", id.String())

	k.must("give back", k.UpdateTopic(k.ctx, name, store.TopicUpdate{Tags: &[]string{}}))
	k.must("new topic", k.CreateTopic(k.ctx, t, unique))
	k.holderIs("alias:t", t.Name)
}

func tagShared(k *kit) {
	for range 2 {
		n := newUser()
		n.User.Tags = []string{"travel"}
		k.must("CreateUser", k.CreateUser(k.ctx, n))
		t := newTopic(chat.NewGroupName())
		t.Tags = []string{"travel"}
		k.must("CreateTopic", k.CreateTopic(k.ctx, t, nil))
	}
	n := newUser()
	n.User.Tags, n.Unique = []string{"travel"}, []string{"travel"}
	k.wantErr("a shared one as unique", k.CreateUser(k.ctx, n), store.ErrDuplicate)
}
