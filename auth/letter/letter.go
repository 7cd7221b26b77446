// Package letter has the words that the server sends to people outside of their
// apps: e-mails, text messages, and the page where a new password is set. It
// finds the best language and fills templates, the embedded ones or those of an
// operator (surfaces.md §3.3). It sends nothing.
package letter

import (
	"bytes"
	"html/template"
	"net/url"
	"strings"

	"golang.org/x/text/language"
)

// Letter is an e-mail but for its addresses.
type Letter struct {
	Lang    string // BCP 47
	Subject string // one line
	Plain   string // empty: none
	HTML    string // empty: none
}

// Confirm is what the message that asks to confirm an address can say. Its
// field names, and those of Reset and Text, are the variables of templates.
type Confirm struct {
	Token   string // for the link: base64, escaped for a URL
	Code    string
	HostUrl string // of the web client; ends with a slash
	Lang    string
}

// Link opens the stock web client, which confirms the address at once.
func (c Confirm) Link() string {
	return c.HostUrl + "#cred?method=email&code=" + url.QueryEscape(c.Code) + "&token=" + c.Token
}

// Reset is what the message to somebody who forgot his password can say.
type Reset struct {
	Login   string
	Code    string
	Cred    string // the address
	Scheme  string // whose secret is to be replaced: "basic"
	HostUrl string
	FormUrl string // of the page for apps that know no codes; empty: none
	Lang    string
}

// Link opens the stock web client where a new password is asked for.
func (r Reset) Link() string {
	return r.HostUrl + "#reset?scheme=" + url.QueryEscape(r.Scheme) + "&code=" + url.QueryEscape(r.Code) +
		"&cred=" + url.QueryEscape(r.Cred)
}

// Text is what a text message can say, whatever its code is for.
type Text struct {
	Code    string
	HostUrl string
}

// Page is what the page for a new password shows.
type Page struct {
	Lang               string
	Method, Cred, Code string
	Min                int    // least length of the password
	Fault              string // "wrong", "short", "differ", "later"; empty: none
	Done               bool
	HostUrl            string // where to go then; empty: nowhere
}

// Book is all texts in some languages.
type Book struct {
	tags    []language.Tag
	names   []string // as configured
	matcher language.Matcher
	texts   map[string]*texts
}

// Language is the best of the book's languages for what a client said of itself;
// the first one if nothing fits.
func (b *Book) Language(client string) string {
	if i := strings.IndexAny(client, "#.@"); i >= 0 { // zh_TW_#Hant, de_DE.UTF-8
		client = client[:i]
	}
	tags, _, err := language.ParseAcceptLanguage(strings.Trim(strings.ReplaceAll(client, "_", "-"), "-"))
	if err != nil || len(tags) == 0 {
		return b.names[0]
	}
	_, i, confidence := b.matcher.Match(tags...)
	if confidence == language.No {
		return b.names[0]
	}
	return b.names[i]
}

func (b *Book) of(lang *string) *texts {
	*lang = b.Language(*lang)
	return b.texts[*lang]
}

// Confirm renders that message in the language nearest to c.Lang.
func (b *Book) Confirm(c Confirm) (Letter, error) {
	t := b.of(&c.Lang)
	return t.confirm.render(c.Lang, c)
}

// Reset renders that message in the language nearest to r.Lang.
func (b *Book) Reset(r Reset) (Letter, error) {
	t := b.of(&r.Lang)
	return t.reset.render(r.Lang, r)
}

// Text renders a text message in the language nearest to lang.
func (b *Book) Text(lang string, t Text) (string, error) {
	var out strings.Builder
	err := b.of(&lang).sms.Execute(&out, t)
	return strings.TrimSpace(out.String()), err
}

// Page renders that page in the language nearest to p.Lang. It has to be sent
// with PagePolicy as its Content-Security-Policy.
func (b *Book) Page(p Page) ([]byte, error) {
	t := b.of(&p.Lang)
	var out bytes.Buffer
	err := t.page.Execute(&out, struct {
		Page
		Style template.CSS
	}{p, template.CSS(pageStyle)}) //nolint:gosec // a constant
	return out.Bytes(), err
}

// render fills the parts of a letter.
func (p *parts) render(lang string, data any) (Letter, error) {
	l := Letter{Lang: lang}
	var out strings.Builder
	if err := p.subject.Execute(&out, data); err != nil {
		return l, err
	}
	l.Subject = strings.Join(strings.Fields(out.String()), " ") // one line, whatever the template says
	if p.plain != nil {
		out.Reset()
		if err := p.plain.Execute(&out, data); err != nil {
			return l, err
		}
		l.Plain = strings.TrimSpace(out.String()) + "\n"
	}
	if p.html != nil {
		out.Reset()
		if err := p.html.Execute(&out, data); err != nil {
			return l, err
		}
		l.HTML = strings.TrimSpace(out.String()) + "\n"
	}
	return l, nil
}
