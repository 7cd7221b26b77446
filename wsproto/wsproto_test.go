package wsproto

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parley/internal/chat"
)

var update = flag.Bool("update", false, "rewrite testdata/*.golden")

var at = time.Date(2026, 3, 1, 12, 34, 56, 80_000_000, time.UTC)

// goldens are frames of each kind with everything set, and with nothing.
func goldens() map[string]Frame {
	uid := chat.UID(0x0102030405060708)
	head, content := json.RawMessage(`{"mime":"text/x-drafty"}`), json.RawMessage(`{"txt":"<b>&\u2028"}`)
	return map[string]Frame{
		"ctrl":      ErrDenied.Reply("117", "grpA", at).Frame(),
		"ctrl_bare": ServerShutdown.Reply("", "", at).Frame(),
		"ctrl_params": OK.With("acs", NewAcs(chat.ModeFull, chat.ModeGroup)).With("tmpname", "new7").
			Reply("5", "grpA", at).Frame(),
		"ctrl_odd_id": OK.Reply("\"\\\n<ä\u2028\xff", "", at).Frame(),
		"accepted":    AcceptedFrame("31", "grpA", 57, at),
		"data":        (&Data{Topic: "grpA", From: uid, TS: at, Seq: 57, Head: head, Content: content}).Frame(),
		"data_bare":   (&Data{Topic: "chnA", TS: at, Seq: 1, Content: json.RawMessage("null")}).Frame(),
		"pres": (&Pres{
			Topic: "me", Src: "grpA", What: "acs", UA: "a\tb", Seq: 1, Clear: 2,
			DelSeq: SeqRanges([]chat.Range{{Low: 3, Hi: 6}, {Low: 9, Hi: 10}}), Tgt: uid, Act: 1, DAcs: &DAcs{Want: "+W", Given: "JR"},
		}).Frame(),
		"pres_bare": (&Pres{Topic: "grpA", What: "tags"}).Frame(),
		"info": (&Info{
			Topic: "me", Src: "grpA", From: uid, What: "call", Seq: 3, Event: "offer", Payload: content,
		}).Frame(),
		"info_bare": (&Info{Topic: "grpA", What: "kp"}).Frame(),
		"meta_desc": (&Meta{ID: "3", Topic: "me", TS: Time{at}, Desc: &MetaDesc{
			Created: Time{at}, DefAcs: NewDefAcs(chat.Access{Auth: chat.ModeUser}), Acs: NewAcs(chat.ModeMe, chat.ModeMe),
			Seen: &Seen{When: Time{at}}, Public: content,
		}}).Frame(),
		"meta_sub":  (&Meta{Topic: "me", TS: Time{at}, Sub: []MetaSub{{Topic: "grpA", Deleted: Time{at}}, {User: uid, Online: true}}}).Frame(),
		"meta_del":  (&Meta{ID: "4", Topic: "grpA", TS: Time{at}, Del: &MetaDel{Clear: 2, DelSeq: []SeqRange{{Low: 1}}}}).Frame(),
		"meta_cred": (&Meta{ID: "4", Topic: "me", TS: Time{at}, Cred: []MetaCred{{Meth: "email", Val: "a@b.c", Done: true}}}).Frame(),
	}
}

