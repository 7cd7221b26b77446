package store

import (
	"context"
	"encoding/json"
	"time"

	"parley/internal/chat"
)

// Message is one message of a topic.
type Message struct {
	Topic         string
	Seq           int      // from 1
	From          chat.UID // nobody: the sender's account is gone
	At            time.Time
	Head, Content json.RawMessage // Head is nil or an object; Content is never nil
	// Once, if not empty, is a text by which the sender knows the message: see
	// Published. History does not return it.
	Once string
	// Files are those that the message shows or offers; they are kept as long as
	// it. History does not return them.
	Files []chat.FileID
}

// HistoryQuery selects messages. Deleted ones are never returned.
type HistoryQuery struct {
	For           chat.UID     // leaves out what this user deleted for himself; nobody: all
	Since, Before int          // Since <= seq < Before; 0: open
	Ranges        []chat.Range // instead of Since and Before
	Limit         int          // the newest; 0: all
}

// Deletion is one entry of the log of deletions.
type Deletion struct {
	ID     int // number of the deletion in the topic, from 1
	Ranges []chat.Range
}

// NewDeletion asks for the deletion of messages.
type NewDeletion struct {
	ID     int          // must be the topic's Del + 1, else ErrSeqTaken
	User   chat.UID     // deletes for this user only; nobody: for everybody
	Ranges []chat.Range // merged
	After  time.Time    // spares messages published before, if not zero
}

// Messages are the logs of topics. Append is what makes concurrent writers
// safe, whatever they believe.
type Messages interface {
	// Append stores consecutive messages of one topic, all or none, and
	// advances the topic's Seq and Touched. ms[0].Seq must be the topic's Seq
	// + 1, else ErrSeqTaken (also for a topic that does not exist). It returns
	// when they are durable.
	Append(ctx context.Context, ms ...*Message) error
	// Published finds the message that a user appended to a topic with this
	// Once, whether it was deleted since or not. ErrNotFound.
	Published(ctx context.Context, topic string, from chat.UID, once string) (seq int, at time.Time, err error)
	// ForgetPublished lets Published forget messages older than before, at most
	// limit of them, and returns how many it forgot.
	ForgetPublished(ctx context.Context, before time.Time, limit int) (int, error)
	// History returns messages newest first.
	History(ctx context.Context, topic string, q HistoryQuery) ([]Message, error)
	// DeleteMessages deletes and returns the ranges of what was deleted: for
	// everybody, those messages that were there and not too old (their sender,
	// head and content are erased); for one user, the ranges as asked. Topic.Del,
	// and Sub.Del of those concerned, become d.ID. If nothing was to be deleted
	// it returns nil and changes nothing.
	DeleteMessages(ctx context.Context, topic string, d NewDeletion) ([]chat.Range, error)
	// Deletions lists what a user is to forget, his own deletions and those for
	// everybody, with since <= ID < before (0: open), by ID, at most limit
	// entries (0: all).
	Deletions(ctx context.Context, topic string, id chat.UID, since, before, limit int) ([]Deletion, error)
}
