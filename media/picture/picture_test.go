package picture

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/image/webp"
)

// secret stands for whatever must not leave.
const secret = "GPS 48.8584 N 2.2945 E, serial number 12345"

// gradient is a picture of which each part looks different.
func gradient(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetRGBA(x, y, color.RGBA{uint8(x * 255 / w), uint8(y * 255 / h), 100, 255})
		}
	}
	return m
}

func jpegOf(t testing.TB, m image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t testing.TB, m image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// exif is a TIFF structure with an orientation, little-endian, and the secret.
func exif(orientation int) []byte {
	b := []byte("II*\x00\x08\x00\x00\x00\x02\x00")
	field := func(tag, kind uint16, value uint32) {
		b = binary.LittleEndian.AppendUint16(b, tag)
		b = binary.LittleEndian.AppendUint16(b, kind)
		b = binary.LittleEndian.AppendUint32(b, 1)
		b = binary.LittleEndian.AppendUint32(b, value)
	}
	field(orientationTag, typeShort, uint32(orientation))
	field(0x8825, 4, 38) // GPS
	return append(append(b, 0, 0, 0, 0), secret...)
}

func jpegSegment(marker byte, body string) []byte {
	n := len(body) + 2
	return append([]byte{0xff, marker, byte(n >> 8), byte(n)}, body...)
}

// tellingJPEG has the secret in every place that cameras know.
func tellingJPEG(t testing.TB, m image.Image, orientation int) []byte {
	plain := jpegOf(t, m)
	out := slices.Clone(plain[:2])
	out = append(out, jpegSegment(mAPP0, "JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")...)
	out = append(out, jpegSegment(mAPP1, "Exif\x00\x00"+string(exif(orientation)))...)
	out = append(out, jpegSegment(mAPP1, "http://ns.adobe.com/xap/1.0/\x00"+secret)...)
	out = append(out, jpegSegment(mAPP2, "ICC_PROFILE\x00\x01\x01colours")...)
	out = append(out, jpegSegment(mAPP2, "MPF\x00"+secret)...)
	out = append(out, jpegSegment(0xed, "Photoshop 3.0\x00"+secret)...)
	out = append(out, jpegSegment(mCOM, secret)...)
	out = append(out, 0xff, 0xff, 0xff) // fill bytes
	out = append(out, plain[3:]...)
	return append(append(out, secret...), plain...) // behind the end
}

func pngChunk(kind, body string) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(append(b, kind...), body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE([]byte(kind+body)))
}

func tellingPNG(t testing.TB, m image.Image, orientation int) []byte {
	plain := pngOf(t, m)
	const head = 8 + 8 + 13 + 4 // signature, IHDR
	out := slices.Clone(plain[:head])
	out = append(out, pngChunk("gAMA", "\x00\x00\xb1\x8f")...)
	for _, kind := range []string{"tEXt", "zTXt", "iTXt", "caBX", "exIf", "prVt"} {
		out = append(out, pngChunk(kind, "XML:com.adobe.xmp\x00"+secret)...)
	}
	out = append(out, pngChunk("eXIf", string(exif(orientation)))...)
	out = append(out, plain[head:]...)
	return append(out, secret...)
}

// tinyWebP is one pixel, lossless.
func tinyWebP(t testing.TB) []byte {
	b, err := base64.StdEncoding.DecodeString("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func webpChunk(kind, body string) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(body)))
	b = append(b, body...)
	if len(body)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

func tellingWebP(t testing.TB, orientation int) []byte {
	body := []byte("WEBP")
	body = append(body, webpChunk("VP8X", "\x0c\x00\x00\x00\x00\x00\x00\x00\x00\x00")...)
	body = append(body, tinyWebP(t)[12:]...)
	body = append(body, webpChunk("EXIF", string(exif(orientation)))...)
	body = append(body, webpChunk("XMP ", secret)...)
	body = append(body, webpChunk("ABCD", secret)...)
	out := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body)))
	return append(append(out, body...), secret...)
}

