package storetest

import (
	"fmt"
	"testing"

	"parley/internal/chat"
	"parley/store"
)

func searchCases() []testCase {
	return []testCase{
		{"search/every field", searchFields},
		{"search/all, any and weights", searchMatch},
		{"search/order among equals", searchOrder},
		{"search/limit", searchLimit},
		{"search/hidden and except", searchHidden},
		{"search/follows every change", searchFollows},
		{"search/any letters", searchLetters},
		{"search/many", searchMany},
	}
}

func (k *kit) search(q store.Search) []store.Found {
	k.Helper()
	found, err := k.Search(k.ctx, q)
	k.must("Search", err)
	return found
}

// finds checks who is found, by the names that call gave them.
func (k *kit) finds(what string, q store.Search, called map[string]string, want ...string) {
	k.Helper()
	var got []string
	for _, f := range k.search(q) {
		got = append(got, called[foundName(&f)])
	}
	k.same(what, got, want)
}

func foundName(f *store.Found) string {
	if f.User != 0 {
		return f.User.String()
	}
	return f.Topic
}

// tagged creates a user with tags, at second n.
func (k *kit) tagged(n int, tags ...string) chat.UID {
	k.Helper()
	u := newUser()
	u.User.Created, u.User.Tags = at(n), tags
	k.must("CreateUser", k.CreateUser(k.ctx, u))
	return u.User.ID
}

// taggedGroup creates a group of some members with tags, at second n.
func (k *kit) taggedGroup(n, members int, tags ...string) string {
	k.Helper()
	t := newTopic(chat.NewGroupName())
	t.Created, t.Tags = at(n), tags
	subs := make([]store.Sub, members)
	for i := range subs {
		subs[i] = newSub(t.Name, chat.NewUID())
	}
	k.must("CreateTopic", k.CreateTopic(k.ctx, t, nil, subs...))
	return t.Name
}

func all(tags ...string) [][]string {
	var groups [][]string
	for _, tag := range tags {
		groups = append(groups, []string{tag})
	}
	return groups
}

func searchFields(k *kit) {
	u, t := fullUser(), fullTopic()
	u.User.State, t.State = store.StateOK, store.StateOK
	u.User.Tags, t.Tags = []string{"a", "x", "c"}, []string{"c", "b", "y"}
	k.must("CreateUser", k.CreateUser(k.ctx, u))
	k.must("CreateTopic", k.CreateTopic(k.ctx, t, nil, newSub(t.Name, 1), newSub(t.Name, 2)))
	k.same("found", k.search(store.Search{Any: []string{"c", "b", "a"}}), []store.Found{
		{
			Topic: t.Name, Updated: t.Updated, Access: t.Access, Channel: true, SubCount: 2,
			Public: t.Public, Trusted: t.Trusted, Tags: []string{"b", "c"},
		},
		{
			User: u.User.ID, Updated: u.User.Updated, Access: u.User.Access,
			Public: u.User.Public, Trusted: u.User.Trusted, Tags: []string{"a", "c"},
		},
	})
}

