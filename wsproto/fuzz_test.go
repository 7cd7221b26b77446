package wsproto

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
	"time"
	"unicode/utf8"

	"parley/internal/chat"
)

func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{"hi":{"id":"1","ver":"0.25","ua":"x","lang":"en"}}`, `{"acc":{"id":"1","user":"new","scheme":"basic","secret":"YTpi","cred":[{"meth":"email","val":"a@b.c"}]}}`,
		`{"login":{"id":"1","scheme":"basic","secret":"YTpi"}}`, `{"sub":{"id":"1","topic":"me","set":{"sub":{"mode":"JR"}},"get":{"what":"desc sub","sub":{"ims":"2026-01-01T00:00:00Z"}}}}`,
		`{"leave":{"id":"1","topic":"grpA","unsub":true}}`, `{"pub":{"id":"1","topic":"grpA","head":{"mime":"x"},"content":{"txt":"a"}}}`,
		`{"get":{"id":"1","topic":"me","what":"data","data":{"since":1,"limit":9,"ranges":[{"low":1,"hi":3}]}}}`,
		`{"set":{"id":"1","topic":"me","desc":{"public":{"a":null}},"tags":["x"],"aux":{"pins":[1]}}}`,
		`{"del":{"id":"1","topic":"me","what":"msg","delseq":[{"low":1}],"hard":true}}`, `{"note":{"topic":"grpA","what":"read","seq":7}}`,
		`{"pub":{"content":[[[[[[]]]]]]}}`, "{\"pub\":{\"topic\":\"\xff\"}}", `{"PUB":{}}`, `[]`, `1`, ``,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		m, err := Decode(bytes.Clone(frame))
		if err != nil {
			if m != nil {
				t.Fatal("a message and an error")
			}
			return
		}
		set := 0
		for _, is := range []bool{
			m.Pub != nil, m.Sub != nil, m.Leave != nil, m.Hi != nil, m.Login != nil, m.Get != nil, m.Set != nil, m.Del != nil,
			m.Acc != nil, m.Note != nil,
		} {
			if is {
				set++
			}
		}
		if set != 1 {
			t.Fatalf("%d payloads", set)
		}
		if !utf8.ValidString(m.ID()) || !utf8.ValidString(m.Topic()) {
			t.Fatalf("not UTF-8: %q %q", m.ID(), m.Topic())
		}
		// What came in can go out: as an answer, and as a message.
		check(t, OK.Reply(m.ID(), m.Topic(), time.Time{}).Frame())
		if m.Pub != nil {
			head, err := json.Marshal(m.Pub.Head)
			if err != nil {
				t.Fatal(err)
			}
			check(t, (&Data{Topic: "x", Seq: 1, Head: head, Content: m.Pub.Content}).Frame())
		}
		if m.Note != nil {
			check(t, (&Info{Topic: m.Note.Topic, What: m.Note.What, Event: m.Note.Event, Payload: m.Note.Payload}).Frame())
		}
	})
}

// check holds that a frame is one message of valid JSON in UTF-8.
func check(t *testing.T, f Frame) {
	t.Helper()
	payload, rest := f.Next()
	if len(rest) > 0 || !json.Valid(payload) || !utf8.Valid(payload) {
		t.Fatalf("not a frame: %q", f)
	}
}

// FuzzEncode holds our encoders against encoding/json.
func FuzzEncode(f *testing.F) {
	f.Add("1", "grpA", "text", int64(1), uint64(1), []byte(`{"a":1}`))
	f.Add("\x00\"\\<ä\u2028\xff", "", "ua\n", int64(-1), uint64(0), []byte(`null`))
	f.Fuzz(func(t *testing.T, id, topic, text string, n int64, uid uint64, raw []byte) {
		if !json.Valid(raw) || !utf8.Valid(raw) {
			raw = []byte(`"x"`)
		}
		ts := time.UnixMilli(n % (1 << 40)).UTC()
		seq, u := int(n), chat.UID(uid)
		type object map[string]any
		clean := func(m object) object { // what is left out when empty
			for k, v := range m {
				if v == "" || v == 0 {
					delete(m, k)
				}
			}
			return m
		}
		stamp := ts.Format("2006-01-02T15:04:05.000Z")
		ctrl := clean(object{"id": id, "topic": topic})
		ctrl["code"], ctrl["text"], ctrl["ts"] = seq, text, stamp
		data := clean(object{"from": u.String()})
		data["topic"], data["ts"], data["seq"], data["content"] = topic, stamp, seq, json.RawMessage(raw)
		pres := clean(object{"src": text, "ua": id, "seq": seq, "clear": seq, "tgt": u.String(), "act": u.String()})
		pres["topic"], pres["what"] = topic, text
		info := clean(object{"src": text, "from": u.String(), "seq": seq, "event": id})
		info["topic"], info["what"], info["payload"] = topic, text, json.RawMessage(raw)
		accepted := object{
			"id": id, "topic": topic, "params": object{"seq": seq}, "code": 202, "text": "accepted", "ts": stamp,
		}
		for kind, c := range map[string]struct {
			got  Frame
			want object
		}{
			"ctrl": {(&Ctrl{ID: id, Topic: topic, Code: seq, Text: text, TS: ts}).Frame(), object{"ctrl": ctrl}},
			"data": {(&Data{Topic: topic, From: u, TS: ts, Seq: seq, Content: raw}).Frame(), object{"data": data}},
			"pres": {
				(&Pres{Topic: topic, Src: text, What: text, UA: id, Seq: seq, Clear: seq, Tgt: u, Act: u}).Frame(),
				object{"pres": pres},
			},
			"info":     {(&Info{Topic: topic, Src: text, From: u, What: text, Seq: seq, Event: id, Payload: raw}).Frame(), object{"info": info}},
			"accepted": {AcceptedFrame(id, topic, seq, ts), object{"ctrl": accepted}},
		} {
			check(t, c.got)
			payload, _ := c.got.Next()
			want, err := json.Marshal(c.want)
			if err != nil {
				t.Fatal(err)
			}
			if !sameJSON(t, payload, want) {
				t.Fatalf("%s:\ngot  %s\nwant %s", kind, payload, want)
			}
		}
	})
}

func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	var out [2][]byte
	for i, text := range [][]byte{a, b} {
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		out[i], _ = json.Marshal(v)
	}
	return bytes.Equal(out[0], out[1])
}

// FuzzFrames: frames put together come apart again.
func FuzzFrames(f *testing.F) {
	f.Add("a", "b", 200)
	f.Fuzz(func(t *testing.T, a, b string, n int) {
		texts := []string{a, b, string(bytes.Repeat([]byte("x"), min(max(n, 0), 1<<17)))}
		var all Frame
		for _, s := range texts {
			all = append(all, Raw(s)...)
		}
		var got []string
		for len(all) > 0 {
			var p []byte
			p, all = all.Next()
			got = append(got, string(p))
		}
		if !slices.Equal(got, texts) {
			t.Fatalf("got %q", got)
		}
	})
}
