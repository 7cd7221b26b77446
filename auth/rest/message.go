package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"parley/auth"
	"parley/internal/chat"
)

// request is what the service is asked.
type request struct {
	Endpoint string  `json:"endpoint"`
	Name     string  `json:"name"`
	Secret   []byte  `json:"secret,omitempty"`
	Addr     string  `json:"addr,omitempty"`
	Rec      *record `json:"rec,omitempty"`
}

// response is what it answers.
type response struct {
	Err     string    `json:"err"`
	Rec     *record   `json:"rec"`
	Bytes   []byte    `json:"byteval"`
	Time    time.Time `json:"ts"`
	Bool    bool      `json:"boolval"`
	Strings []string  `json:"strarr"`
	New     *account  `json:"newacc"`
}

// record is what is known of a user.
type record struct {
	UID      string          `json:"uid,omitempty"` // without usr
	Level    string          `json:"authlvl,omitempty"`
	Lifetime lifetime        `json:"lifetime,omitempty"`
	Features features        `json:"features,omitzero"`
	Tags     []string        `json:"tags,omitempty"`
	State    any             `json:"State,omitempty"` // sic; read without regard to case
	Cred     string          `json:"cred,omitempty"`
	DefAcs   json.RawMessage `json:"defacs,omitempty"`
	Public   json.RawMessage `json:"public,omitempty"`
	Private  json.RawMessage `json:"private,omitempty"`
}

// account is one that is to be made.
type account struct {
	Auth    string          `json:"auth"`
	Anon    string          `json:"anon"`
	Public  json.RawMessage `json:"public"`
	Trusted json.RawMessage `json:"trusted"`
	Private json.RawMessage `json:"private"`
}

// idText is a user's ID without its prefix; empty for nobody.
func idText(u chat.UID) string { return strings.TrimPrefix(u.String(), "usr") }

func (r *record) user() (chat.UID, error) {
	if r.UID == "" {
		return 0, nil
	}
	u, err := chat.ParseUID("usr" + strings.TrimPrefix(r.UID, "usr"))
	if err != nil {
		return 0, errors.New("uid is no user ID")
	}
	return u, nil
}

// state is the word for it; services may write numbers (surfaces.md §2.1).
func (r *record) state() string {
	switch v := r.State.(type) {
	case string:
		return strings.ToLower(v)
	case float64:
		switch v {
		case 0:
			return "ok"
		case 10:
			return "susp"
		case 20:
			return "del"
		case 30:
			return "undef"
		}
		return "unknown"
	}
	return ""
}

// newcomer is the account of somebody who has none.
func (r *response) newcomer() (*auth.Newcomer, error) {
	n := &auth.Newcomer{
		AccessAuth: r.New.Auth, AccessAnon: r.New.Anon, Tags: r.Rec.Tags,
		Public: value(r.New.Public), Trusted: value(r.New.Trusted), Private: value(r.New.Private),
	}
	switch r.Rec.state() {
	case "ok", "", "undef":
	case "susp":
		n.Suspended = true
	default:
		return nil, errors.New("rest auth: a new account with a state other than ok or susp")
	}
	return n, nil
}

// value is JSON, or nil for null.
func value(v json.RawMessage) json.RawMessage {
	if bytes.Equal(bytes.TrimSpace(v), []byte("null")) {
		return nil
	}
	return v
}

// lifetime is written as a text, "5000s", and read as that or as a number of
// seconds (surfaces.md Appendix B, Q12).
type lifetime time.Duration

// MarshalJSON writes "5000s".
func (l lifetime) MarshalJSON() ([]byte, error) {
	return json.Marshal(strconv.FormatFloat(time.Duration(l).Seconds(), 'f', -1, 64) + "s")
}

// UnmarshalJSON reads "5000s" or 5000.
func (l *lifetime) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) == nil {
		if text == "" {
			return nil
		}
		if d, err := time.ParseDuration(text); err == nil && d >= 0 {
			*l = lifetime(d)
			return nil
		}
	}
	var seconds float64
	if json.Unmarshal(b, &seconds) == nil && seconds >= 0 && seconds < math.MaxInt64/1e9 {
		*l = lifetime(seconds * float64(time.Second))
		return nil
	}
	return errors.New("lifetime is neither seconds nor a text such as 5000s")
}

// features are the bits of a record, as letters or as a number.
type features struct{ validated, noLogin bool }

// MarshalJSON writes letters.
func (f features) MarshalJSON() ([]byte, error) {
	text := ""
	if f.validated {
		text += "V"
	}
	if f.noLogin {
		text += "L"
	}
	return json.Marshal(text)
}

// UnmarshalJSON reads letters, a number, or a text of digits.
func (f *features) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) != nil {
		text = string(bytes.TrimSpace(b))
	}
	if text == "null" {
		return nil
	}
	if n, err := strconv.ParseUint(text, 10, 16); err == nil {
		f.validated, f.noLogin = n&1 != 0, n&2 != 0
		return nil
	}
	for _, c := range strings.ToUpper(text) {
		switch c {
		case 'V':
			f.validated = true
		case 'L':
			f.noLogin = true
		default:
			return fmt.Errorf("features: %q is none", c)
		}
	}
	return nil
}
