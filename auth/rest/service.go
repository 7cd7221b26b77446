package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"parley/auth"
	"parley/store"
	"parley/wsproto"
)

// Bounds of what the service may cost.
const (
	// timeLimit is for all questions of one request of a client together: clients
	// give up after five seconds (wire.md §15.1 #1).
	timeLimit   = 4500 * time.Millisecond
	maxResponse = 256 << 10 // bytes
)

// service is the other side.
type service struct {
	name     string
	base     url.URL // its path ends with "/"
	separate bool
	client   *http.Client
}

func newService(o *Options) service {
	var base url.URL
	if u, err := url.Parse(o.ServerURL); err == nil { // else there is no address, and asking fails
		base = *u
	}
	base.Path = strings.TrimSuffix(base.Path, "/") + "/"
	return service{name: o.Name, base: base, separate: o.SeparateEndpoints, client: &http.Client{
		Transport: o.Transport,
		// A secret goes nowhere but to the address that the operator wrote.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// refusals are the errors of the service (surfaces.md §2.1); others are ours to
// look at.
var refusals = map[string]error{
	"malformed":        auth.ErrMalformed,
	"failed":           auth.ErrFailed,
	"expired":          auth.ErrExpired,
	"duplicate value":  store.ErrDuplicate,
	"unsupported":      auth.ErrUnsupported,
	"policy":           auth.ErrPolicy,
	"credentials":      wsproto.ValidateCreds,
	"user not found":   wsproto.ErrUserNotFound,
	"topic not found":  wsproto.ErrTopicNotFound,
	"not found":        wsproto.ErrNotFound,
	"denied":           wsproto.ErrDenied,
	"invalid response": wsproto.ErrResponse,
	"redirected":       wsproto.UseOther,
}

// ask sends a request. Errors never have its secret in them, nor anything of
// the answer but a known word.
func (s *service) ask(ctx context.Context, q *request) (*response, error) {
	q.Name = s.name
	r, err := s.post(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("rest %s: %w", q.Endpoint, err)
	}
	if r.Err == "" {
		return r, nil
	}
	if e := refusals[r.Err]; e != nil {
		return nil, e
	}
	return nil, fmt.Errorf("rest %s: the service failed", q.Endpoint)
}

func (s *service) post(ctx context.Context, q *request) (*response, error) {
	since := time.Now()
	if at := auth.ClientOf(ctx).At; !at.IsZero() {
		since = at
	}
	ctx, cancel := context.WithDeadline(ctx, since.Add(timeLimit))
	defer cancel()
	body, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	target := s.base
	if s.separate {
		target.Path += q.Endpoint
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("auth_config.rest.server_url is no URL") // the error may quote a password in it
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := s.client.Do(req)
	if err != nil {
		return nil, cause(ctx, err)
	}
	defer res.Body.Close()
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return nil, fmt.Errorf("HTTP status %d", res.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, maxResponse+1))
	switch {
	case err != nil:
		return nil, cause(ctx, err)
	case len(text) > maxResponse:
		return nil, fmt.Errorf("the answer is longer than %d bytes", maxResponse)
	}
	var r response
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, errors.New("the answer is not what was expected: not JSON, or a value of a wrong type")
	}
	return &r, nil
}

// cause is an error of the transport without the URL. A service that is too slow
// is context.DeadlineExceeded.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var ue *url.Error
	if errors.As(err, &ue) {
		return ue.Err
	}
	return err
}
