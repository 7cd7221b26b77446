package relay

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"parley/internal/chat"
	"parley/internal/limit"
	"parley/internal/outbound"
	"parley/internal/rongcloud"
	"parley/store"
)

// RongCloud carries messages to RongCloud.
type RongCloud struct {
	client *rongcloud.Client
	groups *groups
	pace   pace // of messages to people
	slow   pace // and to groups
	doubt  atomic.Bool
}

// NewRongCloud makes a carrier.
func NewRongCloud(client *rongcloud.Client, values store.Values, now func() time.Time) *RongCloud {
	c := &RongCloud{client: client, groups: &groups{values: values, now: now, service: rongcloud.Service}, pace: pace{now: now}, slow: pace{now: now}}
	c.pace.rate = limit.Rate{Every: time.Second / 80, Burst: 20} // 100 in any second are allowed
	c.slow.rate = limit.Rate{Every: time.Second / 16, Burst: 4}  // 20 in any second are allowed
	return c
}

// Name implements Carrier.
func (c *RongCloud) Name() string { return rongcloud.Service }

const maxRongText = 100 << 10 // bytes; a message may have 128 KiB

// Send implements Carrier.
func (c *RongCloud) Send(ctx context.Context, m *Outgoing) (string, error) {
	out := rongcloud.Message{From: m.From.External()}
	if peer := chat.P2PPeer(m.Topic, m.From); peer != 0 {
		out.To = peer.External()
	} else {
		out.To, out.Group = chat.ExternalGroup(m.Topic), true
		if err := c.group(ctx, out.To, m); err != nil {
			return "", err
		}
	}
	var content map[string]any
	out.ObjectName, content = rongContent(&m.Body)
	content["extra"] = m.Mark.String()
	b, err := plainJSON(content)
	if err != nil {
		return "", err
	}
	out.Content = string(b)
	pace := &c.pace
	if out.Group {
		pace = &c.slow
	}
	if err := pace.wait(ctx); err != nil {
		return "", err
	}
	// A message of which nobody can tell whether it arrived is lost or goes twice.
	// So there should be one of them in an outage, not one after the other.
	if c.doubt.Load() {
		if _, err := c.client.Online(ctx, out.From); err != nil && outbound.KindOf(err) != outbound.Forbidden {
			return "", err
		}
		c.doubt.Store(false)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishSend) // stopping us does not cut it
	defer cancel()
	id, err := c.client.Publish(ctx, &out)
	var f *outbound.Failure
	if err != nil && !errors.As(err, &f) { // the time has run out
		f = &outbound.Failure{Service: rongcloud.Service, Kind: outbound.Temporary, Text: "no answer in time", Err: err, Unsure: true}
		err = f
	}
	if err != nil && f.Unsure {
		c.doubt.Store(true)
	}
	return id, err
}

// publishSend is for how long an answer to a message is waited for.
const publishSend = 10 * time.Second

// Has implements Carrier.
func (c *RongCloud) Has(ctx context.Context, topic string) (bool, error) {
	return c.groups.has(ctx, topic)
}

// Sync implements Carrier.
func (c *RongCloud) Sync(ctx context.Context, m *Outgoing) error {
	return c.group(ctx, chat.ExternalGroup(m.Topic), m)
}

// Dismiss implements Carrier. Anybody may be named as who does it.
func (c *RongCloud) Dismiss(ctx context.Context, topic string) error {
	return c.groups.dismiss(ctx, topic, func(g *group) error {
		by := chat.ExternalGroup(topic)
		if len(g.Members) > 0 {
			by = g.Members[0]
		}
		return c.client.DismissGroup(ctx, by, g.ID)
	})
}

func rongContent(b *Body) (objectName string, content map[string]any) {
	f := b.File
	if f == nil {
		return "RC:TxtMsg", map[string]any{"content": cut(b.Text, maxRongText)}
	}
	switch f.Kind {
	case Image:
		return "RC:ImgMsg", map[string]any{"content": "", "imageUri": f.URL}
	case Audio:
		return "RC:HQVCMsg", map[string]any{"remoteUrl": f.URL, "duration": max(1, min(f.Millis/1000, 60))}
	case Video:
		return "RC:SightMsg", map[string]any{"sightUrl": f.URL, "content": "", "duration": f.Millis / 1000, "size": f.Size, "name": f.Name}
	}
	return "RC:FileMsg", map[string]any{"name": f.Name, "size": strconv.FormatInt(f.Size, 10), "type": f.Mime, "fileUrl": f.URL}
}

const maxJoin = 1000 // users of one request

