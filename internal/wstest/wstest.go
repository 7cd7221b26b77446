// Package wstest is a scripted client: it plays transcripts of the protocol,
// which say who sends what and who must receive what, against a server over a
// socket or inside the process. It knows the wire as JSON text and nothing of
// the server. README.md describes the format.
package wstest

import (
	"sync"
)

// Conn is the client's end of a connection.
type Conn interface {
	// Send sends one frame.
	Send(frame string) error
	// Close ends the connection.
	Close()
}

// Dialer opens connections to one server.
type Dialer interface {
	// Dial opens a connection whose messages go to in.
	Dial(in *Inbox) (Conn, error)
	// Settle waits until everything that the last step caused has arrived. A
	// dialer that can't know waits until done is true, and then until activity
	// has been silent for a while.
	Settle(done func() bool, activity <-chan struct{})
}

// Inbox is what arrived on a connection and was not yet looked at. Dialers fill
// it from any goroutine.
type Inbox struct {
	activity chan<- struct{} // shared by all connections of a player

	mu     sync.Mutex // guards the following
	frames []string
	closed string // how the server closed the connection; empty: it did not
}

// Put adds a message.
func (in *Inbox) Put(message []byte) {
	in.mu.Lock()
	in.frames = append(in.frames, string(message))
	in.mu.Unlock()
	in.touch()
}

// Closed notes that the server closed the connection; how is a WebSocket close
// code.
func (in *Inbox) Closed(how string) {
	in.mu.Lock()
	in.closed = how
	in.mu.Unlock()
	in.touch()
}

func (in *Inbox) touch() {
	select {
	case in.activity <- struct{}{}:
	default: // somebody will look anyway
	}
}

// look copies what is there; take also empties it.
func (in *Inbox) look() (frames []string, closed string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	return append([]string(nil), in.frames...), in.closed
}

func (in *Inbox) take() (frames []string, closed string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	frames, in.frames = in.frames, nil
	return frames, in.closed
}
