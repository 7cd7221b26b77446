package letter

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var write = flag.Bool("write", false, "write the goldens")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *write {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got)\n%s", name, diff)
	}
}

func open(t *testing.T, languages []string, f Files) *Book {
	t.Helper()
	b, missing, err := Open(languages, f)
	if err != nil || len(missing) > 0 {
		t.Fatal(err, missing)
	}
	return b
}

// TestGoldens: all messages of a language as people get them.
func TestGoldens(t *testing.T) {
	t.Parallel()
	b := open(t, nil, Files{})
	for _, lang := range Languages() {
		c, err := b.Confirm(Confirm{Token: "dG9r%2Bg%3D%3D", Code: "012345", HostUrl: "https://chat.example.com/", Lang: lang})
		if err != nil {
			t.Fatal(err)
		}
		r, err := b.Reset(Reset{
			Login: "ann", Code: "987654", Cred: "ann+x@example.com", Scheme: "basic", HostUrl: "https://chat.example.com/",
			FormUrl: "https://chat.example.com/v0/reset?meth=email&cred=ann%2Bx%40example.com&code=987654&lang=" + lang, Lang: lang,
		})
		if err != nil {
			t.Fatal(err)
		}
		sms, err := b.Text(lang, Text{Code: "555555", HostUrl: "https://chat.example.com/"})
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		for _, l := range []Letter{c, r} {
			fmt.Fprintf(&out, "Subject: %s\n\n%s\n-----\n%s\n=====\n", l.Subject, l.Plain, l.HTML)
		}
		fmt.Fprintln(&out, sms)
		golden(t, lang+".golden", out.String())
	}
}

// TestTextsAreComplete: every language says everything that English says, and no
// text is left in English.
func TestTextsAreComplete(t *testing.T) {
	t.Parallel()
	define := regexp.MustCompile(`{{define "([a-z.]+)"}}(.*){{end}}`)
	read := func(lang string) map[string]string {
		text, err := textFiles.ReadFile("texts/" + lang + ".tmpl")
		if err != nil {
			t.Fatal(err)
		}
		all := make(map[string]string)
		for _, m := range define.FindAllStringSubmatch(string(text), -1) {
			all[m[1]] = m[2]
		}
		if got := strings.Count(string(text), "\n"); got != len(all) {
			t.Errorf("%s: %d lines, %d texts", lang, got, len(all))
		}
		return all
	}
	variable := regexp.MustCompile(`{{\.\w+}}`)
	english := read("en")
	for _, lang := range Languages()[1:] {
		own := read(lang)
		for name, text := range english {
			if own[name] == "" || own[name] == text {
				t.Errorf("%s: %s is %q", lang, name, own[name])
			}
			if got, want := len(variable.FindAllString(own[name], -1)), len(variable.FindAllString(text, -1)); got != want {
				t.Errorf("%s: %s has %d variables, want %d", lang, name, got, want)
			}
		}
		if len(own) != len(english) {
			t.Errorf("%s: %d texts, want %d", lang, len(own), len(english))
		}
	}
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	all := open(t, nil, Files{})
	for client, want := range map[string]string{
		"": "en", "en": "en", "en-GB": "en", "es-MX": "es", "es_MX": "es", "pt-BR": "pt", "zh": "zh", "zh-CN": "zh", "zh-Hans": "zh",
		"zh-TW": "zh-TW", "zh_TW_#Hant": "zh-TW", "de_DE.UTF-8": "en", "ru_RU@euro": "ru", "zh-Hant-HK": "zh-TW", "uk": "uk", "ru-UA": "ru", "vi-VN": "vi", "de": "en",
		"xx": "en", "not a language": "en", "\xff": "en", "{{": "en", "de, fr-CA": "fr",
	} {
		if got := all.Language(client); got != want {
			t.Errorf("%q: %s, want %s", client, got, want)
		}
	}
	few := open(t, []string{"fr", "ru"}, Files{})
	for client, want := range map[string]string{"": "fr", "en": "fr", "ru-RU": "ru", "fr-CA": "fr", "zh": "fr"} {
		if got := few.Language(client); got != want {
			t.Errorf("of two, %q: %s, want %s", client, got, want)
		}
	}
}

