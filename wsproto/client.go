package wsproto

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"parley/internal/chat"
)

// ClientMsg is a message from a client: exactly one of the pointers is set
// after Decode, and Extra if it came along (wire.md §1.5).
type ClientMsg struct {
	Pub   *Pub   `json:"pub"`
	Sub   *Sub   `json:"sub"`
	Leave *Leave `json:"leave"`
	Hi    *Hi    `json:"hi"`
	Login *Login `json:"login"`
	Get   *Get   `json:"get"`
	Set   *Set   `json:"set"`
	Del   *Del   `json:"del"`
	Acc   *Acc   `json:"acc"`
	Note  *Note  `json:"note"`
	Extra *Extra `json:"extra"`
}

// Extra goes beside any message.
type Extra struct {
	Attachments []string `json:"attachments"`
	Obo         string   `json:"obo"`       // act on behalf of this user; root only
	AuthLevel   string   `json:"authlevel"` // level to assume with Obo
}

// Files are the URLs that came along; a nil Extra has none.
func (x *Extra) Files() []string {
	if x == nil {
		return nil
	}
	return x.Attachments
}

// Hi introduces the client (wire.md §2.3).
type Hi struct {
	ID    string `json:"id"`
	Ver   string `json:"ver"`
	UA    string `json:"ua"`
	Dev   string `json:"dev"`
	Platf string `json:"platf"`
	Lang  string `json:"lang"`
	Bkg   bool   `json:"bkg"`
}

// Acc makes or changes an account (wire.md §2.4).
type Acc struct {
	ID        string   `json:"id"`
	User      string   `json:"user"`
	TmpScheme string   `json:"tmpscheme"`
	TmpSecret Secret   `json:"tmpsecret"`
	Token     Secret   `json:"token"` // clients up to 0.21: TmpSecret of the scheme token
	Status    string   `json:"status"`
	AuthLevel string   `json:"authlevel"`
	Scheme    string   `json:"scheme"`
	Secret    Secret   `json:"secret"`
	Login     bool     `json:"login"`
	Tags      []string `json:"tags"`
	Desc      *SetDesc `json:"desc"`
	Cred      []Cred   `json:"cred"`
}

// Login authenticates the session (wire.md §2.5).
type Login struct {
	ID     string `json:"id"`
	Scheme string `json:"scheme"`
	Secret Secret `json:"secret"`
	Cred   []Cred `json:"cred"`
}

// Cred is a credential: asked for, or answered.
type Cred struct {
	Meth   string          `json:"meth,omitempty"`
	Val    string          `json:"val,omitempty"`
	Resp   string          `json:"resp,omitempty"`
	Params json.RawMessage `json:"params,omitempty"`
}

// Sub subscribes and attaches (wire.md §2.6).
type Sub struct {
	ID    string    `json:"id"`
	Topic string    `json:"topic"`
	Bkg   bool      `json:"bkg"` // clients up to 0.16.5
	Set   *SetQuery `json:"set"`
	Get   *GetQuery `json:"get"`
}

// Leave detaches, and unsubscribes if Unsub (wire.md §2.7).
type Leave struct {
	ID    string `json:"id"`
	Topic string `json:"topic"`
	Unsub bool   `json:"unsub"`
}

// Pub publishes a message (wire.md §10).
type Pub struct {
	ID      string                     `json:"id"`
	Topic   string                     `json:"topic"`
	NoEcho  bool                       `json:"noecho"`
	Head    map[string]json.RawMessage `json:"head"`
	Content json.RawMessage            `json:"content"`
}

// Get asks for parts of a topic (wire.md §6).
type Get struct {
	ID    string `json:"id"`
	Topic string `json:"topic"`
	GetQuery
}

// GetQuery names parts and their options.
type GetQuery struct {
	What string   `json:"what"`
	Desc *GetOpts `json:"desc"`
	Sub  *GetOpts `json:"sub"`
	Data *GetOpts `json:"data"`
	Del  *GetOpts `json:"del"`
	// Sync goes with "sync", an addition of ours (docs/protocol.md).
	Sync *SyncOpts `json:"sync"`
}

// SyncOpts is what a client knows of its conversations.
type SyncOpts struct {
	Topics map[string]SyncState `json:"topics"`
	Limit  int                  `json:"limit"` // new messages of one topic; 0: the default
}

// SyncState is the last message and the last deletion that a client has of a
// topic.
type SyncState struct {
	Seq int `json:"seq"`
	Del int `json:"del"`
}

// GetOpts restricts a part; the zero value does not.
type GetOpts struct {
	IMS    *time.Time `json:"ims"`
	User   string     `json:"user"`
	Topic  string     `json:"topic"`
	Since  int        `json:"since"`
	Before int        `json:"before"`
	Limit  int        `json:"limit"`
	Ranges []SeqRange `json:"ranges"`
}

