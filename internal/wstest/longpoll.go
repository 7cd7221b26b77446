package wstest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// LongPoll opens sessions that have no connection: each message either way is
// an HTTP request.
type LongPoll struct {
	URL    string // http://HOST/v0/channels/lp
	APIKey string
	Client *http.Client
	// Leave tells the server that a client has gone, which it would notice by
	// itself 70 s later.
	Leave func(sid string)
	// Wait returns when the server has nothing left to do: synctest.Wait.
	Wait func()
}

// lpConn is a session of it.
type lpConn struct {
	d    *LongPoll
	sid  string
	stop context.CancelFunc // ends the poll
}

// Dial implements Dialer.
func (d *LongPoll) Dial(in *Inbox) (Conn, error) {
	ctx, stop := context.WithCancel(context.Background())
	status, body, err := d.ask(ctx, "", "")
	var created struct {
		Ctrl struct{ Params struct{ Sid string } }
	}
	if err == nil {
		err = json.Unmarshal(body, &created)
	}
	sid := created.Ctrl.Params.Sid
	if err != nil || status != http.StatusCreated || sid == "" {
		stop()
		return nil, fmt.Errorf("no session: HTTP %d %s, %w", status, body, err)
	}
	go d.poll(ctx, sid, in) // ends with the session
	return &lpConn{d, sid, stop}, nil
}

// poll fetches messages until the session ends.
func (d *LongPoll) poll(ctx context.Context, sid string, in *Inbox) {
	for {
		status, body, err := d.ask(ctx, sid, "")
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			in.Closed(err.Error())
			return
		case status != http.StatusOK:
			in.Closed(strconv.Itoa(status))
			return
		case len(body) > 0:
			in.Put(asOverSocket(body))
		}
	}
}

// asOverSocket rewrites the answer to {hi}, which has another code over long
// polling (wire.md §1.4).
func asOverSocket(message []byte) []byte {
	if !bytes.Contains(message, []byte(`"build":`)) {
		return message
	}
	return bytes.Replace(message, []byte(`"code":200,"text":"ok"`), []byte(`"code":201,"text":"created"`), 1)
}

// ask makes one request: to open a session, to send, or to fetch.
func (d *LongPoll) ask(ctx context.Context, sid, message string) (status int, body []byte, err error) {
	query := url.Values{"apikey": {d.APIKey}}
	if sid != "" {
		query.Set("sid", sid)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL+"?"+query.Encode(), strings.NewReader(message))
	if err != nil {
		return 0, nil, err
	}
	resp, err := d.Client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

// Send implements Conn.
func (c *lpConn) Send(frame string) error {
	status, body, err := c.d.ask(context.Background(), c.sid, frame)
	if err == nil && (status != http.StatusOK || len(body) > 0) {
		err = fmt.Errorf("HTTP %d %s", status, body)
	}
	return err
}

// Close implements Conn.
func (c *lpConn) Close() {
	c.stop()
	c.d.Leave(c.sid)
}

// Settle implements Dialer.
func (d *LongPoll) Settle(func() bool, <-chan struct{}) { d.Wait() }
