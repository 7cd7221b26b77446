package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Client asks the process that serves a socket. It implements Operations.
type Client struct{ http *http.Client }

var _ Operations = (*Client)(nil)

// ErrSilent is a server that takes connections and does not answer.
var ErrSilent = errors.New("the server that runs does not answer: it is stopped (SIGSTOP), or overloaded")

// pingTime is how long a server has for its first answer.
const pingTime = 5 * time.Second

// Dial connects to a socket and returns with an error if nobody listens there, or
// nobody answers.
func Dial(ctx context.Context, path string) (*Client, error) {
	dial := func(ctx context.Context) (net.Conn, error) { return new(net.Dialer).DialContext(ctx, "unix", path) }
	conn, err := dial(ctx)
	if err != nil {
		return nil, err
	}
	if err := conn.Close(); err != nil {
		return nil, err
	}
	c := &Client{http: &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, // the server need not wait for us when it ends
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
	}}}
	return c, c.ping(ctx)
}

// ping waits for any answer.
func (c *Client) ping(ctx context.Context) error {
	short, cancel := context.WithTimeout(ctx, pingTime)
	defer cancel()
	r, err := http.NewRequestWithContext(short, http.MethodGet, "http://parley/", nil)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(r)
	switch {
	case err != nil && short.Err() != nil && ctx.Err() == nil:
		return ErrSilent
	case err != nil:
		return err
	}
	return resp.Body.Close()
}

// ask sends a request and reads answers until one is the last.
func (c *Client) ask(ctx context.Context, name string, req, result any, progress func(done, total int)) error {
	body, err := json.Marshal(req)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://parley/"+name, bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return fmt.Errorf("ask the server: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound {
		return errors.New("the server that runs is of another version and does not know this command")
	}
	for d := json.NewDecoder(resp.Body); ; {
		var a answer
		if err := d.Decode(&a); err != nil {
			return fmt.Errorf("the server broke off: %w", err)
		}
		switch {
		case a.Progress != nil:
			if progress != nil {
				progress(a.Progress[0], a.Progress[1])
			}
		case a.Fault != "":
			return &Fault{a.Fault}
		case a.Error != "":
			return errors.New(a.Error)
		default:
			return json.Unmarshal(a.Result, result)
		}
	}
}

func call[Res any](ctx context.Context, c *Client, name string, req any) (*Res, error) {
	res := new(Res)
	if err := c.ask(ctx, name, req, res, nil); err != nil {
		return nil, err
	}
	return res, nil
}

func list[Res any](ctx context.Context, c *Client, name string, req any) ([]Res, error) {
	res := []Res{}
	err := c.ask(ctx, name, req, &res, nil)
	return res, err
}

// AddUser implements Operations.
func (c *Client) AddUser(ctx context.Context, r NewAccount) (*Account, error) {
	return call[Account](ctx, c, "user.add", r)
}

// Users implements Operations.
func (c *Client) Users(ctx context.Context, r UserFilter) ([]Account, error) {
	return list[Account](ctx, c, "user.list", r)
}

// User implements Operations.
func (c *Client) User(ctx context.Context, who string) (*Account, error) {
	return call[Account](ctx, c, "user.show", who)
}

// SetPassword implements Operations.
func (c *Client) SetPassword(ctx context.Context, r Password) (*Account, error) {
	return call[Account](ctx, c, "user.passwd", r)
}

// SetState implements Operations.
func (c *Client) SetState(ctx context.Context, r StateChange) (*Account, error) {
	return call[Account](ctx, c, "user.state", r)
}

// SetRoot implements Operations.
func (c *Client) SetRoot(ctx context.Context, r RootChange) (*Account, error) {
	return call[Account](ctx, c, "user.root", r)
}

// DeleteUser implements Operations.
func (c *Client) DeleteUser(ctx context.Context, r Deletion) (*Account, error) {
	return call[Account](ctx, c, "user.delete", r)
}

// ClearFactor implements Operations.
func (c *Client) ClearFactor(ctx context.Context, who string) (*Account, error) {
	return call[Account](ctx, c, "user.factor", who)
}

// NewInvite implements Operations.
func (c *Client) NewInvite(ctx context.Context, r InviteRequest) (*Invite, error) {
	return call[Invite](ctx, c, "invite.new", r)
}

// Invites implements Operations.
func (c *Client) Invites(ctx context.Context) ([]Invite, error) {
	return list[Invite](ctx, c, "invite.list", none{})
}

// DeleteInvite implements Operations.
func (c *Client) DeleteInvite(ctx context.Context, code string) error {
	_, err := call[none](ctx, c, "invite.delete", code)
	return err
}

// Revoke implements Operations.
func (c *Client) Revoke(ctx context.Context, r RevokeRequest) (int, error) {
	n, err := call[int](ctx, c, "token.revoke", r)
	if err != nil {
		return 0, err
	}
	return *n, nil
}

// Audit implements Operations.
func (c *Client) Audit(ctx context.Context, r AuditFilter) ([]Entry, error) {
	return list[Entry](ctx, c, "audit", r)
}

// Backup implements Operations.
func (c *Client) Backup(ctx context.Context, path string, progress func(done, total int)) error {
	return c.ask(ctx, "backup", path, new(none), progress)
}
