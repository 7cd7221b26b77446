package demo

import "unicode/utf8"

// part is a piece of a formatted message: plain without a kind.
type part struct {
	text   string
	kind   string // of Drafty: ST, EM, DL, CO; LN, MN, HT have data
	data   m
	entity bool
}

func plain(text string) part         { return part{text: text} }
func styled(kind, text string) part  { return part{text: text, kind: kind} }
func bold(text string) part          { return styled("ST", text) }
func italic(text string) part        { return styled("EM", text) }
func code(text string) part          { return styled("CO", text) }
func link(text, url string) part     { return part{text, "LN", m{"url": url}, true} }
func mention(name, user string) part { return part{"@" + name, "MN", m{"val": user}, true} }
func hashtag(tag string) part        { return part{"#" + tag, "HT", m{"val": tag}, true} }

// newline is a space in the text with a break over it.
func newline() part { return styled("BR", " ") }

// drafty puts a formatted text together. Offsets count characters, hence
// nothing here is made of several code points.
func drafty(parts ...part) m {
	text, at := "", 0
	formats, entities := []m{}, []m{}
	for _, p := range parts {
		n := utf8.RuneCountInString(p.text)
		switch {
		case p.entity:
			formats = append(formats, m{"at": at, "len": n, "key": len(entities)})
			entities = append(entities, m{"tp": p.kind, "data": p.data})
		case p.kind != "":
			formats = append(formats, m{"at": at, "len": n, "tp": p.kind})
		}
		text += p.text
		at += n
	}
	d := m{"txt": text}
	if len(formats) > 0 {
		d["fmt"] = formats
	}
	if len(entities) > 0 {
		d["ent"] = entities
	}
	return d
}