func clean(t testing.TB, p []byte, mediaType string) ([]byte, int) {
	c := Clean(bytes.NewReader(p), mediaType)
	out, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return out, c.Orientation()
}

func TestCleanTakesWhatNobodySees(t *testing.T) {
	t.Parallel()
	m := gradient(70, 50)
	for _, orientation := range []int{1, 3, 6, 8} {
		for _, c := range []struct {
			mediaType string
			in        []byte
			decode    func(io.Reader) (image.Image, error)
		}{
			{"image/jpeg", tellingJPEG(t, m, orientation), jpeg.Decode},
			{"image/png", tellingPNG(t, m, orientation), png.Decode},
			{"image/webp", tellingWebP(t, orientation), webp.Decode},
		} {
			got, turn := clean(t, c.in, c.mediaType)
			if turn != orientation {
				t.Errorf("%s: got orientation %d, want %d", c.mediaType, turn, orientation)
			}
			for _, word := range []string{"GPS", "serial"} {
				if bytes.Contains(got, []byte(word)) {
					t.Errorf("%s: got a picture that still has %q", c.mediaType, word)
				}
			}
			before, err1 := c.decode(bytes.NewReader(c.in))
			after, err2 := c.decode(bytes.NewReader(got))
			if err1 != nil || err2 != nil {
				t.Fatalf("%s: decode: before %v, after %v", c.mediaType, err1, err2)
			}
			if !same(before, after) {
				t.Errorf("%s: got another picture", c.mediaType)
			}
			again, turn := clean(t, got, c.mediaType)
			if !bytes.Equal(again, got) || turn != orientation && (orientation != 1 || turn != 0) {
				t.Errorf("%s: cleaned again: got other bytes or orientation %d, want %d", c.mediaType, turn, orientation)
			}
		}
	}
}

func same(a, b image.Image) bool {
	if a.Bounds() != b.Bounds() {
		return false
	}
	for y := a.Bounds().Min.Y; y < a.Bounds().Max.Y; y++ {
		for x := a.Bounds().Min.X; x < a.Bounds().Max.X; x++ {
			r1, g1, b1, a1 := a.At(x, y).RGBA()
			r2, g2, b2, a2 := b.At(x, y).RGBA()
			if r1 != r2 || g1 != g2 || b1 != b2 || a1 != a2 {
				return false
			}
		}
	}
	return true
}

func TestCleanKeepsColours(t *testing.T) {
	t.Parallel()
	got, _ := clean(t, tellingJPEG(t, gradient(9, 9), 1), "image/jpeg")
	for _, want := range []string{"JFIF", "ICC_PROFILE"} {
		if !bytes.Contains(got, []byte(want)) {
			t.Errorf("JPEG: %s is gone", want)
		}
	}
	if got, _ := clean(t, tellingPNG(t, gradient(9, 9), 1), "image/png"); !bytes.Contains(got, []byte("gAMA")) {
		t.Error("PNG: gAMA is gone")
	}
}

func TestCleanInAnyPieces(t *testing.T) {
	t.Parallel()
	in := tellingJPEG(t, gradient(90, 60), 6)
	want, _ := clean(t, in, "image/jpeg")
	got, err := io.ReadAll(iotest.OneByteReader(Clean(iotest.OneByteReader(bytes.NewReader(in)), "image/jpeg")))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %d bytes, %v, want %d", len(got), err, len(want))
	}
}

// TestCleanTellsErrors: a source that fails must not look like one that ended,
// wherever that is, also behind the end of the picture.
func TestCleanTellsErrors(t *testing.T) {
	t.Parallel()
	for mediaType, in := range map[string][]byte{
		"image/jpeg": tellingJPEG(t, gradient(20, 20), 6), "image/png": tellingPNG(t, gradient(20, 20), 6),
		"image/webp": tellingWebP(t, 6), "image/heic": tellingHEIC(1), "video/mp4": tellingFilm(false), "text/plain": []byte("some text"),
	} {
		for n := 0; n < len(in); n += 1 + n/40 {
			for _, boom := range []error{errors.New("boom"), io.ErrUnexpectedEOF} {
				_, err := io.ReadAll(Clean(io.MultiReader(bytes.NewReader(in[:n]), iotest.ErrReader(boom)), mediaType))
				if !errors.Is(err, boom) {
					t.Fatalf("%s, %d bytes: got error %v, want %v", mediaType, n, err, boom)
				}
			}
			if _, err := io.ReadAll(Clean(bytes.NewReader(in[:n]), mediaType)); err != nil {
				t.Fatalf("%s cut at %d: got error %v, want none", mediaType, n, err)
			}
		}
	}
}

