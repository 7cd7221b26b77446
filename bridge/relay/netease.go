package relay

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/internal/chat"
	"parley/internal/limit"
	"parley/internal/netease"
	"parley/store"
)

// NetEase carries messages to NetEase Yunxin.
type NetEase struct {
	client *netease.Client
	groups *groups
	pace   pace
}

// NewNetEase makes a carrier.
func NewNetEase(client *netease.Client, values store.Values, now func() time.Time) *NetEase {
	c := &NetEase{client: client, groups: &groups{values: values, now: now, service: netease.Service}, pace: pace{now: now}}
	c.pace.rate = limit.Rate{Every: time.Second / 50, Burst: 40} // 100 in any second are allowed
	return c
}

// Name implements Carrier.
func (c *NetEase) Name() string { return netease.Service }

const maxNetEaseText = 4500 // bytes of JSON; about 5000 characters are allowed

// Send implements Carrier. The trace of a message never changes, so that NetEase
// takes it once.
func (c *NetEase) Send(ctx context.Context, m *Outgoing) (string, error) {
	out := netease.Message{From: m.From.External(), Ext: m.Mark.String(), Trace: trace(m.Mark)}
	if peer := chat.P2PPeer(m.Topic, m.From); peer != 0 {
		out.To = peer.External()
	} else {
		g, err := c.team(ctx, m)
		if err != nil {
			return "", err
		}
		out.To, out.Team = g, true
	}
	var body map[string]any
	out.Type, body = neteaseBody(&m.Body)
	b, err := plainJSON(body)
	if err != nil {
		return "", err
	}
	out.Body = string(b)
	if err := c.pace.wait(ctx); err != nil {
		return "", err
	}
	id, err := c.client.Send(ctx, &out)
	if !netease.NotFound(err) {
		return id, err
	}
	// An account is gone over there (bridges.md §B9): it is made again, once.
	for _, u := range m.Members {
		if _, err := c.client.Create(ctx, u.External(), u.External(), ""); err != nil && !errors.Is(err, netease.ErrExists) {
			return "", err
		}
	}
	return c.client.Send(ctx, &out)
}

// Has implements Carrier.
func (c *NetEase) Has(ctx context.Context, topic string) (bool, error) {
	return c.groups.has(ctx, topic)
}

// Sync implements Carrier.
func (c *NetEase) Sync(ctx context.Context, m *Outgoing) error {
	_, err := c.team(ctx, m)
	return err
}

// Dismiss implements Carrier.
func (c *NetEase) Dismiss(ctx context.Context, topic string) error {
	return c.groups.dismiss(ctx, topic, func(g *group) error { return c.client.RemoveTeam(ctx, g.ID, g.Owner) })
}

// trace is 32 hex digits that only this message has.
func trace(m Mark) string {
	sum := sha256.Sum256([]byte(m.Server + " " + m.Topic + " " + strconv.Itoa(m.Seq)))
	return hex.EncodeToString(sum[:16])
}

func neteaseBody(b *Body) (kind int, body map[string]any) {
	f := b.File
	if f == nil {
		text := b.Text
		for n := maxNetEaseText; ; n = n * 3 / 4 { // quotes and line ends grow
			text = cut(text, n)
			body = map[string]any{"msg": text}
			if j, err := plainJSON(body); err != nil || len(j) <= maxNetEaseText+100 {
				return netease.TypeText, body
			}
		}
	}
	body = map[string]any{"url": f.URL, "name": f.Name, "size": f.Size, "ext": extension(f.Name)}
	switch f.Kind {
	case Image:
		body["w"], body["h"] = f.Width, f.Height
		return netease.TypeImage, body
	case Audio:
		body["dur"] = f.Millis
		return netease.TypeAudio, body
	case Video:
		body["dur"], body["w"], body["h"] = f.Millis, f.Width, f.Height
		return netease.TypeVideo, body
	}
	return netease.TypeFile, body
}

func extension(name string) string {
	for i := len(name) - 1; i >= 0 && len(name)-i <= 6; i-- {
		if name[i] == '.' {
			return name[i+1:]
		}
	}
	return ""
}

const maxAdd = 200 // accounts of one request

