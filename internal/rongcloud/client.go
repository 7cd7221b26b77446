package rongcloud

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
const Service = "rongcloud"

// Options of a client.
type Options struct {
	AppKey, AppSecret string
	Hosts             []string // base URLs; the first is preferred
	Doer              outbound.Doer
	Now               func() time.Time
	Rand              io.Reader // of nonces
	Redact            *outbound.Redactor
	// Attempt bounds one request when there is another host to ask; 0: 2 s.
	Attempt time.Duration
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
	return &Client{Options: o, hosts: outbound.NewHosts(o.Hosts, o.Now)}
}

// Hosts are the base URLs of a data centre (bridges.md §A1).
func Hosts(region string) []string {
	names := map[string][]string{
		"bj":  {"api.rong-api.com", "api-b.rong-api.com"},
		"sg":  {"api.sg-light-api.com", "api-b.sg-light-api.com"},
		"sgb": {"api.sg-b-light-api.com", "api-b.sg-b-light-api.com"},
		"us":  {"api.us-light-api.com", "api-b.us-light-api.com"},
		"sau": {"api.sau-light-api.com", "api-b.sau-light-api.com"},
	}[region]
	var urls []string
	for _, n := range names {
		urls = append(urls, "https://"+n)
	}
	return urls
}

// repeat says when a request may be sent again to another host.
type repeat bool

const (
	whenSafe   repeat = true  // doing it twice is like doing it once
	whenUnsent repeat = false // only if it cannot have arrived
)

const maxAnswer = 1 << 20

// Codes of answers (bridges.md §A9).
const (
	codeOK      = 200
	codeOKv2    = 10000
	codeNothing = 1015 // nothing to delete
	codeLate    = 1050 // a time-out over there
)

// reply is what all answers have in common.
type reply struct {
	Code         int    `json:"code"`
	ErrorMessage string `json:"errorMessage"`
	Msg          string `json:"msg"`
}

// call posts a form and reads the answer into out, which may be nil. The error
// is a *outbound.Failure, or that of ctx if the time ran out with the request sent.
func (c *Client) call(ctx context.Context, path string, form url.Values, again repeat, out any) error {
	base := c.hosts.Current()
	other, more := c.hosts.After(base)
	err, down := c.once(ctx, base, path, form, out, more && again == whenSafe)
	if !down || ctx.Err() != nil {
		return err
	}
	c.hosts.Failed(base)
	if !more || again == whenUnsent && !outbound.NotSent(err) {
		return err
	}
	err, _ = c.once(ctx, other, path, form, out, false)
	return err
}

// once sends one request; down says that the host is to blame. hurry leaves time
// to ask another one.
func (c *Client) once(ctx context.Context, base, path string, form url.Values, out any, hurry bool) (err error, down bool) {
	attempt := ctx
	if hurry {
		var cancel context.CancelFunc
		attempt, cancel = context.WithTimeout(ctx, c.Attempt)
		defer cancel()
	}
	r, err := c.request(attempt, base+path, form)
	if err != nil {
		return err, false
	}
	a, err := outbound.Do(c.Doer, r, maxAnswer)
	if err != nil {
		if ctx.Err() != nil && !outbound.NotSent(err) {
			return ctx.Err(), false
		}
		return c.unanswered(err), outbound.HostDown(err)
	}
	return c.read(path, a, out), a.Status >= http.StatusInternalServerError
}

// request signs a request: with a nonce of its own, never one twice.
func (c *Client) request(ctx context.Context, target string, form url.Values) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, c.unanswered(errors.New("the address of the host is malformed"))
	}
	var random [8]byte
	if _, err := io.ReadFull(c.Rand, random[:]); err != nil {
		return nil, c.unanswered(fmt.Errorf("no random numbers: %w", err))
	}
	nonce, timestamp := hex.EncodeToString(random[:]), strconv.FormatInt(c.Now().UnixMilli(), 10)
	h := r.Header
	h.Set("Content-Type", "application/x-www-form-urlencoded")
	h.Set("App-Key", c.AppKey)
	h.Set("Nonce", nonce)
	h.Set("Timestamp", timestamp)
	h.Set("Signature", Sign(c.AppSecret, nonce, timestamp))
	return r, nil
}

func (c *Client) unanswered(err error) error {
	return &outbound.Failure{Service: Service, Kind: outbound.Temporary, Text: c.Redact.Clean(err.Error()), Err: err}
}

// read decodes an answer, or makes a failure of it.
func (c *Client) read(path string, a *outbound.Answer, out any) error {
	var r reply
	if err := json.Unmarshal(a.Body, &r); err != nil {
		if a.Status == http.StatusTooManyRequests {
			return c.failure(path, a.Status, &reply{Code: 1008, Msg: "too many requests"})
		}
		return &outbound.Failure{
			Service: Service, Kind: outbound.Temporary, Code: a.Status, Status: a.Status,
			Text: path + ": the answer is no JSON", Err: errors.New("malformed answer"),
		}
	}
	ok := r.Code == codeOK || r.Code == codeOKv2 || r.Code == codeNothing
	if !ok || a.Status != http.StatusOK {
		return c.failure(path, a.Status, &r)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(a.Body, out); err != nil {
		return &outbound.Failure{
			Service: Service, Kind: outbound.Temporary, Code: r.Code, Status: a.Status,
			Text: path + ": the answer has another form than documented", Err: errors.New("malformed answer"),
		}
	}
	return nil
}

// failure says what is to be done about a code.
func (c *Client) failure(path string, status int, r *reply) error {
	f := &outbound.Failure{Service: Service, Code: r.Code, Status: status, Kind: outbound.Forbidden}
	if f.Code == 0 || f.Code == codeOK {
		f.Code = status
	}
	switch {
	case f.Code == 1008 || status == http.StatusTooManyRequests:
		f.Kind, f.RetryAfter = outbound.RateLimited, time.Second
	case f.Code == 1000, f.Code == 1050, status >= http.StatusInternalServerError:
		f.Kind = outbound.Temporary
	case f.Code == 1001, f.Code == 1004, f.Code == 1006, f.Code == 1007, f.Code == 1009, f.Code == 2007:
		f.Kind = outbound.Misconfigured
	}
	text := r.ErrorMessage
	if text == "" {
		text = r.Msg
	}
	f.Text = c.Redact.Clean(path + ": " + text)
	if f.Code == 1004 { // the clock may be to blame
		f.Text += "; our clock says " + c.Now().UTC().Format(time.RFC3339)
	}
	return f
}