// TestHostile: what users chose appears as text.
func TestHostile(t *testing.T) {
	t.Parallel()
	b := open(t, nil, Files{})
	const evil = `"><script>alert(1)</script>{{.Code}}`
	l, err := b.Reset(Reset{Login: evil, Code: evil, Cred: evil, Scheme: "basic", HostUrl: "https://x/", FormUrl: "javascript:alert(1)"})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(l.HTML, "<script") || strings.Contains(l.HTML, `"javascript:`) {
		t.Errorf("html %s", l.HTML)
	}
	page, err := b.Page(Page{Method: evil, Cred: evil, Code: evil, Lang: evil, HostUrl: "javascript:alert(1)", Fault: evil})
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(page, []byte("<script")) || bytes.Contains(page, []byte(`"javascript:`)) {
		t.Errorf("page %s", page)
	}
}

// TestPageStyle: the style arrives as the policy allows it.
func TestPageStyle(t *testing.T) {
	t.Parallel()
	page, err := open(t, nil, Files{}).Page(Page{Min: 6})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(page, []byte("<style>"+pageStyle+"</style>")) {
		t.Errorf("the style is changed: %s", page)
	}
	if bytes.Contains(page, []byte(" style=")) {
		t.Error("a style that the policy forbids")
	}
}

func TestOwnFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("c-en.templ", "{{define `subject`}}Hi\n  {{.Code}}{{end}}{{define `body_html`}}<b>{{.HostUrl}} {{.Token}}</b>{{end}}")
	put("c-de.templ", "{{define `subject`}}Hallo{{end}}{{define `body_plain`}}{{.Code}}{{end}}")
	put("sms-en.templ", "{{.Code}}!\n")
	b, missing, err := Open([]string{"en", "de"}, Files{
		Confirm: dir + "/c-{{.Language}}.templ", Reset: dir + "/none-{{.Language}}", SMS: dir + "/sms-en.templ",
	})
	if err != nil || fmt.Sprint(missing) != fmt.Sprintf("[reset_secret_templ: %[1]s/none-en reset_secret_templ: %[1]s/none-de]", dir) {
		t.Fatal(missing, err)
	}
	l, err := b.Confirm(Confirm{Code: "1", HostUrl: "<", Lang: "en-US"})
	if err != nil || l != (Letter{"en", "Hi 1", "", "<b>&lt; </b>\n"}) {
		t.Errorf("%+v, %v", l, err)
	}
	if l, err = b.Confirm(Confirm{Code: "1", Lang: "de-AT"}); err != nil || l != (Letter{"de", "Hallo", "1\n", ""}) {
		t.Errorf("%+v, %v", l, err)
	}
	if s, err := b.Text("de", Text{Code: "7"}); err != nil || s != "7!" {
		t.Errorf("%q, %v", s, err)
	}
	if l, err = b.Reset(Reset{Lang: "de"}); err != nil || l.Subject != "Choose a new password" {
		t.Errorf("without a file: %+v, %v", l, err)
	}

	for name, c := range map[string]struct{ text, want string }{
		"syntax":     {"{{define `subject`}}x{{end}}\n{{define `body_plain`}}{{.Code}{{end}}", `validation_templ: bad.templ:2: `},
		"variable":   {"{{define `subject`}}x{{end}}\n\n{{define `body_plain`}}{{.Cod}}{{end}}", "validation_templ: bad.templ:3:"},
		"no subject": {"{{define `body_plain`}}x{{end}}", `validation_templ: bad.templ: the part "subject" is missing`},
		"no body":    {"{{define `subject`}}x{{end}}", `validation_templ: bad.templ: one of the parts`},
		"html":       {"{{define `subject`}}x{{end}}\n{{define `body_html`}}<a href='{{if .Code}}'>{{end}}{{end}}", "validation_templ: bad.templ"},
	} {
		put("bad.templ", c.text)
		_, _, err := Open([]string{"en"}, Files{Confirm: dir + "/bad.templ"})
		if err == nil || !strings.HasPrefix(strings.ReplaceAll(err.Error(), dir+"/", ""), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	put("bad.templ", "{{.Nope}}")
	if _, _, err := Open(nil, Files{SMS: dir + "/bad.templ"}); err == nil || !strings.Contains(err.Error(), "bad.templ:1:") {
		t.Errorf("sms: %v", err)
	}
	if _, _, err := Open(nil, Files{SMS: "{{.Lang}}"}); err == nil {
		t.Error("a path with another variable")
	}
}
