package session

import (
	"time"

	"parley/server/topic"
	"parley/wsproto"
)

// graceTime is how long a background session may come and go without its user
// being seen; then it is one like others (wire.md §9.6).
const graceTime = 5 * time.Second

// subBkg is the last version whose clients say bkg in {sub}, for that one
// attachment.
const subBkg = 0<<8 | 16

// beginGrace starts the time of grace, once.
func (s *Session) beginGrace() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.graceTimer == nil && !s.closed {
		s.grace.Store(true)
		s.graceTimer = time.AfterFunc(graceTime, s.foreground)
	}
}

// foreground ends it: the topics count the session from now on.
func (s *Session) foreground() {
	s.grace.Store(false)
	s.mu.Lock()
	attached := s.attached.all()
	s.mu.Unlock()
	for _, e := range attached {
		s.reg.hub.Urge(e.name, topic.Foreground{A: e.a})
	}
}

// Background implements topic.Session.
func (s *Session) Background() bool { return s.grace.Load() }

// background tells whether what a {sub} attaches is to stay in the background.
func (s *Session) background(q *wsproto.Sub) bool {
	switch {
	case q == nil:
		return false
	case q.Bkg && s.ver <= subBkg:
		s.beginGrace()
		return true
	}
	return s.bkg
}
