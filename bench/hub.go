//go:build linux

package bench

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// The hub is the least that a chat server can do: it keeps everything in memory, checks nothing,
// stores nothing, decodes no JSON, and writes each message straight to the sockets of its topic. It
// speaks just enough of the protocol for the same scenarios to run against it, in a process of its
// own, and so shows what the machine, the kernel and the generator leave to be had.

// hubHistoryBytes bounds the messages that the hub remembers, over all topics. What comes later is
// delivered but not kept, so that long runs do not fill the memory.
const hubHistoryBytes = 16 << 20

// hub is the server.
type hub struct {
	nextUser  atomic.Int64
	nextTopic atomic.Int64
	logins    sync.Map     // secret → user number
	kept      atomic.Int64 // bytes of history

	mu     sync.Mutex
	topics map[string]*hubTopic // guarded by mu
}

// hubSession is one connection.
type hubSession struct {
	ws     *websocket.Conn
	uid    string
	joined map[string]*hubTopic // used by the reader only

	mu sync.Mutex // serialises writes
}

// newHub makes a hub which serves WebSocket connections.
func newHub() http.Handler {
	h := &hub{topics: map[string]*hubTopic{}}
	up := websocket.Upgrader{
		ReadBufferSize:  1024,
		WriteBufferSize: 1024,
		CheckOrigin:     func(*http.Request) bool { return true },
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ws, err := up.Upgrade(w, r, nil); err == nil {
			go h.read(&hubSession{ws: ws, joined: map[string]*hubTopic{}}) // until the socket is closed
		}
	})
}

// read answers the messages of a session, from accept to close.
func (h *hub) read(s *hubSession) {
	defer func() {
		for _, t := range s.joined {
			t.leave(s)
		}
		s.ws.Close()
	}()
	for {
		_, p, err := s.ws.ReadMessage()
		if err != nil {
			return
		}
		if err := h.request(s, p); err != nil {
			return
		}
	}
}

// request answers one client message.
func (h *hub) request(s *hubSession, p []byte) error {
	rawID, _ := skimStr(p, "id")
	rawTopic, _ := skimStr(p, "topic")
	id, name := string(rawID), string(rawTopic)
	switch {
	case bytes.HasPrefix(p, []byte(`{"pub"`)):
		return h.pub(s, s.joined[s.key(name)], id, name, p)
	case bytes.HasPrefix(p, []byte(`{"note"`)):
		s.joined[s.key(name)].note(s, p)
		return nil
	case bytes.HasPrefix(p, []byte(`{"hi"`)):
		return s.ctrl(id, "", 201, `{"ver":"0.25","build":"limit"}`)
	case bytes.HasPrefix(p, []byte(`{"acc"`)):
		return h.acc(s, id, p)
	case bytes.HasPrefix(p, []byte(`{"login"`)):
		return h.login(s, id, p)
	case bytes.HasPrefix(p, []byte(`{"sub"`)):
		return h.sub(s, id, name)
	case bytes.HasPrefix(p, []byte(`{"leave"`)):
		key := s.key(name)
		if t := s.joined[key]; t != nil {
			t.leave(s)
			delete(s.joined, key)
		}
		return s.ctrl(id, name, 200, "")
	case bytes.HasPrefix(p, []byte(`{"get"`)):
		return s.joined[s.key(name)].page(s, id, name, p)
	}
	return errors.New("unknown request")
}

func hubUser(n int64) string { return fmt.Sprintf("usr%011d", n) }

// account is the parameters of the reply to {acc} and {login}.
func (s *hubSession) account() string {
	return fmt.Sprintf(`{"user":%q,"token":%q}`, s.uid, base64.StdEncoding.EncodeToString([]byte(s.uid)))
}

func (h *hub) acc(s *hubSession, id string, p []byte) error {
	n := h.nextUser.Add(1)
	if secret, ok := skimStr(p, "secret"); ok {
		h.logins.Store(string(secret), n)
	}
	s.uid = hubUser(n)
	return s.ctrl(id, "", 201, s.account())
}

func (h *hub) login(s *hubSession, id string, p []byte) error {
	secret, _ := skimStr(p, "secret")
	if n, ok := h.logins.Load(string(secret)); ok {
		s.uid = hubUser(n.(int64))
	} else if b, err := base64.StdEncoding.DecodeString(string(secret)); err == nil && bytes.HasPrefix(b, []byte("usr")) {
		s.uid = string(b)
	} else {
		return s.ctrl(id, "", 401, "")
	}
	return s.ctrl(id, "", 200, s.account())
}

func (h *hub) sub(s *hubSession, id, name string) error {
	if name == "new" {
		name = fmt.Sprintf("grp%011d", h.nextTopic.Add(1))
	}
	if name != "me" {
		key := s.key(name)
		t := h.topic(key)
		t.join(s)
		s.joined[key] = t
	}
	return s.ctrl(id, name, 200, "")
}

// key names a topic: the same for both users of a peer to peer topic.
func (s *hubSession) key(name string) string {
	if !strings.HasPrefix(name, "usr") {
		return name
	}
	return min(name, s.uid) + max(name, s.uid)
}

func (h *hub) topic(key string) *hubTopic {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[key]
	if t == nil {
		t = &hubTopic{p2p: strings.HasPrefix(key, "usr")}
		h.topics[key] = t
	}
	return t
}

// hubTime is now as the protocol writes it.
func hubTime() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000Z") }

func (s *hubSession) ctrl(id, topic string, code int, params string) error {
	b := fmt.Appendf(nil, `{"ctrl":{"id":%q`, id)
	if topic != "" {
		b = fmt.Appendf(b, `,"topic":%q`, topic)
	}
	if params != "" {
		b = fmt.Appendf(b, `,"params":%s`, params)
	}
	b = fmt.Appendf(b, `,"code":%d,"text":"ok","ts":%q}}`, code, hubTime())
	return s.write(b)
}

func (s *hubSession) write(b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ws.WriteMessage(websocket.TextMessage, b)
}
