package wstest

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gorilla/websocket"
)

// Socket dials a server over WebSocket.
type Socket struct {
	URL    string // ws://HOST/v0/channels
	APIKey string
	// Quiet is how long nothing may arrive before a step counts as over.
	Quiet time.Duration
}

// settleWait bounds how long a step waits for what it expects: far longer than a
// busy machine needs to check a password.
const settleWait = time.Minute

type socketConn struct{ ws *websocket.Conn }

func (c socketConn) Send(frame string) error {
	return c.ws.WriteMessage(websocket.TextMessage, []byte(frame))
}

func (c socketConn) Close() { _ = c.ws.Close() }

// Dial implements Dialer.
func (d *Socket) Dial(in *Inbox) (Conn, error) {
	ws, resp, err := websocket.DefaultDialer.Dial(d.URL, http.Header{"X-Tinode-APIKey": {d.APIKey}})
	if err != nil {
		if resp != nil {
			err = fmt.Errorf("%w (HTTP %d)", err, resp.StatusCode)
		}
		return nil, err
	}
	go func() { // ends with the connection
		for {
			_, message, err := ws.ReadMessage()
			if err != nil {
				in.Closed(closeCode(err))
				return
			}
			in.Put(message)
		}
	}()
	return socketConn{ws}, nil
}

func closeCode(err error) string {
	var ce *websocket.CloseError
	if errors.As(err, &ce) {
		return strconv.Itoa(ce.Code)
	}
	return strconv.Itoa(websocket.CloseAbnormalClosure)
}

// Settle implements Dialer. On a socket nobody knows whether more is to come, so
// that it waits until nothing has come for Quiet. Only ticks that come in time
// count: on a busy machine the server may just not have had its turn.
func (d *Socket) Settle(done func() bool, activity <-chan struct{}) {
	limit := time.NewTimer(settleWait)
	defer limit.Stop()
	for !done() {
		select {
		case <-activity:
		case <-limit.C:
			return
		}
	}
	next := time.NewTimer(quietTick)
	defer next.Stop()
	for quiet, at := time.Duration(0), time.Now(); quiet < d.Quiet; at = time.Now() {
		next.Reset(quietTick)
		select {
		case <-activity:
			quiet = 0
		case <-next.C:
			if time.Since(at) < quietTick+quietTick/2 {
				quiet += quietTick
			}
		case <-limit.C:
			return
		}
	}
}

// quietTick is the unit in which silence is measured.
const quietTick = 10 * time.Millisecond

// Link is a session inside the process.
type Link interface {
	// Handle takes one frame from the client.
	Handle(frame []byte)
	// Close ends the connection from the client's side.
	Close()
}

// Memory opens sessions inside the process.
type Memory struct {
	// Open opens a session: recv gets each message of the server, closed is
	// called with a WebSocket close code when the server ends it.
	Open func(recv func(message []byte), closed func(code int, reason string)) Link
	// Wait returns when the server has nothing left to do: synctest.Wait.
	Wait func()
}

type memoryConn struct{ link Link }

func (c memoryConn) Send(frame string) error { c.link.Handle([]byte(frame)); return nil }

func (c memoryConn) Close() { c.link.Close() }

// Dial implements Dialer.
func (d *Memory) Dial(in *Inbox) (Conn, error) {
	link := d.Open(in.Put, func(code int, _ string) { in.Closed(strconv.Itoa(code)) })
	if link == nil {
		return nil, errors.New("the server takes no more sessions")
	}
	return memoryConn{link}, nil
}

// Settle implements Dialer.
func (d *Memory) Settle(func() bool, <-chan struct{}) { d.Wait() }
