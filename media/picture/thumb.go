package picture

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	stddraw "image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"runtime"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
	"golang.org/x/sync/semaphore"
)

// Why there is no small copy. None of them means that the file is bad.
var (
	ErrNoPicture = errors.New("picture: not one that is understood")
	ErrTooMuch   = errors.New("picture: takes too much memory")
)

// Size of a picture in pixels, as it is stored.
type Size struct{ Width, Height int }

// Pixels is how many there are; sides have at most 31 bits.
func (s Size) Pixels() int64 { return int64(s.Width) * int64(s.Height) }

type decoder struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
	bytes  int64 // of memory per pixel, at most
}

// progressiveBytes is decoder.bytes of a JPEG that keeps all its coefficients
// until the end, 4 bytes each.
const progressiveBytes = 16

// decoderFor is by media type. Of a GIF only the first picture is decoded.
func decoderFor(mediaType string) (decoder, bool) {
	switch mediaType {
	case "image/jpeg":
		return decoder{jpeg.DecodeConfig, jpeg.Decode, 4}, true
	case "image/png", "image/vnd.mozilla.apng":
		return decoder{pngConfig, png.Decode, 8}, true
	case "image/gif":
		return decoder{gif.DecodeConfig, gif.Decode, 2}, true
	case "image/webp":
		return decoder{webp.DecodeConfig, webp.Decode, 12}, true
	}
	return decoder{}, false
}

// maxPNGSide is a side up to which package png has a size for every picture.
const maxPNGSide = 1 << 24

// pngConfig is png.DecodeConfig, but for sizes that are none for it: those are not
// damage, but what the picture says.
func pngConfig(r io.Reader) (image.Config, error) {
	b := bufio.NewReader(r)
	if p, err := b.Peek(24); err == nil && string(p[:8]) == pngSignature && string(p[12:16]) == "IHDR" {
		w, h := binary.BigEndian.Uint32(p[16:]), binary.BigEndian.Uint32(p[20:])
		if w == 0 || h == 0 || max(w, h) > maxPNGSide {
			return image.Config{Width: int(min(w, math.MaxInt32)), Height: int(min(h, math.MaxInt32))}, nil
		}
	}
	return png.DecodeConfig(b)
}

// SizeOf reads the beginning of a picture. ErrNoPicture: the type is none that
// is understood, or it lies.
func SizeOf(r io.Reader, mediaType string) (Size, error) {
	d, ok := decoderFor(mediaType)
	if !ok {
		return Size{}, ErrNoPicture
	}
	cfg, err := guarded(func() (image.Config, error) { return d.config(bufio.NewReader(r)) })
	if err != nil {
		return Size{}, err
	}
	return Size{cfg.Width, cfg.Height}, nil
}

// progressive tells whether a JPEG is; in doubt it is.
func progressive(r io.ReadSeeker) bool {
	if _, err := r.Seek(2, io.SeekStart); err != nil {
		return true
	}
	for range 1000 { // segments before the picture
		var h [4]byte
		if _, err := io.ReadFull(r, h[:]); err != nil || h[0] != 0xff {
			return true
		}
		if m := h[1]; m >= 0xc0 && m <= 0xcf && m != 0xc4 && m != 0xc8 && m != 0xcc { // ITU T.81 table B.1: SOFn
			return m != 0xc0 && m != 0xc1
		}
		if _, err := r.Seek(int64(h[2])<<8+int64(h[3])-2, io.SeekCurrent); err != nil {
			return true
		}
	}
	return true
}

// guarded calls a decoder. Its panics are errors: it works on what strangers
// sent.
func guarded[T any](f func() (T, error)) (v T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: the decoder panicked: %v", ErrNoPicture, p)
		}
	}()
	if v, err = f(); err != nil {
		err = fmt.Errorf("%w: %w", ErrNoPicture, err)
	}
	return v, err
}

// Thumbs makes small copies, with bounded memory for all of them together.
type Thumbs struct {
	memory  *semaphore.Weighted // bytes
	budget  int64
	workers *semaphore.Weighted
}

// MaxSide is the longer side of a small copy, in pixels.
const MaxSide = 512

const jpegQuality = 80

// NewThumbs makes copies with at most so many bytes of memory, and on half of the
// processors.
func NewThumbs(memory int64) *Thumbs {
	return &Thumbs{
		memory: semaphore.NewWeighted(memory), budget: memory,
		workers: semaphore.NewWeighted(int64(max(1, runtime.GOMAXPROCS(0)/2))),
	}
}

