package wsproto

import (
	"encoding/json"
	"time"

	"parley/internal/chat"
)

// Ctrl answers a request (wire.md §3.1).
type Ctrl struct {
	ID     string
	Topic  string
	Params map[string]any  // nil: none
	Raw    json.RawMessage // parameters that are encoded already, instead of Params
	Code   int
	Text   string
	TS     time.Time
}

// Reply is e as the answer to a request.
func (e *Error) Reply(id, topic string, ts time.Time) *Ctrl {
	return &Ctrl{ID: id, Topic: topic, Params: e.Params, Raw: e.Raw, Code: e.Code, Text: e.Text, TS: ts}
}

// Data is a message of a topic (wire.md §3.2).
type Data struct {
	Topic         string   // as the receiver calls it
	From          chat.UID // nobody: left out
	TS            time.Time
	Seq           int
	Head, Content json.RawMessage
}

// Pres tells of a change (wire.md §3.4).
type Pres struct {
	Topic  string
	Src    string
	What   string
	UA     string
	Seq    int
	Clear  int
	DelSeq []SeqRange
	Tgt    chat.UID
	Act    chat.UID
	DAcs   *DAcs
}

// DAcs is a change of access modes: full modes or differences; empty is no change.
type DAcs struct {
	Want  string `json:"want,omitempty"`
	Given string `json:"given,omitempty"`
}

// Info forwards a note (wire.md §3.5).
type Info struct {
	Topic   string
	Src     string
	From    chat.UID
	What    string
	Seq     int
	Event   string
	Payload json.RawMessage
}

// Meta holds what was asked for with {get}; one part each (wire.md §3.3).
type Meta struct {
	ID    string          `json:"id,omitempty"`
	Topic string          `json:"topic"`
	TS    Time            `json:"ts"`
	Desc  *MetaDesc       `json:"desc,omitempty"`
	Sub   []MetaSub       `json:"sub,omitempty"`
	Del   *MetaDel        `json:"del,omitempty"`
	Tags  []string        `json:"tags,omitempty"`
	Cred  []MetaCred      `json:"cred,omitempty"`
	Aux   json.RawMessage `json:"aux,omitempty"`
	// Sessions is an addition of ours (docs/protocol.md).
	Sessions []MetaSession `json:"sessions,omitempty"`
}

// MetaSession is a device on which the user is logged in.
type MetaSession struct {
	ID      string `json:"id"`
	UA      string `json:"ua,omitempty"`
	Platf   string `json:"platf,omitempty"`
	Lang    string `json:"lang,omitempty"`
	Addr    string `json:"addr,omitempty"`
	Since   Time   `json:"since"` // of the login
	Seen    Time   `json:"seen"`
	Current bool   `json:"current,omitempty"` // the one that asks
	Online  bool   `json:"online,omitempty"`
}

// MetaDesc describes a topic.
type MetaDesc struct {
	Created Time            `json:"created,omitzero"`
	Updated Time            `json:"updated,omitzero"`
	Touched Time            `json:"touched,omitzero"`
	State   string          `json:"state,omitempty"`
	Online  bool            `json:"online,omitempty"`
	Chan    bool            `json:"chan,omitempty"`
	Seen    *Seen           `json:"seen,omitempty"`
	DefAcs  *DefAcs         `json:"defacs,omitempty"`
	Acs     *Acs            `json:"acs,omitempty"`
	Seq     int             `json:"seq,omitempty"`
	Read    int             `json:"read,omitempty"`
	Recv    int             `json:"recv,omitempty"`
	Clear   int             `json:"clear,omitempty"`
	SubCnt  int             `json:"subcnt,omitempty"`
	Public  json.RawMessage `json:"public,omitempty"`
	Trusted json.RawMessage `json:"trusted,omitempty"`
	Private json.RawMessage `json:"private,omitempty"`
}

// MetaSub is an entry of a list of subscriptions.
type MetaSub struct {
	User    chat.UID        `json:"user,omitzero"`
	Topic   string          `json:"topic,omitempty"`
	Updated Time            `json:"updated,omitzero"`
	Deleted Time            `json:"deleted,omitzero"`
	Touched Time            `json:"touched,omitzero"`
	Online  bool            `json:"online,omitempty"`
	Acs     *Acs            `json:"acs,omitempty"`
	Read    int             `json:"read,omitempty"`
	Recv    int             `json:"recv,omitempty"`
	Clear   int             `json:"clear,omitempty"`
	Seq     int             `json:"seq,omitempty"`
	SubCnt  int             `json:"subcnt,omitempty"`
	Public  json.RawMessage `json:"public,omitempty"`
	Trusted json.RawMessage `json:"trusted,omitempty"`
	Private json.RawMessage `json:"private,omitempty"`
	Seen    *Seen           `json:"seen,omitempty"`
	// Recovered is set in answers to "sync" only: whether all that is new in
	// the topic follows.
	Recovered *bool `json:"recovered,omitempty"`
}

// MetaDel is the log of deletions.
type MetaDel struct {
	Clear  int        `json:"clear"`
	DelSeq []SeqRange `json:"delseq"`
}

// MetaCred is a credential of the user.
type MetaCred struct {
	Meth string `json:"meth"`
	Val  string `json:"val"`
	Done bool   `json:"done,omitempty"`
}

// Seen says when and with what a user was last online.
type Seen struct {
	When Time   `json:"when"`
	UA   string `json:"ua,omitempty"`
}

// DefAcs are default access modes. Empty is not given.
type DefAcs struct {
	Auth string `json:"auth,omitempty"`
	Anon string `json:"anon,omitempty"`
}

// NewDefAcs writes a pair of modes.
func NewDefAcs(a chat.Access) *DefAcs {
	return &DefAcs{Auth: a.Auth.String(), Anon: a.Anon.String()}
}

// Acs is the access of a user to a topic. The strings are always there, but
// for strangers, of whom only Mode is told.
type Acs struct {
	Want  string `json:"want,omitempty"`
	Given string `json:"given,omitempty"`
	Mode  string `json:"mode,omitempty"`
}

// NewAcs writes want, given and their intersection.
func NewAcs(want, given chat.Mode) *Acs {
	return &Acs{Want: want.String(), Given: given.String(), Mode: (want & given).String()}
}

// Time is written in UTC with exactly three digits of milliseconds
// (wire.md §1.6).
type Time struct{ time.Time }

const timeLayout = "2006-01-02T15:04:05.000Z"

// MarshalJSON writes the time.
func (t Time) MarshalJSON() ([]byte, error) { return appendTime(nil, t.Time), nil }

// String is the text without quotes.
func (t Time) String() string { return t.UTC().Format(timeLayout) }

func appendTime(b []byte, t time.Time) []byte {
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, timeLayout)
	return append(b, '"')
}
