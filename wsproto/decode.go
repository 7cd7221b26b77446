package wsproto

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// maxDepth bounds how deep arrays and objects of a frame may nest (design.md §7).
const maxDepth = 32

// Decode reads one frame. Every fault is ErrMalformed: the client gets no more
// than that (wire.md §1.5). Of several payloads only one is kept. The message
// may share memory with frame. Text that is not UTF-8 is repaired, because a
// browser drops the connection that hands it on.
func Decode(frame []byte) (*ClientMsg, error) {
	if !utf8.Valid(frame) {
		frame = bytes.ToValidUTF8(frame, []byte("\uFFFD"))
	}
	if !shallow(frame) {
		return nil, ErrMalformed
	}
	m := new(ClientMsg)
	if json.Unmarshal(frame, m) != nil {
		return nil, ErrMalformed
	}
	if !m.keepOne() {
		return nil, ErrMalformed
	}
	return m, nil
}

// shallow checks the nesting before anything recursive looks at the frame.
func shallow(frame []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(frame); i++ {
		switch c := frame[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return false
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return true
}

// keepOne drops all payloads but the one that comes first in the order of
// precedence; false if there is none.
func (m *ClientMsg) keepOne() bool {
	switch {
	case m.Pub != nil:
		*m = ClientMsg{Pub: m.Pub, Extra: m.Extra}
		if len(m.Pub.Content) == 0 {
			m.Pub.Content = json.RawMessage("null")
		}
	case m.Sub != nil:
		*m = ClientMsg{Sub: m.Sub, Extra: m.Extra}
	case m.Leave != nil:
		*m = ClientMsg{Leave: m.Leave, Extra: m.Extra}
	case m.Hi != nil:
		*m = ClientMsg{Hi: m.Hi, Extra: m.Extra}
	case m.Login != nil:
		*m = ClientMsg{Login: m.Login, Extra: m.Extra}
	case m.Get != nil:
		*m = ClientMsg{Get: m.Get, Extra: m.Extra}
	case m.Set != nil:
		*m = ClientMsg{Set: m.Set, Extra: m.Extra}
	case m.Del != nil:
		*m = ClientMsg{Del: m.Del, Extra: m.Extra}
	case m.Acc != nil:
		*m = ClientMsg{Acc: m.Acc, Extra: m.Extra}
	case m.Note != nil:
		*m = ClientMsg{Note: m.Note, Extra: m.Extra}
	default:
		return false
	}
	return true
}
