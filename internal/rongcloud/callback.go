package rongcloud

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Skew is how far the time of a callback may be from ours.
const Skew = 5 * time.Minute

// ErrSignature is a callback that is not signed with one of our secrets, or not
// in these minutes. Whoever sent it is told no more.
var ErrSignature = errors.New("rongcloud: callback not signed properly")

// ErrStale is an ErrSignature that is right, but not of these minutes: repeated, or
// one of the clocks is wrong. It is for the log.
var ErrStale = fmt.Errorf("%w: its time is more than %v from ours", ErrSignature, Skew)

// Verify checks the query of a callback against the secrets in force, and
// returns its nonce, which the caller must not accept twice (bridges.md §A8).
func Verify(q url.Values, now time.Time, secrets ...string) (nonce string, err error) {
	nonce, stamp, signature := q.Get("nonce"), q.Get("signTimestamp"), strings.ToLower(q.Get("signature"))
	if stamp == "" {
		stamp = q.Get("timestamp")
	}
	ms, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || nonce == "" || len(nonce) > 128 {
		return "", ErrSignature
	}
	good := 0
	for _, s := range secrets {
		if s != "" {
			good |= subtle.ConstantTimeCompare([]byte(Sign(s, nonce, stamp)), []byte(signature))
		}
	}
	if good != 1 {
		return "", ErrSignature
	}
	if now.Sub(time.UnixMilli(ms)).Abs() > Skew {
		return "", ErrStale
	}
	return nonce, nil
}

// Routed is a message that was sent through RongCloud, as its routing tells us.
type Routed struct {
	From, To   string
	ObjectName string
	Content    string // JSON text
	Channel    string // PERSON, GROUP, …
	UID        string // of the message: what it is told apart by
	Source     string // iOS, …; Server: sent through the Server API
	Sensitive  string // 0: clean; 1: blocked; 2: changed
	At         time.Time
}

// Limits of what is taken from a callback.
const (
	maxID      = 128
	maxContent = 128 << 10
)

// ErrForm is a callback that lacks what it must have.
var ErrForm = errors.New("rongcloud: the callback is no routed message")

// ParseRouted reads the body of a callback of message routing.
func ParseRouted(f url.Values) (*Routed, error) {
	m := &Routed{
		From: f.Get("fromUserId"), To: f.Get("toUserId"), ObjectName: f.Get("objectName"), Content: f.Get("content"),
		Channel: channel(f.Get("channelType")), UID: f.Get("msgUID"), Source: f.Get("source"), Sensitive: f.Get("sensitiveType"),
	}
	if ms, err := strconv.ParseInt(f.Get("msgTimestamp"), 10, 64); err == nil {
		m.At = time.UnixMilli(ms).UTC()
	}
	for _, s := range []string{m.From, m.To, m.ObjectName, m.UID} {
		if s == "" || len(s) > maxID {
			return nil, ErrForm
		}
	}
	if m.Content == "" || len(m.Content) > maxContent {
		return nil, ErrForm
	}
	return m, nil
}

// channel is the type of a conversation; some callbacks have numbers.
func channel(s string) string {
	if name, ok := map[string]string{"1": "PERSON", "2": "PERSONS", "3": "GROUP", "4": "TEMPGROUP", "5": "CUSTOMERSERVICE", "6": "NOTIFY"}[s]; ok {
		return name
	}
	return strings.ToUpper(s)
}
