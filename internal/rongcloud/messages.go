package rongcloud

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"parley/internal/outbound"
)

// Message is what is published in somebody's name.
type Message struct {
	From, To   string // user; user or group
	Group      bool
	ObjectName string // RC:TxtMsg, …
	Content    string // JSON text
	Push       string // text of a notification; empty: the service's own
}

// Publish sends a message, and returns its ID there. It is sent again only if it
// cannot have arrived; a failure after which it may have is Unsure. (bridges.md
// §A1, §A6)
func (c *Client) Publish(ctx context.Context, m *Message) (uid string, err error) {
	form := url.Values{
		"fromUserId": {m.From}, "objectName": {m.ObjectName}, "content": {m.Content}, "isIncludeSender": {"0"},
	}
	if m.Push != "" {
		form.Set("pushContent", m.Push)
	}
	path := "/message/private/publish.json"
	if m.Group {
		path = "/message/group/publish.json"
		form.Set("toGroupId", m.To)
	} else {
		form.Set("toUserId", m.To)
	}
	var out struct {
		MessageUIDs []struct {
			MessageUID string `json:"messageUID"`
		} `json:"messageUIDs"`
	}
	if err := c.call(ctx, path, form, whenUnsent, &out); err != nil {
		return "", unsure(err)
	}
	if len(out.MessageUIDs) > 0 {
		uid = out.MessageUIDs[0].MessageUID
	}
	return uid, nil
}

// unsure marks what says nothing of whether a request was done: no answer, half of
// one, or that the service, or what is in front of it, has waited in vain.
func unsure(err error) error {
	var f *outbound.Failure
	if !errors.As(err, &f) || outbound.NotSent(err) {
		return err
	}
	late := f.Code == codeLate || f.Status == http.StatusGatewayTimeout
	f.Unsure = late || f.Err != nil && (f.Status < http.StatusInternalServerError || f.Status == http.StatusBadGateway)
	return f
}

// CreateGroup makes a group of users; doing it again changes nothing.
func (c *Client) CreateGroup(ctx context.Context, groupID, name string, members []string) error {
	return c.call(ctx, "/group/create.json", url.Values{"groupId": {groupID}, "groupName": {name}, "userId": members}, whenSafe, nil)
}

// JoinGroup adds users, at most 1000.
func (c *Client) JoinGroup(ctx context.Context, groupID, name string, members []string) error {
	return c.call(ctx, "/group/join.json", url.Values{"groupId": {groupID}, "groupName": {name}, "userId": members}, whenSafe, nil)
}

// DismissGroup ends a group in the name of a user.
func (c *Client) DismissGroup(ctx context.Context, by, groupID string) error {
	return c.call(ctx, "/group/dismiss.json", url.Values{"groupId": {groupID}, "userId": {by}}, whenSafe, nil)
}

// QuitGroup removes users, at most 1000.
func (c *Client) QuitGroup(ctx context.Context, groupID string, members []string) error {
	return c.call(ctx, "/group/quit.json", url.Values{"groupId": {groupID}, "userId": members}, whenSafe, nil)
}
