package picture

import (
	"encoding/binary"
	"io"
)

// webpFormat overwrites metadata with zeros: the size of the whole stands at the
// beginning and must stay true (WebP container specification).
type webpFormat struct {
	begun bool
	left  int64 // bytes of the container that were not looked at
}

func (f *webpFormat) step(c *Cleaner) error {
	switch {
	case !f.begun:
		return f.begin(c)
	case f.left < 8:
		return io.EOF
	}
	p, err := c.peek(8)
	if err != nil {
		return err
	}
	if len(p) < 8 {
		return c.rest()
	}
	kind, size := string(p[:4]), int64(binary.LittleEndian.Uint32(p[4:]))
	total := min(8+size+size&1, f.left)
	f.left -= total
	switch kind {
	case "VP8X":
		c.pass(total)
	case "EXIF":
		return f.exif(c, total, size)
	case "VP8 ", "VP8L", "ALPH", "ICCP", "ANIM", "ANMF":
		c.pass(total)
	default: // XMP, or nobody knows what is in it
		c.give(p...)
		c.erase(total - 8)
		return c.drop(8)
	}
	return nil
}

func (f *webpFormat) begin(c *Cleaner) error {
	p, err := c.peek(12)
	if err != nil {
		return err
	}
	if len(p) < 12 || string(p[:4]) != "RIFF" || string(p[8:]) != "WEBP" {
		return c.rest()
	}
	f.begun = true
	f.left = int64(binary.LittleEndian.Uint32(p[4:])) - 4
	c.pass(12)
	return nil
}

// exif keeps the orientation.
func (f *webpFormat) exif(c *Cleaner, total, size int64) error {
	p, err := c.peek(int(min(8+size, maxExif)))
	if err != nil || len(p) < 8 {
		return err
	}
	body := p[8:]
	if len(body) > 6 && string(body[:6]) == string(exifHeader) { // wrong, and common
		body = body[6:]
	}
	c.orientation = exifOrientation(body)
	c.give(p[:8]...)
	skip := int64(8)
	if tiff := minimalExif(max(c.orientation, 1)); total-8 >= int64(len(tiff)) {
		c.give(tiff...)
		skip += int64(len(tiff))
	}
	c.erase(total - skip)
	return c.drop(skip)
}
