package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"parley/store"
)

// nextSchema is the released migrations and one more.
func nextSchema(t *testing.T, sql string) fs.FS {
	t.Helper()
	steps := fstest.MapFS{"99999_next.sql": {Data: []byte("-- +goose Up\n" + sql)}}
	err := fs.WalkDir(migrations(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(migrations(), path)
		maps.Copy(steps, fstest.MapFS{path: {Data: b}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return steps
}

func TestMigration(t *testing.T) {
	t.Parallel()
	path := testPath(t)
	s := openTest(t, path)
	name := testGroup(t, s)
	mustAppend(t, s, name, 1, 5)
	mustClose(t, s)
	known, err := newest(migrations())
	if err != nil {
		t.Fatal(err)
	}

	_, err = prepareWith(t.Context(), path, nextSchema(t, "CREATE TABLE extra (x); CREATE TABLE users (id);"))
	if err == nil {
		t.Fatal("failing migration: got no error, want one")
	}
	s = openTest(t, path) // as if nothing had happened
	checkLog(t, s, name, 5)
	mustAppend(t, s, name, 6, 1)
	mustClose(t, s)

	c, err := prepareWith(t.Context(), path, nextSchema(t, "CREATE TABLE extra (x);"))
	if err != nil {
		t.Fatalf("migration: got error %v, want none", err)
	}
	if _, err := c.number("SELECT count(*) FROM extra"); err != nil {
		t.Errorf("new table: got error %v, want none", err)
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}

	_, err = Open(t.Context(), path, Options{})
	if !errors.Is(err, store.ErrNewer) {
		t.Errorf("Open of a newer file: got error %v, want %v", err, store.ErrNewer)
	} else if text := err.Error(); !strings.Contains(text, "99999") || !strings.Contains(text, "bak-") {
		t.Errorf("Open of a newer file: got %q, want both versions and the cure", text)
	}

	s = openTest(t, fmt.Sprintf("%s.bak-%d", path, known))
	checkLog(t, s, name, 6) // made anew by the second attempt
}

func TestForeignFiles(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(t *testing.T, path string){
		"text":       func(t *testing.T, path string) { writeFile(t, path, strings.Repeat("no database\n", 500)) },
		"short text": func(t *testing.T, path string) { writeFile(t, path, "x") },
		"only the header": func(t *testing.T, path string) {
			writeFile(t, path, fileMagic+strings.Repeat("\xff", 4096))
		},
		"another database": func(t *testing.T, path string) {
			c, err := openConn(path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.exec("CREATE TABLE t (x)"); err != nil {
				t.Fatal(err)
			}
			if err := c.close(); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := testPath(t)
			write(t, path)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = Open(t.Context(), path, Options{}); !errors.Is(err, errForeign) {
				t.Errorf("Open: got error %v, want %q", err, errForeign)
			}
			after, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if string(after) != string(before) {
				t.Error("the file was changed")
			}
		})
	}
	if _, err := Open(t.Context(), filepath.Join(t.TempDir(), "no", "parley.db"), Options{}); err == nil {
		t.Error("Open without folder: got no error, want one")
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestLibcPair: modernc.org/libc must be the version that modernc.org/sqlite
// was generated with; a newer one breaks it silently.
func TestLibcPair(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Version}} {{.GoMod}}",
		"modernc.org/libc", "modernc.org/sqlite").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var libc, libcMod, sqlite, sqliteMod string
	if n, err := fmt.Sscan(string(out), &libc, &libcMod, &sqlite, &sqliteMod); err != nil {
		t.Fatalf("go list: got %q: %d fields, %v", out, n, err)
	}
	mod, err := os.ReadFile(sqliteMod)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(mod), "modernc.org/libc ")
	want, _, _ := strings.Cut(rest, "\n")
	if want = strings.TrimSpace(want); libc != want {
		t.Errorf("modernc.org/libc: got %s, want %s, which modernc.org/sqlite %s names", libc, want, sqlite)
	}
}
