package server

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"parley/wsproto"
)

// section is the text under a heading, up to the next of the same level.
func section(t *testing.T, docs []document, file, anchor string) string {
	t.Helper()
	for i := range docs {
		d := &docs[i]
		if filepath.Base(d.path) != file {
			continue
		}
		start, ok := d.anchors(t)[anchor]
		if !ok {
			break
		}
		lines := d.prose()
		level, _, _ := strings.Cut(lines[start], " ")
		end := start + 1
		for end < len(lines) {
			if l, _, ok := strings.Cut(lines[end], " "); ok && l != "" && strings.Trim(l, "#") == "" && len(l) <= len(level) {
				break
			}
			end++
		}
		return strings.Join(lines[start:end], "\n")
	}
	t.Errorf("no section %s#%s", file, anchor)
	return ""
}

// firstCells are the codes in the first cells of the rows of tables, such as
// "on" of "| `on` | …" and both of "| `read`, `recv` | …".
func firstCells(text string) []string {
	var out []string
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		row, ok := strings.CutPrefix(line, "| `")
		if !ok || i+1 < len(lines) && strings.HasPrefix(lines[i+1], "| ---") {
			continue
		}
		cell, _, _ := strings.Cut(row, " |")
		for i, part := range strings.Split("`"+cell, "`") {
			if i%2 == 1 {
				out = append(out, part)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func sameSet(t *testing.T, what string, documented, real []string) {
	t.Helper()
	for _, x := range real {
		if !slices.Contains(documented, x) {
			t.Errorf("%s: %q is not in the documents", what, x)
		}
	}
	for _, x := range documented {
		if !slices.Contains(real, x) {
			t.Errorf("%s: %q is in the documents only", what, x)
		}
	}
}

// source parses the Go files of a folder, tests left out.
func source(t *testing.T, folder string) []*ast.File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var out []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, f)
	}
	return out
}

func literal(e ast.Expr) string {
	if l, ok := e.(*ast.BasicLit); ok {
		if s, err := strconv.Unquote(l.Value); err == nil && l.Kind == token.STRING {
			return s
		}
		if l.Kind == token.INT {
			return l.Value
		}
	}
	return ""
}

// typeName is "Pres" of wsproto.Pres{…} and &wsproto.Pres{…}.
func typeName(c *ast.CompositeLit) string {
	switch x := c.Type.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return x.Sel.Name
	}
	return ""
}

// fieldsOf are the literal values of a field in all literals of a type.
func fieldsOf(files []*ast.File, typ, field string) []string {
	var out []string
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			c, ok := n.(*ast.CompositeLit)
			if !ok || typeName(c) != typ {
				return true
			}
			for _, e := range c.Elts {
				kv, ok := e.(*ast.KeyValueExpr)
				if !ok {
					continue
				}
				if id, ok := kv.Key.(*ast.Ident); ok && id.Name == field {
					if s := literal(kv.Value); s != "" {
						out = append(out, s)
					}
				}
			}
			return true
		})
	}
	return out
}

// cases are the texts of the case clauses of a function.
func cases(files []*ast.File, function string) []string {
	var out []string
	for _, f := range files {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Name.Name != function {
				continue
			}
			ast.Inspect(fn, func(n ast.Node) bool {
				if c, ok := n.(*ast.CaseClause); ok {
					for _, e := range c.List {
						if s := literal(e); s != "" {
							out = append(out, s)
						}
					}
				}
				return true
			})
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// arguments are the literal arguments at a place of all calls of a function.
func arguments(files []*ast.File, function string, place int) []string {
	var out []string
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			c, ok := n.(*ast.CallExpr)
			if !ok || len(c.Args) <= place {
				return true
			}
			if s, ok := c.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == function {
				if v := literal(c.Args[place]); v != "" {
					out = append(out, v)
				}
			}
			return true
		})
	}
	return out
}

var codeRow = regexp.MustCompile("(?m)^\\| (\\d{3}) \\| `([^`]+)` \\|")

// TestProtocolCodes holds the tables of codes against those that there are.
func TestProtocolCodes(t *testing.T) {
	t.Parallel()
	docs := documents(t)
	var real []string
	for _, f := range source(t, "../wsproto") {
		ast.Inspect(f, func(n ast.Node) bool {
			c, ok := n.(*ast.CompositeLit)
			if !ok || typeName(c) != "Error" {
				return true
			}
			code, text := "", ""
			for _, e := range c.Elts {
				kv := e.(*ast.KeyValueExpr)
				switch kv.Key.(*ast.Ident).Name {
				case "Code":
					code = literal(kv.Value)
				case "Text":
					text = literal(kv.Value)
				}
			}
			if code != "" && text != "" {
				real = append(real, code+" "+text)
			}
			return true
		})
	}
	rows := func(anchor string) []string {
		var out []string
		for _, m := range codeRow.FindAllStringSubmatch(section(t, docs, "protocol.md", anchor), -1) {
			out = append(out, m[1]+" "+m[2])
		}
		return out
	}
	if len(real) < 30 {
		t.Fatalf("only %d codes were found in wsproto", len(real))
	}
	// Long polling has codes of its own.
	documented := rows("codes")
	for _, c := range rows("codes-over-http") {
		if slices.Contains(real, c) && !slices.Contains(documented, c) {
			documented = append(documented, c)
		}
	}
	sameSet(t, "codes", documented, real)
}