// Make reads a picture from its beginning and writes a copy with sides of at
// most MaxSide, upright, whose media type it returns: JPEG, or PNG where one can
// see through. It waits for its turn until ctx is done. ErrNoPicture, ErrTooMuch.
func (t *Thumbs) Make(ctx context.Context, w io.Writer, r io.ReadSeeker, mediaType string, orientation int) (string, error) {
	d, ok := decoderFor(mediaType)
	if !ok {
		return "", ErrNoPicture
	}
	size, err := SizeOf(r, mediaType)
	if err != nil {
		return "", err
	}
	perPixel := d.bytes
	if mediaType == "image/jpeg" && progressive(r) {
		perPixel = progressiveBytes
	}
	need := size.Pixels()*perPixel + 1<<20
	if need > t.budget {
		return "", ErrTooMuch
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	if err := t.memory.Acquire(ctx, need); err != nil {
		return "", err
	}
	defer t.memory.Release(need)
	if err := t.workers.Acquire(ctx, 1); err != nil {
		return "", err
	}
	defer t.workers.Release(1)
	small, err := guarded(func() (*image.RGBA, error) {
		src, err := d.decode(bufio.NewReader(r))
		if err != nil {
			return nil, err
		}
		if b := src.Bounds(); b.Dx() != size.Width || b.Dy() != size.Height { // more than was reserved
			return nil, ErrNoPicture
		}
		return turned(shrunk(src), orientation), nil
	})
	if err != nil {
		return "", err
	}
	if !small.Opaque() {
		return "image/png", png.Encode(w, small)
	}
	return "image/jpeg", jpeg.Encode(w, small, &jpeg.Options{Quality: jpegQuality})
}

// shrunk is a copy with sides of at most MaxSide.
func shrunk(src image.Image) *image.RGBA {
	b := src.Bounds()
	long := max(b.Dx(), b.Dy(), 1)
	if long <= MaxSide {
		out := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
		stddraw.Draw(out, out.Bounds(), src, b.Min, stddraw.Src)
		return out
	}
	fit := func(n int) int { return max(1, (n*MaxSide+long/2)/long) }
	out := image.NewRGBA(image.Rect(0, 0, fit(b.Dx()), fit(b.Dy())))
	if long >= 2*MaxSide { // a good filter is slow, and needs memory for the height of the source
		n := long / (2 * MaxSide)
		if n > 1 {
			src = averaged(src, n)
		}
	}
	draw.CatmullRom.Scale(out, out.Bounds(), src, src.Bounds(), draw.Src, nil)
	return out
}

// averaged makes one pixel of n × n, a row at a time.
func averaged(src image.Image, n int) *image.RGBA {
	b := src.Bounds()
	w, h := (b.Dx()+n-1)/n, (b.Dy()+n-1)/n
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	row := image.NewRGBA(image.Rect(0, 0, b.Dx(), 1))
	sums := make([]uint32, 4*w)
	for y := range h {
		clear(sums)
		top := b.Min.Y + y*n
		rows := min(n, b.Max.Y-top)
		for dy := range rows {
			stddraw.Draw(row, row.Bounds(), src, image.Pt(b.Min.X, top+dy), stddraw.Src)
			for x := range w {
				sum := sums[4*x : 4*x+4]
				for px := row.Pix[4*n*x : min(4*n*(x+1), len(row.Pix))]; len(px) >= 4; px = px[4:] {
					sum[0] += uint32(px[0])
					sum[1] += uint32(px[1])
					sum[2] += uint32(px[2])
					sum[3] += uint32(px[3])
				}
			}
		}
		for x := range w {
			count := uint32(rows * min(n, b.Dx()-x*n))
			for i, sum := range sums[4*x : 4*x+4] {
				out.Pix[y*out.Stride+4*x+i] = uint8((sum + count/2) / count)
			}
		}
	}
	return out
}

// turned is the picture upright, for an orientation of Exif.
func turned(src *image.RGBA, orientation int) *image.RGBA {
	if orientation < 2 || orientation > 8 {
		return src
	}
	w, h := src.Rect.Dx(), src.Rect.Dy()
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if orientation >= 5 {
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			tx, ty := x, y
			switch orientation {
			case 2:
				tx = w - 1 - x
			case 3:
				tx, ty = w-1-x, h-1-y
			case 4:
				ty = h - 1 - y
			case 5:
				tx, ty = y, x
			case 6:
				tx, ty = h-1-y, x
			case 7:
				tx, ty = h-1-y, w-1-x
			case 8:
				tx, ty = y, w-1-x
			}
			out.SetRGBA(tx, ty, at(src, x, y))
		}
	}
	return out
}

func at(m *image.RGBA, x, y int) color.RGBA { return m.RGBAAt(x+m.Rect.Min.X, y+m.Rect.Min.Y) }
