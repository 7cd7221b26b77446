package wsproto

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"strconv"
	"time"

	"parley/internal/chat"
)

// Frame is one or more encoded messages, each a complete WebSocket text frame
// with its header (RFC 6455 §5.2), so that it is made once and shared by all
// receivers. It is read-only.
type Frame []byte

const (
	maxHeader = 10
	textFrame = 0x81 // final, text
)

// seal puts a header before the payload, which starts at maxHeader.
func seal(b []byte) Frame {
	switch n := len(b) - maxHeader; {
	case n < 126:
		b[maxHeader-2], b[maxHeader-1] = textFrame, byte(n)
		return b[maxHeader-2:]
	case n < 1<<16:
		b[maxHeader-4], b[maxHeader-3] = textFrame, 126
		binary.BigEndian.PutUint16(b[maxHeader-2:], uint16(n))
		return b[maxHeader-4:]
	default:
		b[0], b[1] = textFrame, 127
		binary.BigEndian.PutUint64(b[2:], uint64(n))
		return b
	}
}

// Next returns the payload of the first message of f, and the rest.
func (f Frame) Next() (payload []byte, rest Frame) {
	if len(f) < 2 {
		return nil, nil
	}
	head, n := 2, int(f[1])
	switch n {
	case 126:
		head, n = 4, int(binary.BigEndian.Uint16(f[2:]))
	case 127:
		head, n = 10, int(binary.BigEndian.Uint64(f[2:]))
	}
	return f[head : head+n], f[head+n:]
}

// Raw is a frame of a payload that is not one of our messages.
func Raw(payload string) Frame {
	return seal(append(make([]byte, maxHeader, maxHeader+len(payload)), payload...))
}

func begin(hint int) []byte { return make([]byte, maxHeader, maxHeader+hint) }

// JSON appends the ctrl as a JSON object.
func (c *Ctrl) JSON(b []byte) []byte {
	b = append(b, `{"ctrl":{`...)
	if c.ID != "" {
		b = append(appendString(append(b, `"id":`...), c.ID), ',')
	}
	if c.Topic != "" {
		b = append(appendString(append(b, `"topic":`...), c.Topic), ',')
	}
	switch {
	case len(c.Raw) > 0:
		b = append(append(append(b, `"params":`...), c.Raw...), ',')
	case len(c.Params) > 0:
		b = append(appendAny(append(b, `"params":`...), c.Params), ',')
	}
	return appendCtrlEnd(b, c.Code, c.Text, c.TS)
}

func appendCtrlEnd(b []byte, code int, text string, ts time.Time) []byte {
	b = strconv.AppendInt(append(b, `"code":`...), int64(code), 10)
	b = appendString(append(b, `,"text":`...), text)
	b = appendTime(append(b, `,"ts":`...), ts)
	return append(b, `}}`...)
}

// Frame encodes the ctrl.
func (c *Ctrl) Frame() Frame { return seal(c.JSON(begin(192))) }

// AcceptedFrame is the {ctrl 202} of a {pub}: the most frequent ctrl, without a
// map for its one parameter.
func AcceptedFrame(id, topic string, seq int, ts time.Time) Frame {
	b := appendString(append(begin(160), `{"ctrl":{"id":`...), id)
	b = appendString(append(b, `,"topic":`...), topic)
	b = strconv.AppendInt(append(b, `,"params":{"seq":`...), int64(seq), 10)
	return seal(appendCtrlEnd(append(b, `},`...), Accepted.Code, Accepted.Text, ts))
}

// Frame encodes the data.
func (d *Data) Frame() Frame {
	b := appendString(append(begin(128+len(d.Head)+len(d.Content)), `{"data":{"topic":`...), d.Topic)
	if d.From != 0 {
		b = appendUID(append(b, `,"from":`...), d.From)
	}
	b = appendTime(append(b, `,"ts":`...), d.TS)
	b = strconv.AppendInt(append(b, `,"seq":`...), int64(d.Seq), 10)
	if len(d.Head) > 0 {
		b = append(append(b, `,"head":`...), d.Head...)
	}
	b = append(append(b, `,"content":`...), d.Content...)
	return seal(append(b, `}}`...))
}

// Frame encodes the pres.
func (p *Pres) Frame() Frame {
	b := appendString(append(begin(160), `{"pres":{"topic":`...), p.Topic)
	if p.Src != "" {
		b = appendString(append(b, `,"src":`...), p.Src)
	}
	b = appendString(append(b, `,"what":`...), p.What)
	if p.UA != "" {
		b = appendString(append(b, `,"ua":`...), p.UA)
	}
	if p.Seq != 0 {
		b = strconv.AppendInt(append(b, `,"seq":`...), int64(p.Seq), 10)
	}
	if p.Clear != 0 {
		b = strconv.AppendInt(append(b, `,"clear":`...), int64(p.Clear), 10)
	}
	if len(p.DelSeq) > 0 {
		b = appendAny(append(b, `,"delseq":`...), p.DelSeq)
	}
	if p.Tgt != 0 {
		b = appendUID(append(b, `,"tgt":`...), p.Tgt)
	}
	if p.Act != 0 {
		b = appendUID(append(b, `,"act":`...), p.Act)
	}
	if p.DAcs != nil {
		b = appendAny(append(b, `,"dacs":`...), p.DAcs)
	}
	return seal(append(b, `}}`...))
}

// Frame encodes the info.
func (i *Info) Frame() Frame {
	b := appendString(append(begin(160+len(i.Payload)), `{"info":{"topic":`...), i.Topic)
	if i.Src != "" {
		b = appendString(append(b, `,"src":`...), i.Src)
	}
	if i.From != 0 {
		b = appendUID(append(b, `,"from":`...), i.From)
	}
	b = appendString(append(b, `,"what":`...), i.What)
	if i.Seq != 0 {
		b = strconv.AppendInt(append(b, `,"seq":`...), int64(i.Seq), 10)
	}
	if i.Event != "" {
		b = appendString(append(b, `,"event":`...), i.Event)
	}
	if len(i.Payload) > 0 {
		b = append(append(b, `,"payload":`...), i.Payload...)
	}
	return seal(append(b, `}}`...))
}

// Frame encodes the meta.
func (m *Meta) Frame() Frame {
	if m.onlySub() {
		return m.subsFrame()
	}
	return seal(append(appendAny(append(begin(512), `{"meta":`...), m), '}'))
}

func appendUID(b []byte, u chat.UID) []byte {
	return append(append(append(b, '"'), u.String()...), '"')
}

// appendString writes a JSON string.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= 0x80 {
			return appendAny(b, s)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// appendAny writes v, one of our own types, as encoding/json does.
func appendAny(b []byte, v any) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic("wsproto: " + err.Error()) // our own types always encode
	}
	return append(b, bytes.TrimRight(buf.Bytes(), "\n")...)
}
