//go:build linux

package bench

import (
	"slices"
	"time"
)

// lostAfter is how long a message may keep a place in the window of its publisher.
const lostAfter = 5 * time.Second

// ringSize bounds the messages which are followed at the same time.
const ringSize = 1 << 18

// topic is a conversation and the connections attached to it.
type topic struct {
	conns  []*conn
	expect int32 // deliveries of each message
}

// publisher sends the messages of one connection to one topic.
type publisher struct {
	c       *conn
	topic   *topic
	tmpl    *pubTemplate
	pending []uint32 // messages which hold a place in the window
}

// message is a published message on its way.
type message struct {
	n     uint32
	left  int32 // deliveries outstanding
	sent  int64 // when it was sent, or was due
	pub   *publisher
	acked bool
}

// flowConfig says how messages are published and followed.
type flowConfig struct {
	window   int  // messages in flight of each publisher
	awaitAll bool // a message is in flight until its last delivery, not just until its ack
	peerOnly bool // the echo to the publisher is no delivery
	notes    bool // receivers answer each message with a {note recv}

	// Optional hooks, called on the loop's goroutine.
	onAck  func(p *publisher, n uint32, seq int)
	onData func(p *publisher, n uint32)
}

// flowCounts are running totals.
type flowCounts struct {
	published, acks, deliveries, echoes, others, refused, lost, closed int64
}

func (a flowCounts) minus(b flowCounts) flowCounts {
	return flowCounts{
		published:  a.published - b.published,
		acks:       a.acks - b.acks,
		deliveries: a.deliveries - b.deliveries,
		echoes:     a.echoes - b.echoes,
		others:     a.others - b.others,
		refused:    a.refused - b.refused,
		lost:       a.lost - b.lost,
		closed:     a.closed - b.closed,
	}
}

// flow publishes in topics and follows each message from its sending to its ack and to its
// deliveries. Once it is attached to connections, its state belongs to the loop's goroutine.
type flow struct {
	// Fixed by newFlow.
	cfg  flowConfig
	loop *loop

	// Owned by the loop's goroutine.
	topics  []*topic
	pubs    []*publisher
	ring    []message
	next    uint32
	backlog int
	counts  flowCounts
	running bool

	from, to       int64 // messages sent in this interval are timed
	ack, one, last *hist // to the ack, to each delivery, to the last delivery
	lag            *hist // of the open loop's own sending
	noteBuf        []byte
}

// newFlow makes a flow without topics.
func newFlow(l *loop, cfg flowConfig) *flow {
	f := &flow{cfg: cfg, loop: l, ring: make([]message, ringSize), next: 1}
	f.resetTimes()
	return f
}

func (f *flow) resetTimes() {
	f.from, f.to = 0, 0
	f.ack, f.one, f.last, f.lag = newHist(), newHist(), newHist(), newHist()
}

// publish sends the next message of p as if at the given time.
func (f *flow) publish(p *publisher, at int64) bool {
	n := f.next
	if !p.c.queue(p.tmpl.number(n)) {
		return false
	}
	f.next++
	f.ring[n%ringSize] = message{n: n, sent: at, left: p.topic.expect, pub: p}
	f.backlog++
	f.counts.published++
	return true
}

// fill brings the window of p up to its size.
func (f *flow) fill(p *publisher) {
	for f.running && len(p.pending) < f.cfg.window {
		n := f.next
		if !f.publish(p, f.loop.now) {
			return
		}
		p.pending = append(p.pending, n)
	}
}

// release takes message n out of the window of p.
func (f *flow) release(p *publisher, n uint32) {
	if i := slices.Index(p.pending, n); i >= 0 {
		p.pending = slices.Delete(p.pending, i, i+1)
	}
	f.fill(p)
}

func (f *flow) timed(m *message) bool {
	return f.from > 0 && m.sent >= f.from && (f.to == 0 || m.sent < f.to)
}

// find returns the message with number n unless it has been forgotten.
func (f *flow) find(n uint32) *message {
	if m := &f.ring[n%ringSize]; m.n == n && m.pub != nil {
		return m
	}
	return nil
}

// message handles what a connection received.
func (f *flow) message(c *conn, p []byte) {
	switch kindOf(p) {
	case kindCtrl:
		if n, ok := pubNumber(p); ok {
			f.onAck(n, p)
			return
		}
	case kindData:
		if n, ok := dataNumber(p); ok {
			f.onData(c, n, p)
			return
		}
	}
	f.counts.others++
}

func (f *flow) onAck(n uint32, p []byte) {
	m := f.find(n)
	if m == nil || m.acked {
		f.counts.others++
		return
	}
	m.acked = true
	f.backlog--
	if code, _ := skimInt(p, "code"); code < 200 || code >= 300 {
		f.counts.refused++
		f.release(m.pub, n)
		return
	}
	f.counts.acks++
	if f.timed(m) {
		f.ack.record(f.loop.now - m.sent)
	}
	if f.cfg.onAck != nil {
		seq, _ := skimInt(p, "seq")
		f.cfg.onAck(m.pub, n, seq)
	}
	if !f.cfg.awaitAll || m.left <= 0 {
		f.release(m.pub, n)
	}
}

func (f *flow) onData(c *conn, n uint32, p []byte) {
	m := f.find(n)
	if m == nil {
		f.counts.others++
		return
	}
	if f.cfg.peerOnly && m.pub.c == c {
		f.counts.echoes++
		return
	}
	f.counts.deliveries++
	m.left--
	if f.timed(m) {
		f.one.record(f.loop.now - m.sent)
		if m.left == 0 {
			f.last.record(f.loop.now - m.sent)
		}
	}
	if f.cfg.onData != nil {
		f.cfg.onData(m.pub, n)
	}
	if f.cfg.notes && m.pub.c != c {
		f.note(c, p)
	}
	if f.cfg.awaitAll && m.left == 0 && m.acked {
		f.release(m.pub, n)
	}
}

// note confirms the receipt of a {data}, as the clients of people do.
func (f *flow) note(c *conn, p []byte) {
	name, ok := skimStr(p, "topic")
	seq := fieldAt(p, "seq")
	end := 0
	for end < len(seq) && seq[end] >= '0' && seq[end] <= '9' {
		end++
	}
	if !ok || end == 0 {
		return
	}
	f.noteBuf = append(f.noteBuf[:0], `{"note":{"what":"recv","topic":"`...)
	f.noteBuf = append(f.noteBuf, name...)
	f.noteBuf = append(f.noteBuf, `","seq":`...)
	f.noteBuf = append(f.noteBuf, seq[:end]...)
	f.noteBuf = append(f.noteBuf, `}}`...)
	c.queue(f.noteBuf)
}

// closed handles the end of a connection which the generator did not close.
func (f *flow) closed(c *conn) {
	f.counts.closed++
	for _, t := range f.topics {
		if slices.Contains(t.conns, c) {
			t.expect--
		}
	}
}

// reap gives up on messages which hold their place in a window for too long.
func (f *flow) reap() {
	for _, p := range f.pubs {
		for i := 0; i < len(p.pending); {
			m := f.find(p.pending[i])
			if m != nil && f.loop.now-m.sent < int64(lostAfter) {
				i++
				continue
			}
			f.counts.lost++
			if m != nil && !m.acked {
				f.backlog--
			}
			if m != nil {
				m.pub = nil
			}
			p.pending = slices.Delete(p.pending, i, i+1)
		}
		f.fill(p)
	}
}
