package picture

import (
	"cmp"
	"encoding/binary"
	"io"
	"math"
	"slices"
)

// boxFormat cleans HEIC, AVIF, MP4, QuickTime and what else is made of boxes
// (ISO/IEC 14496-12 §4.2). Boxes are found by offsets in the file, so nothing
// changes its place: boxes with metadata become "free" ones with zeros, and in
// pictures the items with Exif and XMP are overwritten (items.go). How a picture
// is turned stands elsewhere (irot, imir).
type boxFormat struct {
	at     int64  // where in the file the next byte of the source stands
	inside int64  // end of the moov that was begun
	left   int64  // bytes of a box that are still to be given
	hidden []span // what of the bytes behind at is overwritten, by begin
	begun  bool
	listed bool // hidden is known: there is one list in a file
}

// span is a part of a file.
type span struct{ begin, end int64 }

const (
	// maxMeta bounds the list of the items of a picture: one with a hundred tiles
	// has 10 KB.
	maxMeta = 1 << 20
	// toEnd is the size of a box that ends with the file.
	toEnd = math.MaxInt64 / 4
)

// firstBoxes are those that a file begins with.
var firstBoxes = []string{"ftyp", "moov", "mdat", "wide", "free", "skip", "pnot"}

func (f *boxFormat) step(c *Cleaner) error {
	if f.left > 0 {
		f.piece(c)
		return nil
	}
	p, err := c.peek(16)
	if err != nil {
		return err
	}
	if len(p) < 8 {
		return c.rest()
	}
	size, head, kind := int64(binary.BigEndian.Uint32(p)), int64(8), string(p[4:8])
	switch {
	case size == 0:
		size = toEnd
	case size == 1 && len(p) == 16:
		size, head = int64(min(binary.BigEndian.Uint64(p[8:]), toEnd)), 16
	}
	if size < head || !f.begun && !slices.Contains(firstBoxes, kind) {
		f.left = toEnd
		return nil
	}
	f.begun = true
	switch {
	case kind == "moov":
		f.inside = f.at + size
		f.pass(c, head) // the boxes in it come next
	case kind == "trak" && f.at < f.inside:
		f.pass(c, head)
	case kind == "meta" && f.at >= f.inside && size <= maxMeta && !f.listed:
		return f.meta(c, size, head)
	case kind == "meta" && f.at < f.inside, kind == "udta", kind == "uuid":
		copy(p[4:], "free")
		c.give(p[:head]...)
		c.erase(size - head)
		f.at += size
		return c.drop(head)
	default:
		f.left = size
	}
	return nil
}

func (f *boxFormat) pass(c *Cleaner, n int64) {
	c.pass(n)
	f.at += n
}

// piece gives what is left of a box, up to where something begins or ends to be
// hidden.
func (f *boxFormat) piece(c *Cleaner) {
	for len(f.hidden) > 0 && f.hidden[0].end <= f.at {
		f.hidden = f.hidden[1:]
	}
	n := f.left
	switch {
	case len(f.hidden) == 0:
		c.pass(n)
	case f.hidden[0].begin > f.at:
		n = min(n, f.hidden[0].begin-f.at)
		c.pass(n)
	default:
		n = min(n, f.hidden[0].end-f.at)
		c.erase(n)
	}
	f.at += n
	f.left -= n
}

// meta gives a box that lists the items of a picture, and notes where those
// stand that are metadata. A list of other things is metadata itself.
func (f *boxFormat) meta(c *Cleaner, size, head int64) error {
	f.listed = true
	box := make([]byte, size)
	n, err := io.ReadFull(c.src, box)
	if err != nil {
		c.give(box[:n]...)
		f.at += int64(n)
		if err == io.ErrUnexpectedEOF {
			return nil // the source tells which it is
		}
		return err
	}
	if list, ok := readItems(box[head:]); ok {
		for _, s := range list.inside {
			clear(box[head+s.begin : head+s.end])
		}
		f.hidden = list.outside
		slices.SortFunc(f.hidden, func(a, b span) int { return cmp.Compare(a.begin, b.begin) })
	} else {
		copy(box[4:], "free")
		clear(box[head:])
	}
	c.give(box...)
	f.at += size
	return nil
}
