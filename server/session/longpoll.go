package session

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"parley/internal/chat"
	"parley/wsproto"
)

// Times and limits of long polling (wire.md §1.4).
const (
	pollWait   = 49500 * time.Millisecond // for a message, until a poll is answered with nothing
	pollIdle   = 70 * time.Second         // from the last request to the end of the session
	pollLinger = 10 * time.Second         // for fetching the last messages of a session that has ended
	maxAtOnce  = 8                        // messages of one session that are received at a time
	// maxStrangers bounds the sessions that have not logged in: making one costs
	// its client neither a connection nor a password.
	maxStrangers = 10_000
)

// What the methods of a Poller return instead of doing what they were asked to.
var (
	// ErrNothing: there is no message. The client is to poll again.
	ErrNothing = errNothing
	// ErrEnded: the session has ended, and its last message was fetched.
	ErrEnded = errEnded
	// ErrCrowded: there are too many sessions that have not logged in.
	ErrCrowded = errors.New("session: too many strangers")
	// ErrClosing: the server is shutting down.
	ErrClosing = errors.New("session: the server is shutting down")
)

// Poller is a session without a connection: its client sends each message, and
// fetches each, with a request of its own. It costs a goroutine only for each
// open request. All methods are safe from any goroutine.
type Poller struct {
	tray
	sid     string // known to the client alone: not the one in logs
	session *Session
	expiry  *time.Timer
	atOnce  chan struct{} // a place for each message that is received
	turn    chan struct{} // has a value while a message is handled

	stranger atomic.Bool // nobody has logged in
}

// pollers are the open sessions of long polling.
type pollers struct {
	strangers atomic.Int64

	mu    sync.RWMutex
	bySID map[string]*Poller
}

// OpenPoller opens a session; sid is what its client proves with that it is his.
// It returns ErrCrowded or ErrClosing.
func (r *Registry) OpenPoller(remote string) (sid string, err error) {
	p := &Poller{
		tray: tray{limit: r.Config.OutboxBytes}, sid: chat.NewUID().String()[3:],
		atOnce: make(chan struct{}, maxAtOnce), turn: make(chan struct{}, 1),
	}
	if r.pollers.strangers.Add(1) > maxStrangers {
		r.pollers.strangers.Add(-1)
		return "", ErrCrowded
	}
	p.stranger.Store(true)
	s := r.newSession(p, remote)
	s.poller, p.session = p, s
	r.pollers.mu.Lock()
	p.expiry = time.AfterFunc(pollIdle, p.expire)
	r.pollers.bySID[p.sid] = p
	r.pollers.mu.Unlock()
	if !r.enter(s) {
		p.forget()
		return "", ErrClosing
	}
	return p.sid, nil
}

// Poller finds a session by its sid, nil if there is none, and takes that for a
// sign of life.
func (r *Registry) Poller(sid string) *Poller {
	r.pollers.mu.RLock()
	defer r.pollers.mu.RUnlock()
	p := r.pollers.bySID[sid]
	if p != nil && !p.session.ended() {
		p.expiry.Reset(pollIdle)
		p.session.alive()
	}
	return p
}

// Receive handles one message of the client, which read gets from it. Messages
// of one session are handled one at a time; while too many wait for their turn,
// others are not read. An empty one is left to the caller, who learns of it by
// ErrNothing: it is a poll. Other errors are ErrEnded, and those of read and
// ctx.
func (p *Poller) Receive(ctx context.Context, read func() ([]byte, error)) error {
	if err := enter(ctx, p.atOnce); err != nil {
		return err
	}
	defer leave(p.atOnce)
	message, err := read()
	switch {
	case err != nil:
		return err
	case len(message) == 0:
		return ErrNothing
	}
	if err := enter(ctx, p.turn); err != nil {
		return err
	}
	defer leave(p.turn)
	if p.session.ended() {
		return ErrEnded
	}
	p.session.Handle(message)
	if p.session.uid != 0 {
		p.known()
	}
	return nil
}

func enter(ctx context.Context, places chan struct{}) error {
	select {
	case places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func leave(places chan struct{}) { <-places }

// Fetch hands the next message for the client to write, as soon as there is one;
// if write fails it is kept for the next time. Fetch returns nil, ErrNothing
// after 49.5 s and when another Fetch was called meanwhile, ErrEnded, or an
// error of write or ctx.
func (p *Poller) Fetch(ctx context.Context, write func(message []byte) error) error {
	err := p.fetch(ctx, pollWait, write)
	if p.empty() {
		p.forget()
	}
	return err
}

// Close ends the session from the client's side. Clients have no request for
// this; tests have clients that leave.
func (p *Poller) Close() { p.session.Closed() }

// expire ends a session that its client has left.
func (p *Poller) expire() {
	p.session.close(reasonExpired, nil, closeSilently)
	p.abort() // even if it was closed before and its last messages were not fetched
}

// end implements outlet: what waits can still be fetched for a while.
func (p *Poller) end(last wsproto.Frame, _ int, _ string) {
	if p.shut(last) {
		p.forget()
		return
	}
	p.known()
	p.expiry.Reset(pollLinger)
}

// abort implements outlet.
func (p *Poller) abort() {
	p.clear()
	p.forget()
}

// forget lets nobody find the session any more.
func (p *Poller) forget() {
	p.known()
	p.expiry.Stop()
	all := &p.session.reg.pollers
	all.mu.Lock()
	defer all.mu.Unlock()
	delete(all.bySID, p.sid)
}

// known notes that the session is not a stranger's any more.
func (p *Poller) known() {
	if p.stranger.Swap(false) {
		p.session.reg.pollers.strangers.Add(-1)
	}
}
