package demo

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

// host is only a name: Server.Dial leads to the server whatever it is.
const host = "demo.invalid"

// stepTime bounds a request on a machine that has a lot to do.
const stepTime = time.Minute

// Server is where accounts and conversations are made: one that lets everybody
// register.
type Server struct {
	Dial   func(ctx context.Context) (net.Conn, error)
	APIKey string
	Path   string // of the protocol (api_path), with "/" at both ends
	Files  bool   // it takes uploads
	// PasswordLength is the least that it accepts, in characters.
	PasswordLength int
}

type m = map[string]any

// client is the session of one person.
type client struct {
	server Server
	ws     *websocket.Conn
	http   *http.Client
	id     string // usr…
	token  string
	number int
	lost   error // the first request that failed; nothing is sent after it
}

// ctrl is what is needed of an answer.
type ctrl struct {
	ID, Text, Topic string
	Code            int
	Params          struct {
		User, Token, URL string
		Seq              int
	}
}

func (s Server) client(ctx context.Context) (*client, error) {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) { return s.Dial(ctx) }
	d := websocket.Dialer{NetDialContext: dial, HandshakeTimeout: stepTime}
	ws, res, err := d.DialContext(ctx, "ws://"+host+s.Path+"v0/channels", http.Header{"X-Tinode-APIKey": {s.APIKey}})
	if err != nil {
		if res != nil {
			err = fmt.Errorf("%w (HTTP %d)", err, res.StatusCode)
		}
		return nil, err
	}
	return &client{server: s, ws: ws, http: &http.Client{
		Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}, Timeout: stepTime,
	}}, nil
}

func (c *client) close() { _ = c.ws.Close() }

// ask sends a request and waits for its answer; files are the addresses of those
// that it uses. After one that failed it does nothing: whoever asks looks at lost
// in the end.
func (c *client) ask(kind string, body m, files ...string) ctrl {
	if c.lost != nil {
		return ctrl{}
	}
	c.number++
	id := fmt.Sprint(c.number)
	body["id"] = id
	deadline := time.Now().Add(stepTime)
	_ = c.ws.SetReadDeadline(deadline)
	_ = c.ws.SetWriteDeadline(deadline)
	packet := m{kind: body}
	if len(files) > 0 {
		packet["extra"] = m{"attachments": files}
	}
	if c.lost = c.ws.WriteJSON(packet); c.lost != nil {
		return ctrl{}
	}
	for {
		var got struct{ Ctrl *ctrl }
		if c.lost = c.ws.ReadJSON(&got); c.lost != nil {
			return ctrl{}
		}
		if got.Ctrl == nil || got.Ctrl.ID != id {
			continue
		}
		if got.Ctrl.Code >= 300 && got.Ctrl.Code != http.StatusNotModified {
			c.lost = fmt.Errorf("{%s}: %d %s", kind, got.Ctrl.Code, got.Ctrl.Text)
		}
		return *got.Ctrl
	}
}

// upload stores a file and returns its address for messages.
func (c *client) upload(kind string, data []byte) string {
	if c.lost != nil {
		return ""
	}
	req, err := http.NewRequest(http.MethodPost, "http://"+host+c.server.Path+"v0/file/u/", bytes.NewReader(data))
	if err != nil {
		c.lost = err
		return ""
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("X-Tinode-APIKey", c.server.APIKey)
	req.Header.Set("X-Tinode-Auth", "token "+c.token)
	res, err := c.http.Do(req)
	if err != nil {
		c.lost = err
		return ""
	}
	defer res.Body.Close()
	var got struct{ Ctrl ctrl }
	switch err := json.NewDecoder(res.Body).Decode(&got); {
	case err != nil:
		c.lost = fmt.Errorf("upload: %w", err)
	case got.Ctrl.Code != http.StatusOK:
		c.lost = fmt.Errorf("upload: %d %s", got.Ctrl.Code, got.Ctrl.Text)
	case got.Ctrl.Params.URL == "":
		c.lost = errors.New("upload: no address")
	}
	return got.Ctrl.Params.URL
}

// secret is that of scheme basic.
func secret(login, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(login + ":" + password))
}
