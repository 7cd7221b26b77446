// Package wechat is how WeChat's HTTP interface looks: requests, answers, and
// the errors among them, which come with status 200. Sign-in (auth/wechat) and
// everything else (bridge/wechatapi) are built on it. It knows no tokens.
package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"parley/internal/outbound"
)

// Base is where the interface is; AuthorizeBase is where browsers are sent.
const (
	Base          = "https://api.weixin.qq.com"
	AuthorizeBase = "https://open.weixin.qq.com"
)

const (
	maxAnswer = 1 << 20          // bytes of JSON
	callTime  = 5 * time.Second  // for JSON
	fileTime  = 30 * time.Second // for a file
)

// NewHTTP is the client for it.
func NewHTTP() *http.Client { return outbound.NewClient(outbound.Options{Timeout: fileTime}) }

// NewOnceHTTP is a client for what must not arrive twice, such as a code that is
// good once: net/http repeats a GET by itself when a connection that it has kept
// turns out to be dead, so none are kept.
func NewOnceHTTP() *http.Client {
	c := NewHTTP()
	c.Transport.(*http.Transport).DisableKeepAlives = true
	return c
}

// Error is a refusal by WeChat.
type Error struct {
	Path string // of the request
	Code int
	Text string // of WeChat, shortened and without secrets
	RID  string // its number of the request, which its support asks for; may be empty
}

// Error is for logs.
func (e *Error) Error() string {
	return fmt.Sprintf("wechat %s: errcode %d %q rid %s", e.Path, e.Code, e.Text, e.RID)
}

// Code is that of a refusal by WeChat; 0 if err is none.
func Code(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

// ErrAnswer is the error of an answer that is not as WeChat's are. What became of
// the request nobody knows, and neither after any other error than *Error.
var ErrAnswer = errors.New("not an answer of WeChat")

// Client sends requests.
type Client struct {
	Base string // without a "/" at the end
	HTTP outbound.Doer
	Hide *outbound.Redactor // for texts of WeChat
}

// Get asks and decodes the answer into out.
func (c *Client) Get(ctx context.Context, path string, query url.Values, out any) error {
	return c.exchange(ctx, http.MethodGet, path, query, nil, out)
}

// Post sends body as JSON and decodes the answer into out; nil: it does not
// matter.
func (c *Client) Post(ctx context.Context, path string, query url.Values, body, out any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // WeChat shows \u0026 as it is (bridges.md §C11)
	if err := enc.Encode(body); err != nil {
		return fmt.Errorf("wechat %s: %w", path, err)
	}
	return c.exchange(ctx, http.MethodPost, path, query, b.Bytes(), out)
}

func (c *Client) exchange(ctx context.Context, method, path string, query url.Values, body []byte, out any) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	a, err := c.send(ctx, method, path, query, body, maxAnswer)
	if err != nil {
		return err
	}
	return c.decode(path, a.Body, out)
}

// decode reads an answer whatever its Content-Type is: errors are sometimes
// text/plain, and success may have no errcode.
func (c *Client) decode(path string, text []byte, out any) error {
	var e struct {
		Code int    `json:"errcode"`
		Text string `json:"errmsg"`
	}
	if err := json.Unmarshal(text, &e); err != nil {
		return fmt.Errorf("wechat %s: %w: it is not the JSON that was expected", path, ErrAnswer)
	}
	if e.Code != 0 {
		return c.refusal(path, e.Code, e.Text)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("wechat %s: %w: it is not the JSON that was expected", path, ErrAnswer)
	}
	return nil
}

var rids = regexp.MustCompile(`\s*rid: ?([0-9A-Za-z-]{1,64})`)

func (c *Client) refusal(path string, code int, text string) error {
	e := &Error{Path: path, Code: code}
	if m := rids.FindStringSubmatch(text); m != nil {
		e.RID, text = m[1], strings.Replace(text, m[0], "", 1)
	}
	e.Text = c.Hide.Clean(text)
	return e
}

func (c *Client) send(ctx context.Context, method, path string, query url.Values, body []byte, limit int64) (*outbound.Answer, error) {
	address := c.Base + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("wechat %s: the address is not right", path) // the error quotes it
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
	}
	a, err := outbound.Do(c.HTTP, r, limit)
	switch {
	case err != nil:
		return nil, fmt.Errorf("wechat: %w", err)
	case a.Status != http.StatusOK:
		return nil, fmt.Errorf("wechat %s: %w: HTTP status %d", path, ErrAnswer, a.Status)
	}
	return a, nil
}

// File is something that is no JSON.
type File struct {
	Type string // media type, as WeChat says
	Body []byte
}

// GetFile asks for a file of at most limit bytes. An answer that is JSON is
// decoded into out, which is for a file whose address is told in the place of its
// bytes (bridges.md §C10); then the file is nil.
func (c *Client) GetFile(ctx context.Context, path string, query url.Values, limit int64, out any) (*File, error) {
	ctx, cancel := context.WithTimeout(ctx, fileTime)
	defer cancel()
	a, err := c.send(ctx, http.MethodGet, path, query, nil, limit)
	if err != nil {
		return nil, err
	}
	media, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	switch {
	case len(a.Body) == 0:
		return nil, fmt.Errorf("wechat %s: %w: it is empty", path, ErrAnswer)
	case a.Body[0] == '{' || media == "application/json":
		return nil, c.decode(path, a.Body, out)
	}
	return &File{Type: media, Body: a.Body}, nil
}
