//go:build linux

package bench

import (
	"bytes"
	"fmt"
	"slices"
	"sync"

	"github.com/gorilla/websocket"
)

// hubTopic is a conversation of the hub. Its methods take nil for a topic which the session has not
// joined.
type hubTopic struct {
	p2p bool

	mu       sync.Mutex // guards the following
	sessions []*hubSession
	seq      int
	history  [][]byte // from the field from on
}

func (t *hubTopic) join(s *hubSession) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sessions = append(t.sessions, s)
}

func (t *hubTopic) leave(s *hubSession) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.sessions, s); i >= 0 {
		t.sessions = slices.Delete(t.sessions, i, i+1)
	}
}

// pub answers with the ack and writes the message to every session of t.
func (h *hub) pub(s *hubSession, t *hubTopic, id, name string, p []byte) error {
	content := fieldAt(p, "content")
	if t == nil || len(content) < 2 {
		return s.ctrl(id, name, 404, "")
	}
	content = content[:len(content)-2] // without the braces around {pub}
	noecho := bytes.Contains(p, []byte(`"noecho":true`))

	t.mu.Lock()
	defer t.mu.Unlock()
	t.seq++
	tail := fmt.Appendf(nil, `"from":%q,"ts":%q,"seq":%d,"content":%s}}`, s.uid, hubTime(), t.seq, content)
	if len(t.history) == t.seq-1 && h.kept.Add(int64(len(tail))) < hubHistoryBytes {
		t.history = append(t.history, tail)
	}
	if err := s.ctrl(id, name, 202, fmt.Sprintf(`{"seq":%d}`, t.seq)); err != nil {
		return err
	}
	if t.p2p {
		t.sendP2P(s, name, tail, noecho)
		return nil
	}
	return t.sendGroup(s, name, tail, noecho)
}

// sendP2P writes the message under the name which each user knows the topic by; mu must be held. A
// broken session ends by its own reading.
func (t *hubTopic) sendP2P(from *hubSession, name string, tail []byte, noecho bool) {
	for _, to := range t.sessions {
		if to == from && noecho {
			continue
		}
		alias := name
		if to.uid != from.uid {
			alias = from.uid
		}
		_ = to.write(fmt.Appendf(nil, `{"data":{"topic":%q,%s`, alias, tail))
	}
}

// sendGroup writes the message, framed once, to everybody; mu must be held.
func (t *hubTopic) sendGroup(from *hubSession, name string, tail []byte, noecho bool) error {
	pm, err := websocket.NewPreparedMessage(websocket.TextMessage, fmt.Appendf(nil, `{"data":{"topic":%q,%s`, name, tail))
	if err != nil {
		return err
	}
	for _, to := range t.sessions {
		if to != from || !noecho {
			to.mu.Lock()
			_ = to.ws.WritePreparedMessage(pm) // a broken session ends by its own reading
			to.mu.Unlock()
		}
	}
	return nil
}

// note forwards a receipt to the other sessions.
func (t *hubTopic) note(s *hubSession, p []byte) {
	if t == nil {
		return
	}
	seq, _ := skimInt(p, "seq")
	info := fmt.Appendf(nil, `{"info":{"topic":%q,"from":%q,"what":"recv","seq":%d}}`, s.uid, s.uid, seq)
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, to := range t.sessions {
		if to != s {
			_ = to.write(info) // a broken session ends by its own reading
		}
	}
}

// page returns a page of history, newest first.
func (t *hubTopic) page(s *hubSession, id, name string, p []byte) error {
	if t == nil {
		return s.ctrl(id, name, 404, "")
	}
	since, _ := skimInt(p, "since")
	before, _ := skimInt(p, "before")
	limit, _ := skimInt(p, "limit")
	t.mu.Lock()
	high := len(t.history)
	if before > 0 {
		high = min(high, before-1)
	}
	low := max(high-limit, since-1, 0)
	page := t.history[min(low, high):high]
	t.mu.Unlock()
	for _, tail := range slices.Backward(page) {
		if err := s.write(fmt.Appendf(nil, `{"data":{"topic":%q,%s`, name, tail)); err != nil {
			return err
		}
	}
	return s.ctrl(id, name, 208, fmt.Sprintf(`{"what":"data","count":%d}`, len(page)))
}
