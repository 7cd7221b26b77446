package store

import (
	"context"
	"encoding/json"
	"time"

	"parley/internal/chat"
)

// Search selects users and topics by their tags (wire.md §11). Without All,
// one of Any must match; with it they only add weight.
type Search struct {
	All    [][]string // of each group one tag at least must be there
	Any    []string
	Heavy  string   // namespace of tags whose match weighs 20 instead of 1
	Except chat.UID // not found
	Hidden bool     // suspended and deleted ones are found too
	Limit  int      // the best; 0: all
}

// Found is a user or a topic that a search found.
type Found struct {
	User            chat.UID // nobody: it is a topic
	Topic           string   // empty: it is a user
	Updated         time.Time
	State           State
	Access          chat.Access
	Channel         bool
	SubCount        int // of a topic
	Public, Trusted json.RawMessage
	Tags            []string // those that matched, sorted
}

// Searcher finds users and groups by their tags.
type Searcher interface {
	// Search returns what matches, best first: by the weight of the tags that
	// matched, then by SubCount, both descending, then users before topics and
	// the older before the younger.
	Search(ctx context.Context, q Search) ([]Found, error)
}
