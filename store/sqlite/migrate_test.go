package sqlite

import (
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"

	"parley/internal/chat"
	"parley/store"
	"parley/store/storetest"
)

// version1 fills a file of the first schema: 5000 users, more than a block of
// them, who all have "common", every tenth "tenth", and one tag of their own,
// and groups with tags. User i is as old as 5000-i and has the ID i.
const version1 = `
	INSERT INTO users (id, created, updated, state, auth, anon, seen, agent, public, tags)
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
		SELECT i, 1700000005000 - i, 1700000000000, CASE WHEN i % 1000 = 0 THEN 10 ELSE 0 END, 0, 0, 0, '', CAST('"' || i || '"' AS BLOB),
			CAST(iif(i % 10 = 0, json_array('common', 'own:' || i, 'tenth'), json_array('common', 'own:' || i)) AS BLOB) FROM n;
	INSERT INTO user_tags (tag, user) SELECT value, users.id FROM users, json_each(CAST(tags AS TEXT));
	INSERT INTO logins VALUES ('basic', 'ann', 7, 20, x'01', 0);
	INSERT INTO topics (id, name, created, updated, state, channel, owner, auth, anon, subs, tags)
		VALUES (1, 'grpAAAAAAAAAAA', 1, 1, 0, 1, 7, 0, 0, 2, CAST('["common","own:group"]' AS BLOB)),
			(9000, 'grpBBBBBBBBBBB', 2, 2, 20, 0, 0, 0, 0, 0, CAST('["common"]' AS BLOB)),
			(9001, 'grpCCCCCCCCCCC', 3, 3, 0, 0, 0, 0, 0, 1, NULL);
	INSERT INTO topic_tags (tag, topic) VALUES ('common', 1), ('own:group', 1), ('common', 9000);
	INSERT INTO logs VALUES (1, 2, 0, 5, 1), (9000, 0, 0, 5, 0), (9001, 0, 0, 5, 1);
	INSERT INTO subs (topic, user, peer, created, updated, deleted, reader, want, given, read, recv, del)
		VALUES ('grpAAAAAAAAAAA', 7, 0, 1, 1, 0, 0, 255, 255, 1, 2, 0), ('grpAAAAAAAAAAA', 8, 0, 1, 1, 0, 1, 3, 3, 0, 0, 0);
	INSERT INTO messages (topic, seq, sender, at, content) VALUES (1, 1, 7, 5, CAST('"one"' AS BLOB)), (1, 2, 8, 5, CAST('"two"' AS BLOB));`

// openVersion1 makes such a file and opens it with the present schema.
func openVersion1(t *testing.T) *Store {
	t.Helper()
	first, err := fs.ReadFile(migrations(), "00001_start.sql")
	if err != nil {
		t.Fatal(err)
	}
	path := testPath(t)
	c, err := prepareWith(t.Context(), path, fstest.MapFS{
		"00001_start.sql": {Data: first},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.exec(version1); err != nil {
		t.Fatal(err)
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
	return openTest(t, path)
}

func TestFromVersion1(t *testing.T) {
	t.Parallel()
	s, ctx := openVersion1(t), t.Context()
	search := func(what string, q store.Search, want int, first ...chat.UID) {
		t.Helper()
		found, err := s.Search(ctx, q)
		if err != nil || len(found) != want {
			t.Fatalf("%s: got %d found, %v, want %d", what, len(found), err, want)
		}
		for i, id := range first {
			if found[i].User != id {
				t.Errorf("%s: got %v at place %d, want %v", what, found[i].User, i, id)
			}
		}
	}
	search("common", store.Search{Any: []string{"common"}, Limit: 4}, 4, 0, 4999, 4998, 4997)
	search("all with common", store.Search{Any: []string{"common"}}, 4996)
	search("with the hidden", store.Search{Any: []string{"common"}, Hidden: true}, 5002, 0, 5000, 4999)
	search("tenth", store.Search{All: [][]string{{"tenth"}, {"common"}}, Limit: 3}, 3, 4990, 4980, 4970)
	search("one", store.Search{All: [][]string{{"own:17"}}}, 1, 17)

	for tag, want := range map[string]string{"own:4999": chat.UID(4999).String(), "own:group": "grpAAAAAAAAAAA"} {
		if got, err := s.TagHolder(ctx, tag); err != nil || got != want {
			t.Errorf("holder of %s: got %q, %v, want %q", tag, got, err, want)
		}
	}
	taken := []string{"own:5"}
	if err := s.UpdateUser(ctx, 6, store.UserUpdate{Tags: &taken, Unique: taken}); !errors.Is(err, store.ErrDuplicate) {
		t.Errorf("UpdateUser with another's tag: got error %v, want %v", err, store.ErrDuplicate)
	}
	if err := s.UpdateUser(ctx, 5, store.UserUpdate{Tags: &taken, Unique: taken}); err != nil {
		t.Errorf("UpdateUser with the own tag: got error %v, want none", err)
	}
	search("one less", store.Search{Any: []string{"common"}}, 4995)
	u, err := s.User(ctx, 4000)
	if err != nil || u.State != store.StateSuspended || string(u.Public) != `"4000"` || len(u.Tags) != 3 {
		t.Errorf("User: got %+v, %v", u, err)
	}
	ms, err := s.History(ctx, "grpAAAAAAAAAAA", store.HistoryQuery{})
	if err != nil || len(ms) != 2 || string(ms[1].Content) != `"one"` || ms[1].From != 7 {
		t.Errorf("History: got %+v, %v", ms, err)
	}
	if l, err := s.Login(ctx, "basic", "ann"); err != nil || l.User != 7 {
		t.Errorf("Login: got %+v, %v", l, err)
	}
	if subs, err := storetest.Subs(ctx, s, "grpAAAAAAAAAAA"); err != nil || len(subs) != 1 || subs[0].Read != 1 {
		t.Errorf("Subs: got %+v, %v", subs, err)
	}
	if id := benchUser(t, s); id == 0 {
		t.Error("no new user")
	}
}

func TestPurgedAfterReopening(t *testing.T) {
	t.Parallel()
	path := testPath(t)
	s := openTest(t, path)
	id := benchUser(t, s)
	if err := s.DeleteUser(t.Context(), id, true, benchTime(1)); err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
	s = openTest(t, path)
	states, err := s.UsersNotOK(t.Context())
	if err != nil || len(states) != 1 || states[id] != store.StateDeleted {
		t.Errorf("UsersNotOK: got %v, %v, want %v deleted", states, err, id)
	}
	err = s.CreateUser(t.Context(), &store.NewUser{User: store.User{ID: id}, Me: store.Sub{Topic: id.MeName(), User: id}})
	if !errors.Is(err, store.ErrDuplicate) {
		t.Errorf("CreateUser with the same ID: got error %v, want %v", err, store.ErrDuplicate)
	}
}
