package tagquery

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// show writes a query as AND{a|b,c}OR{d,e}: groups by commas, forms by bars.
func show(q Query) string {
	groups := make([]string, len(q.All))
	for i, g := range q.All {
		groups[i] = strings.Join(g, "|")
	}
	return fmt.Sprintf("AND{%s}OR{%s}", strings.Join(groups, ","), strings.Join(q.Any, ","))
}

const nothing = "AND{}OR{}"

// TestSyntax has a row or more for each sentence of wire.md §11.5, without
// rewriting.
func TestSyntax(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"example":                        {"aaa bbb, ccc", "AND{aaa}OR{bbb,ccc}"},
		"empty":                          {"", nothing},
		"spaces only":                    {" \t ", nothing},
		"one term":                       {"flowers", "AND{flowers}OR{}"},
		"spaces are AND":                 {"aaa bbb ccc", "AND{aaa,bbb,ccc}OR{}"},
		"tabs are spaces":                {"aaa\tbbb \t ccc", "AND{aaa,bbb,ccc}OR{}"},
		"other white space":              {"aaa\u3000bbb\u00a0ccc\nddd", "AND{aaa,bbb,ccc,ddd}OR{}"},
		"spaces around":                  {"  aaa  ", "AND{aaa}OR{}"},
		"commas are OR":                  {"aaa,bbb,ccc", "AND{}OR{aaa,bbb,ccc}"},
		"spaces around commas":           {"aaa ,bbb\t,\tccc , ddd", "AND{}OR{aaa,bbb,ccc,ddd}"},
		"OR in front":                    {"aaa, bbb ccc", "AND{ccc}OR{aaa,bbb}"},
		"AND around OR":                  {"aaa bbb,ccc ddd", "AND{aaa,ddd}OR{bbb,ccc}"},
		"two ORs":                        {"aaa,bbb ccc ddd,eee", "AND{ccc}OR{aaa,bbb,ddd,eee}"},
		"comma at the end":               {"aaa,", "AND{}OR{aaa}"},
		"comma at the end, AND":          {"aaa bbb ,", "AND{aaa}OR{bbb}"},
		"comma in front":                 {", aaa bbb", "AND{bbb}OR{aaa}"},
		"comma only":                     {",", nothing},
		"alias as web clients search it": {"alias:foo,foo", "AND{}OR{alias:foo,foo}"},
		"two commas":                     {"aaa,,bbb", ""},
		"two commas, spaces":             {"aaa, ,bbb", ""},
		"two commas in front":            {",,aaa", ""},
		"two commas at the end":          {"aaa,,", ""},
		"quotes":                         {`"aaa" "bbb"`, "AND{aaa,bbb}OR{}"},
		"quotes protect a space":         {`"aaa bbb" ccc`, "AND{ccc}OR{}"},
		"quotes protect a comma":         {`"aaa,bbb" ccc`, "AND{ccc}OR{}"},
		"quotes protect two commas":      {`",," ccc`, "AND{ccc}OR{}"},
		"spaces within quotes":           {`" aaa "`, "AND{aaa}OR{}"},
		"quotes and commas":              {`aaa,"bbb" , "ccc" "ddd"`, "AND{ddd}OR{aaa,bbb,ccc}"},
		"nothing in quotes":              {`"" aaa`, "AND{aaa}OR{}"},
		"quote after a quote":            {`"aaa""bbb"`, "AND{aaa,bbb}OR{}"},
		"word after a quote":             {`"aaa"bbb,ccc`, "AND{aaa}OR{bbb,ccc}"},
		"quote in a word":                {`aaa"bbb"`, ""},
		"quote at the end of a word":     {`aaa"`, ""},
		"quote after a quoted word":      {`"aaa"bbb"`, ""},
		"unclosed":                       {`aaa "bbb`, ""},
		"quote only":                     {`"`, ""},
		"three quotes":                   {`"""`, ""},
		"lower case":                     {"AAA Email:BOB@Example.COM, ÄÖÜ", "AND{aaa}OR{email:bob@example.com,äöü}"},
		"Cyrillic, Greek":                {"МОСКВА ΑΘΗΝΑ", "AND{москва,αθηνα}OR{}"},
		"CJK":                            {"旅行, 東京 서울", "AND{서울}OR{旅行,東京}"},
		"Arabic, Hebrew":                 {"سفر, מסע ٢٠٢٦", "AND{٢٠٢٦}OR{سفر,מסע}"},
		"composed":                       {"caf\u00e9", "AND{café}OR{}"},
		"marks are no letters":           {"cafe\u0301 हिन्दी aaa", "AND{aaa}OR{}"},
		"emoji are no letters":           {"👍 aaa👍, 👨‍👩‍👧 bbb", "AND{bbb}OR{}"},
		"CJK comma is no comma":          {"旅行，東京 aaa", "AND{aaa}OR{}"},
		"invalid terms":                  {"a/b %%% aaa a:b email:", "AND{aaa}OR{}"},
		"invalid OR leaves OR":           {"%, bbb", "AND{}OR{bbb}"},
		"only invalid ones":              {"%%% , $", nothing},
		"clear marker":                   {"␡", nothing},
		"broken UTF-8":                   {"aaa \xff\xfe bbb\xff", "AND{aaa}OR{}"},
		"NUL":                            {"aaa\x00 bbb", "AND{bbb}OR{}"},
		"too long a term":                {strings.Repeat("x", 97) + " " + strings.Repeat("路", 96), "AND{" + strings.Repeat("路", 96) + "}OR{}"},
		"duplicates":                     {"aaa AAA bbb aaa, ccc, CCC", "AND{aaa,bbb}OR{aaa,ccc}"},
		"same in both":                   {"aaa aaa,bbb", "AND{aaa}OR{aaa,bbb}"},
		"nothing is rewritten":           {"bob@example.com +16502530000", "AND{bob@example.com,+16502530000}OR{}"},
	} {
		q, err := Parse(c.text, Rules{})
		switch {
		case c.want == "":
			if !errors.Is(err, ErrSyntax) || !q.Empty() {
				t.Errorf("%s: %q: %s, %v", name, c.text, show(q), err)
			}
		case err != nil || show(q) != c.want:
			t.Errorf("%s: %q: %s, %v; want %s", name, c.text, show(q), err, c.want)
		}
		if q.Empty() != (c.want == "" || c.want == nothing) {
			t.Errorf("%s: %q: empty %t", name, c.text, q.Empty())
		}
	}
}

