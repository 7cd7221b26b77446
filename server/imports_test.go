package server

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rank is the picture of style.md §1: a package may import only what stands
// lower. Services of one rank do not know each other.
var rank = []struct {
	prefix string
	rank   int
}{
	{"cmd/", 9},
	{"bench", 8}, // drives any server from outside
	{"server/session", 6},
	{"server/admin", 6},
	{"server/tus", 6},
	{"server/files", 6},
	{"server/hub", 5},
	{"server/topic", 4},
	{"server", 7},
	{"auth", 3},
	{"push", 3},
	{"media", 3},
	{"cluster", 3},
	{"bridge", 3},
	{"webclient", 3},
	{"internal/audit", 3},
	{"store", 2},
	{"internal/config", 2},
	{"internal/linkpreview", 2},
	{"internal/wstest", 2},
	{"internal/demo", 2}, // talks to any server from outside
	{"internal/smtptest", 2},
	{"internal/certs", 2},
	{"internal/tagquery", 2},
	{"internal/outbound", 1},
	{"internal/rongcloud", 2},
	{"internal/netease", 2},
	{"internal/wechat", 2},
	{"internal/outgoing", 2},
	{"internal/fake", 2},
	{"wsproto", 1},
	{"internal/mailbox", 1},
	{"internal/phone", 1},
	{"internal/limit", 1},
	{"internal/outbound", 1},
	{"internal/disk", 0},
	{"internal/chat", 0},
}

// leafModules are the modules that leaves may import nevertheless.
var leafModules = map[string][]string{
	"internal/phone": {"github.com/nyaruka/phonenumbers", "golang.org/x/text/language"},
}

// onlyIn are modules that one folder alone knows, so that they can be replaced.
var onlyIn = map[string]string{
	"code.dny.dev/ssrf":          "internal/linkpreview",
	"github.com/minio/minio-go/": "media/s3",
	"github.com/coreos/go-oidc/": "auth/oidc",
	"github.com/golang-jwt/jwt/": "auth/token",
	"github.com/pquerna/otp":     "auth/totp",
}

func rankOf(pkg string) (int, string) {
	for _, r := range rank {
		if strings.HasPrefix(pkg+"/", strings.TrimSuffix(r.prefix, "/")+"/") {
			return r.rank, r.prefix
		}
	}
	return -1, ""
}

// TestImportsPointDown compares the real imports with the picture. Tests may
// import what they need.
func TestImportsPointDown(t *testing.T) {
	t.Parallel()
	const root, module = "..", "parley/"
	packages := 0
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") && d.Name() != ".." || slices.Contains([]string{"testdata", "node_modules", "test", "tools", "dist"}, d.Name())):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go"):
			return nil
		}
		rel, err := filepath.Rel(root, filepath.Dir(p))
		if err != nil {
			return err
		}
		from := filepath.ToSlash(rel)
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		packages++
		fromRank, room := rankOf(from)
		if fromRank < 0 {
			t.Errorf("%s has no place in the picture (style.md §1)", from)
			return nil
		}
		for _, im := range f.Imports {
			name, err := strconv.Unquote(im.Path.Value)
			if err != nil {
				return err
			}
			to, ours := strings.CutPrefix(name, module)
			if !ours {
				for prefix, home := range onlyIn {
					if strings.HasPrefix(name, prefix) && from != home {
						t.Errorf("%s: %s is for %s alone", p, name, home)
					}
				}
				if fromRank <= 1 && strings.Contains(strings.SplitN(name, "/", 2)[0], ".") && !slices.Contains(leafModules[from], name) {
					t.Errorf("%s: a leaf imports %s", p, name)
				}
				continue
			}
			toRank, toRoom := rankOf(to)
			if toRank > fromRank || toRank == fromRank && room != toRoom {
				t.Errorf("%s: %s must not import %s", path.Clean(filepath.ToSlash(p)), from, to)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if packages < 50 {
		t.Errorf("only %d files were looked at", packages)
	}
}
