package netease

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"parley/internal/outbound"
)

// Service is what failures call it.
const Service = "netease"

// Options of a client.
type Options struct {
	AppKey, AppSecret string
	Bases             []string // of the v1 API, with their path; the first is preferred
	Doer              outbound.Doer
	Now               func() time.Time
	Rand              io.Reader // of nonces and trace IDs
	Redact            *outbound.Redactor
	Attempt           time.Duration // of one request when there is another host; 0: 2 s
}

// Client calls the Server API. It is safe for concurrent use.
type Client struct {
	Options
	hosts *outbound.Hosts
}

// New makes a client.
func New(o Options) *Client {
	if o.Attempt == 0 {
		o.Attempt = 2 * time.Second
	}
	return &Client{Options: o, hosts: outbound.NewHosts(o.Bases, o.Now)}
}

// Bases are the base URLs of a region (bridges.md §B1).
func Bases(region string) []string {
	switch region {
	case "cn":
		return []string{"https://api-cn.yunxinapi.com/nimserver", "https://api-cn-bak.yunxinapi.com/nimserver"}
	case "sg":
		return []string{"https://api-sg.yunxinapi.com/nimserver", "https://api-sg-bak.yunxinapi.com/nimserver"}
	}
	return nil
}

// Codes of answers (bridges.md §B9).
const (
	codeOK        = 200
	codeNotFound  = 404
	codeTimeout   = 408
	codeParameter = 414
	codeTooOften  = 416
	codeRepeated  = 417
	codeDuplicate = 431
)

const (
	maxAnswer = 1 << 20
	// blocked is how long an app is refused after a request too many.
	blocked = 10 * time.Second
)

// NewTrace draws an ID for a request, by which NetEase tells it apart when it is
// repeated.
func (c *Client) NewTrace() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(c.Rand, b[:]); err != nil {
		return "", fmt.Errorf("no random numbers: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}

// call posts a form and reads the answer into out, which may be nil. A repeated
// request has the same trace ID, so that it is done once; an empty trace draws
// one. The error is a *outbound.Failure, or that of ctx.
func (c *Client) call(ctx context.Context, path string, form url.Values, trace string, out any) error {
	if trace == "" {
		var err error
		if trace, err = c.NewTrace(); err != nil {
			return c.unanswered(err)
		}
	}
	base := c.hosts.Current()
	other, more := c.hosts.After(base)
	again, err := c.once(ctx, base, path, form, trace, out, more)
	if again == onOther {
		c.hosts.Failed(base)
	}
	switch {
	case ctx.Err() != nil, again == never, again == onOther && !more:
		return err
	case again == onSame:
		other = base
	}
	_, err = c.once(ctx, other, path, form, trace, out, false)
	return err
}

// where a request may be sent again.
type where int

const (
	never where = iota
	onSame
	onOther
)

func (c *Client) once(ctx context.Context, base, path string, form url.Values, trace string, out any, hurry bool) (where, error) {
	attempt := ctx
	if hurry {
		var cancel context.CancelFunc
		attempt, cancel = context.WithTimeout(ctx, c.Attempt)
		defer cancel()
	}
	r, err := c.request(attempt, base+path, form, trace)
	if err != nil {
		return never, err
	}
	a, err := outbound.Do(c.Doer, r, maxAnswer)
	switch {
	case err != nil && ctx.Err() != nil:
		return never, ctx.Err()
	case err != nil && outbound.HostDown(err):
		return onOther, c.unanswered(err)
	case err != nil:
		return never, c.unanswered(err)
	}
	return c.read(path, a, out)
}

func (c *Client) request(ctx context.Context, target string, form url.Values, trace string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, c.unanswered(errors.New("the address of the host is malformed"))
	}
	nonce, err := c.NewTrace()
	if err != nil {
		return nil, c.unanswered(err)
	}
	curTime := strconv.FormatInt(c.Now().Unix(), 10)
	h := r.Header
	h.Set("Content-Type", "application/x-www-form-urlencoded;charset=utf-8")
	h.Set("AppKey", c.AppKey)
	h.Set("Nonce", nonce)
	h.Set("CurTime", curTime)
	h.Set("CheckSum", CheckSum(c.AppSecret, nonce, curTime))
	h.Set("RequestId", trace)
	return r, nil
}

func (c *Client) unanswered(err error) error {
	return &outbound.Failure{Service: Service, Kind: outbound.Temporary, Text: c.Redact.Clean(err.Error()), Err: err}
}

// read decodes an answer, or makes a failure of it. The status of this API is
// always 200; another one is of what stands in front of it.
func (c *Client) read(path string, a *outbound.Answer, out any) (where, error) {
	var r struct {
		Code int    `json:"code"`
		Desc string `json:"desc"`
		Msg  string `json:"msg"`
	}
	if err := json.Unmarshal(a.Body, &r); err != nil || r.Code == 0 {
		again := never
		if a.Status >= http.StatusInternalServerError {
			again = onOther
		}
		return again, &outbound.Failure{
			Service: Service, Kind: outbound.Temporary, Code: a.Status,
			Text: path + ": the answer is no JSON with a code", Err: errors.New("malformed answer"),
		}
	}
	switch r.Code {
	case codeOK, codeRepeated, codeDuplicate:
	default:
		again, err := c.failure(path, r.Code, r.Desc+r.Msg)
		var f *outbound.Failure
		if a.Status >= http.StatusInternalServerError && errors.As(err, &f) && f.Kind == outbound.Forbidden {
			f.Kind, again = outbound.Temporary, onOther // whatever the code says
		}
		return again, err
	}
	if out == nil || r.Code != codeOK {
		return never, nil
	}
	if err := json.Unmarshal(a.Body, out); err != nil {
		return never, &outbound.Failure{
			Service: Service, Kind: outbound.Temporary, Code: r.Code,
			Text: path + ": the answer has another form than documented", Err: errors.New("malformed answer"),
		}
	}
	return never, nil
}

// failure says what is to be done about a code (bridges.md §B9).
func (c *Client) failure(path string, code int, desc string) (where, error) {
	f := &outbound.Failure{Service: Service, Code: code, Kind: outbound.Forbidden, Text: c.Redact.Clean(path + ": " + desc)}
	again := never
	switch code {
	case 315, 514:
		f.Kind = outbound.Misconfigured
	case codeTimeout:
		f.Kind, again = outbound.Temporary, onSame
	case codeParameter:
		if badCheckSum(desc) {
			f.Kind = outbound.Misconfigured
			f.Text += "; our clock says " + c.Now().UTC().Format(time.RFC3339)
		}
	case codeTooOften:
		f.Kind, f.RetryAfter = outbound.RateLimited, blocked
	case 500, 502, 503:
		f.Kind, again = outbound.Temporary, onOther
	}
	return again, f
}

// badCheckSum tells the text of a wrong signature or clock from those of other
// parameters, which have the same code.
func badCheckSum(desc string) bool {
	desc = strings.ToLower(desc)
	return strings.Contains(desc, "checksum") || strings.Contains(desc, "curtime")
}

// IsCode tells a failure with that code.
func IsCode(err error, code int) bool {
	var f *outbound.Failure
	return errors.As(err, &f) && f.Service == Service && f.Code == code
}

// NotFound tells that NetEase does not know what was named.
func NotFound(err error) bool { return IsCode(err, codeNotFound) }