func searchMatch(k *kit) {
	called := map[string]string{}
	for i, tags := range [][]string{{"a"}, {"b"}, {"a", "b"}, {"a", "b", "c"}, {"alias:a", "d"}, {"a", "alias:b"}, {"alias"}, nil} {
		called[k.tagged(i, tags...).String()] = fmt.Sprint(tags)
	}
	const a, b, ab, abc, aliasA, aAlias = "[a]", "[b]", "[a b]", "[a b c]", "[alias:a d]", "[a alias:b]"
	for _, c := range []struct {
		name string
		q    store.Search
		want []string
	}{
		{"nothing asked", store.Search{}, nil},
		{"nobody has it", store.Search{All: all("z")}, nil},
		{"one tag", store.Search{All: all("a")}, []string{a, ab, abc, aAlias}},
		{"both", store.Search{All: all("a", "b")}, []string{ab, abc}},
		{"both, in other order", store.Search{All: all("b", "a")}, []string{ab, abc}},
		{"the same twice", store.Search{All: all("b", "b")}, []string{b, ab, abc}},
		{"one missing", store.Search{All: all("a", "z")}, nil},
		{"an empty group", store.Search{All: [][]string{{"a"}, {}}}, nil},
		{"one of each group", store.Search{All: [][]string{{"a", "z"}, {"b", "alias:b"}}}, []string{ab, abc, aAlias}},
		{"more of a group weigh more", store.Search{All: [][]string{{"a", "b"}}}, []string{ab, abc, a, b, aAlias}},
		{"any one", store.Search{Any: []string{"c", "d", "z"}}, []string{abc, aliasA}},
		{"more are better", store.Search{Any: []string{"a", "b", "c"}}, []string{abc, ab, a, b, aAlias}},
		{"the same once", store.Search{Any: []string{"a", "b", "b"}}, []string{ab, abc, a, b, aAlias}},
		{"any only adds weight", store.Search{All: all("a"), Any: []string{"c", "d"}}, []string{abc, a, ab, aAlias}},
		{"in both", store.Search{All: all("b"), Any: []string{"b", "c"}}, []string{abc, b, ab}},
		{
			"a heavy one beats many",
			store.Search{Any: []string{"a", "b", "c", "alias:a"}, Heavy: "alias"},
			[]string{aliasA, abc, ab, a, b, aAlias},
		},
		{
			"heavy and light",
			store.Search{Any: []string{"a", "alias:a", "alias:b"}, Heavy: "alias"},
			[]string{aAlias, aliasA, a, ab, abc},
		},
		{"no namespace is heavy", store.Search{Any: []string{"a", "b", "alias:a"}}, []string{ab, abc, a, b, aliasA, aAlias}},
		{"no prefix matching", store.Search{Any: []string{"ali", "alias:"}, Heavy: "alias"}, nil},
		{"other case", store.Search{Any: []string{"A"}}, nil},
	} {
		k.Run(c.name, func(t *testing.T) {
			k := &kit{T: t, Store: k.Store, ctx: k.ctx}
			k.finds("found", c.q, called, c.want...)
		})
	}
}

func searchOrder(k *kit) {
	called := map[string]string{}
	call := func(name, label string) { called[name] = label }
	call(k.taggedGroup(1, 0, "x"), "empty group")
	call(k.taggedGroup(9, 3, "x"), "large group")
	call(k.taggedGroup(5, 2, "x"), "younger group")
	call(k.taggedGroup(4, 2, "x"), "older group")
	call(k.tagged(8, "x").String(), "younger user")
	call(k.tagged(7, "x").String(), "older user")
	call(k.tagged(9, "x", "y").String(), "better user")
	k.finds("order", store.Search{Any: []string{"x", "y"}}, called,
		"better user", "large group", "older group", "younger group", "older user", "younger user", "empty group")

	light := []string{"alias:z"}
	for i := range 21 {
		light = append(light, fmt.Sprintf("light%02d", i))
	}
	call(k.tagged(1, light[0]).String(), "20")
	call(k.tagged(2, light[1:]...).String(), "21")
	call(k.tagged(0, light[2:]...).String(), "20, older")
	k.finds("heavy weighs 20", store.Search{Any: light, Heavy: "alias"}, called, "21", "20, older", "20")
}

func searchLimit(k *kit) {
	called := map[string]string{}
	for n := range 6 {
		called[k.tagged(10-n, "x").String()] = fmt.Sprint("user ", n)
		called[k.taggedGroup(10-n, n/2, "x")] = fmt.Sprint("group ", n)
	}
	want := []string{
		"group 5", "group 4", "group 3", "group 2", "user 5", "user 4", "user 3", "user 2", "user 1", "user 0", "group 1", "group 0",
	}
	for limit := range 14 {
		n := min(limit, len(want))
		if limit == 0 {
			n = len(want)
		}
		k.finds(fmt.Sprint("limit ", limit), store.Search{All: all("x"), Limit: limit}, called, want[:n]...)
	}
	called[k.tagged(20, "x", "y").String()] = "best"
	k.finds("best of unequal ones", store.Search{All: all("x"), Any: []string{"y"}, Limit: 3}, called, "best", "group 5", "group 4")
	k.finds("best alone", store.Search{All: all("x"), Any: []string{"y"}, Limit: 1}, called, "best")
}