// Set changes parts of a topic (wire.md §7).
type Set struct {
	ID    string `json:"id"`
	Topic string `json:"topic"`
	SetQuery
}

// SetQuery holds new values of parts.
type SetQuery struct {
	Desc *SetDesc                   `json:"desc"`
	Sub  *SetSub                    `json:"sub"`
	Tags []string                   `json:"tags"`
	Cred *Cred                      `json:"cred"`
	Aux  map[string]json.RawMessage `json:"aux"`
}

// SetDesc is a new description. A JSON null is the same as an absent field.
type SetDesc struct {
	DefAcs  *DefAcs         `json:"defacs"`
	Public  json.RawMessage `json:"public"`
	Trusted json.RawMessage `json:"trusted"`
	Private json.RawMessage `json:"private"`
}

// SetSub asks for a mode for oneself, or for User.
type SetSub struct {
	User string `json:"user"`
	Mode string `json:"mode"`
}

// Del deletes messages, a topic, a subscription, a user or a credential
// (wire.md §7.7), or ends a session.
type Del struct {
	ID     string     `json:"id"`
	Topic  string     `json:"topic"`
	What   string     `json:"what"`
	DelSeq []SeqRange `json:"delseq"`
	User   string     `json:"user"`
	Cred   *Cred      `json:"cred"`
	Hard   bool       `json:"hard"`
	// Session goes with "session", an addition of ours (docs/protocol.md).
	Session string `json:"session"`
}

// Note is a message that is not answered (wire.md §8).
type Note struct {
	Topic   string          `json:"topic"`
	What    string          `json:"what"`
	Seq     int             `json:"seq"`
	Unread  int             `json:"unread"`
	Event   string          `json:"event"`
	Payload json.RawMessage `json:"payload"`
}

// SeqRange is Low <= seq < Hi; without Hi it is Low alone.
type SeqRange struct {
	Low int `json:"low"`
	Hi  int `json:"hi,omitempty"`
}

// Range is r with both ends set. An empty or impossible range has a length of 0.
func (r SeqRange) Range() chat.Range {
	if r.Hi == 0 {
		return chat.Range{Low: r.Low, Hi: r.Low + 1}
	}
	return chat.Range{Low: r.Low, Hi: r.Hi}
}

// SeqRanges writes ranges the way the wire has them.
func SeqRanges(rs []chat.Range) []SeqRange {
	out := make([]SeqRange, len(rs))
	for i, r := range rs {
		if out[i].Low = r.Low; r.Len() > 1 {
			out[i].Hi = r.Hi
		}
	}
	return out
}

// Secret is binary data in base64 of any flavour: standard or URL-safe
// alphabet, with or without padding (wire.md §1.7).
type Secret []byte

var errBase64 = errors.New("not base64")

// UnmarshalJSON decodes the text.
func (s *Secret) UnmarshalJSON(b []byte) error {
	if n := len(b); n > 1 && b[0] == '"' && bytes.IndexByte(b, '\\') < 0 { // nothing to undo inside
		v, err := DecodeBase64(string(b[1 : n-1]))
		*s = v
		return err
	}
	var text *string
	if err := json.Unmarshal(b, &text); err != nil || text == nil {
		return err
	}
	v, err := DecodeBase64(*text)
	*s = v
	return err
}

// DecodeBase64 accepts every flavour of base64.
func DecodeBase64(text string) ([]byte, error) {
	enc := base64.RawStdEncoding
	if strings.ContainsAny(text, "-_") {
		enc = base64.RawURLEncoding
	}
	b, err := enc.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return nil, errBase64
	}
	return b, nil
}

// IsNull tells a raw value that is absent or null.
func IsNull(raw json.RawMessage) bool {
	return len(raw) == 0 || bytes.Equal(raw, []byte("null"))
}

// ID returns the id of the request; notes have none.
func (m *ClientMsg) ID() string {
	switch {
	case m.Pub != nil:
		return m.Pub.ID
	case m.Sub != nil:
		return m.Sub.ID
	case m.Leave != nil:
		return m.Leave.ID
	case m.Hi != nil:
		return m.Hi.ID
	case m.Login != nil:
		return m.Login.ID
	case m.Get != nil:
		return m.Get.ID
	case m.Set != nil:
		return m.Set.ID
	case m.Del != nil:
		return m.Del.ID
	case m.Acc != nil:
		return m.Acc.ID
	}
	return ""
}

// Topic returns the topic of the request as the client wrote it.
func (m *ClientMsg) Topic() string {
	switch {
	case m.Pub != nil:
		return m.Pub.Topic
	case m.Sub != nil:
		return m.Sub.Topic
	case m.Leave != nil:
		return m.Leave.Topic
	case m.Get != nil:
		return m.Get.Topic
	case m.Set != nil:
		return m.Set.Topic
	case m.Del != nil:
		return m.Del.Topic
	case m.Note != nil:
		return m.Note.Topic
	}
	return ""
}
