package tagquery

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"parley/internal/chat"
)

// render writes a query so that Parse reads the same one. Rewritten forms are
// left out where they come back by themselves.
func render(q Query, r Rules) string {
	p := parser{rules: r, phones: 1 << 30}
	var b strings.Builder
	for _, group := range q.All {
		b.WriteString(group[0] + " ")
	}
	var again []string // what the last term brings along
	for _, tag := range q.Any {
		if !slices.Contains(again, tag) {
			b.WriteString("," + tag)
			again = p.rewrite(tag)
		}
	}
	text := b.String()
	if len(q.All) > 0 && len(q.Any) > 0 { // keep the last AND term away from the comma
		text = strings.Replace(text, " ,", ` "" ,`, 1)
	}
	return text
}

// FuzzParse: whatever strangers write, the tags are valid, in lower case and not
// too many, and the query has a text that means the same.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"aaa bbb, ccc", "alias:foo,foo", `"+1 (650) 253-0000" Bob@Example.com`, `"aaa bbb",ccc`, "a,,b", `a"b`, `"`, ", a ,", "␡",
		"旅行，東京 سفر cafe\u0301 👍", "\xff \x00", "(650)253-0000,6502530000 +16502530000", "İ ǅ K ẞ ΑΣ", "0151 23456789", "email:x email:X",
	} {
		f.Add(text, true, true, "US")
		f.Add(text, false, false, "")
		f.Add(text, true, true, "DE")
	}
	f.Fuzz(func(t *testing.T, text string, email, tel bool, country string) {
		r := Rules{Email: email, Tel: tel, Country: country}
		q, err := Parse(text, r)
		if err != nil {
			if !errors.Is(err, ErrSyntax) || !q.Empty() {
				t.Fatalf("%v, %s", err, show(q))
			}
			return
		}
		if len(q.All) > maxAll || len(q.Any) > maxAny {
			t.Fatalf("%d, %d tags", len(q.All), len(q.Any))
		}
		any := slices.Clone(q.Any)
		if slices.Sort(any); len(slices.Compact(any)) != len(q.Any) {
			t.Errorf("duplicates: %s", show(q))
		}
		for _, group := range q.All {
			if len(group) == 0 || len(group) > 2 {
				t.Errorf("group %q", group)
			}
		}
		for tag := range q.Terms() {
			if !chat.ValidTag(tag) || strings.ToLower(tag) != tag {
				t.Errorf("%q of %q", tag, text)
			}
		}
		if tag, ok := q.Single(); ok && chat.TagPrefix(tag) == "" {
			t.Errorf("single %q", tag)
		}
		again, err := Parse(render(q, r), r)
		if err != nil || !reflect.DeepEqual(again, q) {
			t.Errorf("%q: %s, as %q: %s, %v", text, show(q), render(q, r), show(again), err)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for name, text := range map[string]string{
		"typed":        "flowers bob@example.com, travel",
		"address book": strings.Repeat("email:somebody@example.com,tel:+16502530000,", 2000) + "x",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(text, Rules{Email: true, Tel: true, Country: "US"}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
