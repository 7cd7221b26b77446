package session

import (
	"errors"
	"runtime/debug"
	"strings"

	"parley/internal/chat"
	"parley/internal/mailbox"
	"parley/server/topic"
	"parley/wsproto"
)

// probe is the frame by which clients test the connection, and what answers it
// (wire.md §1.3).
const probe = "1"

var probeReply = wsproto.Raw("0")

// dispatch answers a frame or hands it to whom it concerns.
func (s *Session) dispatch(frame []byte) {
	defer func() {
		if p := recover(); p != nil {
			s.log().Error("session panicked", "panic", p, "stack", string(debug.Stack()))
			s.close(reasonPanic, nil, closeAway)
		}
	}()
	if string(frame) == probe {
		if wait := s.charge(nil); wait > 0 {
			s.limited(nil, wait)
			return
		}
		s.Reply(probeReply)
		return
	}
	m, err := wsproto.Decode(frame)
	if wait := s.charge(m); wait > 0 {
		s.limited(m, wait)
		return
	}
	if err != nil {
		s.ctrl(wsproto.ErrMalformed, "", "")
		return
	}
	if s.ver == 0 && m.Hi == nil {
		if m.Note == nil {
			s.ctrl(wsproto.ErrSequence, m.ID(), "")
		}
		return
	}
	who, err := s.actor(m.Extra)
	if err != nil {
		s.ctrl(topic.ErrorFor(err, s.log()), "", "")
		return
	}
	switch {
	case m.Hi != nil:
		s.hi(m.Hi)
	case m.Login != nil:
		s.login(m.Login)
	case m.Acc != nil:
		s.acc(m.Acc, who, m.Extra.Files())
	case s.uid == 0:
		if m.Note == nil {
			s.ctrl(wsproto.ErrAuthRequired, m.ID(), m.Topic())
		}
	default:
		s.forTopic(m, who)
	}
}

// actor is whom a message acts for: the user himself, or for an administrator
// whom he names (wire.md §2.1).
type actor struct {
	uid    chat.UID
	level  chat.Level
	sender chat.UID // who really sends, if not uid
}

func (s *Session) actor(x *wsproto.Extra) (actor, error) {
	who := actor{uid: s.uid, level: s.level}
	if x == nil {
		return who, nil
	}
	level, ok := chat.ParseLevel(x.AuthLevel)
	switch {
	case x.Obo == "" && !ok:
		return who, nil
	case s.level != chat.LevelRoot:
		return who, wsproto.ErrDenied
	}
	uid, err := chat.ParseUID(x.Obo)
	if err != nil {
		return who, wsproto.ErrMalformed
	}
	if !ok {
		level = chat.LevelAuth
	}
	s.noteObo(uid)
	return actor{uid, level, s.uid}, nil
}

// forTopic hands a request to its topic.
func (s *Session) forTopic(m *wsproto.ClientMsg, who actor) {
	name := m.Topic()
	if m.Del != nil && m.Del.What == "user" {
		s.delUser(m.Del, who)
		return
	}
	r := &topic.Request{
		Session: s, Msg: m, Name: name, User: who.uid, Sender: who.sender, Level: who.level,
		Root: s.level == chat.LevelRoot, From: s.host, Country: s.country, Lang: s.lang, Background: s.background(m.Sub),
		TS: s.reg.now(),
	}
	canonical, err := s.route(r)
	if err == nil {
		err = s.check(m, canonical)
	}
	if err == nil {
		err = s.post(canonical, r)
	}
	if err != nil && m.Note == nil {
		s.ctrl(topic.ErrorFor(err, s.log()), m.ID(), name)
	}
}

// route finds the canonical name of the topic that a request is for
// (wire.md §1.7). Inner names are no business of clients.
func (s *Session) route(r *topic.Request) (string, error) {
	name := r.Name
	if name == "" {
		return "", wsproto.ErrMalformed
	}
	switch name {
	case "me":
		return r.User.MeName(), nil
	case "fnd":
		return r.User.FndName(), nil
	case "slf":
		return r.User.SlfName(), nil
	case "sys":
		return name, nil
	}
	if strings.HasPrefix(name, "usr") {
		peer, err := chat.ParseUID(name)
		switch {
		case err != nil:
			return "", wsproto.ErrMalformed
		case peer == r.User:
			return "", wsproto.ErrDenied
		}
		return chat.P2PName(r.User, peer), nil
	}
	if isNew, channel := chat.IsNewTopic(name); isNew {
		switch {
		case r.Msg.Sub == nil && r.Msg.Get == nil:
			return "", wsproto.ErrTopicNotFound
		case r.Msg.Sub == nil:
			return "", wsproto.ErrMalformed
		}
		r.Create, r.Channel = true, channel
		return chat.NewGroupName(), nil
	}
	canonical, channel, ok := chat.GroupName(name)
	if !ok {
		return "", wsproto.ErrTopicNotFound
	}
	r.Channel = channel
	return canonical, nil
}

// check refuses what is malformed whatever the state of the topic.
func (s *Session) check(m *wsproto.ClientMsg, canonical string) error {
	bad := false
	switch {
	case m.Get != nil:
		bad = !topic.KnownWhat(m.Get.What)
	case m.Set != nil:
		q := &m.Set.SetQuery
		bad = q.Desc == nil && q.Sub == nil && q.Tags == nil && q.Cred == nil && q.Aux == nil
	case m.Del != nil:
		switch m.Del.What {
		case "", "msg", "topic", "sub", "cred", "session":
		default:
			bad = true
		}
	case m.Note != nil:
		bad = !topic.ValidNote(m.Note, canonical)
	}
	if bad {
		return wsproto.ErrMalformed
	}
	return nil
}

// post puts the request into the topic's mailbox. A topic that is not live is
// brought to life only by requests that do not need an attached session.
func (s *Session) post(canonical string, r *topic.Request) error {
	m := r.Msg
	if r.Heavy = m.Get != nil || m.Sub != nil && m.Sub.Get != nil; r.Heavy {
		s.heavy <- struct{}{}
		s.out.wait() // until the client has taken most of the answers before
	}
	s.slots <- struct{}{}
	if m.Sub != nil || m.Get != nil || m.Set != nil || m.Del != nil && m.Del.What == "topic" || m.Pub != nil && canonical == "sys" {
		err := s.reg.hub.Post(canonical, r)
		if err != nil {
			s.Answered(r)
		}
		if errors.Is(err, mailbox.ErrClosed) {
			err = wsproto.ErrLocked
		}
		return err
	}
	live, err := s.reg.hub.PostLive(canonical, r)
	if live && err == nil {
		return nil
	}
	s.Answered(r)
	if err != nil {
		return err
	}
	switch {
	case m.Leave != nil && !m.Leave.Unsub:
		return wsproto.NotJoined
	case m.Note != nil:
		if m.Note.What != "recv" {
			s.ctrl(wsproto.ErrAttachFirst, "", r.Name)
		}
		return nil
	}
	if m.Pub != nil && m.Pub.ID == "" {
		return nil
	}
	return wsproto.ErrAttachFirst
}
