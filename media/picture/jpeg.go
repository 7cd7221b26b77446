package picture

import (
	"bytes"
	"io"
)

// Markers of JPEG (ITU T.81 table B.1).
const (
	mSOI, mEOI, mSOS = 0xd8, 0xd9, 0xda
	mRST0, mRST7     = 0xd0, 0xd7
	mTEM             = 0x01
	mAPP0, mAPP15    = 0xe0, 0xef
	mAPP1, mAPP2     = 0xe1, 0xe2
	mAPP14, mCOM     = 0xee, 0xfe
)

var exifHeader = []byte("Exif\x00\x00")

// jpegFormat keeps what a decoder needs: of the APPn segments JFIF (0), the
// colour profile (2) and Adobe's (14). Gone are Exif and XMP (1), Photoshop and
// IPTC (13), other makers' and comments; the pictures that some cameras put
// behind the first have all of that again, and go too.
type jpegFormat struct {
	begun bool
	scan  bool // in entropy-coded data
}

func (f *jpegFormat) step(c *Cleaner) error {
	if !f.begun {
		p, err := c.peek(3)
		if err != nil {
			return err
		}
		if len(p) < 3 || p[0] != 0xff || p[1] != mSOI || p[2] != 0xff {
			return c.rest()
		}
		f.begun = true
		c.give(0xff, mSOI)
		return c.drop(2)
	}
	if f.scan {
		return f.data(c)
	}
	return f.segment(c)
}

// data passes entropy-coded data up to the next marker.
func (f *jpegFormat) data(c *Cleaner) error {
	if _, err := c.peek(1); err != nil {
		return err
	}
	p, err := c.src.Peek(max(c.src.Buffered(), 1))
	if err != nil {
		return err
	}
	i := bytes.IndexByte(p, 0xff)
	if i < 0 {
		c.pass(int64(len(p)))
		return nil
	}
	if i > 0 {
		c.pass(int64(i))
		return nil
	}
	p, err = c.peek(2)
	switch {
	case err != nil:
		return err
	case len(p) < 2:
		c.pass(1)
	case p[1] == 0 || p[1] >= mRST0 && p[1] <= mRST7:
		c.pass(2)
	default:
		f.scan = false
	}
	return nil
}

// segment handles a marker and what belongs to it.
func (f *jpegFormat) segment(c *Cleaner) error {
	p, err := c.peek(4)
	if err != nil {
		return err
	}
	if len(p) < 2 || p[0] != 0xff || p[1] == 0xff || p[1] == 0 { // decoders skip such bytes, too
		return c.drop(1)
	}
	m := p[1]
	switch {
	case m == mEOI:
		c.give(0xff, mEOI)
		_ = c.drop(2)
		return io.EOF
	case m == mSOI, m == mTEM, m >= mRST0 && m <= mRST7:
		return c.drop(2)
	case len(p) < 4:
		return c.drop(int64(len(p)))
	}
	size := int64(p[2])<<8 | int64(p[3])
	if size < 2 {
		return c.drop(2)
	}
	keep, err := f.keeps(c, m, int(size)+2)
	if err != nil {
		return err
	}
	if !keep {
		return c.drop(size + 2)
	}
	f.scan = m == mSOS
	c.pass(size + 2)
	return nil
}

// keeps tells whether a segment stays. What Exif says of the orientation is
// put into its place.
func (f *jpegFormat) keeps(c *Cleaner, m byte, total int) (bool, error) {
	switch {
	case m == mCOM:
		return false, nil
	case m < mAPP0 || m > mAPP15, m == mAPP0, m == mAPP14:
		return true, nil
	}
	p, err := c.peek(min(total, lookAhead))
	if err != nil {
		return false, err
	}
	body := p[4:]
	switch {
	case m == mAPP2:
		return bytes.HasPrefix(body, []byte("ICC_PROFILE\x00")), nil
	case m == mAPP1 && bytes.HasPrefix(body, exifHeader) && c.orientation == 0:
		if c.orientation = exifOrientation(body[len(exifHeader):]); c.orientation > 1 {
			exif := append(exifHeader[:len(exifHeader):len(exifHeader)], minimalExif(c.orientation)...)
			c.give(0xff, mAPP1, 0, byte(len(exif)+2))
			c.give(exif...)
		}
	}
	return false, nil
}
