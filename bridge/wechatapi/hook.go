package wechatapi

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// MaxPush is the most bytes of a push.
const MaxPush = 1 << 20

// maxAge is how far the time of a push may be from ours.
const maxAge = 5 * time.Minute

// ErrSignature is the error of a push that WeChat did not sign, or not now.
var ErrSignature = errors.New("wechatapi: wrong signature")

// errStale is an ErrSignature that is right, but not of these minutes: for the log.
var errStale = fmt.Errorf("%w: right, but its time is more than %v from ours", ErrSignature, maxAge)

// hook verifies and reads what is pushed to an app.
type hook struct {
	tokens []string // of the console: the present one, and the one before while it is being changed
	crypt  *Crypt   // nil: nothing is encrypted
	now    func() time.Time
}

// signed tells whether a signature over parts and the query's own is right.
func (h *hook) signed(q url.Values, signature string, parts ...string) error {
	sec, err := strconv.ParseInt(q.Get("timestamp"), 10, 64)
	if err != nil {
		return ErrSignature
	}
	ok := false
	for _, token := range h.tokens {
		want := PushSignature(append([]string{token, q.Get("timestamp"), q.Get("nonce")}, parts...)...)
		ok = same(want, q.Get(signature)) || ok
	}
	if !ok {
		return ErrSignature
	}
	if h.now().Sub(time.Unix(sec, 0)).Abs() > maxAge {
		return errStale
	}
	return nil
}

// echo answers the question of the console whether we are the ones.
func (h *hook) echo(q url.Values) (string, error) {
	if err := h.signed(q, "signature"); err != nil {
		return "", err
	}
	return q.Get("echostr"), nil
}

// open verifies a push and returns what it says: ErrSignature, ErrCipher,
// ErrMalformed. Where a key is known, nothing is taken that is not encrypted: the
// signature of what is plain does not cover its content.
func (h *hook) open(q url.Values, body []byte) (*Event, error) {
	if h.crypt == nil {
		if err := h.signed(q, "signature"); err != nil {
			return nil, err
		}
		p, err := parsePush(body)
		if err != nil {
			return nil, err
		}
		return p.event()
	}
	if q.Get("encrypt_type") != "aes" {
		return nil, ErrSignature
	}
	p, err := parsePush(body)
	if err != nil || p.Encrypt == "" {
		return nil, ErrMalformed
	}
	if err := h.signed(q, "msg_signature", p.Encrypt); err != nil {
		return nil, err
	}
	plain, err := h.crypt.Decrypt(p.Encrypt)
	if err != nil {
		return nil, err
	}
	if p, err = parsePush(plain); err != nil {
		return nil, err
	}
	return p.event()
}

// Reply is an encrypted answer to a push.
type Reply struct {
	XMLName      xml.Name `xml:"xml" json:"-"`
	Encrypt      string   `xml:"Encrypt" json:"Encrypt"`
	MsgSignature string   `xml:"MsgSignature" json:"MsgSignature"`
	TimeStamp    int64    `xml:"TimeStamp" json:"TimeStamp"`
	Nonce        string   `xml:"Nonce" json:"Nonce"`
}

// NewReply encrypts and signs an answer; nonce is that of the push, timestamp is
// in seconds and random 16 bytes.
func NewReply(c *Crypt, token string, message []byte, timestamp int64, nonce string, random []byte) *Reply {
	encrypted := c.Encrypt(message, random)
	return &Reply{
		Encrypt: encrypted, TimeStamp: timestamp, Nonce: nonce,
		MsgSignature: PushSignature(token, strconv.FormatInt(timestamp, 10), nonce, encrypted),
	}
}

// JSON is one of its two forms; the other is XML.
func (r *Reply) JSON() ([]byte, error) { return json.Marshal(r) }
