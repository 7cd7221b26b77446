package server

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"parley/wsproto"
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
// Only waiting counts, not what is done with the bytes meanwhile.
type paced struct {
	io.Reader
	rc     *http.ResponseController
	pace   pace
	got    int           // bytes of this period
	waited time.Duration // of this period
	ended  bool          // there is nothing more to be read
}

func (p *paced) Read(b []byte) (int, error) {
	if p.got >= p.pace.bytes {
		p.got, p.waited = 0, 0
	}
	left := p.pace.period - p.waited
	if left <= 0 {
		return 0, os.ErrDeadlineExceeded
	}
	start := time.Now()
	_ = p.rc.SetReadDeadline(start.Add(left)) // fails in tests only
	n, err := p.Reader.Read(b)
	p.waited += time.Since(start)
	p.got += n
	if err == io.EOF { // from here on, net/http reads to see whether the client is still there
		p.ended = true
		_ = p.rc.SetReadDeadline(time.Time{})
	}
	return n, senders(err)
}

// senders marks errors of a body as its sender's fault: it broke off, or is not
// what HTTP knows. Those that have an answer of their own stay as they are.
func senders(err error) error {
	var tooBig *http.MaxBytesError
	switch {
	case err == nil, err == io.EOF, errors.As(err, &tooBig), errors.Is(err, os.ErrDeadlineExceeded):
		return err
	}
	return fmt.Errorf("%w: %w", wsproto.ErrMalformed, err)
}

// What remains of a body that was not read to its end is taken for leftoverTime,
// and at most leftoverBytes of it.
const (
	leftoverTime  = 5 * time.Second
	leftoverBytes = 16 << 20
)

// end is called when no more is wanted.
func (p *paced) end() {
	if !p.ended {
		_ = p.rc.SetReadDeadline(time.Now().Add(leftoverTime))
	}
}

// linger takes what a refused client still sends, once it has its answer: many
// read nothing before they have sent all, and TCP takes the answer away from
// those whose connection ends meanwhile. The answer has a Content-Length.
func linger(w http.ResponseWriter, r *http.Request) {
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Now().Add(leftoverTime)) // fails in tests only
	if r.ProtoMajor == 1 && rc.Flush() == nil {
		_, _ = io.CopyN(io.Discard, r.Body, leftoverBytes)
	}
}

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