// team brings the team up to date and returns its ID, which NetEase gives.
func (c *NetEase) team(ctx context.Context, m *Outgoing) (string, error) {
	owner, id := m.Owner.External(), ""
	err := c.groups.sync(ctx, m, func(g *group, joined, left []string) error {
		id = g.ID
		if g.ID == "" {
			title := m.Title
			if title == "" {
				title = chat.ExternalGroup(m.Topic)
			}
			var first, rest []string
			for _, u := range joined {
				switch {
				case u == owner:
				case len(first) < maxAdd:
					first = append(first, u)
				default:
					rest = append(rest, u)
				}
			}
			var err error
			if id, err = c.client.CreateTeam(ctx, cut(title, 60), owner, first, ""); err != nil {
				return err
			}
			g.ID, g.Owner = id, owner
			joined = rest
		}
		for _, part := range chunks(joined, maxAdd) {
			if err := c.client.AddToTeam(ctx, g.ID, g.Owner, part); err != nil {
				return err
			}
		}
		if m.Owner == 0 { // nobody may read any more
			owner = g.Owner
			left = slices.DeleteFunc(left, func(u string) bool { return u == owner })
		}
		if g.Owner != owner { // a team needs one; the former one goes like the others
			if err := c.client.ChangeTeamOwner(ctx, g.ID, g.Owner, owner); err != nil {
				return err
			}
			g.Owner = owner
		}
		for _, u := range left {
			if err := c.client.KickFromTeam(ctx, g.ID, g.Owner, u); err != nil {
				return err
			}
		}
		return nil
	})
	return id, err
}

// FromNetEase takes a copied message whose signature is right. Errors:
// netease.ErrForm, ErrBusy, or those of the store.
func (r *Relay) FromNetEase(ctx context.Context, body []byte) error {
	m, err := netease.ParseCopied(body)
	if err != nil {
		return err
	}
	if strings.EqualFold(m.Client, "REST") { // of a server
		r.loop(netease.Service, m.ServerID, "it was sent by a server")
		return nil
	}
	from, err := chat.ParseExternal(m.From)
	b, ok := copiedBody(m)
	switch {
	case err != nil:
		r.discard(&r.count.NoUser, netease.Service, m.ServerID, "its author is nobody of ours")
		return nil
	case !ok || !m.Supported:
		r.discard(&r.count.NoContent, netease.Service, m.ServerID, "it is of a kind that is not carried")
		return nil
	}
	in := &Incoming{ID: m.ServerID, From: from, Mark: readMark(m.Ext)}
	in.Content, in.Head = b.content()
	if m.Team {
		in.Topic, err = r.topicOfTeam(ctx, m.To)
		if err != nil {
			return err
		}
	} else if to, err := chat.ParseExternal(m.To); err == nil {
		in.Topic = r.TopicOfUsers(netease.Service, from, to)
	}
	return r.Accept(ctx, netease.Service, in)
}

// topicOfTeam is the group that a team is of; empty if there is none.
func (r *Relay) topicOfTeam(ctx context.Context, id string) (string, error) {
	for _, l := range r.lanes {
		c, ok := l.carrier.(*NetEase)
		if !ok || chat.KindOf(l.topic) != chat.KindGroup {
			continue
		}
		g, err := c.groups.get(ctx, l.topic)
		if err != nil {
			return "", err
		}
		if g.ID == id {
			return l.topic, nil
		}
	}
	return "", nil
}

func copiedBody(m *netease.Copied) (b Body, ok bool) {
	if m.Type == "TEXT" {
		return Body{Text: m.Body}, m.Body != ""
	}
	var a struct {
		URL   string  `json:"url"`
		Name  string  `json:"name"`
		Size  float64 `json:"size"`
		Dur   float64 `json:"dur"`
		W     float64 `json:"w"`
		H     float64 `json:"h"`
		Title string  `json:"title"`
		Lat   float64 `json:"lat"`
		Lng   float64 `json:"lng"`
	}
	if json.Unmarshal([]byte(m.Attach), &a) != nil {
		return b, false
	}
	kind := map[string]string{"PICTURE": Image, "AUDIO": Audio, "VIDEO": Video, "FILE": Other}[m.Type]
	mime := map[string]string{Image: "image/jpeg", Audio: "audio/aac", Video: "video/mp4", Other: "application/octet-stream"}[kind]
	switch {
	case m.Type == "LOCATION":
		return Body{Text: cut(a.Title, 256) + " geo:" + strconv.FormatFloat(a.Lat, 'f', -1, 64) + "," + strconv.FormatFloat(a.Lng, 'f', -1, 64)}, true
	case kind == "":
		return b, false
	}
	b.File = &File{
		Kind: kind, Mime: mime, URL: webURL(a.URL), Name: cut(a.Name, 256), Size: int64(a.Size), Millis: int(a.Dur), Width: int(a.W), Height: int(a.H),
	}
	return b, b.File.URL != ""
}
