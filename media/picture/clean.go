// Package picture does what a server should do to pictures and films that people send:
// it removes what they do not see (where it was taken, by which camera, with
// which serial number), without touching what they see, and makes small copies.
// It does not know who sends them, or where they are kept.
package picture

import (
	"bufio"
	"io"
)

// Cleaner gives the bytes of a picture without its metadata. It works while the
// bytes pass and keeps none of them; damaged pictures stay as damaged as they
// were.
type Cleaner struct {
	src    *bufio.Reader
	format format
	queue  []byte // to be given next
	at     int    // how much of queue was given
	copies int64  // bytes of src that are to be given after queue; -1: all there are
	blank  bool   // they are given as zeros
	err    error  // once queue is empty and copies is 0

	orientation int
}

// format is a kind of file, as the steps that it is read in. A step looks at
// the next bytes of c.src and calls c.give or c.pass, or returns io.EOF at the
// end of the picture: what comes after that is dropped.
type format interface{ step(c *Cleaner) error }

const lookAhead = 64 << 10

// Clean returns a Cleaner for what r gives, of a media type. Types that it
// does not know pass unchanged.
func Clean(r io.Reader, mediaType string) *Cleaner {
	c := &Cleaner{src: bufio.NewReaderSize(&sticky{r: r}, lookAhead)}
	switch mediaType {
	case "image/jpeg":
		c.format = &jpegFormat{}
	case "image/png", "image/vnd.mozilla.apng":
		c.format = &pngFormat{}
	case "image/webp":
		c.format = &webpFormat{}
	case "image/heic", "image/heic-sequence", "image/heif", "image/heif-sequence", "image/avif",
		"video/mp4", "video/quicktime", "video/x-m4v", "video/3gpp", "video/3gpp2", "audio/mp4", "audio/x-m4a":
		c.format = &boxFormat{}
	default:
		c.format = unknown{}
	}
	return c
}

// Orientation is how the picture is to be turned to be seen upright, 1 to 8
// (Exif 2.32 §4.6.4); 0: it does not say. It is known once everything was read.
func (c *Cleaner) Orientation() int { return c.orientation }

// sticky gives its first error again and again: what is read after the end of
// the picture must not go beyond that of the source.
type sticky struct {
	r   io.Reader
	err error
}

func (s *sticky) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(p)
	s.err = err
	return n, err
}

// give has p given next. p belongs to c then.
func (c *Cleaner) give(p ...byte) { c.queue = append(c.queue, p...) }

// pass has the next n bytes of the source given unchanged.
func (c *Cleaner) pass(n int64) { c.copies, c.blank = n, false }

// erase has zeros given in the place of the next n bytes of the source.
func (c *Cleaner) erase(n int64) { c.copies, c.blank = n, true }

// drop skips the next n bytes of the source.
func (c *Cleaner) drop(n int64) error {
	_, err := io.CopyN(io.Discard, c.src, n)
	return err
}

// rest gives everything else as it is: this is not the format that it says.
func (c *Cleaner) rest() error {
	c.pass(-1)
	return nil
}

// Read implements io.Reader.
func (c *Cleaner) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		switch {
		case c.at < len(c.queue):
			n := copy(p, c.queue[c.at:])
			c.at += n
			return n, nil
		case c.copies != 0:
			return c.copy(p)
		case c.err != nil:
			return 0, c.err
		}
		c.queue, c.at = c.queue[:0], 0
		c.err = c.format.step(c)
		if c.err == io.EOF {
			c.finish()
		}
	}
}

// copy gives bytes of the source unchanged, or erased.
func (c *Cleaner) copy(p []byte) (int, error) {
	if c.copies > 0 && int64(len(p)) > c.copies {
		p = p[:c.copies]
	}
	n, err := c.src.Read(p)
	if c.blank {
		clear(p[:n])
	}
	if c.copies > 0 {
		c.copies -= int64(n)
	}
	if err != nil {
		c.copies, c.err = 0, err
		if err == io.EOF {
			c.finish()
		}
	}
	if n == 0 {
		err = c.err
	} else {
		err = nil
	}
	return n, err
}

// finish reads what follows the end of the picture and drops it: limits and
// deadlines of the source still hold for it.
func (c *Cleaner) finish() {
	c.err = io.EOF
	if _, err := io.Copy(io.Discard, c.src); err != nil {
		c.err = err
	}
}

// peek returns the next n bytes, or fewer at the end, and io.EOF if there are
// none.
func (c *Cleaner) peek(n int) ([]byte, error) {
	p, err := c.src.Peek(n)
	if err == io.EOF && len(p) > 0 {
		return p, nil
	}
	return p, err
}

type unknown struct{}

func (unknown) step(c *Cleaner) error { return c.rest() }