// TestProtocolWords holds the tables of pres, note and get against the code.
func TestProtocolWords(t *testing.T) {
	t.Parallel()
	docs := documents(t)
	files := source(t, "topic")
	notes := cases(files, "ValidNote")
	sameSet(t, "note", firstCells(section(t, docs, "protocol.md", "note")), append(notes, "topic", "what", "seq", "unread", "event", "payload"))
	sameSet(t, "call events", firstCells(section(t, docs, "calls.md", "events")), cases(files, "callNote"))

	pres := fieldsOf(files, "Pres", "What")
	pres = append(pres, fieldsOf(files, "online", "what")...)
	pres = append(pres, arguments(files, "tellContacts", 0)...)
	pres = append(pres, arguments(files, "presOnline", 0)...)
	for _, n := range notes { // what is told of one's own marks
		if n == "read" || n == "recv" {
			pres = append(pres, n)
		}
	}
	slices.Sort(pres)
	pres = slices.Compact(pres)
	table := firstCells(section(t, docs, "presence.md", "on-the-topic"))
	table = append(table, firstCells(section(t, docs, "presence.md", "on-me"))...)
	slices.Sort(table)
	sameSet(t, "pres", slices.Compact(table), pres)

	get := cases(files, "whatSet")
	var documented []string
	for _, w := range firstCells(section(t, docs, "protocol.md", "get")) {
		if slices.Contains(get, w) {
			documented = append(documented, w)
		}
	}
	sameSet(t, "get", documented, get)
}

// TestProtocolFields looks for each field of the messages in the section that is
// about it.
func TestProtocolFields(t *testing.T) {
	t.Parallel()
	docs := documents(t)
	for _, m := range []struct {
		anchor string
		types  []any
	}{
		{"extra", []any{wsproto.Extra{}}},
		{"hi", []any{wsproto.Hi{}}},
		{"acc", []any{wsproto.Acc{}, wsproto.Cred{}}},
		{"login", []any{wsproto.Login{}, wsproto.Cred{}}},
		{"sub", []any{wsproto.Sub{}}},
		{"leave", []any{wsproto.Leave{}}},
		{"pub", []any{wsproto.Pub{}}},
		{"get", []any{wsproto.Get{}, wsproto.GetQuery{}, wsproto.GetOpts{}}},
		{"get-sync", []any{wsproto.SyncOpts{}, wsproto.SyncState{}}},
		{"set", []any{wsproto.Set{}, wsproto.SetQuery{}, wsproto.SetDesc{}, wsproto.DefAcs{}, wsproto.SetSub{}, wsproto.Cred{}}},
		{"del", []any{wsproto.Del{}, wsproto.SeqRange{}, wsproto.Cred{}}},
		{"note", []any{wsproto.Note{}}},
		{"meta", []any{
			wsproto.Meta{}, wsproto.MetaDesc{}, wsproto.MetaSub{}, wsproto.MetaDel{}, wsproto.MetaCred{}, wsproto.Seen{}, wsproto.Acs{},
		}},
	} {
		text := section(t, docs, "protocol.md", m.anchor)
		for _, v := range m.types {
			typ := reflect.TypeOf(v)
			for i := range typ.NumField() {
				name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
				if name != "" && !strings.Contains(text, "`"+name+"`") {
					t.Errorf("#%s says nothing of %q (%s)", m.anchor, name, typ.Name())
				}
			}
		}
	}
	// The others are encoded by hand: their keys are those of the frames.
	encoder, err := os.ReadFile("../wsproto/encode.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, anchor := range []string{"ctrl", "data", "pres", "info"} {
		text := section(t, docs, "protocol.md", anchor)
		_, body, _ := strings.Cut(string(encoder), "`{\""+anchor+"\":{")
		body, _, _ = strings.Cut(body, "\n}\n")
		for _, m := range regexp.MustCompile(`[{,]?"([a-z]+)":`+"`").FindAllStringSubmatch(body, -1) {
			if !strings.Contains(text, "`"+m[1]+"`") {
				t.Errorf("#%s says nothing of %q", anchor, m[1])
			}
		}
	}
}

// TestProtocolLimits looks for the options of the table of limits in tinode.conf.
func TestProtocolLimits(t *testing.T) {
	t.Parallel()
	conf, err := os.ReadFile("../tinode.conf")
	if err != nil {
		t.Fatal(err)
	}
	text := section(t, documents(t), "transport.md", "limits")
	keys := regexp.MustCompile("(?m)^\\|[^|]*\\|[^|]*\\| `([a-z0-9_.]+)` \\|").FindAllStringSubmatch(text, -1)
	if len(keys) < 8 {
		t.Errorf("only %d options in the table", len(keys))
	}
	for _, m := range keys {
		for _, part := range strings.Split(m[1], ".") {
			if !strings.Contains(string(conf), `"`+part+`"`) {
				t.Errorf("no option %s in tinode.conf", m[1])
			}
		}
	}
}
