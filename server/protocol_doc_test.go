package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"parley/internal/wstest"
	"parley/store/mem"
)

// docConfig is the configuration of the examples: the one of a server that is
// started without a file.
const docConfig = `{"max_subscriber_count":1024,"acc_validation":{}}`

// minExamples is how many examples there are at least: so many that a change of
// the format cannot lose them unnoticed.
const minExamples = 60

// document is a file of docs that describes the protocol.
type document struct {
	path  string
	lines []string
}

// documents are docs/protocol.md and the files that belong to it.
func documents(t *testing.T) []document {
	t.Helper()
	var out []document
	for _, pattern := range []string{"../docs/protocol*.md", "../docs/protocol/*.md"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, document{path, strings.Split(string(text), "\n")})
		}
	}
	if len(out) == 0 {
		t.Fatal("no documents")
	}
	return out
}

// example is a fenced block "transcript".
type example struct {
	doc        *document
	start, end int // of its lines
}

func (e *example) text() string { return strings.Join(e.doc.lines[e.start:e.end], "\n") + "\n" }

func (e *example) name() string { return fmt.Sprintf("%s:%d", filepath.Base(e.doc.path), e.start) }

// examples are those of a document; a fence that is not closed is an error.
func (d *document) examples() ([]example, error) {
	var out []example
	opened, played := 0, false // line after the fence
	for i, line := range d.lines {
		fence, ok := strings.CutPrefix(line, "```")
		switch {
		case !ok:
		case opened == 0:
			opened, played = i+1, fence == "transcript"
			if !played && !slices.Contains([]string{"text", "sh", "js"}, fence) {
				return nil, fmt.Errorf("line %d: a block of the kind %q", i+1, fence)
			}
		case fence != "":
			return nil, fmt.Errorf("line %d: the block of line %d is still open", i+1, opened)
		default:
			if played {
				out = append(out, example{d, opened, i})
			}
			opened = 0
		}
	}
	if opened != 0 {
		return nil, fmt.Errorf("line %d: the block is never closed", opened)
	}
	return out, nil
}

// TestProtocolExamples plays the examples of the documents, so that these can't
// be wrong. With -write it fills in what comes where no frames are written yet.
func TestProtocolExamples(t *testing.T) {
	t.Parallel()
	docs := documents(t)
	var all []example
	for i := range docs {
		list, err := docs[i].examples()
		if err != nil {
			t.Fatalf("%s: %v", docs[i].path, err)
		}
		all = append(all, list...)
	}
	drafts := make([]string, len(all))
	t.Run("play", func(t *testing.T) {
		for i := range all {
			t.Run(all[i].name(), func(t *testing.T) {
				t.Parallel()
				drafts[i] = playExample(t, &all[i])
			})
		}
	})
	if *write {
		for i := len(all) - 1; i >= 0; i-- { // lines move behind what is written
			if drafts[i] != "" {
				d := all[i].doc
				d.lines = slices.Concat(d.lines[:all[i].start], strings.Split(strings.TrimSpace(drafts[i]), "\n"), d.lines[all[i].end:])
			}
		}
		for i := range docs {
			if err := os.WriteFile(docs[i].path, []byte(strings.Join(docs[i].lines, "\n")), 0o600); err != nil {
				t.Error(err)
			}
		}
		return
	}
	if len(all) < minExamples {
		t.Errorf("%d examples, want at least %d", len(all), minExamples)
	}
	var text strings.Builder
	for i := range all {
		text.WriteString(all[i].text())
	}
	for _, kind := range []string{
		`> {"hi":`, `> {"acc":`, `> {"login":`, `> {"sub":`, `> {"leave":`, `> {"pub":`, `> {"get":`, `> {"set":`, `> {"del":`, `> {"note":`,
		`< {"ctrl":`, `< {"data":`, `< {"meta":`, `< {"pres":`, `< {"info":`,
		`"topic":"me"`, `"topic":"fnd"`, `"topic":"<bob>"`, `"topic":"new1"`, `"topic":"nch1"`, `"topic":"<grp1>"`, `"topic":"<chn1>"`,
		`"topic":"slf"`, `"topic":"sys"`, `"what":"sync"`, `"obo":`, `"webrtc":`,
	} {
		if !strings.Contains(text.String(), kind) {
			t.Errorf("no example with %s", kind)
		}
	}
}

