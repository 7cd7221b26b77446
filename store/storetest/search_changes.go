package storetest

import (
	"fmt"

	"parley/internal/chat"
	"parley/store"
)

func searchHidden(k *kit) {
	called := map[string]string{}
	ids, names := make([]chat.UID, 3), make([]string, 3)
	for i, state := range []store.State{store.StateOK, store.StateSuspended, store.StateDeleted} {
		ids[i], names[i] = k.tagged(i, "x"), k.taggedGroup(i, 0, "x")
		called[ids[i].String()], called[names[i]] = fmt.Sprint("user ", state), fmt.Sprint("group ", state)
		k.must("UpdateUser", k.UpdateUser(k.ctx, ids[i], store.UserUpdate{State: &state}))
		k.must("UpdateTopic", k.UpdateTopic(k.ctx, names[i], store.TopicUpdate{State: &state}))
	}
	k.finds("only those in order", store.Search{All: all("x")}, called, "user 0", "group 0")
	k.finds("all", store.Search{All: all("x"), Hidden: true}, called, "user 0", "user 10", "user 20", "group 0", "group 10", "group 20")
	k.finds("without himself", store.Search{All: all("x"), Except: ids[0]}, called, "group 0")
	k.finds("without himself, the next", store.Search{All: all("x"), Except: ids[0], Hidden: true, Limit: 1}, called, "user 10")
	k.finds("without a stranger", store.Search{All: all("x"), Except: chat.NewUID()}, called, "user 0", "group 0")
	for _, f := range k.search(store.Search{All: all("x"), Hidden: true}) {
		k.same("state", f.State, map[string]store.State{
			"user 0": 0, "user 10": 10, "user 20": 20, "group 0": 0, "group 10": 10, "group 20": 20,
		}[called[foundName(&f)]])
	}

	n := newUser()
	n.User.State, n.User.Tags = store.StateSuspended, []string{"born hidden"}
	k.must("CreateUser", k.CreateUser(k.ctx, n))
	t := newTopic(chat.NewGroupName())
	t.State, t.Tags = store.StateSuspended, []string{"born hidden"}
	k.must("CreateTopic", k.CreateTopic(k.ctx, t, nil))
	k.same("born hidden", len(k.search(store.Search{All: all("born hidden")})), 0)
	k.same("born hidden, all", len(k.search(store.Search{All: all("born hidden"), Hidden: true})), 2)
}

func searchFollows(k *kit) {
	called := map[string]string{}
	id, name := k.tagged(0, "x", "y"), k.taggedGroup(0, 1, "x", "y")
	called[id.String()], called[name] = "user", "group"
	check := func(what, tag string, want ...string) {
		k.Helper()
		k.finds(what, store.Search{All: all(tag)}, called, want...)
	}
	check("at first", "x", "group", "user")
	k.must("UpdateUser", k.UpdateUser(k.ctx, id, store.UserUpdate{Tags: &[]string{"z", "y"}}))
	k.must("UpdateTopic", k.UpdateTopic(k.ctx, name, store.TopicUpdate{Tags: &[]string{"z", "y"}}))
	check("tag gone", "x")
	check("tag kept", "y", "group", "user")
	check("new tag", "z", "group", "user")
	// A change refused changes nothing.
	k.tagged(1, "alias:taken")
	up := []string{"alias:taken", "w"}
	k.wantErr("UpdateUser", k.UpdateUser(k.ctx, id, store.UserUpdate{Tags: &up, Unique: up[:1]}), store.ErrDuplicate)
	check("refused", "w")
	check("refused, old tag", "y", "group", "user")

	suspended, fine := store.UserUpdate{State: ptr(store.StateSuspended)}, store.UserUpdate{State: ptr(store.StateOK)}
	k.must("UpdateUser", k.UpdateUser(k.ctx, id, suspended))
	check("suspended", "z", "group")
	k.must("UpdateUser", k.UpdateUser(k.ctx, id, store.UserUpdate{Tags: &[]string{"u", "z"}}))
	check("retagged while suspended", "u")
	k.must("UpdateUser", k.UpdateUser(k.ctx, id, fine))
	check("restored", "u", "user")
	check("restored, old tag", "y", "group")
	k.must("UpdateUser", k.UpdateUser(k.ctx, id, store.UserUpdate{State: ptr(store.StateSuspended), Tags: &[]string{"both"}}))
	check("state and tags at once", "both")
	check("state and tags at once, old tag", "u")
	k.must("UpdateUser", k.UpdateUser(k.ctx, id, fine))
	check("restored again", "both", "user")

	k.must("DeleteTopic", k.DeleteTopic(k.ctx, name, false, at(5)))
	check("topic marked", "y")
	k.finds("topic marked, hidden", store.Search{All: all("y"), Hidden: true}, called, "group")
	k.must("DeleteTopic", k.DeleteTopic(k.ctx, name, true, at(5)))
	k.finds("topic purged", store.Search{All: all("y"), Hidden: true}, called)

	k.must("DeleteUser", k.DeleteUser(k.ctx, id, false, at(6)))
	check("user marked", "both")
	k.finds("user marked, hidden", store.Search{All: all("both"), Hidden: true}, called, "user")
	k.must("DeleteUser", k.DeleteUser(k.ctx, id, true, at(7)))
	k.finds("user purged", store.Search{All: all("both"), Hidden: true}, called)
	called[k.tagged(9, "both").String()] = "next user"
	check("the next user", "both", "next user")
}

