// Package sms sends text messages with codes through a provider: Twilio, or
// any that takes an HTTP request. Nobody waits for the provider: messages are
// queued and tried again (package outgoing).
package sms

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"parley/auth/letter"
	"parley/internal/outgoing"
)

// Message is one text message.
type Message struct {
	To   string // E.164
	Text string // Code is in it
	Code string
}

// Provider hands one message to somebody who delivers it. Errors marked by
// outgoing.Permanent are not tried again.
type Provider interface {
	Send(ctx context.Context, m Message) error
}

// Sender sends text messages. It is safe for concurrent use.
type Sender struct {
	*outgoing.Queue[Message]
	book    *letter.Book
	hostURL string // of the web client, for the texts
}

// New makes a sender; Run sends.
func New(p Provider, book *letter.Book, hostURL string, log *slog.Logger) *Sender {
	return &Sender{Queue: outgoing.New("text message", log, p.Send), book: book, hostURL: hostURL}
}

// Confirm queues the message that asks to confirm a number. Text messages have no
// room for a link with a token.
func (s *Sender) Confirm(to, lang, code, _ string) error { return s.put(to, lang, code, time.Time{}) }

// Reset queues the message to somebody who forgot his password. It is of no use
// after until.
func (s *Sender) Reset(to string, r letter.Reset, until time.Time) error {
	return s.put(to, r.Lang, r.Code, until)
}

func (s *Sender) put(to, lang, code string, until time.Time) error {
	text, err := s.book.Text(lang, letter.Text{Code: code, HostUrl: s.hostURL})
	if err != nil {
		return err
	}
	return s.Put(outgoing.Job[Message]{Message: Message{To: to, Text: text, Code: code}, To: to, Until: until})
}

// newClient makes an HTTP client that does not carry secrets elsewhere.
func newClient() *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// do sends a request and judges its answer: a provider that says that the request
// is wrong will say so again; everything else may change.
func do(c *http.Client, req *http.Request) error {
	resp, err := c.Do(req)
	if err != nil {
		return fmt.Errorf("%s: %w", req.URL.Host, withoutURL(err))
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 300)) // for people who read the log
	if resp.StatusCode/100 == 2 {
		return nil
	}
	err = fmt.Errorf("%s: %s: %s", req.URL.Host, resp.Status, strings.Join(strings.Fields(string(body)), " "))
	switch resp.StatusCode {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusGone, http.StatusUnprocessableEntity:
		return outgoing.Permanent(err)
	}
	return err
}
