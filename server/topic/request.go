package topic

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"parley/internal/chat"
	"parley/internal/mailbox"
	"parley/store"
	"parley/wsproto"
)

// Request is a client's message for a topic.
type Request struct {
	Session Session
	Msg     *wsproto.ClientMsg
	Name    string     // the topic as the client wrote it
	User    chat.UID   // whom the request acts for
	Sender  chat.UID   // who really sent it, if it acts on behalf of User
	Level   chat.Level // of User
	Root    bool       // the session is an administrator's
	Channel bool       // a group addressed as its readers do
	Create  bool       // a new group
	Lang    string     // of the client, as it said; empty: unknown
	From    string     // the client's address
	Country string     // where phone numbers without + are dialled: ISO 3166 alpha-2
	TS      time.Time  // when it came in
	Heavy   bool       // its answer may be long: few of a session may wait at a time

	Background bool // asks to be attached without being seen (wire.md §9.6)

	id       string
	name     string // the topic as the answer names it
	out      wsproto.Frame
	owned    bool // out is ours to append to
	answered bool
}

func (r *Request) apply(t *Topic) {
	r.id = r.Msg.ID()
	r.name = r.Name
	defer r.finish()
	m := r.Msg
	if t.loadErr != nil && (m.Sub != nil || m.Get != nil || m.Set != nil || m.Del != nil && m.Del.What == "topic") {
		t.refuse(r, t.loadErr)
		return
	} // other requests find nobody attached, as if the topic were not live
	if r.Channel && t.loadErr == nil && t.exists && !t.rec.Channel {
		t.refuse(r, wsproto.ErrNotFound)
		return
	}
	switch {
	case m.Sub != nil:
		t.subscribe(r, m.Sub)
	case m.Leave != nil:
		t.leave(r, m.Leave)
	case m.Get != nil:
		t.get(r, &m.Get.GetQuery)
	case m.Set != nil:
		t.set(r, &m.Set.SetQuery)
	case m.Del != nil:
		t.del(r, m.Del)
	case m.Note != nil:
		t.note(r, m.Note)
	}
}

// finish sends what was collected and frees the request's place.
func (r *Request) finish() {
	if r.answered {
		return
	}
	r.answered = true
	r.flush()
	r.Session.Answered(r)
}

// flush sends what was collected so far.
func (r *Request) flush() {
	if len(r.out) > 0 {
		r.Session.Reply(r.out)
		r.out, r.owned = nil, false
	}
}

// add collects a frame of the answer; all of them leave together.
func (r *Request) add(f wsproto.Frame) {
	if r.out == nil {
		r.out = f
		return
	}
	if !r.owned { // the first frame may be shared
		r.out, r.owned = append(make(wsproto.Frame, 0, 2*(len(r.out)+len(f))), r.out...), true
	}
	r.out = append(r.out, f...)
}

// reply answers with a code.
func (r *Request) reply(e *wsproto.Error) { r.add(e.Reply(r.id, r.name, r.TS).Frame()) }

// fail answers a request that did not get as far as apply.
func (r *Request) fail(e *wsproto.Error) {
	r.add(e.Reply(r.Msg.ID(), r.Name, r.TS).Frame())
}

// refuse answers with what an error means on the wire. Notes stay unanswered.
func (t *Topic) refuse(r *Request, err error) {
	if r.Msg.Note == nil {
		r.reply(t.wireError(err))
	}
}

// attachment is how the request's session is attached here, for its user and as
// he addresses the topic.
func (t *Topic) attachment(r *Request) *Attachment {
	if a := r.Session.Attachment(t.name); a != nil && a.member.uid == r.User && a.member.reader == r.Channel {
		return a
	}
	return nil
}

// otherwise tells a session that is attached as a reader but addresses the
// group, or the other way round.
func (t *Topic) otherwise(r *Request) bool {
	a := r.Session.Attachment(t.name)
	return a != nil && a.member.reader != r.Channel
}

// wireError is ErrorFor with the topic's name in the log.
func (t *Topic) wireError(err error) *wsproto.Error {
	return ErrorFor(err, t.Log.With("topic", t.name))
}

// ErrorFor is the one place that knows what an error is for a client. Errors of
// ours are logged and become 500.
func ErrorFor(err error, log *slog.Logger) *wsproto.Error {
	var we *wsproto.Error
	switch {
	case errors.As(err, &we):
		return we
	case errors.Is(err, store.ErrNotFound):
		return wsproto.ErrNotFound
	case errors.Is(err, store.ErrDuplicate):
		return wsproto.ErrDuplicateCred
	case errors.Is(err, mailbox.ErrFull), errors.Is(err, context.DeadlineExceeded), errors.Is(err, store.ErrClosed):
		return wsproto.ErrUnavailable
	}
	log.Error("request failed", "err", err)
	return wsproto.ErrInternal
}

// Detached is the event of a session that has closed.
type Detached struct{ A *Attachment }

func (e Detached) apply(t *Topic) {
	if e.A.index < len(t.attached) && t.attached[e.A.index] == e.A {
		t.detach(e.A)
		t.kind.detached(e.A, true)
	}
}
