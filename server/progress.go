package server

import (
	"io"
	"net/http"
	"time"
)

// pace is how fast the other side must be: in each period it sends at least so
// many bytes, or takes a part of the answer, else the connection ends. A client on
// a bad line stays far above that; one that holds the connection does not.
type pace struct {
	period time.Duration
	bytes  int
}

// filePace is that of uploads and downloads.
var filePace = pace{period: 30 * time.Second, bytes: 4 << 10}

// paced reads a body at that pace: net/http's own time limit for a whole request
// would cut off large files, and none at all would let a byte a minute go on for
// ever.
type paced struct {
	io.Reader
	rc   *http.ResponseController
	pace pace
	got  int // since the deadline was set
	set  bool
}

func (p *paced) Read(b []byte) (int, error) {
	if !p.set || p.got >= p.pace.bytes {
		_ = p.rc.SetReadDeadline(time.Now().Add(p.pace.period)) // fails in tests only
		p.got, p.set = 0, true
	}
	n, err := p.Reader.Read(b)
	p.got += n
	return n, err
}

// end lets net/http read on without a deadline, to see whether the client is
// still there.
func (p *paced) end() { _ = p.rc.SetReadDeadline(time.Time{}) }

// pacedWriter gives the client a period for each part that is written.
type pacedWriter struct {
	http.ResponseWriter
	rc   *http.ResponseController
	pace pace
}

func (w *pacedWriter) Write(b []byte) (int, error) {
	total := 0
	for len(b) > 0 {
		part := b[:min(len(b), writeFilePart)]
		_ = w.rc.SetWriteDeadline(time.Now().Add(w.pace.period))
		n, err := w.ResponseWriter.Write(part)
		total += n
		if err != nil {
			return total, err
		}
		b = b[n:]
	}
	return total, nil
}

const writeFilePart = 64 << 10

// Unwrap is for http.ResponseController.
func (w *pacedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
