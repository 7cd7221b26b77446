package topic

import (
	"encoding/json"
	"errors"

	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// Post publishes a message that a member wrote somewhere else: no session of his
// is attached here. It is stored once for each Once, however often it comes.
type Post struct {
	From    chat.UID
	Head    map[string]json.RawMessage // taken over, "sender" excepted
	Content json.RawMessage
	Once    string // at most 64 bytes
	// Done is told the number of the message, also if it was stored before, or why
	// it was refused: an error with a place on the wire. It is called on the
	// topic's goroutine and must not block.
	Done func(seq int, err error)
}

func (e Post) apply(t *Topic) {
	seq, err := t.post(&e)
	if err != nil {
		err = t.wireError(err)
	}
	e.Done(seq, err)
}

func (t *Topic) post(e *Post) (int, error) {
	if t.loadErr != nil {
		return 0, t.loadErr
	}
	m := t.members.of(e.From)
	switch {
	case !t.exists:
		return 0, wsproto.ErrTopicNotFound
	case t.readOnly, m == nil, !m.mode().Has(chat.ModeJoin | chat.ModeWrite):
		return 0, wsproto.ErrDenied
	case t.rec.Seq >= chat.MaxSeq, len(e.Content) == 0, len(e.Content) > t.Config.MaxData:
		return 0, wsproto.ErrPolicy
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	seq, _, err := t.Store.Published(ctx, t.name, e.From, e.Once)
	if !errors.Is(err, store.ErrNotFound) {
		return seq, err
	}
	msg := &store.Message{
		Topic: t.name, Seq: t.rec.Seq + 1, From: e.From, At: t.now(), Head: messageHead(e.Head, 0), Content: e.Content, Once: e.Once,
	}
	if err := t.publish([]pub{{from: m, msg: msg}}); err != nil {
		return 0, err
	}
	return msg.Seq, nil
}
