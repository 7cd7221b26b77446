package sqlite

import (
	"sync"
	"time"

	"parley/internal/chat"
	"parley/store"
)

const (
	settleAge   = 250 * time.Millisecond // marks older than this go with the next commit
	settleLimit = 900 * time.Millisecond // marks are not left in memory longer than this
)

type subKey struct {
	topic string
	user  chat.UID
}

type mark struct{ read, recv int }

type seen struct {
	at    time.Time
	agent string
}

// marks are what SetMarks, Seen and AppendAudit have noted.
type marks struct {
	subs  map[subKey]mark
	users map[chat.UID]seen
	audit []store.AuditEntry // in their order
}

func newMarks() *marks {
	return &marks{subs: map[subKey]mark{}, users: map[chat.UID]seen{}}
}

func (m *marks) empty() bool { return m == nil || len(m.subs)+len(m.users)+len(m.audit) == 0 }

func (m *marks) setSub(key subKey, to mark) {
	old := m.subs[key]
	m.subs[key] = mark{max(old.read, to.read), max(old.recv, to.recv)}
}

func (m *marks) setUser(id chat.UID, to seen) {
	if old := m.users[id]; !to.at.Before(old.at) {
		m.users[id] = to
	}
}

// write puts the marks into the tables. Those of subscriptions and users that
// do not exist go nowhere.
func (m *marks) write(c *conn) error {
	if m.empty() {
		return nil
	}
	for key, to := range m.subs {
		if _, err := c.exec(`UPDATE subs SET read = max(read, ?), recv = max(recv, ?)
			WHERE topic = ? AND user = ? AND deleted = 0`, to.read, to.recv, key.topic, key.user); err != nil {
			return err
		}
	}
	for id, to := range m.users {
		if _, err := c.exec(`UPDATE users SET seen = ?, agent = ? WHERE id = ? AND seen <= ?`,
			to.at, to.agent, id, to.at); err != nil {
			return err
		}
	}
	for i := range m.audit {
		if err := insertAudit(c, &m.audit[i]); err != nil {
			return err
		}
	}
	return nil
}

// pending holds marks in memory until a commit takes them along, and lays them
// over what is read from the tables. It starts a timer, and no more than one,
// when there is something to settle.
type pending struct {
	settleSoon func() // called by the timer; settles
	auditLimit int    // entries of the audit log that may wait

	hold sync.RWMutex // held to read by reads that must not be overtaken by settle

	mu      sync.Mutex // guards the following
	noted   *marks     // not yet in a transaction
	taken   *marks     // in the transaction under way, or nil
	oldest  time.Time  // when the first of noted came
	timer   *time.Timer
	settled uint64 // how often marks have gone to the tables
	closed  bool
}

func newPending(settleSoon func()) *pending {
	return &pending{settleSoon: settleSoon, auditLimit: auditLimit, noted: newMarks()}
}

// note adds marks.
func (p *pending) note(add func(*marks)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	if p.noted.empty() {
		p.oldest = time.Now()
	}
	add(p.noted)
	p.arm()
}

// noteAudit adds entries, unless too many wait already: then it does nothing
// and returns false.
func (p *pending) noteAudit(entries []store.AuditEntry) bool {
	room := true
	p.note(func(m *marks) {
		if room = len(m.audit) < p.auditLimit; room {
			m.audit = append(m.audit, entries...)
		}
	})
	return room
}

// clean tells whether all that was noted is in the tables.
func (p *pending) clean() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.noted.empty() && p.taken.empty()
}

// arm makes sure that the timer runs. mu is held.
func (p *pending) arm() {
	if p.timer == nil && !p.closed {
		p.timer = time.AfterFunc(settleLimit, func() {
			p.mu.Lock()
			p.timer = nil
			due := !p.noted.empty()
			p.mu.Unlock()
			if due {
				p.settleSoon()
			}
		})
	}
}

// close refuses more marks and stops the timer. What was noted stays.
func (p *pending) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.timer != nil {
		p.timer.Stop()
	}
}

// take returns the marks that a transaction is to write: all, or if it is not
// urgent none unless they are due. It is called by the leader only.
func (p *pending) take(urgent bool) *marks {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.noted.empty() || !urgent && time.Since(p.oldest) < settleAge {
		return nil
	}
	p.taken, p.noted = p.noted, newMarks()
	return p.taken
}

// settle ends what take began. Marks that were not written are noted again.
func (p *pending) settle(m *marks, written bool) {
	if m == nil {
		return
	}
	p.hold.Lock()
	defer p.hold.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken = nil
	if written {
		p.settled++
		return
	}
	for key, to := range m.subs {
		p.noted.setSub(key, to)
	}
	for id, to := range m.users {
		p.noted.setUser(id, to)
	}
	p.noted.audit = append(m.audit, p.noted.audit...)
	p.oldest = time.Now()
	p.arm()
}

// over runs read, and then lay with the marks that read cannot have seen in the
// tables. If marks went to the tables meanwhile it reads again.
func (p *pending) over(read func() error, lay func(*overlay)) error {
	const patience = 3 // further attempts before settle has to wait for us
	for try := 0; ; try++ {
		if try == patience {
			p.hold.RLock()
			defer p.hold.RUnlock()
		}
		p.mu.Lock()
		before := p.settled
		p.mu.Unlock()
		if err := read(); err != nil {
			return err
		}
		p.mu.Lock()
		if before != p.settled {
			p.mu.Unlock()
			continue
		}
		if !p.noted.empty() || !p.taken.empty() {
			lay((*overlay)(p))
		}
		p.mu.Unlock()
		return nil
	}
}

// overlay is pending with mu held.
type overlay pending

// sub raises the marks of a live subscription.
func (o *overlay) sub(topic string, id chat.UID, read, recv *int) {
	for _, m := range [...]*marks{o.taken, o.noted} {
		if m == nil {
			continue
		}
		if to, ok := m.subs[subKey{topic, id}]; ok {
			*read, *recv = max(*read, to.read), max(*recv, to.recv)
		}
	}
}

// user updates when a user was last seen, and with what.
func (o *overlay) user(id chat.UID, at *time.Time, agent *string) {
	for _, m := range [...]*marks{o.taken, o.noted} {
		if m == nil {
			continue
		}
		if to, ok := m.users[id]; ok && !to.at.Before(*at) {
			*at, *agent = to.at, to.agent
		}
	}
}