// group brings the group up to date.
func (c *RongCloud) group(ctx context.Context, id string, m *Outgoing) error {
	return c.groups.sync(ctx, m, func(old *group, joined, left []string) error {
		title := m.Title
		if title == "" {
			title = id
		}
		title = cut(title, 60)
		if old.ID == "" {
			first := joined[:min(len(joined), maxJoin)]
			if err := c.client.CreateGroup(ctx, id, title, first); err != nil {
				return err // it may be there nevertheless: making it again changes nothing
			}
			old.ID = id
			joined = joined[len(first):]
		}
		for _, part := range chunks(joined, maxJoin) {
			if err := c.client.JoinGroup(ctx, id, title, part); err != nil {
				return err
			}
		}
		for _, part := range chunks(left, maxJoin) {
			if err := c.client.QuitGroup(ctx, id, part); err != nil {
				return err
			}
		}
		return nil
	})
}

// FromRongCloud takes a callback of message routing whose signature is right.
// Errors: rongcloud.ErrForm, ErrBusy, or those of the store.
func (r *Relay) FromRongCloud(ctx context.Context, form url.Values) error {
	m, err := rongcloud.ParseRouted(form)
	if err != nil {
		return err
	}
	if strings.EqualFold(m.Source, "Server") || m.Sensitive == "1" { // of a server; or blocked over there
		r.loop(rongcloud.Service, m.UID, "it was sent by a server, or was blocked")
		return nil
	}
	from, err := chat.ParseExternal(m.From)
	body, extra, ok := rongBody(m)
	switch {
	case err != nil:
		r.discard(&r.count.NoUser, rongcloud.Service, m.UID, "its author is nobody of ours")
		return nil
	case !ok:
		r.discard(&r.count.NoContent, rongcloud.Service, m.UID, "it is of a kind that is not carried")
		return nil
	}
	in := &Incoming{ID: m.UID, From: from, Mark: readMark(extra)}
	in.Content, in.Head = body.content()
	switch m.Channel {
	case "PERSON":
		if to, err := chat.ParseExternal(m.To); err == nil {
			in.Topic = r.TopicOfUsers(rongcloud.Service, from, to)
		}
	case "GROUP":
		for _, l := range r.lanes {
			if l.carrier.Name() == rongcloud.Service && chat.KindOf(l.topic) == chat.KindGroup && chat.ExternalGroup(l.topic) == m.To {
				in.Topic = l.topic
			}
		}
	}
	return r.Accept(ctx, rongcloud.Service, in)
}

// rongBody makes a body of what was routed.
func rongBody(m *rongcloud.Routed) (b Body, extra string, ok bool) {
	var c struct {
		Content   string      `json:"content"`
		Extra     any         `json:"extra"`
		ImageURI  string      `json:"imageUri"`
		RemoteURL string      `json:"remoteUrl"`
		SightURL  string      `json:"sightUrl"`
		FileURL   string      `json:"fileUrl"`
		URL       string      `json:"url"`
		Name      string      `json:"name"`
		Title     string      `json:"title"`
		Poi       string      `json:"poi"`
		Type      string      `json:"type"`
		Size      any         `json:"size"`
		Duration  json.Number `json:"duration"`
		Latitude  json.Number `json:"latitude"`
		Longitude json.Number `json:"longitude"`
	}
	if json.Unmarshal([]byte(m.Content), &c) != nil {
		return b, "", false
	}
	extra, _ = c.Extra.(string)
	file := func(kind, mime, link string) (Body, string, bool) {
		seconds, _ := c.Duration.Float64()
		f := &File{Kind: kind, Mime: mime, URL: webURL(link), Name: cut(c.Name, 256), Millis: int(min(seconds, 86400) * 1000)}
		switch n := c.Size.(type) {
		case float64:
			f.Size = int64(n)
		case string:
			f.Size, _ = strconv.ParseInt(n, 10, 64)
		}
		return Body{File: f}, extra, f.URL != ""
	}
	switch m.ObjectName {
	case "RC:TxtMsg":
		return Body{Text: c.Content}, extra, c.Content != ""
	case "RC:ImgMsg":
		return file(Image, "image/jpeg", c.ImageURI)
	case "RC:HQVCMsg":
		return file(Audio, "audio/aac", c.RemoteURL)
	case "RC:SightMsg":
		return file(Video, "video/mp4", c.SightURL)
	case "RC:FileMsg":
		return file(Other, "application/octet-stream", c.FileURL)
	case "RC:LBSMsg":
		return Body{Text: cut(c.Poi, 256) + " geo:" + c.Latitude.String() + "," + c.Longitude.String()}, extra, true
	case "RC:ImgTextMsg":
		return Body{Text: cut(c.Title, 256) + "\n" + webURL(c.URL)}, extra, true
	}
	return b, extra, false // commands, receipts, notices, and what only apps know
}
