// Package session is one connection of one device: it takes frames in order,
// hands requests to topics, logs users in, and writes what comes back. It knows
// nothing of what topics do with requests.
package session

import (
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parley/internal/chat"
	"parley/internal/limit"
	"parley/server/topic"
	"parley/store"
	"parley/wsproto"
)

// WebSocket close codes (RFC 6455 §7.4.1).
const (
	closeNormal = 1000
	closeAway   = 1001
	closePolicy = 1008

	closeSilently = 0 // the connection has ended already
)

// Why the server closes a session: the words of logs and metrics.
const (
	reasonSlow     = "slow"
	reasonSilent   = "silent"
	reasonEvicted  = "evicted"
	reasonShutdown = "shutdown"
	reasonLost     = "lost"
	reasonExpired  = "expired" // long polling: as lost
	reasonPanic    = "panic"
)

// Session is one connection from accept to close.
type Session struct {
	reg    *Registry
	id     string
	remote string       // address, with the port if there is one
	host   string       // remote without the port
	place  netip.Prefix // of remote
	out    outlet
	addr   *heldAddress  // nil: exempt from limits
	poller *Poller       // nil: the session has a connection
	slots  chan struct{} // a place for each request that waits for its answer
	heavy  chan struct{} // likewise for those whose answers may be long
	invite string        // code of an invitation that came with the connection

	// Owned by the reader, before anything that others read is posted.
	ver      int // of the protocol, major<<8 | minor; 0 before {hi}
	ua, lang string
	country  string // of lang, or the default
	pushID   string // of the device, for push notifications
	platform string
	uid      chat.UID
	level    chat.Level
	me       string    // canonical name of the user's me
	bkg      bool      // opened in the background, by its {hi}
	account  *heldUser // of uid; nil: before the login, or without limits per user
	requests limit.Bucket
	messages limit.Bucket
	flooded  bool                  // it was over a limit, and this is in the log
	failures []failure             // to be told to the audit log once the request is answered
	obo      map[chat.UID]struct{} // for whom an administrator has acted; nil: nobody

	active atomic.Int64 // UnixNano of the last frame from the client
	onMe   atomic.Bool
	grace  atomic.Bool                 // what is in the background is so still
	pinged atomic.Bool                 // a ping awaits its pong
	busy   atomic.Bool                 // a frame is being worked on: what comes after it is not read, pongs neither
	device atomic.Pointer[store.Token] // nil before the login; read-only

	mu         sync.Mutex // guards the following
	attached   attachments
	calls      []string    // canonical names of the topics whose calls it takes part in
	graceTimer *time.Timer // nil: never in the background
	closed     bool
	slot       uint8    // of the wheel of pings
	user       chat.UID // guarded by reg.mu: whose session it is, nobody before the login
}

// outlet is how frames leave a session: by an outbox, over a connection, or by
// a tray, from which the client fetches them.
type outlet interface {
	// put sends a frame; answer tells one that the client asked for, which is
	// not held against it.
	put(f wsproto.Frame, answer bool) outcome
	// later is put for a frame that may wait for others to leave with it. first
	// tells the caller that flush must be called soon.
	later(f wsproto.Frame) (r outcome, first bool)
	flush() outcome
	// wait blocks while too much waits for the client.
	wait()
	// end sends a last frame, if any, and then ends the connection with a
	// WebSocket close code. Nothing more is taken.
	end(last wsproto.Frame, code int, reason string)
	// abort ends the connection with whatever waits.
	abort()
}

// Send implements topic.Session.
func (s *Session) Send(f wsproto.Frame) { s.put(f, false) }

// Reply implements topic.Session.
func (s *Session) Reply(f wsproto.Frame) { s.put(f, true) }

// Later implements topic.Session.
func (s *Session) Later(f wsproto.Frame) {
	r, first := s.out.later(f)
	if first {
		s.reg.flushSoon(s)
	}
	s.judge(r)
}

func (s *Session) put(f wsproto.Frame, answer bool) { s.judge(s.out.put(f, answer)) }

// judge ends the session if a frame could not be sent.
func (s *Session) judge(r outcome) {
	switch r {
	case tooBig:
		// The client resumes from the last message that it has.
		go s.close(reasonSlow, nil, closePolicy)
	case broken:
		go s.close(reasonLost, nil, closeAway)
	}
}

// Attachment implements topic.Session.
func (s *Session) Attachment(name string) *topic.Attachment {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.attached.get(name)
}

// SetAttachment implements topic.Session.
func (s *Session) SetAttachment(name string, a *topic.Attachment) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case a == nil:
		s.attached.remove(name)
	case s.closed:
		return false
	default:
		s.attached.put(name, a)
	}
	if name == s.me {
		s.onMe.Store(a != nil)
	}
	return true
}

// SetInCall implements topic.Session.
func (s *Session) SetInCall(name string, in bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.calls = slices.DeleteFunc(s.calls, func(n string) bool { return n == name })
	if in {
		s.calls = append(s.calls, name)
	}
	return true
}

// OnMe implements topic.Session.
func (s *Session) OnMe() bool { return s.onMe.Load() }

// UserAgent implements topic.Session.
func (s *Session) UserAgent() string { return s.ua }

// LastActive implements topic.Session.
func (s *Session) LastActive() time.Time { return time.Unix(0, s.active.Load()) }

// Answered implements topic.Session.
func (s *Session) Answered(r *topic.Request) {
	<-s.slots
	if r.Heavy {
		<-s.heavy
	}
}

// ID is the session's name in logs.
func (s *Session) ID() string { return s.id }

// Handle takes one frame from the client, in order. It blocks while too many
// requests wait for their answers, or too many answers for the client.
func (s *Session) Handle(frame []byte) {
	s.alive()
	s.out.wait()
	s.busy.Store(true)
	s.dispatch(frame)
	s.busy.Store(false)
}

// alive notes a sign of life.
func (s *Session) alive() {
	s.active.Store(time.Now().UnixNano())
	s.pinged.Store(false)
}

// Closed is called by the transport when the connection has ended.
func (s *Session) Closed() { s.close(reasonLost, nil, closeSilently) }

// close ends the session once: it is detached everywhere, the last frame is
// written if it can be, and the connection is closed.
func (s *Session) close(reason string, last wsproto.Frame, code int) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	attached, calls := s.attached.all(), s.calls
	if s.graceTimer != nil {
		s.graceTimer.Stop()
	}
	s.mu.Unlock()

	s.reg.remove(s, reason)
	s.noteEnd()
	for _, e := range attached {
		s.reg.hub.Detach(e.name, e.a)
	}
	for _, name := range calls {
		s.reg.hub.Urge(name, topic.Lost{S: s})
	}
	switch reason {
	case reasonSlow, reasonSilent, reasonExpired:
		s.out.abort() // there is nobody to wait for
	default:
		s.out.end(last, code, reason)
	}
	switch reason {
	case reasonLost, reasonExpired, reasonShutdown:
	default:
		s.log().Info("session closed", "reason", reason, "addr", s.remote)
	}
}

func (s *Session) ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

func (s *Session) log() *slog.Logger { return s.reg.log.With("sid", s.id, "uid", s.uid.String()) }

// ctrl answers a request by itself.
func (s *Session) ctrl(e *wsproto.Error, id, topic string) {
	s.Reply(e.Reply(id, topic, s.reg.now()).Frame())
}
