package netease

import (
	"bytes"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Skew is how far the time of a callback may be from ours.
const Skew = 5 * time.Minute

// ErrSignature is a callback that is not signed with one of our secrets, or not
// in these minutes, or whose body was changed. Whoever sent it is told no more.
var ErrSignature = errors.New("netease: callback not signed properly")

// ErrStale is an ErrSignature that is right, but not of these minutes: repeated, or
// one of the clocks is wrong. It is for the log.
var ErrStale = fmt.Errorf("%w: its time is more than %v from ours", ErrSignature, Skew)

// Verify checks the headers of a callback and its body against the secrets in
// force (bridges.md §B8). The sums are those of the body that came, whatever the
// headers say.
func Verify(h http.Header, body []byte, now time.Time, appKey string, secrets ...string) error {
	curTime := h.Get("CurTime")
	ms, err := strconv.ParseInt(curTime, 10, 64)
	if err != nil || h.Get("AppKey") != "" && h.Get("AppKey") != appKey {
		return ErrSignature
	}
	good := 0
	for _, s := range secrets {
		if s == "" {
			continue
		}
		sum, check := CallbackSums(s, body, curTime)
		good |= subtle.ConstantTimeCompare([]byte(sum), []byte(strings.ToLower(h.Get("MD5")))) &
			subtle.ConstantTimeCompare([]byte(check), []byte(strings.ToLower(h.Get("CheckSum"))))
	}
	if good != 1 {
		return ErrSignature
	}
	if now.Sub(time.UnixMilli(ms)).Abs() > Skew {
		return ErrStale
	}
	return nil
}

// text is a JSON text; numbers are taken for one, too.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err == nil {
		*t = text(s)
		return nil
	}
	var n json.Number
	if err := json.Unmarshal(b, &n); err != nil {
		return err
	}
	*t = text(n)
	return nil
}

// Copied is a message that was sent through NetEase, as its copies tell us.
type Copied struct {
	From, To  string
	Team      bool
	Client    string // AOS, …; REST: sent through the Server API
	Type      string // TEXT, PICTURE, …
	Body      string // of TEXT
	Attach    string // JSON text, of others
	Ext       string
	ServerID  string // what it is told apart by
	ClientID  string
	At        time.Time
	Supported bool // a kind of conversation that we know
}

// ErrForm is a callback that is no message.
var ErrForm = errors.New("netease: the callback is no message")

// Limits of what is taken from a callback.
const (
	maxID      = 128
	maxContent = 128 << 10
)

// Probe tells the request by which NetEase tries out an address.
func Probe(body []byte) bool { return string(bytes.TrimSpace(body)) == "{}" }

// ParseCopied reads the body of a callback. Events that are no messages are
// ErrForm, too.
func ParseCopied(body []byte) (*Copied, error) {
	var f struct {
		EventType      text `json:"eventType"`
		ConvType       text `json:"convType"`
		To             text `json:"to"`
		FromAccount    text `json:"fromAccount"`
		FromClientType text `json:"fromClientType"`
		MsgType        text `json:"msgType"`
		Body           text `json:"body"`
		Attach         text `json:"attach"`
		Ext            text `json:"ext"`
		MsgTimestamp   text `json:"msgTimestamp"`
		MsgidClient    text `json:"msgidClient"`
		MsgidServer    text `json:"msgidServer"`
	}
	if err := json.Unmarshal(body, &f); err != nil || f.EventType != "1" {
		return nil, ErrForm
	}
	m := &Copied{
		From: string(f.FromAccount), To: string(f.To), Team: f.ConvType == "TEAM" || f.ConvType == "SUPER_TEAM",
		Client: string(f.FromClientType), Type: string(f.MsgType), Body: string(f.Body), Attach: string(f.Attach), Ext: string(f.Ext),
		ServerID: string(f.MsgidServer), ClientID: string(f.MsgidClient), Supported: f.ConvType == "PERSON" || f.ConvType == "TEAM",
	}
	if ms, err := strconv.ParseInt(string(f.MsgTimestamp), 10, 64); err == nil {
		m.At = time.UnixMilli(ms).UTC()
	}
	for _, s := range []string{m.From, m.To, m.Type, m.ServerID} {
		if s == "" || len(s) > maxID {
			return nil, ErrForm
		}
	}
	if len(m.Body)+len(m.Attach)+len(m.Ext) > maxContent {
		return nil, ErrForm
	}
	return m, nil
}
