package chat

import (
	"slices"
	"strings"
	"testing"
)

func TestUIDText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct { // wire.md §1.7
		uid  UID
		text string
	}{
		{1, "usrAQAAAAAAAAA"},
		{2, "usrAgAAAAAAAAA"},
		{0x0102030405060708, "usrCAcGBQQDAgE"},
		{0xfffefdfcfbfaf9f8, "usr-Pn6-_z9_v8"},
		{0, ""},
	} {
		if got := c.uid.String(); got != c.text {
			t.Errorf("%#x: got %q, want %q", uint64(c.uid), got, c.text)
		}
		if c.uid == 0 {
			continue
		}
		if got, err := ParseUID(c.text); got != c.uid || err != nil {
			t.Errorf("ParseUID(%q) = %#x, %v", c.text, uint64(got), err)
		}
	}
	for _, bad := range []string{
		"", "usr", "usrAAAAAAAAAAA", "usrAQAAAAAAAA", "usrAQAAAAAAAAAA", "grpAQAAAAAAAAA", "usrAQAAAAAAAA=", "usrAQAAAA+AAAA",
		"usrAQAAAAAAAAB", "usr AQAAAAAAAA",
	} {
		if u, err := ParseUID(bad); err == nil {
			t.Errorf("ParseUID(%q) = %#x", bad, uint64(u))
		}
	}
	var u UID
	if err := u.UnmarshalText(nil); err != nil || u != 0 {
		t.Errorf("the empty text: %v, %v", u, err)
	}
}

func TestNewUID(t *testing.T) {
	t.Parallel()
	seen := make(map[UID]bool)
	for range 1000 {
		u := NewUID()
		if u == 0 || seen[u] {
			t.Fatalf("%v again", u)
		}
		seen[u] = true
	}
}

func TestP2PName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct { // wire.md §1.7
		a, b UID
		name string
	}{
		{1, 2, "p2pAQAAAAAAAAACAAAAAAAAAA"},
		{2, 0x0102030405060708, "p2pAgAAAAAAAAAIBwYFBAMCAQ"},
		{0x0102030405060708, 0xfffefdfcfbfaf9f8, "p2pCAcGBQQDAgH4-fr7_P3-_w"},
		{1, 1, ""},
		{0, 1, ""},
		{1, 0, ""},
	} {
		for _, got := range []string{P2PName(c.a, c.b), P2PName(c.b, c.a)} {
			if got != c.name {
				t.Errorf("P2PName(%v, %v) = %q, want %q", c.a, c.b, got, c.name)
			}
		}
		if c.name == "" {
			continue
		}
		if a, b, ok := P2PUsers(c.name); a != c.a || b != c.b || !ok {
			t.Errorf("P2PUsers(%q) = %v, %v, %v", c.name, a, b, ok)
		}
		if P2PPeer(c.name, c.a) != c.b || P2PPeer(c.name, c.b) != c.a || P2PPeer(c.name, 77) != 0 {
			t.Errorf("P2PPeer of %q", c.name)
		}
	}
	for _, bad := range []string{"", "p2p", "p2pAgAAAAAAAAABAAAAAAAAAA", "p2pAQAAAAAAAAABAAAAAAAAAA", "grpAQAAAAAAAAACAAAAAAAAAA"} {
		if _, _, ok := P2PUsers(bad); ok {
			t.Errorf("P2PUsers(%q) is one", bad)
		}
	}
}

func TestGroupName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, canonical string
		channel, ok     bool
	}{
		{"grpABC", "grpABC", false, true},
		{"chnABC", "grpABC", true, true},
		{"grp-_9z", "grp-_9z", false, true},
		{"grp", "", false, false},
		{"chn", "", true, false},
		{"grp/x", "", false, false},
		{"me", "", false, false},
		{"grp" + strings.Repeat("x", 48), "grp" + strings.Repeat("x", 48), false, true},
		{"grp" + strings.Repeat("x", 49), "", false, false},
		{"grpä", "", false, false},
	} {
		canonical, channel, ok := GroupName(c.name)
		if canonical != c.canonical || channel != c.channel || ok != c.ok {
			t.Errorf("GroupName(%q) = %q, %v, %v", c.name, canonical, channel, ok)
		}
		if ok && ChannelName(canonical) != "chn"+c.name[3:] {
			t.Errorf("ChannelName(%q) = %q", canonical, ChannelName(canonical))
		}
	}
	for name, kind := range map[string]Kind{
		"sys": KindSys, "usrAQAAAAAAAAA": KindMe, "grpX": KindGroup, "p2pX": KindP2P, "fndX": KindFnd, "slfX": KindSlf,
		"": KindNone, "xyz": KindNone, "chnX": KindNone,
	} {
		if got := KindOf(name); got != kind {
			t.Errorf("KindOf(%q) = %v, want %v", name, got, kind)
		}
	}
	for name, want := range map[string][2]bool{"new": {true, false}, "newX": {true, false}, "nchX": {true, true}, "grpX": {false, false}} {
		if ok, channel := IsNewTopic(name); ok != want[0] || channel != want[1] {
			t.Errorf("IsNewTopic(%q) = %v, %v", name, ok, channel)
		}
	}
	if _, _, ok := GroupName(NewGroupName()); !ok {
		t.Error("NewGroupName is no group name")
	}
}

