package sms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"text/template"

	"parley/internal/outgoing"
)

// Header is a field of the requests to a provider.
type Header struct{ Name, Value string }

// HTTPConfig describes the request to a provider. URL and Body are templates with
// .To, .Text and .Code; the function json writes a value as JSON, urlquery
// escapes it for a URL or a form.
type HTTPConfig struct {
	URL, Method, Body string // Method: empty is POST
	Headers           []Header
}

// HTTP sends through any provider that takes an HTTP request; every 2xx is
// success.
type HTTP struct {
	cfg       HTTPConfig
	url, body *template.Template
	client    *http.Client
}

// NewHTTP makes a provider; errors are those of the templates.
func NewHTTP(cfg HTTPConfig) (*HTTP, error) {
	if cfg.Method == "" {
		cfg.Method = http.MethodPost
	}
	h := &HTTP{cfg: cfg, client: newClient()}
	for _, part := range []struct {
		name, text string
		t          **template.Template
	}{{"url", cfg.URL, &h.url}, {"body", cfg.Body, &h.body}} {
		t, err := template.New(part.name).Funcs(template.FuncMap{"json": toJSON}).Parse(part.text)
		if err != nil {
			return nil, fmt.Errorf("%s: %s", part.name, strings.TrimPrefix(err.Error(), "template: "))
		}
		if _, err := fill(t, Message{}); err != nil {
			return nil, fmt.Errorf("%s: %s", part.name, strings.TrimPrefix(err.Error(), "template: "))
		}
		*part.t = t
	}
	return h, nil
}

func toJSON(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

func fill(t *template.Template, m Message) (string, error) {
	var out strings.Builder
	err := t.Execute(&out, m)
	return out.String(), err
}

// Send implements Provider.
func (h *HTTP) Send(ctx context.Context, m Message) error {
	target, err := fill(h.url, m)
	if err != nil {
		return outgoing.Permanent(err)
	}
	body, err := fill(h.body, m)
	if err != nil {
		return outgoing.Permanent(err)
	}
	req, err := http.NewRequestWithContext(ctx, h.cfg.Method, target, strings.NewReader(body))
	if err != nil {
		return outgoing.Permanent(errors.New("the URL of the request is malformed")) // the error would quote it
	}
	for _, f := range h.cfg.Headers {
		req.Header.Set(f.Name, f.Value)
	}
	return do(h.client, req)
}

// withoutURL is an error of the client without the URL, which may have the code
// in it.
func withoutURL(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		return ue.Err
	}
	return err
}
