package rongcloud

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"parley/internal/outbound"
)

const maxToken = 1024 // bytes; documented are 256 and less

// GetToken makes or updates a user and issues a token; earlier ones stay valid.
// An empty portrait is left out. (bridges.md §A4)
func (c *Client) GetToken(ctx context.Context, userID, name, portrait string) (string, error) {
	form := url.Values{"userId": {userID}, "name": {name}}
	if portrait != "" {
		form.Set("portraitUri", portrait)
	}
	var out struct {
		UserID string `json:"userId"`
		Token  string `json:"token"`
	}
	if err := c.call(ctx, "/user/getToken.json", form, whenSafe, &out); err != nil {
		return "", err
	}
	if out.Token == "" || len(out.Token) > maxToken || out.UserID != "" && out.UserID != userID {
		return "", &outbound.Failure{Service: Service, Code: codeOK, Text: "getToken: an answer without a usable token"}
	}
	return out.Token, nil
}

// Refresh changes the name and the portrait; empty ones stay as they are.
func (c *Client) Refresh(ctx context.Context, userID, name, portrait string) error {
	form := url.Values{"userId": {userID}}
	if name != "" {
		form.Set("name", name)
	}
	if portrait != "" {
		form.Set("portraitUri", portrait)
	}
	return c.call(ctx, "/user/refresh.json", form, whenSafe, nil)
}

// Expire makes the tokens void that were issued before a time. Connections live
// on.
func (c *Client) Expire(ctx context.Context, userID string, before time.Time) error {
	return c.call(ctx, "/user/token/expire.json", url.Values{
		"userId": {userID}, "time": {strconv.FormatInt(before.UnixMilli(), 10)},
	}, whenSafe, nil)
}

// MaxBlock is the longest time of Block.
const MaxBlock = 43200 * time.Minute

// Block suspends a user for a time and ends his connections.
func (c *Client) Block(ctx context.Context, userID string, d time.Duration) error {
	minutes := max(1, min(int(d/time.Minute), int(MaxBlock/time.Minute)))
	return c.call(ctx, "/user/block.json", url.Values{"userId": {userID}, "minute": {strconv.Itoa(minutes)}}, whenSafe, nil)
}

// Unblock ends Block.
func (c *Client) Unblock(ctx context.Context, userID string) error {
	return c.call(ctx, "/user/unblock.json", url.Values{"userId": {userID}}, whenSafe, nil)
}

// Deactivate deletes a user; the service does it within some minutes.
func (c *Client) Deactivate(ctx context.Context, userID string) error {
	return c.call(ctx, "/user/deactivate.json", url.Values{"userId": {userID}}, whenSafe, nil)
}

// Online tells whether a user has a connection to the service.
func (c *Client) Online(ctx context.Context, userID string) (bool, error) {
	var out struct {
		Status string `json:"status"`
	}
	err := c.call(ctx, "/user/checkOnline.json", url.Values{"userId": {userID}}, whenSafe, &out)
	return out.Status == "1", err
}
