package topic

import (
	"encoding/json"

	"parley/internal/chat"
	"parley/push"
	"parley/store"
	"parley/wsproto"
)

// Pusher tells people who are away. Notify returns at once.
type Pusher interface {
	Notify(r *push.Receipt)
}

// pushMessages tells those who may read and want to be told of messages that
// were stored just now (surfaces.md §5.3). Who has muted the conversation has no
// P; who is attached is told quietly, so that his other devices learn of it.
func (t *Topic) pushMessages(batch []pub) {
	if t.Push == nil {
		return
	}
	to := t.recipients(batch)
	if len(to) == 0 {
		return
	}
	for i := range batch {
		m := batch[i].msg
		t.Push.Notify(&push.Receipt{
			What: push.Msg, Topic: t.name, At: m.At, From: m.From, Seq: m.Seq, Head: m.Head, Content: m.Content, Silent: quietHead(m), To: to,
		})
	}
}

// recipients is made once for a batch: receipts share it.
func (t *Topic) recipients(batch []pub) []push.Recipient {
	var to []push.Recipient
	for _, m := range t.members.list {
		if !m.mode().Has(chat.ModeRead | chat.ModePres) {
			continue
		}
		if to == nil {
			to = make([]push.Recipient, 0, t.members.len())
		}
		to = append(to, push.Recipient{User: m.uid, Attached: int(m.sessions), Read: m.read})
	}
	return to
}

// quietHead tells messages that disturb nobody: those that replace another one,
// and the states of calls.
func quietHead(m *store.Message) bool {
	if len(m.Head) == 0 {
		return false
	}
	var head struct {
		Replace json.RawMessage `json:"replace"`
		WebRTC  json.RawMessage `json:"webrtc"`
	}
	if json.Unmarshal(m.Head, &head) != nil {
		return false
	}
	return !wsproto.IsNull(head.Replace) || !wsproto.IsNull(head.WebRTC)
}

// pushInvited tells somebody that he was brought into a conversation.
func (t *Topic) pushInvited(by chat.UID, m *member) {
	if t.Push == nil {
		return
	}
	t.Push.Notify(&push.Receipt{
		What: push.Sub, Topic: t.name, At: t.now(), From: by, Want: m.want, Given: m.given,
		To: []push.Recipient{{User: m.uid, Attached: int(m.sessions)}},
	})
}

// pushRead tells the other devices of somebody who has read.
func (t *Topic) pushRead(r *Request, m *member) {
	if t.Push == nil || m.reader {
		return
	}
	t.Push.Notify(&push.Receipt{
		What: push.Read, Topic: t.name, At: r.TS, From: m.uid, Seq: m.read, Silent: true, To: []push.Recipient{{User: m.uid, Attached: int(m.sessions), Read: m.read}},
	})
}
