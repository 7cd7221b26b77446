package wsproto

import (
	"encoding/json"
	"strconv"
	"time"
)

// Lists of subscriptions are the largest answers there are: a contact list, a
// group's members, a thousand hits of a search. They are written by hand, which
// takes a fifth of the time that encoding/json needs; a test compares the two.

// subsFrame is Frame of a meta whose only part is Sub.
func (m *Meta) subsFrame() Frame {
	b := append(begin(128+256*len(m.Sub)), `{"meta":{`...)
	if m.ID != "" {
		b = append(appendString(append(b, `"id":`...), m.ID), ',')
	}
	b = appendString(append(b, `"topic":`...), m.Topic)
	b = append(appendTime(append(b, `,"ts":`...), m.TS.Time), `,"sub":[`...)
	for i := range m.Sub {
		if i > 0 {
			b = append(b, ',')
		}
		b = m.Sub[i].append(b)
	}
	return seal(append(b, `]}}`...))
}

// onlySub tells a meta that subsFrame can write.
func (m *Meta) onlySub() bool {
	return len(m.Sub) > 0 && m.Desc == nil && m.Del == nil && m.Tags == nil && m.Cred == nil && m.Aux == nil
}

func (s *MetaSub) append(b []byte) []byte {
	o := object{b: append(b, '{')}
	if s.User != 0 {
		o.b = appendUID(o.key("user"), s.User)
	}
	if s.Topic != "" {
		o.b = appendString(o.key("topic"), s.Topic)
	}
	o.time("updated", s.Updated.Time)
	o.time("deleted", s.Deleted.Time)
	o.time("touched", s.Touched.Time)
	if s.Online {
		o.b = append(o.key("online"), "true"...)
	}
	if s.Acs != nil {
		o.b = s.Acs.append(o.key("acs"))
	}
	o.number("read", s.Read)
	o.number("recv", s.Recv)
	o.number("clear", s.Clear)
	o.number("seq", s.Seq)
	o.number("subcnt", s.SubCnt)
	o.raw("public", s.Public)
	o.raw("trusted", s.Trusted)
	o.raw("private", s.Private)
	if s.Seen != nil {
		o.b = appendAny(o.key("seen"), s.Seen)
	}
	if s.Recovered != nil {
		o.b = strconv.AppendBool(o.key("recovered"), *s.Recovered)
	}
	return append(o.b, '}')
}

func (a *Acs) append(b []byte) []byte {
	o := object{b: append(b, '{')}
	for _, f := range [...]struct{ key, mode string }{{"want", a.Want}, {"given", a.Given}, {"mode", a.Mode}} {
		if f.mode != "" {
			o.b = appendString(o.key(f.key), f.mode)
		}
	}
	return append(o.b, '}')
}

// object is a JSON object under construction; what is empty is left out.
type object struct {
	b    []byte
	more bool // it has a field already
}

// key begins a field.
func (o *object) key(name string) []byte {
	if o.more {
		o.b = append(o.b, ',')
	}
	o.more = true
	return append(append(append(o.b, '"'), name...), `":`...)
}

func (o *object) time(name string, t time.Time) {
	if !t.IsZero() {
		o.b = appendTime(o.key(name), t)
	}
}

func (o *object) number(name string, n int) {
	if n != 0 {
		o.b = strconv.AppendInt(o.key(name), int64(n), 10)
	}
}

func (o *object) raw(name string, v json.RawMessage) {
	if len(v) > 0 {
		o.b = append(o.key(name), v...)
	}
}