// playExample plays one; with -write it returns a draft of one that has no
// frames.
func playExample(t *testing.T, e *example) string {
	t.Helper()
	tr, err := wstest.Read(strings.NewReader(e.text()))
	if err != nil {
		t.Fatal(err)
	}
	framed := strings.Contains(e.text(), "< ")
	if !framed && !*write {
		t.Fatal("nobody receives anything")
	}
	keys := map[string]json.RawMessage{}
	for _, text := range []string{docConfig, tr.Config} {
		if text != "" {
			if err := json.Unmarshal([]byte(text), &keys); err != nil {
				t.Fatal(err)
			}
		}
	}
	text, err := json.Marshal(keys)
	if err != nil {
		t.Fatal(err)
	}
	cfg := testConfig(t, string(text))
	draft := ""
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, cfg, mem.New())
		p := wstest.NewPlayer(h.memory(settled), h.account)
		if framed {
			for _, problem := range p.Play(tr) {
				t.Error(problem)
			}
		} else if draft, err = p.Record(e.text()); err != nil {
			t.Error(err)
		}
		p.Close()
		if err := h.end(); err != nil {
			t.Error(err)
		}
	})
	return inOrder(draft)
}

// inOrder brings the keys of drafted frames into the order of the wire.
func inOrder(draft string) string {
	lines := strings.Split(draft, "\n")
	for i, line := range lines {
		who, frame, ok := strings.Cut(line, "< {")
		var v any
		if ok && json.Unmarshal([]byte("{"+frame), &v) == nil {
			var b bytes.Buffer
			writeInOrder(&b, v)
			lines[i] = who + "< " + b.String()
		}
	}
	return strings.Join(lines, "\n")
}

// keyOrder is the order of keys in examples; others follow by name.
var keyOrder = strings.Fields(`id user topic src from params what code text ts created updated deleted touched state online chan
	ua seen defacs acs seq read recv clear delseq tgt act dacs event payload subcnt public trusted private head content
	want given mode auth anon low hi meth val done when`)

func writeInOrder(b *bytes.Buffer, v any) {
	switch x := v.(type) {
	case map[string]any:
		keys := make([]string, 0, len(x))
		for k := range x {
			keys = append(keys, k)
		}
		rank := func(k string) int {
			if i := slices.Index(keyOrder, k); i >= 0 {
				return i
			}
			return len(keyOrder)
		}
		slices.SortFunc(keys, func(p, q string) int {
			if d := rank(p) - rank(q); d != 0 {
				return d
			}
			return strings.Compare(p, q)
		})
		for i, k := range keys {
			b.WriteString(map[bool]string{true: "{", false: ","}[i == 0])
			fmt.Fprintf(b, "%q:", k)
			writeInOrder(b, x[k])
		}
		if len(keys) == 0 {
			b.WriteByte('{')
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, e := range x {
			if i > 0 {
				b.WriteByte(',')
			}
			writeInOrder(b, e)
		}
		b.WriteByte(']')
	default:
		enc := json.NewEncoder(b)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(v) // it was decoded
		b.Truncate(b.Len() - 1)
	}
}

var (
	heading    = regexp.MustCompile(`^#+ (.*)$`)
	notInLinks = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	docLink    = regexp.MustCompile(`\]\(([^)#]*)(#[^)]*)?\)`)
)

// prose is the document with what is in fences left out.
func (d *document) prose() []string {
	out := slices.Clone(d.lines)
	fenced := false
	for i, line := range out {
		fence := strings.HasPrefix(line, "```")
		if fenced || fence {
			out[i] = ""
		}
		fenced = fenced != fence
	}
	return out
}

// anchors are those that headings get where Markdown is shown.
func (d *document) anchors(t *testing.T) map[string]int {
	t.Helper()
	out := make(map[string]int)
	for i, line := range d.prose() {
		if m := heading.FindStringSubmatch(line); m != nil {
			a := strings.ReplaceAll(notInLinks.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")
			if _, twice := out[a]; twice {
				t.Errorf("%s: two headings #%s", d.path, a)
			}
			out[a] = i
		}
	}
	return out
}

// TestProtocolLinks follows the links of the documents to each other and to
// files of ours.
func TestProtocolLinks(t *testing.T) {
	t.Parallel()
	docs := documents(t)
	anchors := make(map[string]map[string]int)
	for i := range docs {
		anchors[filepath.Clean(docs[i].path)] = docs[i].anchors(t)
	}
	for _, d := range docs {
		for n, line := range d.prose() {
			for _, m := range docLink.FindAllStringSubmatch(line, -1) {
				if strings.Contains(m[1], "://") {
					continue
				}
				path := filepath.Clean(d.path)
				if m[1] != "" {
					path = filepath.Join(filepath.Dir(d.path), m[1])
				}
				if _, err := os.Stat(path); err != nil {
					t.Errorf("%s:%d: %v", d.path, n+1, err)
				}
				if known, ok := anchors[path]; ok && m[2] != "" {
					if _, ok := known[m[2][1:]]; !ok {
						t.Errorf("%s:%d: no heading %s in %s", d.path, n+1, m[2], path)
					}
				}
			}
		}
	}
}