func searchLetters(k *kit) {
	for _, tag := range []string{"привет", "日本", "日本語", "é", "e\u0301", "größe", "a'b", `a"b`, "a%", "a_", "a\\b", "😀x", "c++", "#1", "a b,c"} {
		called := map[string]string{k.tagged(0, tag).String(): "user", k.taggedGroup(0, 1, tag): "group"}
		k.finds(tag, store.Search{All: all(tag)}, called, "group", "user")
	}
	k.same("part of a tag", len(k.search(store.Search{Any: []string{"日", "прив", "a", "gro"}})), 0)
}

// searchMany has more holders of a tag than fit into whatever an adapter might
// keep together, created in a wild order.
func searchMany(k *kit) {
	const n = 1300
	called := map[string]string{}
	ids := make([]chat.UID, n)
	together(8, func(worker int) {
		for i := worker; i < n; i += 8 {
			tags := []string{"common"}
			if i%2 == 0 {
				tags = append(tags, "even")
			}
			if i%100 == 7 {
				tags = append(tags, "rare")
			}
			ids[i] = k.tagged(i, tags...)
		}
	})
	for i, id := range ids {
		called[id.String()] = fmt.Sprint(i)
	}
	pick := func(limit int, wanted func(i int) bool) []string {
		var names []string
		for i := range n {
			if len(names) < limit && wanted(i) {
				names = append(names, fmt.Sprint(i))
			}
		}
		return names
	}
	even := func(i int) bool { return i%2 == 0 }
	rare := func(i int) bool { return i%100 == 7 }
	for _, limit := range []int{1, 10, 600, n} {
		k.finds("common", store.Search{All: all("common"), Limit: limit}, called, pick(limit, func(int) bool { return true })...)
		k.finds("two common", store.Search{All: all("common", "even"), Limit: limit}, called, pick(limit, even)...)
		k.finds("common and rare", store.Search{All: all("common", "rare"), Limit: limit}, called, pick(limit, rare)...)
	}
	k.finds("none", store.Search{All: all("even", "rare")}, called)
	k.finds("some better", store.Search{All: all("common"), Any: []string{"rare"}, Limit: 20}, called,
		append(pick(n, rare), pick(20-n/100, func(i int) bool { return !rare(i) })...)...)
	k.same("all", len(k.search(store.Search{Any: []string{"common"}})), n)
	for _, id := range ids[:n-5] {
		k.must("UpdateUser", k.UpdateUser(k.ctx, id, store.UserUpdate{Tags: &[]string{}}))
	}
	k.finds("few left", store.Search{All: all("common")}, called, pick(5, func(i int) bool { return i >= n-5 })...)
}
