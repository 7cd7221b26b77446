package picture

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

func box(kind string, body ...string) string {
	all := strings.Join(body, "")
	return string(binary.BigEndian.AppendUint32(nil, uint32(8+len(all)))) + kind + all
}

func be(size int, n int) string {
	return string(binary.BigEndian.AppendUint64(nil, uint64(n))[8-size:])
}

const shot = "the picture itself"

// tellingHEIC has the secret in an item with Exif behind the picture, in one with
// XMP inside the list, and in the box of a camera.
func tellingHEIC(version int) []byte {
	wide := 2
	if version > 1 {
		wide = 4
	}
	entry := func(id int, kind, more string) string {
		return box("infe", "\x02\x00\x00\x00", be(2, id), "\x00\x00", kind, "\x00", more)
	}
	ftyp := box("ftyp", "heic\x00\x00\x00\x00mif1heic")
	list := func(at int) string {
		place := func(id, method, begin, length int) string {
			text := be(wide, id)
			if version > 0 {
				text += be(2, method)
			}
			return text + be(2, 0) + be(4, 0) + be(2, 1) + be(4, begin) + be(4, length)
		}
		count, places := 2, place(1, 0, at, len(shot))+place(2, 0, at+len(shot), len(secret))
		idat := ""
		if version > 0 {
			count, places, idat = 3, places+place(3, 1, 5, len(secret)), box("idat", "12345"+secret+"67890")
		}
		return box("meta", "\x00\x00\x00\x00", box("hdlr", "pict"),
			box("iinf", "\x00\x00\x00\x00", be(2, 3), entry(1, "hvc1", ""), entry(2, "Exif", ""), entry(3, "mime", "application/rdf+xml\x00")),
			idat, box("iloc", be(1, version), "\x00\x00\x00", "\x44\x40", be(wide, count), places))
	}
	at := len(ftyp) + len(list(0)) + 16
	return []byte(ftyp + list(at) + be(4, 1) + "mdat" + be(8, 16+len(shot)+len(secret)+4) + shot + secret + "more" + box("uuid", strings.Repeat("u", 16), secret))
}

// tellingFilm has the secret where phones write it, before the film or behind it.
func tellingFilm(early bool) []byte {
	moov := box("moov", box("mvhd", "head"),
		box("trak", box("tkhd", "turned"), box("udta", box("\xa9xyz", secret)), box("meta", secret), box("mdia", "media")),
		box("meta", box("keys", "com.apple.quicktime.location.ISO6709"), box("ilst", secret)),
		box("udta", box("\xa9xyz", secret)))
	mdat := box("mdat", shot)
	if early {
		return []byte(box("ftyp", "isom\x00\x00\x00\x00") + moov + mdat)
	}
	return []byte(box("pnot", "qt  \x00\x00\x00\x00") + box("wide") + mdat + moov + box("uuid", secret))
}

func TestCleanBoxes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   []byte
		kept []string
	}{
		"HEIC 0":         {tellingHEIC(0), []string{shot + strings.Repeat("\x00", len(secret)) + "more", "iloc", "hvc1"}},
		"HEIC 1":         {tellingHEIC(1), []string{shot, "12345\x00", "\x0067890"}},
		"HEIC 2":         {tellingHEIC(2), []string{shot, "12345\x00", "\x0067890"}},
		"MP4":            {tellingFilm(true), []string{shot, "turned", "head", "media"}},
		"QuickTime":      {tellingFilm(false), []string{shot, "turned", "head", "media"}},
		"list of others": {[]byte(box("ftyp", "qt  ") + box("meta", box("ilst", secret)) + box("mdat", shot)), []string{shot}},
	} {
		got, _ := clean(t, c.in, "image/heic")
		if len(got) != len(c.in) || bytes.Contains(got, []byte("GPS")) || bytes.Contains(got, []byte("serial")) {
			t.Errorf("%s: got %q", name, got)
		}
		for _, want := range c.kept {
			if !bytes.Contains(got, []byte(want)) {
				t.Errorf("%s: %q is gone from %q", name, want, got)
			}
		}
		if again, _ := clean(t, got, "video/mp4"); !bytes.Equal(again, got) {
			t.Errorf("%s: cleaned again: got %q", name, again)
		}
	}
}

// TestCleanBoxesLeaves: what only looks like boxes stays as it is.
func TestCleanBoxesLeaves(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		"no boxes at all, and longer than a head", "short", box("udta", secret), box("ftyp", "isom") + "\x00\x00\x00\x04udta" + secret,
		box("ftyp", "isom") + "\x00\x00\x00\x00mdat" + secret,
	} {
		if got, _ := clean(t, []byte(in), "video/mp4"); string(got) != in {
			t.Errorf("%q: got %q", in, got)
		}
	}
}
