package server

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"
)

// FuzzContent publishes arbitrary JSON, Drafty or not, with an arbitrary head:
// what others receive, at once and from the history, is what was sent, but for
// the keys of the head that belong to the server.
func FuzzContent(f *testing.F) {
	for _, c := range [][2]string{
		{`"plain"`, `{}`},
		{`{"txt":"Hi, \u0000 there","fmt":[{"at":0,"len":2,"tp":"ST"}],"ent":[]}`, `{"mime":"text/x-drafty","replace":":1"}`},
		{`{"fmt":[{"at":-1,"len":0,"key":5}],"ent":[{"tp":"EX","data":{"val":"AAAA","mime":"x/y"}}]}`, `{"attachments":["/v0/file/s/x"]}`},
		{`{"fmt":[{"at":-5,"len":-9,"key":99},{"at":1e9,"len":1e9}]}`, `{"mime":7,"sender":"me","mentions":[1]}`},
		{`[[[[1.5e300,-0,"\ud83d\ude00"]]]]`, `{"x-app":{"deep":[null]},"priority":null}`},
		{`null`, `{"uid":"once"}`},
		{`0.10000000000000000001`, `{"webrtc":null}`},
	} {
		f.Add(c[0], c[1])
	}
	cfg := testConfig(f, "")
	f.Fuzz(func(t *testing.T, content, head string) {
		var sent any
		var keys map[string]any
		if json.Unmarshal([]byte(content), &sent) != nil || json.Unmarshal([]byte(head), &keys) != nil ||
			!utf8.ValidString(content+head) || // is repaired, elsewhere
			keys["webrtc"] != nil || strings.ContainsAny(content+head, "\n\r") || len(content)+len(head) > 10_000 {
			return
		}
		if delete(keys, "sender"); len(keys) == 0 {
			keys = nil
		}
		synctest.Test(t, func(t *testing.T) {
			w := newFuzzWorld(t, cfg)
			for _, line := range w.prologue(states - 1) {
				w.handle(t, line)
			}
			w.take()
			w.alice.Handle([]byte(`{"pub":{"id":"1","topic":"grpFuzz","head":` + head + `,"content":` + content + `}}`))
			settled()
			w.alice.Handle([]byte(`{"get":{"id":"2","topic":"grpFuzz","what":"data","data":{"since":2}}}`))
			settled()
			seen := 0
			for _, g := range w.take() {
				var m map[string]struct {
					Code    int
					Head    map[string]any
					Content any
				}
				if err := json.Unmarshal([]byte(g), &m); err != nil {
					t.Fatalf("not JSON: %q", g)
				}
				switch d, isData := m["data"]; {
				case m["ctrl"].Code == 400: // too deep, or a uid that is none
					seen += 2
				case isData && (!reflect.DeepEqual(d.Content, sent) || !reflect.DeepEqual(d.Head, keys)):
					t.Fatalf("%s with head %s came as %q", content, head, g)
				case isData:
					seen++
				}
			}
			if seen != 2 {
				t.Fatalf("%s with head %s was seen %d times, want 2", content, head, seen)
			}
			w.alice.Close()
			w.bob.Close()
			if err := w.end(); err != nil {
				t.Error(err)
			}
		})
	})
}
