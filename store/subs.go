package store

import (
	"context"
	"encoding/json"
	"time"

	"parley/internal/chat"
)

// Sub is a subscription: the lasting relation of a user and a topic.
type Sub struct {
	Topic            string // canonical; the user's ID text for his own me
	User             chat.UID
	Created, Updated time.Time
	Deleted          time.Time // zero: live
	Reader           bool      // reads a channel without being a member
	Want, Given      chat.Mode
	Read, Recv       int // highest seq read, received
	Del              int // number of the last deletion that concerned the user
	Private          json.RawMessage
}

// Mode is the effective mode.
func (s *Sub) Mode() chat.Mode { return s.Want & s.Given }

// SubUpdate changes the fields that are not nil of one live subscription.
type SubUpdate struct {
	Topic       string
	User        chat.UID
	Updated     *time.Time
	Want, Given *chat.Mode
	Private     *json.RawMessage // a pointer to nil clears
}

// Contact is a subscription as the user's list of conversations shows it.
type Contact struct {
	Sub
	// Of the topic. For p2p Public and Trusted are those of the peer, and
	// TopicUpdated is when the peer's profile changed.
	TopicUpdated, Touched time.Time
	TopicState            State
	Channel               bool
	Seq, TopicDel         int
	SubCount              int
	Public, Trusted       json.RawMessage
	// Of the peer, for p2p only.
	Peer      chat.UID
	PeerState State
	LastSeen  time.Time
	UserAgent string
}

// Place is the least that can be said of a live subscription.
type Place struct {
	Topic  string
	Mode   chat.Mode // effective
	Reader bool
}

// ContactQuery selects from a user's list.
type ContactQuery struct {
	// Since, if not zero, selects what changed later than that (the maximum of
	// subscription, topic or peer update, last message and deletion), deleted
	// subscriptions included, oldest change first. If zero only live
	// subscriptions are returned, in no particular order.
	Since time.Time
	Topic string // canonical; only this one
	Limit int    // 0: all
}

// Member is a subscription as the list of members shows it.
type Member struct {
	Sub
	UserUpdated     time.Time
	Public, Trusted json.RawMessage
}

// MemberQuery selects from the members of a topic.
type MemberQuery struct {
	// DeletedSince, if not zero, adds subscriptions deleted later than that.
	DeletedSince time.Time
	User         chat.UID // only this one
	Limit        int      // 0: all
}

// Subs are the subscriptions.
type Subs interface {
	// PutSubs inserts subscriptions, or replaces deleted ones of the same
	// topic and user (every field is taken from s). A live one of the same
	// topic and user is ErrDuplicate. The topic need not exist.
	PutSubs(ctx context.Context, subs ...Sub) error
	// Sub returns one subscription, a deleted one too; ErrNotFound.
	Sub(ctx context.Context, topic string, id chat.UID) (*Sub, error)
	// EachSub calls fn for each live subscription of a topic without its
	// readers, in no particular order, and returns the first error that fn
	// returns. Private is left out (nil); s is fn's until it returns. fn may use
	// the store. Of what is changed meanwhile each change may be seen or not.
	EachSub(ctx context.Context, topic string, fn func(s *Sub) error) error
	// UpdateSubs returns ErrNotFound if one of them is not there or deleted;
	// then nothing is changed.
	UpdateSubs(ctx context.Context, ups ...SubUpdate) error
	// DeleteSub marks a live subscription as deleted, and drops the log of
	// what the user deleted for himself in the topic; ErrNotFound.
	DeleteSub(ctx context.Context, topic string, id chat.UID, at time.Time) error
	// SetMarks raises read and recv to at least the values given. It returns
	// at once, is visible to reads at once, and durable within a second. An
	// unknown or deleted subscription is ignored.
	SetMarks(topic string, id chat.UID, read, recv int)
	// Places lists a user's live subscriptions without me and fnd, in no
	// particular order. It is cheap: every first session of a user asks.
	Places(ctx context.Context, id chat.UID) ([]Place, error)
	// Contacts lists a user's subscriptions without me and fnd.
	Contacts(ctx context.Context, id chat.UID, q ContactQuery) ([]Contact, error)
	// Members lists the subscriptions of a topic without its readers (with
	// User set a reader is returned too), by time of creation.
	Members(ctx context.Context, topic string, q MemberQuery) ([]Member, error)
}
