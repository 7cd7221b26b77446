package session

import (
	"slices"

	"parley/server/topic"
)

// attachments are a session's by the canonical names of the topics. Most
// sessions have a handful of them, for which a map is six times as large.
type attachments struct {
	few  []attachment
	many map[string]*topic.Attachment // instead of few, once there are more than maxFew
}

type attachment struct {
	name string
	a    *topic.Attachment
}

const maxFew = 16

func (l *attachments) index(name string) int {
	return slices.IndexFunc(l.few, func(e attachment) bool { return e.name == name })
}

func (l *attachments) get(name string) *topic.Attachment {
	if l.many != nil {
		return l.many[name]
	}
	if i := l.index(name); i >= 0 {
		return l.few[i].a
	}
	return nil
}

func (l *attachments) put(name string, a *topic.Attachment) {
	l.remove(name)
	switch {
	case l.many != nil:
		l.many[name] = a
	case len(l.few) < maxFew:
		l.few = append(l.few, attachment{name, a})
	default:
		l.many = make(map[string]*topic.Attachment, 2*maxFew)
		for _, e := range l.few {
			l.many[e.name] = e.a
		}
		l.few = nil
		l.many[name] = a
	}
}

func (l *attachments) remove(name string) {
	if l.many != nil {
		delete(l.many, name)
		return
	}
	if i := l.index(name); i >= 0 {
		l.few = slices.Delete(l.few, i, i+1)
	}
}

func (l *attachments) all() []attachment {
	out := slices.Clone(l.few)
	for name, a := range l.many {
		out = append(out, attachment{name, a})
	}
	return out
}