func TestRewrite(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, country, want string }{
		"prefixed":             {"email:bob@example.com tel:6502530000 basic:bob x1:a@b.c", "US", "AND{email:bob@example.com,tel:6502530000,basic:bob,x1:a@b.c}OR{}"},
		"e-mail":               {"Bob@Example.com", "US", "AND{bob@example.com|email:bob@example.com}OR{}"},
		"e-mail, OR":           {"bob@example.com, ann@example.com", "US", "AND{}OR{bob@example.com,email:bob@example.com,ann@example.com,email:ann@example.com}"},
		"e-mail and its form":  {"email:bob@example.com, bob@example.com", "US", "AND{}OR{email:bob@example.com,bob@example.com}"},
		"e-mail in quotes":     {`" bob@example.com "`, "US", "AND{bob@example.com|email:bob@example.com}OR{}"},
		"no e-mail":            {"bob@ @bob a@b@c", "US", "AND{bob@,@bob,a@b@c}OR{}"},
		"name and address":     {`"Bob <bob@example.com>" aaa`, "US", "AND{aaa}OR{}"},
		"two addresses":        {`"a@b.c,d@e.f" aaa`, "US", "AND{aaa}OR{}"},
		"address that no tag":  {"o'bob@example.com aaa", "US", "AND{aaa}OR{}"},
		"address of Unicode":   {"用户@例え.jp", "US", "AND{用户@例え.jp|email:用户@例え.jp}OR{}"},
		"long address":         {strings.Repeat("a", 84) + "@example.com", "US", "AND{" + strings.Repeat("a", 84) + "@example.com|email:" + strings.Repeat("a", 84) + "@example.com}OR{}"},
		"phone":                {"+16502530000", "US", "AND{+16502530000|tel:+16502530000}OR{}"},
		"phone of the country": {"0151.23456789", "DE", "AND{0151.23456789|tel:+4915123456789}OR{}"},
		"of another":           {"015123456789", "US", "AND{015123456789}OR{}"},
		"no country":           {"6502530000 +16502530000", "", "AND{6502530000,+16502530000|tel:+16502530000}OR{}"},
		"phone in quotes":      {`"+1 (650) 253-0000"`, "US", "AND{tel:+16502530000}OR{}"},
		"with parentheses":     {`(650)253-0000, aaa`, "US", "AND{}OR{tel:+16502530000,aaa}"},
		"same number":          {`6502530000 "(650) 253-0000", +16502530000`, "US", "AND{6502530000|tel:+16502530000}OR{tel:+16502530000,+16502530000}"},
		"without quotes":       {"650 253 0000", "US", "AND{650,253,0000}OR{}"},
		"fixed line":           {"+442079460958", "US", "AND{+442079460958}OR{}"},
		"Arabic digits":        {"+٤٤٧٩١١١٢٣٤٥٦", "US", "AND{+٤٤٧٩١١١٢٣٤٥٦|tel:+447911123456}OR{}"},
		"year":                 {"2026", "US", "AND{2026}OR{}"},
		"neither":              {"flowers", "US", "AND{flowers}OR{}"},
		"mixed":                {"aaa bob@example.com 6502530000, BBB", "US", "AND{aaa,bob@example.com|email:bob@example.com}OR{6502530000,tel:+16502530000,bbb}"},
	} {
		q, err := Parse(c.text, Rules{Email: true, Tel: true, Country: c.country})
		if err != nil || show(q) != c.want {
			t.Errorf("%s: %q: %s, %v; want %s", name, c.text, show(q), err, c.want)
		}
	}
	const text = "bob@example.com 6502530000"
	for want, r := range map[string]Rules{
		"AND{bob@example.com|email:bob@example.com,6502530000}OR{}": {Email: true, Country: "US"},
		"AND{bob@example.com,6502530000|tel:+16502530000}OR{}":      {Tel: true, Country: "US"},
	} {
		if q, err := Parse(text, r); err != nil || show(q) != want {
			t.Errorf("%+v: %s, %v; want %s", r, show(q), err, want)
		}
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	many := func(n int, format, sep string) string {
		terms := make([]string, n)
		for i := range terms {
			terms[i] = fmt.Sprintf(format, i)
		}
		return strings.Join(terms, sep)
	}
	r := Rules{Email: true, Tel: true, Country: "US"}
	if q, err := Parse(many(maxAll, "t%d", " "), r); err != nil || len(q.All) != maxAll {
		t.Errorf("%d AND terms: %d, %v", maxAll, len(q.All), err)
	}
	if _, err := Parse(many(maxAll+1, "t%d", " "), r); !errors.Is(err, ErrSyntax) {
		t.Errorf("%d AND terms: %v", maxAll+1, err)
	}
	if q, err := Parse(strings.Repeat("aaa ", 10*maxAll), r); err != nil || len(q.All) != 1 {
		t.Errorf("the same many times: %d, %v", len(q.All), err)
	}
	if q, err := Parse(many(maxAny+1, "email:u%d@example.com", ","), r); err != nil || len(q.Any) != maxAny || q.Any[maxAny-1] != fmt.Sprintf("email:u%d@example.com", maxAny-1) {
		t.Errorf("an address book: %d, %v", len(q.Any), err)
	}
	if _, err := Parse(strings.Repeat("x", maxBytes+1), r); !errors.Is(err, ErrSyntax) {
		t.Errorf("too many bytes: %v", err)
	}
	q, err := Parse(many(2*maxPhones, "650253%04d", ","), r)
	if err != nil || len(q.Any) != 3*maxPhones {
		t.Errorf("many numbers: %d, %v", len(q.Any), err)
	}
}

func TestTerms(t *testing.T) {
	t.Parallel()
	q, err := Parse("aaa bob@example.com, ccc aaa,", Rules{Email: true})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"aaa", "bob@example.com", "email:bob@example.com", "ccc"}
	if got := slices.Collect(q.Terms()); !slices.Equal(got, append(want, "aaa")) {
		t.Errorf("got %q", got)
	}
	for range q.Terms() { // may be left at once
		break
	}
	for range (Query{Any: want}).Terms() {
		break
	}
}

func TestSingle(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"alias:foo": "alias:foo", " Alias:FOO ": "alias:foo", `"alias:foo"`: "alias:foo", "alias:foo alias:foo": "alias:foo",
		"email:a@b.c": "email:a@b.c", "foo": "", "alias:foo,": "", "alias:foo,foo": "", "alias:foo bar": "", "alias:foo alias:bar": "", "": "",
		"a@b.c": "", "+16502530000": "", "alias:": "",
	} {
		q, err := Parse(text, Rules{Email: true, Tel: true, Country: "US"})
		if got, ok := q.Single(); err != nil || got != want || ok != (want != "") {
			t.Errorf("%q: %q, %t, %v; want %q", text, got, ok, err, want)
		}
	}
}
