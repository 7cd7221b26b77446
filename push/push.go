// Package push tells people who are away that something happened. Topics hand it
// a receipt of each message; every sender that is configured gets all of them and
// decides whom it can reach. It is bounded and lossy, and never in the way of a
// {pub}. It does not know what a sender sends, or how.
package push

import (
	"encoding/json"
	"time"

	"parley/internal/chat"
)

// What happened (surfaces.md §5.2).
type What string

// The kinds of receipts.
const (
	Msg  What = "msg"  // a message was stored
	Sub  What = "sub"  // somebody was invited, or a conversation of two began
	Read What = "read" // somebody has read elsewhere; lowers badges
)

// Receipt is something that happened, and whom it concerns. It is shared by all
// senders, and read-only.
type Receipt struct {
	What  What
	Topic string    // its canonical name
	At    time.Time // UTC
	From  chat.UID  // who did it
	Seq   int       // of Msg; of Read the mark
	// Of Msg: as it was stored; nil for what has none.
	Head, Content json.RawMessage
	Silent        bool // for everybody: an edit, or the state of a call
	// Of Sub: modes of the one who was invited.
	Want, Given chat.Mode

	To []Recipient // with effective P and R (Msg), or the one concerned
}

// Recipient is somebody whom a receipt concerns.
type Recipient struct {
	User     chat.UID
	Attached int // of his sessions, to the topic: he has seen it
	Read     int // his mark before it
}

// Quiet tells whether a recipient is not to be disturbed: he sees it already, or
// did it himself (surfaces.md §5.3).
func (r *Receipt) Quiet(to *Recipient) bool {
	return r.Silent || to.Attached > 0 || to.User == r.From || r.What == Read
}

// Unread is how many messages of the topic a recipient has not read, this one
// included.
func (r *Receipt) Unread(to *Recipient) int {
	if to.User == r.From {
		return 0
	}
	return max(r.Seq-to.Read, 0)
}

// Name is what a recipient calls the topic.
func (r *Receipt) Name(to chat.UID) string {
	if chat.KindOf(r.Topic) == chat.KindP2P {
		return chat.P2PPeer(r.Topic, to).String()
	}
	return r.Topic
}
