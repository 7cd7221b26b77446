package netease

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"parley/internal/outbound"
)

const maxToken = 1024 // bytes

// account is the answer about one.
type account struct {
	Info struct {
		Accid string `json:"accid"`
		Token string `json:"token"`
	} `json:"info"`
}

// ErrExists is what Create returns for an account that there is.
var ErrExists = errors.New("netease: the account exists")

// Create makes an account and returns its token for messages; ErrExists. accid
// is in lower case, as NetEase keeps it. (bridges.md §B6)
func (c *Client) Create(ctx context.Context, accid, name, icon string) (token string, err error) {
	form := url.Values{"accid": {accid}, "name": {name}}
	if icon != "" {
		form.Set("icon", icon)
	}
	var out account
	err = c.call(ctx, "/user/create.action", form, "", &out)
	var f *outbound.Failure
	switch {
	case errors.As(err, &f) && f.Code == codeParameter && strings.Contains(strings.ToLower(f.Text), "regist"):
		return "", ErrExists
	case err != nil:
		return "", err
	}
	if out.Info.Accid == "" { // a repeated request is answered without it
		return "", ErrExists
	}
	return out.check(accid)
}

func (a *account) check(accid string) (string, error) {
	if a.Info.Accid != accid || a.Info.Token == "" || len(a.Info.Token) > maxToken {
		return "", &outbound.Failure{Service: Service, Code: codeOK, Text: "an answer about an account without a usable token"}
	}
	return a.Info.Token, nil
}

// RefreshToken gives an account another token; the one before is void.
func (c *Client) RefreshToken(ctx context.Context, accid string) (string, error) {
	var out account
	if err := c.call(ctx, "/user/refreshToken.action", url.Values{"accid": {accid}}, "", &out); err != nil {
		return "", err
	}
	return out.check(accid)
}

// UpdateUser changes the name and the icon; an empty icon takes it away.
func (c *Client) UpdateUser(ctx context.Context, accid, name, icon string) error {
	form := url.Values{"accid": {accid}, "name": {name}, "icon": {icon}}
	return c.call(ctx, "/user/updateUinfo.action", form, "", nil)
}

// Block suspends an account and ends its connections.
func (c *Client) Block(ctx context.Context, accid string) error {
	return c.call(ctx, "/user/block.action", url.Values{"accid": {accid}, "needkick": {"true"}}, "", nil)
}

// Unblock ends Block.
func (c *Client) Unblock(ctx context.Context, accid string) error {
	return c.call(ctx, "/user/unblock.action", url.Values{"accid": {accid}}, "", nil)
}

// RTCToken asks for a token for calls, of a room or of all with an empty one
// (bridges.md §B3). Asking again gives the same one a new life.
func (c *Client) RTCToken(ctx context.Context, uid int64, room string, ttl time.Duration) (string, error) {
	form := url.Values{
		"uid": {strconv.FormatInt(uid, 10)}, "repeatUse": {"true"}, "expireAt": {strconv.FormatInt(int64(ttl/time.Second), 10)},
	}
	if room != "" {
		form.Set("channelName", room)
	}
	var out struct {
		Token string `json:"token"`
	}
	if err := c.call(ctx, "/user/getToken.action", form, "", &out); err != nil {
		return "", err
	}
	if out.Token == "" || len(out.Token) > maxToken {
		return "", &outbound.Failure{Service: Service, Code: codeOK, Text: "getToken: an answer without a usable token"}
	}
	return out.Token, nil
}

// Message is what is sent in somebody's name.
type Message struct {
	From, To string // accounts, or To a team
	Team     bool
	Type     int    // 0 text, 1 image, 2 audio, 3 video, 4 location, 6 file
	Body     string // JSON text
	Ext      string // at most 1024 characters
	Trace    string // the same for the same message: it is sent once
}

// Types of messages.
const (
	TypeText  = 0
	TypeImage = 1
	TypeAudio = 2
	TypeVideo = 3
	TypeFile  = 6
)

// Send sends a message that is not copied back to us, and returns its ID there,
// which is empty if NetEase had got it before (bridges.md §B7).
func (c *Client) Send(ctx context.Context, m *Message) (string, error) {
	ope := "0"
	if m.Team {
		ope = "1"
	}
	form := url.Values{
		"from": {m.From}, "ope": {ope}, "to": {m.To}, "type": {strconv.Itoa(m.Type)}, "body": {m.Body},
		"option": {`{"route":false}`}, "ext": {m.Ext},
	}
	var out struct {
		Data struct {
			MsgID json.Number `json:"msgid"`
		} `json:"data"`
	}
	err := c.call(ctx, "/msg/sendMsg.action", form, m.Trace, &out)
	return out.Data.MsgID.String(), err
}

// CreateTeam makes a team and returns its ID.
func (c *Client) CreateTeam(ctx context.Context, name, owner string, members []string, trace string) (string, error) {
	list, err := json.Marshal(members)
	if err != nil {
		return "", err
	}
	var out struct {
		TID string `json:"tid"`
	}
	err = c.call(ctx, "/team/create.action", url.Values{
		"tname": {name}, "owner": {owner}, "members": {string(list)}, "msg": {name}, "magree": {"0"}, "joinmode": {"2"},
	}, trace, &out)
	if err == nil && out.TID == "" {
		err = &outbound.Failure{Service: Service, Code: codeOK, Text: "team/create: an answer without a team"}
	}
	return out.TID, err
}

// AddToTeam adds accounts; those that are in it already change nothing.
func (c *Client) AddToTeam(ctx context.Context, tid, owner string, members []string) error {
	list, err := json.Marshal(members)
	if err != nil {
		return err
	}
	err = c.call(ctx, "/team/add.action", url.Values{
		"tid": {tid}, "owner": {owner}, "members": {string(list)}, "magree": {"0"}, "msg": {"-"},
	}, "", nil)
	if IsCode(err, 809) { // already in it
		return nil
	}
	return err
}

// KickFromTeam removes one; if he is not in it nothing changes.
func (c *Client) KickFromTeam(ctx context.Context, tid, owner, member string) error {
	err := c.call(ctx, "/team/kick.action", url.Values{"tid": {tid}, "owner": {owner}, "member": {member}}, "", nil)
	if IsCode(err, 804) {
		return nil
	}
	return err
}

// ChangeTeamOwner makes another member the owner; the former one stays a member.
func (c *Client) ChangeTeamOwner(ctx context.Context, tid, owner, next string) error {
	return c.call(ctx, "/team/changeOwner.action", url.Values{"tid": {tid}, "owner": {owner}, "newowner": {next}, "leave": {"2"}}, "", nil)
}

// RemoveTeam ends a team; if there is none nothing changes.
func (c *Client) RemoveTeam(ctx context.Context, tid, owner string) error {
	err := c.call(ctx, "/team/remove.action", url.Values{"tid": {tid}, "owner": {owner}}, "", nil)
	if IsCode(err, 803) {
		return nil
	}
	return err
}
