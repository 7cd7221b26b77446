package letter

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"os"
	"slices"
	"strings"
	texttemplate "text/template"

	"golang.org/x/text/language"
)

//go:embed texts/*.tmpl
var textFiles embed.FS

//go:embed layout/mail.txt layout/mail.html layout/page.html
var layouts embed.FS

//go:embed layout/page.css
var pageStyle string

// PagePolicy lets the page have its own style and send its form here, and
// nothing else.
var PagePolicy = func() string {
	sum := sha256.Sum256([]byte(pageStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}()

// Languages lists those that are embedded. The first is the default.
func Languages() []string {
	return []string{"en", "es", "fr", "pt", "ru", "uk", "vi", "zh", "zh-TW"}
}

// Files are an operator's templates instead of the embedded ones. A path is
// itself a template with .Language; empty: embedded.
type Files struct {
	Confirm, Reset, SMS string
}

// texts are those of one language.
type texts struct {
	confirm, reset *parts
	sms            *texttemplate.Template
	page           *htmltemplate.Template
}

// parts are those of a letter; plain or html may be nil.
type parts struct {
	subject, plain *texttemplate.Template
	html           *htmltemplate.Template
}

// Open makes a book of the languages (nil: all embedded). Files that are not
// there are returned as missing and the embedded texts used, because a
// configuration may come from another server; a file that is there and broken is
// an error, which names the file and the line.
func Open(languages []string, files Files) (b *Book, missing []string, err error) {
	if len(languages) == 0 {
		languages = Languages()
	}
	b = &Book{texts: make(map[string]*texts)}
	var faults []error
	for _, name := range languages {
		tag, err := language.Parse(name)
		if err != nil {
			return nil, nil, fmt.Errorf("%q is not a language", name)
		}
		b.tags, b.names = append(b.tags, tag), append(b.names, name)
		t, err := embedded(nearest(tag))
		if err != nil {
			return nil, nil, err
		}
		gone, err := t.replace(name, files)
		// The same file may be that of several languages.
		if err != nil && !slices.ContainsFunc(faults, func(f error) bool { return f.Error() == err.Error() }) {
			faults = append(faults, err)
		}
		for _, g := range gone {
			if !slices.Contains(missing, g) {
				missing = append(missing, g)
			}
		}
		b.texts[name] = t
	}
	b.matcher = language.NewMatcher(b.tags)
	return b, missing, errors.Join(faults...)
}

// nearest is the embedded language for a tag: English for what we do not speak.
func nearest(tag language.Tag) string {
	var tags []language.Tag
	for _, l := range Languages() {
		tags = append(tags, language.MustParse(l))
	}
	_, i, confidence := language.NewMatcher(tags).Match(tag)
	if confidence == language.No {
		i = 0
	}
	return Languages()[i]
}

// embedded parses our own texts of a language.
func embedded(lang string) (*texts, error) {
	words := "texts/" + lang + ".tmpl"
	plain, err := texttemplate.ParseFS(textFiles, words)
	if err == nil {
		plain, err = plain.ParseFS(layouts, "layout/mail.txt")
	}
	if err != nil {
		return nil, err
	}
	html, err := htmltemplate.ParseFS(textFiles, words)
	if err == nil {
		html, err = html.ParseFS(layouts, "layout/mail.html", "layout/page.html")
	}
	if err != nil {
		return nil, err
	}
	return &texts{
		confirm: &parts{plain.Lookup("confirm.subject"), plain.Lookup("confirm.plain"), html.Lookup("confirm.html")},
		reset:   &parts{plain.Lookup("reset.subject"), plain.Lookup("reset.plain"), html.Lookup("reset.html")},
		sms:     plain.Lookup("sms"), page: html.Lookup("page"),
	}, nil
}

// replace takes an operator's files where they are there.
func (t *texts) replace(lang string, files Files) (missing []string, err error) {
	use := func(key, pattern string, take func(path, text string) error) error {
		if pattern == "" {
			return nil
		}
		path, err := pathFor(pattern, lang)
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		text, err := os.ReadFile(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			missing = append(missing, key+": "+path)
			return nil
		case err == nil:
			err = take(path, string(text))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		return nil
	}
	err = errors.Join(
		use("validation_templ", files.Confirm, func(path, text string) (err error) {
			t.confirm, err = parseParts(path, text, Confirm{Lang: lang})
			return err
		}),
		use("reset_secret_templ", files.Reset, func(path, text string) (err error) {
			t.reset, err = parseParts(path, text, Reset{Lang: lang})
			return err
		}),
		use("universal_templ", files.SMS, func(path, text string) (err error) {
			if t.sms, err = texttemplate.New(path).Parse(text); err != nil {
				return tidy(err)
			}
			return tidy(t.sms.Execute(&strings.Builder{}, Text{}))
		}),
	)
	return missing, err
}

func pathFor(pattern, lang string) (string, error) {
	t, err := texttemplate.New(pattern).Parse(pattern)
	if err != nil {
		return "", tidy(err)
	}
	var out strings.Builder
	err = t.Execute(&out, struct{ Language string }{lang})
	return out.String(), tidy(err)
}

// parseParts parses an operator's letter and tries it, so that a variable that
// does not exist is found at the start and not when somebody needs the letter.
func parseParts(path, text string, sample any) (*parts, error) {
	plain, err := texttemplate.New(path).Parse(text)
	if err != nil {
		return nil, tidy(err)
	}
	html, err := htmltemplate.New(path).Parse(text)
	if err != nil {
		return nil, tidy(err)
	}
	p := &parts{plain.Lookup("subject"), plain.Lookup("body_plain"), html.Lookup("body_html")}
	switch {
	case p.subject == nil:
		return nil, fmt.Errorf(`%s: the part "subject" is missing`, path)
	case p.plain == nil && p.html == nil:
		return nil, fmt.Errorf(`%s: one of the parts "body_plain" and "body_html" must be there`, path)
	}
	_, err = p.render("en", sample)
	return p, tidy(err)
}

// tidy drops the word with which errors of templates begin: a path and a line
// follow.
func tidy(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	for _, prefix := range []string{"html/template:", "template: ", "template:"} {
		text = strings.TrimPrefix(text, prefix)
	}
	return errors.New(text)
}
