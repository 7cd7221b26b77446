package wstest

import (
	"strings"
	"testing"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		want, got []string
		ordered   bool
		ok        bool
	}{
		"equal":                 {[]string{`A< {"x":1}`}, []string{`A< {"x":1}`}, false, true},
		"any order":             {[]string{`A< {"x":1}`, `A< {"x":2}`}, []string{`A< {"x":2}`, `A< {"x":1}`}, false, true},
		"not in order":          {[]string{`A< {"x":1}`, `A< {"x":2}`}, []string{`A< {"x":2}`, `A< {"x":1}`}, true, false},
		"order per session":     {[]string{`A< {"x":1}`, `B< {"x":2}`}, []string{`B< {"x":2}`, `A< {"x":1}`}, true, true},
		"missing":               {[]string{`A< {"x":1}`}, nil, false, false},
		"one too many":          {nil, []string{`A< {"x":1}`}, false, false},
		"twice":                 {[]string{`A< {"x":1}`}, []string{`A< {"x":1}`, `A< {"x":1}`}, false, false},
		"other session":         {[]string{`A< {"x":1}`}, []string{`B< {"x":1}`}, false, false},
		"may be missing":        {[]string{`A<? {"x":1}`}, nil, false, true},
		"any":                   {[]string{`A< {"x":"<any>"}`}, []string{`A< {"x":[1]}`}, false, true},
		"any must be there":     {[]string{`A< {"x":"<any>"}`}, []string{`A< {}`}, false, false},
		"opt":                   {[]string{`A< {"x":"<opt>"}`}, []string{`A< {}`}, false, true},
		"an unexpected key":     {[]string{`A< {"x":1}`}, []string{`A< {"x":1,"y":2}`}, false, false},
		"more keys are allowed": {[]string{`A< {"x":1,"<more>":"<opt>"}`}, []string{`A< {"x":1,"y":2}`}, false, true},
		"lists have a length":   {[]string{`A< {"x":[1]}`}, []string{`A< {"x":[1,2]}`}, false, false},
		"closed somehow":        {[]string{`A< closed`}, []string{`A< closed 1009`}, false, true},
		"closed otherwise":      {[]string{`A< closed 1001`}, []string{`A< closed 1009`}, false, false},
	} {
		if diff := compare(c.want, c.got, c.ordered); (diff == "") != c.ok {
			t.Errorf("%s: %q", name, diff)
		}
	}
}

// echo answers every frame with itself.
type echo struct{ in *Inbox }

func (e *echo) Dial(in *Inbox) (Conn, error)        { return &echo{in}, nil }
func (e *echo) Settle(func() bool, <-chan struct{}) {}
func (e *echo) Send(frame string) error             { e.in.Put([]byte(frame)); return nil }
func (e *echo) Close()                              {}

func TestPlayer(t *testing.T) {
	t.Parallel()
	tr, err := Read(strings.NewReader(`
# a comment
config {"a":1}
only memory
open A raw
A> {"x":"<run>","y":"<b64:<run>>","z":"<long:3>","d":<deep:2>,"g":"grpABCDEFGH","c":"chnABCDEFGH","t":"<now-1h>"}
A< {"x":"<run>","y":"<any>","z":"xxx","d":[[]],"g":"<grp1>","c":"<chn1>","t":"<ts>"}
quietly A> {"x":1}
A> {"t":"2026-01-01T00:00:00Z"}
A< {"t":"<ts>"}
close A
A> {}
`))
	if err != nil {
		t.Fatal(err)
	}
	if tr.Config != `{"a":1}` || !tr.MemoryOnly {
		t.Errorf("config %q, only memory %v", tr.Config, tr.MemoryOnly)
	}
	problems := NewPlayer(&echo{}, nil).Play(tr)
	if len(problems) != 2 || !strings.Contains(problems[0], `received A< {"t":"2026-01-01T00:00:00Z"}`) ||
		!strings.Contains(problems[1], "no such session") {
		t.Errorf("problems: %q", problems)
	}
	for _, bad := range []string{"A< {}", "open A raw\nA< {", "open A raw\nA<? {x}"} {
		if _, err := Read(strings.NewReader(bad)); err == nil {
			t.Errorf("%q is a transcript", bad)
		}
	}
}