func TestThumbs(t *testing.T) {
	t.Parallel()
	thumbs := NewThumbs(64 << 20)
	var anim bytes.Buffer
	pal := image.NewPaletted(image.Rect(0, 0, 800, 700), color.Palette{color.White, color.Black})
	if err := gif.EncodeAll(&anim, &gif.GIF{Image: []*image.Paletted{pal, pal}, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	glass := gradient(900, 600)
	glass.SetRGBA(0, 0, color.RGBA{})
	for name, c := range map[string]struct {
		in          []byte
		mediaType   string
		orientation int
		w, h        int
		want        string
	}{
		"large JPEG":          {jpegOf(t, gradient(3000, 2000)), "image/jpeg", 0, 512, 341, "image/jpeg"},
		"on its side":         {jpegOf(t, gradient(3000, 2000)), "image/jpeg", 6, 341, 512, "image/jpeg"},
		"little larger":       {jpegOf(t, gradient(600, 513)), "image/jpeg", 1, 512, 438, "image/jpeg"},
		"small":               {jpegOf(t, gradient(40, 30)), "image/jpeg", 8, 30, 40, "image/jpeg"},
		"very long":           {pngOf(t, gradient(5000, 2)), "image/png", 0, 512, 1, "image/jpeg"},
		"one can see through": {pngOf(t, glass), "image/png", 0, 512, 341, "image/png"},
		"moving":              {anim.Bytes(), "image/gif", 0, 512, 448, "image/jpeg"},
		"WebP":                {tinyWebP(t), "image/webp", 0, 1, 1, ""},
	} {
		var out bytes.Buffer
		got, err := thumbs.Make(t.Context(), &out, bytes.NewReader(c.in), c.mediaType, c.orientation)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		m, kind, err := image.Decode(&out)
		if err != nil || c.want != "" && got != c.want || "image/"+kind != got {
			t.Errorf("%s: got %s (%s), %v, want %s", name, got, kind, err, c.want)
			continue
		}
		if b := m.Bounds(); b.Dx() != c.w || b.Dy() != c.h {
			t.Errorf("%s: got %v, want %d × %d", name, b, c.w, c.h)
		}
	}
}

// TestThumbsTurn looks where the corners of the picture went.
func TestThumbsTurn(t *testing.T) {
	t.Parallel()
	m := gradient(1600, 1200) // red grows to the right, green to the bottom
	in := jpegOf(t, m)
	// For each orientation: does red grow along x, or y; to the right and bottom?
	want := map[int]string{1: "x+y+", 2: "x-y+", 3: "x-y-", 4: "x+y-", 5: "y+x+", 6: "y+x-", 7: "y-x-", 8: "y-x+"}
	for orientation, want := range want {
		var out bytes.Buffer
		if _, err := NewThumbs(64<<20).Make(t.Context(), &out, bytes.NewReader(in), "image/jpeg", orientation); err != nil {
			t.Fatal(err)
		}
		got, err := jpeg.Decode(&out)
		if err != nil {
			t.Fatal(err)
		}
		b := got.Bounds()
		level := func(x, y, channel int) int {
			r, g, _, _ := got.At(x, y).RGBA()
			return int([]uint32{r, g}[channel] >> 8)
		}
		dir := func(channel int) string {
			dx := level(b.Dx()-5, b.Dy()/2, channel) - level(5, b.Dy()/2, channel)
			dy := level(b.Dx()/2, b.Dy()-5, channel) - level(b.Dx()/2, 5, channel)
			switch {
			case dx > 100:
				return "x+"
			case dx < -100:
				return "x-"
			case dy > 100:
				return "y+"
			case dy < -100:
				return "y-"
			}
			return "?"
		}
		if got := dir(0) + dir(1); got != want {
			t.Errorf("orientation %d: got %s, want %s", orientation, got, want)
		}
	}
}

// bombPNG says that it has so many pixels.
func bombPNG(t testing.TB, w, h uint32) []byte {
	p := pngOf(t, gradient(2, 2))
	binary.BigEndian.PutUint32(p[16:], w)
	binary.BigEndian.PutUint32(p[20:], h)
	binary.BigEndian.PutUint32(p[29:], crc32.ChecksumIEEE(p[12:29]))
	return p
}

func TestThumbsRefuse(t *testing.T) {
	t.Parallel()
	thumbs := NewThumbs(32 << 20)
	for name, c := range map[string]struct {
		in        []byte
		mediaType string
		want      error
	}{
		"absurd":         {bombPNG(t, 60000, 60000), "image/png", ErrTooMuch},
		"more than fits": {bombPNG(t, 2500, 2500), "image/png", ErrTooMuch},
		"a lie":          {[]byte("<html>"), "image/png", ErrNoPicture},
		"another format": {jpegOf(t, gradient(3, 3)), "image/png", ErrNoPicture},
		"cut":            {jpegOf(t, gradient(300, 300))[:2000], "image/jpeg", ErrNoPicture},
		"no picture":     {[]byte("%PDF"), "application/pdf", ErrNoPicture},
		"nothing":        {nil, "image/gif", ErrNoPicture},
	} {
		if kind, err := thumbs.Make(t.Context(), io.Discard, bytes.NewReader(c.in), c.mediaType, 0); !errors.Is(err, c.want) {
			t.Errorf("%s: got %q, %v, want %v", name, kind, err, c.want)
		}
	}
	size, err := SizeOf(bytes.NewReader(bombPNG(t, 1<<30, 1<<30)), "image/png")
	if err == nil && size.Pixels() != 1<<60 {
		t.Errorf("got %v, %v", size, err)
	}
}

func FuzzClean(f *testing.F) {
	for _, in := range [][]byte{tellingJPEG(f, gradient(9, 9), 6), tellingPNG(f, gradient(9, 9), 6), tellingWebP(f, 6), []byte("\xff\xd8\xff"), []byte(pngSignature), []byte("RIFF\x00\x00\x00\x00WEBP"), tellingHEIC(2), tellingFilm(true)} {
		for kind := range 4 {
			f.Add(in, uint8(kind))
		}
	}
	kinds := []string{"image/jpeg", "image/png", "image/webp", "image/heic"}
	decode := []func(io.Reader) (image.Image, error){jpeg.Decode, png.Decode, webp.Decode}
	f.Fuzz(func(t *testing.T, in []byte, kind uint8) {
		k := int(kind) % len(kinds)
		out, err := io.ReadAll(Clean(bytes.NewReader(in), kinds[k]))
		if err != nil {
			t.Fatal(err)
		}
		if len(out) > len(in)+100 {
			t.Fatalf("got %d bytes of %d", len(out), len(in))
		}
		if k == len(decode) { // of boxes
			if again, _ := clean(t, out, kinds[k]); len(out) != len(in) || !bytes.Equal(again, out) {
				t.Fatalf("got %d bytes of %d, and others when cleaned again", len(out), len(in))
			}
			return
		}
		size, err := SizeOf(bytes.NewReader(in), kinds[k])
		if err != nil || size.Pixels() > 1<<16 {
			return
		}
		before, err := decode[k](bytes.NewReader(in))
		if err != nil {
			return
		}
		after, err := decode[k](bytes.NewReader(out))
		if err != nil || !same(before, after) {
			t.Fatalf("got another picture, %v, from %s", err, strings.ToValidUTF8(string(in), "?"))
		}
	})
}
