package topic

import (
	"context"
	"time"

	"parley/internal/chat"
	"parley/store"
)

// member is a subscription of a live topic. A large group has many: it is kept
// to 64 bytes, a line of the processor's cache.
type member struct {
	uid         chat.UID
	read, recv  int
	del         int
	updated     int64 // milliseconds
	online      int32 // attached foreground sessions
	sessions    int32 // attached sessions
	onMe        int32 // scratch of countOnMe: attached sessions that are on me too
	index       int32 // in members.list
	want, given chat.Mode
	reader      bool // of a channel: no member, and in memory only while attached
}

// newMember is for readers: members are made by members.add.
func newMember(s *store.Sub) *member {
	m := new(member)
	m.set(s)
	return m
}

func (m *member) set(s *store.Sub) {
	*m = member{
		uid: s.User, reader: s.Reader, want: s.Want, given: s.Given, read: s.Read, recv: s.Recv, del: s.Del,
		updated: s.Updated.UnixMilli(),
	}
	if !m.reader {
		m.recv = max(m.recv, m.read)
	}
}

func (m *member) mode() chat.Mode { return m.want & m.given }

// touch notes that the subscription was changed.
func (m *member) touch(at time.Time) { m.updated = at.UnixMilli() }

func (m *member) updatedAt() time.Time { return time.UnixMilli(m.updated).UTC() }

// members are the members of a topic. They are found by their users, and are
// gone through in the order in which they lie in memory: what a message does
// for each of 10,000 members takes a tenth of the time that a walk through a
// map would. The zero value has none.
type members struct {
	byUser map[chat.UID]*member
	list   []*member
	slab   []member // the next ones are made here
}

// maxSlab bounds how many members are made room for without being asked to.
const maxSlab = 256

// reserve makes room for so many.
func (s *members) reserve(n int) {
	s.byUser = make(map[chat.UID]*member, n)
	s.list = make([]*member, 0, n)
	s.slab = make([]member, 0, n)
}

// of is the member that a user is, or nil.
func (s *members) of(u chat.UID) *member { return s.byUser[u] }

func (s *members) len() int { return len(s.list) }

// add makes a member, who must not be one yet.
func (s *members) add(sub *store.Sub) *member {
	if s.byUser == nil {
		s.reserve(1)
	}
	if len(s.slab) == cap(s.slab) {
		s.slab = make([]member, 0, min(max(len(s.list)/4, 1), maxSlab))
	}
	s.slab = s.slab[:len(s.slab)+1]
	m := &s.slab[len(s.slab)-1]
	m.set(sub)
	m.index = int32(len(s.list))
	s.list = append(s.list, m)
	s.byUser[m.uid] = m
	return m
}

// remove takes a member out; his memory is used until all are gone that were
// made with him.
func (s *members) remove(m *member) {
	if s.byUser[m.uid] != m {
		return
	}
	delete(s.byUser, m.uid)
	last := len(s.list) - 1
	s.list[m.index] = s.list[last]
	s.list[m.index].index = m.index
	s.list[last] = nil
	s.list = s.list[:last]
}

// loadMembers reads the live subscriptions.
func (t *Topic) loadMembers(ctx context.Context) error {
	t.members = members{}
	if !t.rec.Channel { // else SubCount counts readers, too
		t.members.reserve(t.rec.SubCount)
	}
	return t.Store.EachSub(ctx, t.name, func(s *store.Sub) error {
		t.members.add(s)
		return nil
	})
}
