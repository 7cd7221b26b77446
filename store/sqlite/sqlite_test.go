package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"parley/internal/chat"
	"parley/store"
	"parley/store/storetest"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(crashEnv); path != "" {
		crashChild(path)
		return
	}
	goleak.VerifyTestMain(m)
}

// openTest opens a store that the test closes if it has not done so.
func openTest(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatalf("Open: got error %v, want none", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func testPath(t testing.TB) string { return filepath.Join(t.TempDir(), "parley.db") }

func mustClose(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatalf("Close: got error %v, want none", err)
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	empty := testPath(t) // made once: migrating takes longer than most cases
	mustClose(t, openTest(t, empty))
	storetest.Run(t, func(t *testing.T) store.Store {
		path := testPath(t)
		b, err := os.ReadFile(empty)
		if err == nil {
			err = os.WriteFile(path, b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		return openTest(t, path)
	})
}

func TestCloseLeavesOneFile(t *testing.T) {
	t.Parallel()
	path := testPath(t)
	s := openTest(t, path)
	name := testGroup(t, s, 1)
	mustAppend(t, s, name, 1, 5)
	if _, err := s.History(t.Context(), name, store.HistoryQuery{For: 1}); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" {
		for _, file := range files(t, path) {
			info, err := os.Stat(filepath.Join(filepath.Dir(path), file))
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().Perm() != 0o600 {
				t.Errorf("mode of %s: got %v, want -rw-------", file, info.Mode())
			}
		}
	}
	mustClose(t, s)
	if got := files(t, path); strings.Join(got, " ") != "parley.db" {
		t.Errorf("files after Close: got %v, want parley.db", got)
	}
	s = openTest(t, path)
	checkLog(t, s, name, 5)
}

// files lists the folder of path without lock files.
func files(t testing.TB, path string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".lock" {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestMarksAreDurable(t *testing.T) {
	t.Parallel()
	path := testPath(t)
	s := openTest(t, path)
	name, id := testGroup(t, s, 7), benchUser(t, s)
	s.SetMarks(name, 7, 3, 5)
	s.Seen(id, benchTime(9), "agent")
	mustClose(t, s)
	s = openTest(t, path)
	sub, err := s.Sub(t.Context(), name, 7)
	if err != nil || sub.Read != 3 || sub.Recv != 5 {
		t.Errorf("Sub after reopening: got %+v, %v, want read 3, recv 5", sub, err)
	}
	u, err := s.User(t.Context(), id)
	if err != nil || !u.LastSeen.Equal(benchTime(9)) || u.UserAgent != "agent" {
		t.Errorf("User after reopening: got %+v, %v", u, err)
	}
}

// TestMarksReachTheFile looks past the store: after a second of doing nothing,
// and with the next commit if that comes later than a quarter of it.
func TestMarksReachTheFile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		wait   time.Duration
		append bool
		want   int64
	}{
		{"at once", 0, false, 0},
		{"young, with a commit", settleAge / 2, true, 0},
		{"old, with a commit", settleAge, true, 4},
		{"by themselves", time.Second, false, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := testPath(t)
			synctest.Test(t, func(t *testing.T) {
				s := openTest(t, path)
				name := testGroup(t, s, 7)
				s.SetMarks(name, 7, 4, 4)
				time.Sleep(c.wait) // of the bubble's clock
				synctest.Wait()
				if c.append {
					mustAppend(t, s, name, 1, 1)
				}
				if got := fileRead(t, s, name); got != c.want {
					t.Errorf("read in the file: got %d, want %d", got, c.want)
				}
				mustClose(t, s)
			})
		})
	}
}

// fileRead is the mark of user 7 in the table.
func fileRead(t *testing.T, s *Store, name string) (read int64) {
	t.Helper()
	err := s.read(t.Context(), "test", func(c *conn) (err error) {
		read, err = c.number(`SELECT read FROM subs WHERE topic = ? AND user = 7`, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func TestOneProcess(t *testing.T) {
	t.Parallel()
	path := testPath(t)
	s := openTest(t, path)
	if _, err := Open(t.Context(), path, Options{}); err == nil || !strings.Contains(err.Error(), "in use by another parley process") {
		t.Errorf("Open again: got error %v, want one that says who has it", err)
	}
	mustClose(t, s)
	mustClose(t, openTest(t, path))
}

func TestOddPaths(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a b", "per%20cent", "query?x=1", "hash#1", "é", "semi;colon&and"} {
		if runtime.GOOS == "windows" && strings.Contains(name, "?") {
			continue
		}
		path := filepath.Join(t.TempDir(), name+".db")
		s := openTest(t, path)
		mustAppend(t, s, testGroup(t, s), 1, 1)
		if err := s.Backup(t.Context(), path+".copy", nil); err != nil {
			t.Errorf("Backup of %q: got error %v, want none", name, err)
		}
		mustClose(t, s)
		if _, err := os.Stat(path); err != nil {
			t.Errorf("Open of %q: got %v, want a file of that name", name, err)
		}
	}
}

// TestPlans: nothing that the contract asks for may look through a whole table.
func TestPlans(t *testing.T) {
	t.Parallel()
	s := openTest(t, testPath(t))
	s.readers.slots = make(chan struct{}, 1) // one connection sees all statements
	exercise(t, s)
	fine := regexp.MustCompile(`CONSTANT ROW|INDEX users_state|VALUES CLAUSE|json_each|sqlite_master|` +
		`purged|user_zones|INDEX topics_rank|SCAN invites`) // few rows, or left early
	control := regexp.MustCompile(`^(PRAGMA|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)`)
	check := func(c *conn) error {
		for _, text := range slices.Collect(maps.Keys(c.stmts)) { // check adds to them
			if control.MatchString(text) {
				continue
			}
			if err := c.query("EXPLAIN QUERY PLAN "+text, func(r *row) error {
				r.next = 3
				if step := r.text(); strings.HasPrefix(step, "SCAN") && !fine.MatchString(step) {
					t.Errorf("%s\n\tgot the plan %q", text, step)
				}
				return nil
			}, make([]any, strings.Count(text, "?"))...); err != nil {
				return fmt.Errorf("%s: %w", text, err)
			}
		}
		return nil
	}
	if err := s.read(t.Context(), "plans", check); err != nil {
		t.Error(err)
	}
	if err := s.write(t.Context(), "plans", check); err != nil {
		t.Error(err)
	}
}

// exercise makes every call once.
func exercise(t *testing.T, s *Store) {
	t.Helper()
	ctx, now := context.Background(), benchTime(1)
	a, b := benchUser(t, s), benchUser(t, s)
	name := testGroup(t, s, a)
	_ = benchP2P(t, s, a, b)
	mustAppend(t, s, name, 1, 20)
	s.SetMarks(name, a, 1, 1)
	s.Seen(a, now, "x")
	full, tags, js, state, access := chat.ModeFull, []string{"x"}, json.RawMessage("1"), store.StateOK, chat.Access{}
	sub := store.SubUpdate{Topic: name, User: a, Updated: &now, Want: &full, Given: &full, Private: &js}
	cred := &store.Credential{User: a, Method: "email", Value: "x", Created: now, Updated: now}
	var errs []error
	try := func(err error) { errs = append(errs, err) }
	try(s.UpdateUser(ctx, a, store.UserUpdate{Updated: &now, State: &state, Access: &access, Public: &js, Trusted: &js, Tags: &tags, Unique: tags}))
	try(s.UpdateTopic(ctx, name, store.TopicUpdate{Updated: &now, State: &state, Owner: &a, Access: &access, Public: &js, Aux: &js, Tags: &[]string{"y"}, Subs: []store.SubUpdate{sub}}))
	try(s.PutLogin(ctx, &store.Login{Scheme: "basic", Name: "x", User: a}))
	try(s.PutCredential(ctx, cred))
	try(s.FailCredential(ctx, a, "email", now))
	try(s.DeleteCredential(ctx, a, "email", "x"))
	try(s.PutCredential(ctx, cred))
	_, err := s.ConfirmCredential(ctx, a, "email", now)
	try(err)
	try(s.DeleteCredential(ctx, a, "email", "x"))
	try(s.PutDevice(ctx, &store.Device{ID: "d", User: a}))
	try(s.DeleteDevice(ctx, a, "d"))
	_, err = s.DeleteMessages(ctx, name, store.NewDeletion{ID: 1, User: a, Ranges: []chat.Range{{Low: 1, Hi: 3}}})
	try(err)
	_, err = s.DeleteMessages(ctx, name, store.NewDeletion{ID: 2, Ranges: []chat.Range{{Low: 1, Hi: 3}}})
	try(err)
	for _, limit := range []int{0, 1} {
		for _, since := range []time.Time{{}, now} {
			_, err = s.Contacts(ctx, a, store.ContactQuery{Since: since, Limit: limit})
			try(err)
			_, err = s.Contacts(ctx, a, store.ContactQuery{Since: since, Topic: name, Limit: limit})
			try(err)
			_, err = s.Members(ctx, name, store.MemberQuery{DeletedSince: since, Limit: limit})
			try(err)
			_, err = s.Members(ctx, name, store.MemberQuery{DeletedSince: since, User: a})
			try(err)
		}
	}
	_, err = s.History(ctx, name, store.HistoryQuery{For: a})
	try(err)
	_, err = s.Deletions(ctx, name, a, 0, 0, 0)
	try(err)
	_, err = s.User(ctx, a)
	try(err)
	_, err = s.UsersByID(ctx, a, b)
	try(err)
	_, err = s.UsersNotOK(ctx)
	try(err)
	_, err = s.TagHolder(ctx, "y")
	try(err)
	_, err = s.Login(ctx, "basic", "x")
	try(err)
	_, err = s.LoginOf(ctx, "basic", a)
	try(err)
	_, err = s.Credentials(ctx, a, "")
	try(err)
	_, err = s.Devices(ctx, a)
	try(err)
	_, err = s.Topic(ctx, name)
	try(err)
	_, err = s.Sub(ctx, name, a)
	try(err)
	_, err = storetest.Subs(ctx, s, name)
	try(err)
	try(s.UpdateSubs(ctx, sub))
	try(s.DeleteSub(ctx, name, a, now))
	try(s.PutSubs(ctx, store.Sub{Topic: name, User: a}))
	mustAppendOnce(t, s, name, 21)
	_, _, err = s.Published(ctx, name, 77, "once")
	try(err)
	_, err = s.ForgetPublished(ctx, benchTime(99), 1)
	try(err)
	for _, limit := range []int{0, 1} {
		_, err = s.Search(ctx, store.Search{All: [][]string{{"x", "y"}}, Except: b, Hidden: true, Limit: limit})
		try(err)
	}
	exerciseAccounts(ctx, s, a, try)
	try(s.DeleteTopic(ctx, name, false, now))
	try(s.DeleteTopic(ctx, name, true, now))
	try(s.DeleteUser(ctx, a, false, now))
	try(s.DeleteUser(ctx, a, true, now))
	for i, err := range errs {
		if err != nil {
			t.Fatalf("call %d: got error %v, want none", i, err)
		}
	}
}

func testGroup(t testing.TB, s *Store, members ...chat.UID) string {
	return benchGroup(t, s, members...)
}

func mustAppend(t testing.TB, s *Store, topic string, from, n int) {
	t.Helper()
	if err := s.Append(t.Context(), benchMessages(topic, from, n)...); err != nil {
		t.Fatalf("Append: got error %v, want none", err)
	}
}

func mustAppendOnce(t testing.TB, s *Store, topic string, seq int) {
	t.Helper()
	ms := benchMessages(topic, seq, 1)
	ms[0].Once = "once"
	if err := s.Append(t.Context(), ms...); err != nil {
		t.Fatalf("Append: got error %v, want none", err)
	}
}

// checkLog checks that a topic has messages 1 to at least n, each once, and
// agrees with its record. It returns how many.
func checkLog(t testing.TB, s *Store, topic string, n int) int {
	t.Helper()
	ms, err := s.History(t.Context(), topic, store.HistoryQuery{})
	if err != nil {
		t.Fatal(err)
	}
	rec, err := s.Topic(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	if rec.Seq != len(ms) || len(ms) < n {
		t.Errorf("topic: got seq %d and %d messages, want at least %d of both", rec.Seq, len(ms), n)
	}
	for i, m := range ms {
		if m.Seq != len(ms)-i || string(m.Content) != string(benchContent) {
			t.Fatalf("message %d from the end: got seq %d, content %q", i, m.Seq, m.Content)
		}
	}
	return len(ms)
}
