package picture

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"slices"
)

const pngSignature = "\x89PNG\r\n\x1a\n"

// pngFormat drops what is not the picture itself, its colours or its movement
// (PNG 3rd ed. §11), and what follows the end.
type pngFormat struct{ begun bool }

// pngKept are the chunks that decoders may leave out and should not. Others are
// texts, Exif, times, provenance (C2PA), or private.
var pngKept = []string{
	"tRNS", "cHRM", "gAMA", "iCCP", "sBIT", "sRGB", "cICP", "mDCV", "cLLI",
	"bKGD", "hIST", "pHYs", "sPLT", "acTL", "fcTL", "fdAT",
}

// maxExif is how much of a chunk with Exif is looked at for the orientation, which
// comes early.
const maxExif = 32 << 10

func (f *pngFormat) step(c *Cleaner) error {
	if !f.begun {
		p, err := c.peek(len(pngSignature))
		if err != nil {
			return err
		}
		if string(p) != pngSignature {
			return c.rest()
		}
		f.begun = true
		c.pass(int64(len(pngSignature)))
		return nil
	}
	p, err := c.peek(8)
	if err != nil {
		return err
	}
	if len(p) < 8 {
		return c.rest()
	}
	size, kind := int64(binary.BigEndian.Uint32(p)), string(p[4:])
	total := 8 + size + 4 // and the checksum
	switch {
	case size > 1<<31-1:
		return c.rest() // no decoder goes on from here
	case kind == "IEND":
		p, err := c.peek(int(min(total, lookAhead)))
		if err != nil {
			return err
		}
		c.give(p...)
		_ = c.drop(int64(len(p)))
		return io.EOF
	case kind == "eXIf":
		if err := f.exif(c, int(min(size, maxExif))); err != nil {
			return err
		}
		return c.drop(total)
	case kind[0] >= 'a' && !slices.Contains(pngKept, kind): // not critical (PNG 3rd ed. §5.4)
		return c.drop(total)
	}
	c.pass(total)
	return nil
}

// exif puts a chunk with the orientation alone into the place of one with Exif.
func (f *pngFormat) exif(c *Cleaner, size int) error {
	p, err := c.peek(8 + size)
	if err != nil || len(p) < 8 || c.orientation != 0 {
		return err
	}
	if c.orientation = exifOrientation(p[8:]); c.orientation > 1 {
		body := append([]byte("eXIf"), minimalExif(c.orientation)...)
		c.give(binary.BigEndian.AppendUint32(nil, uint32(len(body)-4))...)
		c.give(body...)
		c.give(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(body))...)
	}
	return nil
}
