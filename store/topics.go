package store

import (
	"context"
	"encoding/json"
	"time"

	"parley/internal/chat"
)

// Topic is a conversation: p2p, a group, slf or sys (me and fnd have no record).
type Topic struct {
	Name             string // canonical, see chat.KindOf
	Created, Updated time.Time
	Touched          time.Time // time of the last message, or of creation
	State            State
	Channel          bool     // a group that may have readers
	Owner            chat.UID // nobody for p2p and sys
	Access           chat.Access
	Seq              int // number of the last message
	Del              int // number of the last deletion
	SubCount         int // live subscriptions; kept by the store, ignored on input
	Public, Trusted  json.RawMessage
	Aux              json.RawMessage
	Tags             []string // sorted
}

// TopicUpdate changes the fields that are not nil, and subscriptions with them.
type TopicUpdate struct {
	Updated              *time.Time
	State                *State
	Owner                *chat.UID
	Access               *chat.Access
	Public, Trusted, Aux *json.RawMessage // a pointer to nil clears
	Tags                 *[]string
	Unique               []string     // see UserUpdate
	Avatar               *chat.FileID // see UserUpdate
	Subs                 []SubUpdate  // of the same topic; ErrNotFound if one is missing
}

// Topics are the records of conversations.
type Topics interface {
	// CreateTopic stores the topic with its first subscriptions. ErrDuplicate:
	// the name or a tag of unique is taken.
	CreateTopic(ctx context.Context, t *Topic, unique []string, subs ...Sub) error
	// Topic returns ErrNotFound for an unknown name; deleted topics are
	// returned like others.
	Topic(ctx context.Context, name string) (*Topic, error)
	// UpdateTopic returns ErrNotFound or ErrDuplicate (Unique).
	UpdateTopic(ctx context.Context, name string, up TopicUpdate) error
	// DeleteTopic purges the topic with its messages, subscriptions, deletion
	// log and tags (hard), or marks it and all its live subscriptions as
	// deleted. ErrNotFound.
	DeleteTopic(ctx context.Context, name string, hard bool, at time.Time) error
}
