package chat

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func FuzzMode(f *testing.F) {
	for _, s := range []string{"", "N", "JRWPASDO", "jrw", "NJ", "JN", "+R-W", "JJ", "X"} {
		f.Add(s, uint8(0x0f))
	}
	f.Fuzz(func(t *testing.T, text string, other uint8) {
		m, ok, err := ParseMode(text)
		switch {
		case err != nil:
			if m != 0 || ok {
				t.Fatalf("%q: %v, %v with an error", text, m, ok)
			}
			return
		case !ok:
			if text != "" {
				t.Fatalf("%q counts as not given", text)
			}
			return
		}
		if again, ok, err := ParseMode(m.String()); again != m || !ok || err != nil {
			t.Fatalf("%q: %v reads back as %v, %v, %v", text, m, again, ok, err)
		}
		from := Mode(other)
		if got := apply(from, Delta(from, m)); got != m {
			t.Fatalf("Delta(%v, %v) = %q leads to %v", from, m, Delta(from, m), got)
		}
	})
}

// apply does what clients do with a delta.
func apply(m Mode, delta string) Mode {
	if delta == "" {
		return m
	}
	if !strings.ContainsAny(delta, "+-") {
		full, _, _ := ParseMode(delta)
		return full
	}
	added, removed, _ := strings.Cut(delta, "-")
	a, _, _ := ParseMode(strings.TrimPrefix(added, "+"))
	r, _, _ := ParseMode(removed)
	return m&^r | a
}

func FuzzNames(f *testing.F) {
	for _, s := range []string{"usrAQAAAAAAAAA", "grpABC", "chnABC", "p2pAQAAAAAAAAACAAAAAAAAAA", "new1", "nch", "me", "", "grp\x00", "usr-Pn6-_z9_v8"} {
		f.Add(s, uint64(1), uint64(2))
	}
	f.Fuzz(func(t *testing.T, name string, x, y uint64) {
		if u, err := ParseUID(name); err == nil && (u == 0 || u.String() != name) {
			t.Fatalf("ParseUID(%q) = %v", name, u)
		}
		if canonical, channel, ok := GroupName(name); ok {
			if KindOf(canonical) != KindGroup || channel && ChannelName(canonical) != name || !channel && canonical != name {
				t.Fatalf("GroupName(%q) = %q, %v", name, canonical, channel)
			}
		}
		if a, b, ok := P2PUsers(name); ok && P2PName(a, b) != name {
			t.Fatalf("P2PUsers(%q) = %v, %v", name, a, b)
		}
		a, b := UID(x), UID(y)
		p2p := P2PName(a, b)
		if p2p != P2PName(b, a) || (p2p == "") != (a == b || a == 0 || b == 0) {
			t.Fatalf("P2PName(%v, %v) = %q", a, b, p2p)
		}
		if lo, hi, ok := P2PUsers(p2p); p2p != "" && (!ok || lo != min(a, b) || hi != max(a, b)) {
			t.Fatalf("%q: %v, %v, %v", p2p, lo, hi, ok)
		}
	})
}

func FuzzMergeRanges(f *testing.F) {
	f.Add([]byte{1, 3, 4, 5})
	f.Add([]byte{5, 5, 9, 2, 0, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		want := make(map[int]bool) // the obvious model: a set
		var in []Range
		for ; len(b) >= 2; b = b[2:] {
			r := Range{int(b[0]), int(b[1])}
			in = append(in, r)
			for i := r.Low; i < r.Hi; i++ {
				want[i] = true
			}
		}
		got := MergeRanges(slices.Clone(in))
		have := make(map[int]bool)
		for i, r := range got {
			if r.Len() <= 0 || i > 0 && r.Low <= got[i-1].Hi {
				t.Fatalf("%v: %v is not merged", in, got)
			}
			for n := r.Low; n < r.Hi; n++ {
				have[n] = true
			}
		}
		if len(have) != len(want) {
			t.Fatalf("%v: %v holds %d numbers, not %d", in, got, len(have), len(want))
		}
		for n := range want {
			if !have[n] {
				t.Fatalf("%v: %v lacks %d", in, got, n)
			}
		}
	})
}

func FuzzTags(f *testing.F) {
	f.Add("aa\nBB \nemail:x@y.z\n␡", 3)
	f.Fuzz(func(t *testing.T, lines string, limit int) {
		if limit < 0 {
			return
		}
		tags := NormalizeTags(strings.Split(lines, "\n"), limit)
		if len(tags) > limit || !slices.IsSorted(tags) {
			t.Fatalf("%q: %q", lines, tags)
		}
		for _, tag := range tags {
			if p := TagPrefix(tag); p != "" && !strings.HasPrefix(tag, p+":") {
				t.Fatalf("TagPrefix(%q) = %q", tag, p)
			}
		}
		if again := NormalizeTags(slices.Clone(tags), limit); tags != nil && !slices.Equal(again, tags) {
			t.Fatalf("%q is not normal: %q", tags, again)
		}
	})
}

// FuzzValidTag compares the check with the regular expression of wire.md §11.1.
func FuzzValidTag(f *testing.F) {
	for _, s := range []string{"", "a", "旅行", "cafe\u0301", "👍", "email:a@b.c", "tel:+1", "ab:c:d", "Ab:c", "a\xff", strings.Repeat("ä", 97)} {
		f.Add(s)
	}
	form := regexp.MustCompile(`^([a-z][A-Za-z0-9_]{1,15}:)?[\pL\pN_+.!?#@-]{1,96}$`)
	f.Fuzz(func(t *testing.T, tag string) {
		if got, want := ValidTag(tag), form.MatchString(tag); got != want {
			t.Fatalf("ValidTag(%q) = %t", tag, got)
		}
	})
}