func TestParseMode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct { // wire.md §5.1
		text, want string
		ok, bad    bool
	}{
		{"JRWPASDO", "JRWPASDO", true, false},
		{"odsapwrj", "JRWPASDO", true, false},
		{"JJJ", "J", true, false},
		{"", "N", false, false},
		{"N", "N", true, false},
		{"n", "N", true, false},
		{"NJ", "N", true, false},
		{"JN", "", false, true},
		{"+J", "", false, true},
		{"J-R", "", false, true},
		{"X", "", false, true},
		{"J R", "", false, true},
		{"NX", "", false, true},
		{"\n", "", false, true},
		{strings.Repeat("J", 64), "J", true, false},
		{strings.Repeat("J", 65), "", false, true},
	} {
		m, ok, err := ParseMode(c.text)
		if (err != nil) != c.bad || ok != c.ok || err == nil && m.String() != c.want {
			t.Errorf("ParseMode(%q) = %v, %v, %v", c.text, m, ok, err)
		}
	}
}

func TestDelta(t *testing.T) {
	t.Parallel()
	mode := func(s string) Mode { m, _, _ := ParseMode(s); return m }
	for _, c := range [][3]string{ // wire.md §5.8
		{"N", "JRW", "JRW"},
		{"JRW", "JRW", ""},
		{"JR", "JRW", "+W"},
		{"JRW", "JR", "-W"},
		{"JRW", "JP", "+P-RW"},
		{"JRW", "N", "-JRW"},
		{"N", "N", ""},
	} {
		if got := Delta(mode(c[0]), mode(c[1])); got != c[2] {
			t.Errorf("Delta(%s, %s) = %q, want %q", c[0], c[1], got, c[2])
		}
	}
}

func TestAccessForLevel(t *testing.T) {
	t.Parallel()
	a := Access{Auth: ModeJoin, Anon: ModeRead}
	for level, want := range map[Level]Mode{LevelNone: 0, LevelAnon: ModeRead, LevelAuth: ModeJoin, LevelRoot: ModeJoin} {
		if got := a.For(level); got != want {
			t.Errorf("%q: %v, want %v", level, got, want)
		}
		if back, ok := ParseLevel(level.String()); ok != (level != LevelNone) || back != level {
			t.Errorf("ParseLevel(%q) = %v, %v", level.String(), back, ok)
		}
	}
}

func TestMergeRanges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want []Range }{
		{nil, nil},
		{[]Range{{1, 3}, {4, 5}}, []Range{{1, 3}, {4, 5}}}, // 3 stays (wire.md §7.8)
		{[]Range{{1, 3}, {3, 5}}, []Range{{1, 5}}},
		{[]Range{{4, 6}, {1, 9}, {5, 5}}, []Range{{1, 9}}},
		{[]Range{{3, 1}}, nil},
	} {
		if got := MergeRanges(slices.Clone(c.in)); !slices.Equal(got, c.want) {
			t.Errorf("%v: got %v, want %v", c.in, got, c.want)
		}
	}
}

func TestValidTag(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä", MaxTagLen)
	for tag, want := range map[string]bool{
		"a": true, "7": true, "travel": true, "a-b_c+d.e!f?g#h@i": true, "-": true, "?!": true, "Travel": true, long: true,
		"路": true, "旅行": true, "مرحبا": true, "привет": true, "한국어": true, "٣": true, "½": true, "Ⅷ": true, "café": true,
		"email:a@b.c": true, "tel:+16502530000": true, "ab:c": true, "a0_Z:c": true, "ab:路": true, "ab:" + long: true, "abcdefghijklmnop:x": true,
		"": false, " ": false, "a b": false, " a": false, "a,b": false, `"a"`: false, "a/b": false, "a%": false, "a'b": false, "a\x00": false, "a\nb": false,
		"cafe\u0301": false, "हिन्दी": false, "👍": false, "a👍": false, "a\xff": false, "\ufffd": false, "␡": false, "\u200b": false, long + "x": false,
		":": false, "ab:": false, ":a": false, "a:b": false, "Ab:c": false, "1b:c": false, "ab:c:d": false, "ab: c": false, "a-b:c": false,
		"abcdefghijklmnopq:x": false, "ab:" + long + "x": false, "åb:c": false,
	} {
		if got := ValidTag(tag); got != want {
			t.Errorf("ValidTag(%q) = %t", tag, got)
		}
	}
}

func TestNormalizeTags(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä", MaxTagLen)
	for _, c := range []struct{ in, want []string }{ // wire.md §11.2
		{nil, nil},
		{[]string{"x", "-aa", " "}, nil},
		{[]string{"b2", " B2 ", "aa"}, []string{"aa", "b2"}},
		{[]string{"aa", Clear}, []string{}},
		{[]string{long, long + "ä"}, []string{long}},
		{[]string{"a1", "a2", "a3", "a4"}, []string{"a1", "a2", "a3"}},
		{[]string{"1st"}, []string{"1st"}},
	} {
		got := NormalizeTags(c.in, 3)
		if !slices.Equal(got, c.want) || (got == nil) != (c.want == nil) {
			t.Errorf("%v: got %v, want %v", c.in, got, c.want)
		}
	}
	for tag, want := range map[string]string{
		"email:a@b.c": "email", "a:b": "", "plain": "", "1x:y": "", "Email:x": "", "email:": "", "ab_9:z": "ab_9", ":x": "",
		strings.Repeat("a", 17) + ":x": "", "a b:c": "",
	} {
		if got := TagPrefix(tag); got != want {
			t.Errorf("TagPrefix(%q) = %q, want %q", tag, got, want)
		}
	}
	if got := TagsIn([]string{"basic:a", "email:b", "x"}, "email", "tel"); !slices.Equal(got, []string{"email:b"}) {
		t.Errorf("TagsIn: %v", got)
	}
}
