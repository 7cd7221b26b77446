package tus

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"parley/internal/disk"
)

const (
	bufBytes = 64 << 10
	// Who does not bring paceBytes in paceTime is as good as gone: his connection
	// is given up, and what he brought is kept.
	paceBytes = 4 << 10
	paceTime  = 30 * time.Second
	// leftTime is for what remains of a body that nobody wants: net/http takes some
	// of it before it gives up the connection.
	leftTime = 5 * time.Second
)

// receive adds the body of a request to an upload, and hands the file on if it is
// whole then. status is that of success.
func (s *Service) receive(w http.ResponseWriter, r *http.Request, u *upload, status int) error {
	in := &pace{r: r.Body, rc: http.NewResponseController(w), time: s.paceTime}
	release, err := s.take(r.Context(), u, in.stop)
	if err != nil {
		return err
	}
	defer release()
	defer in.end(w)
	if status != http.StatusCreated { // there it is 0
		if text := r.Header.Get("Upload-Offset"); text != strconv.FormatInt(u.offset, 10) {
			if n, err := strconv.ParseInt(text, 10, 64); err != nil || n < 0 {
				return malformed("Upload-Offset must be a number of bytes")
			}
			w.Header().Set("Upload-Offset", strconv.FormatInt(u.offset, 10))
			return errOffset.With("offset", u.offset)
		}
	}
	left := u.Size - u.offset
	if r.ContentLength > left {
		return errTooLarge.With("what", "more than Upload-Length said")
	}
	if left > 0 {
		err := s.add(u, in, left)
		if isFull(err) { // others need the room, and it would stay full
			s.drop(u)
		}
		if err != nil {
			return err
		}
	}
	in.end(w) // from here on nobody waits for the client
	if u.offset == u.Size {
		if _, err := s.finish(r.Context(), u); err != nil {
			return err
		}
	}
	s.state(w, u)
	w.WriteHeader(status)
	return nil
}

// add appends at most so many bytes, durably. What came before an error is kept,
// unless it is media.ErrFull.
func (s *Service) add(u *upload, in *pace, left int64) error {
	f, err := s.folder.OpenFile(dataName(u.id), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return full(err)
	}
	in.n = paceBytes // the first Read sets the deadline
	// One byte more than there should be tells whether there is more.
	n, err := io.CopyBuffer(disk.Keep(io.NewOffsetWriter(f, u.offset), s.space, reserves), struct{ io.Reader }{io.LimitReader(in, left+1)}, make([]byte, bufBytes))
	var surplus error
	if n > left {
		n, surplus = 0, errTooLarge.With("what", "more than Upload-Length said")
		err = errors.Join(err, f.Truncate(u.offset))
	}
	if n > 0 {
		err = errors.Join(err, f.Sync())
	}
	err = errors.Join(err, f.Close())
	s.came(u, n)
	switch {
	case surplus != nil:
		return surplus
	case err != nil && in.err != nil: // the reader's error, not the disk's
		return in.refusal()
	}
	return full(err)
}

// pace reads a body and ends it if nothing comes, or if somebody else wants to go
// on.
type pace struct {
	r    io.Reader
	rc   *http.ResponseController
	time time.Duration // for paceBytes
	n    int           // bytes since the deadline was moved
	err  error         // of r, but for io.EOF

	mu      sync.Mutex // guards the following
	stopped bool
	ended   bool
}

func (p *pace) Read(b []byte) (int, error) {
	if p.n >= paceBytes { // moved when the client is waited for: a slow disk is not its fault
		p.n = 0
		p.move()
	}
	n, err := p.r.Read(b)
	p.n += n
	if err != nil && err != io.EOF {
		p.err = err
	}
	return n, err
}

// move gives the client more time.
func (p *pace) move() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.stopped {
		_ = p.rc.SetReadDeadline(time.Now().Add(p.time)) // fails in tests only
	}
}

// stop ends reading; safe from any goroutine.
func (p *pace) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended { // the connection may serve another request by now
		return
	}
	p.stopped = true
	_ = p.rc.SetReadDeadline(time.Now())
}

// end lets the connection serve other requests, and has stop do nothing any more.
// Where stop came first the connection ends with this request, of which w is the
// answer: all that net/http reads from it later would fail, and so cancel those
// who come after it.
func (p *pace) end(w http.ResponseWriter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.stopped:
		w.Header().Set("Connection", "close")
	case !p.ended:
		_ = p.rc.SetReadDeadline(time.Time{})
	}
	p.ended = true
}

// refusal is what to say of a body that did not come whole.
func (p *pace) refusal() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var network net.Error
	switch {
	case p.stopped:
		return errLocked // somebody else goes on with it
	case errors.As(p.err, &network) && network.Timeout():
		return errSlow
	}
	return errCutOff
}
