package wechatapi

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"strconv"
	"strings"
)

// ErrMalformed is the error of a push that is neither the XML nor the JSON that
// was expected.
var ErrMalformed = errors.New("wechatapi: malformed push")

// Event is what WeChat pushes: a message of somebody to the account, or
// something that happened. Which members are there depends on Type and Event.
type Event struct {
	To      string // the account's original ID
	From    string // openid
	Created string // Unix, as it was sent
	Type    string // "text", "image", "voice", "event", …
	Event   string // of Type "event": "subscribe", "TEMPLATESENDJOBFINISH", …
	MsgID   string // of a message
	MediaID string
	Format  string // of a voice message: "amr"
	Status  string // of TEMPLATESENDJOBFINISH
	Choices []Choice
}

// Choice is what somebody answered when he was asked for a subscription.
type Choice struct {
	Template string
	Accepted bool
}

// key is the same for repetitions of one push, which come when an answer was
// late (bridges.md §C9).
func (e *Event) key() string {
	if e.MsgID != "" && e.Type != "event" {
		return e.MsgID
	}
	key := e.From + " " + e.Created + " " + e.Event
	if e.MsgID != "" {
		key += " " + e.MsgID
	}
	return key
}

// anyText is a text that some senders write as a number.
type anyText string

func (a *anyText) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*a = anyText(s)
		return nil
	}
	n, err := strconv.ParseUint(string(b), 10, 64)
	if err != nil {
		return ErrMalformed
	}
	*a = anyText(strconv.FormatUint(n, 10))
	return nil
}

// choices are one object or a list of them.
type choices []choice

type choice struct {
	TemplateID string `xml:"TemplateId" json:"TemplateId"`
	Status     string `xml:"SubscribeStatusString" json:"SubscribeStatusString"`
}

func (l *choices) UnmarshalJSON(b []byte) error {
	var one choice
	if json.Unmarshal(b, &one) == nil {
		*l = choices{one}
		return nil
	}
	var many []choice
	if err := json.Unmarshal(b, &many); err != nil {
		return err
	}
	*l = many
	return nil
}

type popup struct {
	List choices `xml:"List" json:"List"`
}

// push is the union of what is pushed.
type push struct {
	XMLName xml.Name `xml:"xml" json:"-"`
	Encrypt string   `xml:"Encrypt" json:"Encrypt"`

	ToUserName   string  `xml:"ToUserName" json:"ToUserName"`
	FromUserName string  `xml:"FromUserName" json:"FromUserName"`
	CreateTime   anyText `xml:"CreateTime" json:"CreateTime"`
	MsgType      string  `xml:"MsgType" json:"MsgType"`
	Event        string  `xml:"Event" json:"Event"`
	MsgID        anyText `xml:"MsgId" json:"MsgId"`
	JobID        anyText `xml:"MsgID" json:"MsgID"` // of TEMPLATESENDJOBFINISH
	MediaID      string  `xml:"MediaId" json:"MediaId"`
	Format       string  `xml:"Format" json:"Format"`
	Status       string  `xml:"Status" json:"Status"`
	Popup        popup   `xml:"SubscribeMsgPopupEvent" json:"SubscribeMsgPopupEvent"`
	Change       popup   `xml:"SubscribeMsgChangeEvent" json:"SubscribeMsgChangeEvent"`
	List         choices `xml:"List" json:"List"`
}

const maxField = 512 // bytes of each member that is kept

func parsePush(body []byte) (*push, error) {
	body = bytes.TrimLeft(body, " \t\r\n\ufeff")
	var p push
	var err error
	switch {
	case len(body) > 0 && body[0] == '<':
		err = xml.Unmarshal(body, &p)
	case len(body) > 0 && body[0] == '{':
		err = json.Unmarshal(body, &p)
	default:
		err = ErrMalformed
	}
	if err != nil {
		return nil, ErrMalformed
	}
	return &p, nil
}

func (p *push) event() (*Event, error) {
	e := &Event{
		To: p.ToUserName, From: p.FromUserName, Created: strings.TrimSpace(string(p.CreateTime)), Type: p.MsgType, Event: p.Event,
		MsgID: strings.TrimSpace(string(p.MsgID)), MediaID: p.MediaID, Format: p.Format, Status: p.Status,
	}
	if e.MsgID == "" {
		e.MsgID = strings.TrimSpace(string(p.JobID))
	}
	for _, list := range []choices{p.Popup.List, p.Change.List, p.List} {
		for _, c := range list {
			if len(e.Choices) < 64 && c.TemplateID != "" && len(c.TemplateID) <= maxField {
				e.Choices = append(e.Choices, Choice{c.TemplateID, c.Status == "accept"})
			}
		}
	}
	for _, s := range []string{e.To, e.From, e.Created, e.Type, e.Event, e.MsgID, e.MediaID, e.Format, e.Status} {
		if len(s) > maxField {
			return nil, ErrMalformed
		}
	}
	if e.From == "" || e.Type == "" || e.Type == "event" && e.Event == "" {
		return nil, ErrMalformed
	}
	return e, nil
}