func TestGoldenFrames(t *testing.T) {
	t.Parallel()
	for name, f := range goldens() {
		payload, rest := f.Next()
		if len(rest) > 0 || !json.Valid(payload) {
			t.Errorf("%s: not one JSON message: %s", name, payload)
		}
		path := filepath.Join("testdata", name+".golden")
		if *update {
			if err := os.WriteFile(path, append(bytes.Clone(payload), '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(payload) + "\n"; got != string(want) {
			t.Errorf("%s:\ngot  %swant %s", name, got, want)
		}
	}
}

// TestHeaders: frames of every length class carry the right header (RFC 6455
// §5.2).
func TestHeaders(t *testing.T) {
	t.Parallel()
	var all Frame
	sizes := []int{0, 1, 125, 126, 127, 65535, 65536, 200000}
	for _, n := range sizes {
		all = append(all, Raw(strings.Repeat("x", n))...)
	}
	for _, n := range sizes {
		var payload []byte
		if payload, all = all.Next(); len(payload) != n {
			t.Errorf("got %d bytes, want %d", len(payload), n)
		}
	}
	if len(all) != 0 {
		t.Errorf("%d bytes left", len(all))
	}
}

func TestTimeHasThreeDigits(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("", 3600)
	for in, want := range map[time.Time]string{
		at:                                   "2026-03-01T12:34:56.080Z",
		at.Truncate(time.Second).In(zone):    "2026-03-01T12:34:56.000Z",
		at.Add(900 * time.Microsecond):       "2026-03-01T12:34:56.080Z",
		time.Unix(0, 0).Add(time.Nanosecond): "1970-01-01T00:00:00.000Z",
	} {
		if got := (Time{in}).String(); got != want {
			t.Errorf("%v: got %s, want %s", in, got, want)
		}
	}
}

func TestDecodeFaults(t *testing.T) {
	t.Parallel()
	for _, frame := range []string{
		"", " ", "x", "{", "[]", "2", "null", `"pub"`, "{}", `{"pub":null}`, `{"extra":{}}`, `{"pub":{"id":1}}`, `{"pub":[]}`,
		`{"get":{"data":{"since":1.5}}}`, `{"get":{"data":{"since":1e99}}}`, `{"get":{"desc":{"ims":"now"}}}`,
		`{"login":{"secret":"!"}}`, `{"login":{"secret":7}}`, `{"pub":{}}{}`, `{"pub":{"content":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}}`,
		"\x00", "\xff\xfe",
	} {
		if m, err := Decode([]byte(frame)); !errors.Is(err, ErrMalformed) || m != nil {
			t.Errorf("%.40q: %v, %v", frame, m, err)
		}
	}
}

func TestDecodeRepairsText(t *testing.T) {
	t.Parallel()
	m, err := Decode([]byte("{\"pub\":{\"topic\":\"a\xffb\",\"content\":\"\xc3\x28\"}}"))
	if err != nil {
		t.Fatal(err)
	}
	if m.Pub.Topic != "a\uFFFDb" || string(m.Pub.Content) != "\"\uFFFD(\"" {
		t.Errorf("topic %q, content %q", m.Pub.Topic, m.Pub.Content)
	}
	// brackets in texts are no nesting
	text := strings.Repeat(`[{\"`, 100)
	if _, err := Decode([]byte(`{"pub":{"content":"` + text + `"}}`)); err != nil {
		t.Errorf("brackets in a text: %v", err)
	}
}

func TestBase64Flavours(t *testing.T) {
	t.Parallel()
	want := []byte("x:\xff\xff>?")
	for _, s := range []string{"eDr//z4/", "eDr__z4_"} {
		if got, err := DecodeBase64(s); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %q, %v", s, got, err)
		}
	}
	for _, s := range []string{"YQ==", "YQ"} {
		if got, err := DecodeBase64(s); err != nil || string(got) != "a" {
			t.Errorf("%s: %q, %v", s, got, err)
		}
	}
	for _, s := range []string{"YW\nJj\r\n", "YWJj"} { // encoders for mail break lines
		if got, err := DecodeBase64(s); err != nil || string(got) != "abc" {
			t.Errorf("%s: %q, %v", s, got, err)
		}
	}
	for _, s := range []string{"Y", "not base64!", "YQ=a", "YR==", "YR", "YWF", "_x"} { // the last with bits that mean nothing
		if got, err := DecodeBase64(s); err == nil {
			t.Errorf("%s: %q", s, got)
		}
	}
}

// TestAllocs pins what the busiest paths allocate. Not parallel: it counts.
func TestAllocs(t *testing.T) {
	frame := []byte(`{"pub":{"id":"31","topic":"grpAAAAAAAAAAA","noecho":true,"content":"Hello, how are you today?"}}`)
	data := &Data{Topic: "grpAAAAAAAAAAA", From: 1, TS: at, Seq: 57, Content: json.RawMessage(`"Hello"`)}
	pres := &Pres{Topic: "me", Src: "grpAAAAAAAAAAA", What: "msg", Seq: 57, Act: 1}
	for name, c := range map[string]struct {
		most float64
		f    func()
	}{
		"decode pub": {11, func() { _, _ = Decode(frame) }},
		"accepted":   {1, func() { AcceptedFrame("31", "grpAAAAAAAAAAA", 57, at) }},
		"ctrl":       {2, func() { ErrDenied.Reply("31", "grpAAAAAAAAAAA", at).Frame() }},
		"data":       {3, func() { data.Frame() }},
		"pres":       {3, func() { pres.Frame() }},
	} {
		if got := testing.AllocsPerRun(200, c.f); got > c.most {
			t.Errorf("%s: %v allocations, at most %v expected", name, got, c.most)
		}
	}
}
