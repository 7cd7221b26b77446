//go:build linux

package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// callTimeout bounds every wait for a reply outside of the measured message flow.
const callTimeout = 30 * time.Second

var errNoReply = errors.New("no reply in time")

// waiter is a call which waits for the {ctrl} with its id.
type waiter struct {
	id   []byte
	meta bool // a {meta} will do, too
	done chan ctrl
}

// takes tells whether a message of that kind can be the answer.
func (w *waiter) takes(kind byte) bool { return kind == kindCtrl || w.meta && kind == kindMeta }

// ctrl is a {ctrl} reply. raw is a copy of the whole message.
type ctrl struct {
	code int
	raw  []byte
	err  error
}

// str returns the first string field of the given name.
func (r ctrl) str(key string) string {
	s, _ := skimStr(r.raw, key)
	return string(s)
}

// call sends a request built for a fresh id and waits for the {ctrl} which answers it. One call at
// a time, and never on the loop's goroutine.
func (c *conn) call(ctx context.Context, build func(id string) []byte) (ctrl, error) {
	return c.await(ctx, &waiter{}, build)
}

// ask is call for a request which is answered by a {meta}, or by a {ctrl} if there is nothing to
// tell; the code of a {meta} is zero. The requests before it are sent in the same write.
func (c *conn) ask(ctx context.Context, build func(id string) []byte, before ...[]byte) (ctrl, error) {
	return c.await(ctx, &waiter{meta: true}, build, before...)
}

func (c *conn) await(ctx context.Context, w *waiter, build func(id string) []byte, before ...[]byte) (ctrl, error) {
	id := fmt.Sprintf("c%d", c.serial.Add(1))
	w.id, w.done = []byte(id), make(chan ctrl, 1)
	if !c.waiter.CompareAndSwap(nil, w) {
		return ctrl{}, errors.New("another call is in progress on the connection")
	}
	for _, p := range before {
		c.enqueue(opText, p)
	}
	if !c.send(build(id)) {
		c.waiter.CompareAndSwap(w, nil)
		return ctrl{}, errClosed
	}
	t := time.NewTimer(callTimeout)
	defer t.Stop()
	select {
	case r := <-w.done:
		return r, r.err
	case <-t.C:
		c.waiter.CompareAndSwap(w, nil)
		return ctrl{}, errNoReply
	case <-ctx.Done():
		c.waiter.CompareAndSwap(w, nil)
		return ctrl{}, context.Cause(ctx)
	}
}

// expect turns an unwanted {ctrl} into an error. Any 2xx or 3xx code is a success.
func expect(what string, r ctrl, err error) (ctrl, error) {
	if err != nil {
		return r, fmt.Errorf("%s: %w", what, err)
	}
	if r.code < 200 || r.code >= 400 {
		return r, fmt.Errorf("%s: refused: %s", what, r.raw)
	}
	return r, nil
}

// expectAnswer is expect for what ask returns.
func expectAnswer(what string, r ctrl, err error) (ctrl, error) {
	if err == nil && r.code == 0 { // a {meta}
		return r, nil
	}
	return expect(what, r, err)
}

// subRetry is how long a patient client waits after a {sub} was put off.
const subRetry = 2 * time.Millisecond

// hi introduces the client.
func (c *conn) hi(ctx context.Context) error {
	r, err := c.call(ctx, hiRequest)
	_, err = expect("hi", r, err)
	return err
}

// newAccount registers u and logs in as it; u gets its id and token.
func (c *conn) newAccount(ctx context.Context, u *user) error {
	r, err := c.call(ctx, func(id string) []byte { return accRequest(id, u) })
	if r, err = expect("acc", r, err); err != nil {
		return err
	}
	u.UID, u.Token = r.str("user"), r.str("token")
	if u.UID == "" || u.Token == "" {
		return fmt.Errorf("acc: no user or token in %s", r.raw)
	}
	c.user = u
	return nil
}

// login logs in with the token, or with the name and password when the scheme is basic.
func (c *conn) login(ctx context.Context, u *user, scheme string) error {
	secret := u.Token
	if scheme == schemeBasic {
		secret = u.basicSecret()
	}
	r, err := c.call(ctx, func(id string) []byte { return loginRequest(id, scheme, secret) })
	c.user = u
	_, err = expect("login", r, err)
	return err
}

// sub attaches to a topic, making it first when the name is "new"; it returns the topic's name.
// A server may refuse with 503 while it loads the topic for somebody else: sub tries again, as a
// patient client would, and counts it.
func (c *conn) sub(ctx context.Context, topic string) (string, error) {
	for end := time.Now().Add(callTimeout); ; {
		r, err := c.call(ctx, func(id string) []byte { return topicRequest("sub", id, topic) })
		if err == nil && r.code == 503 && time.Now().Before(end) {
			c.retries++
			if err := sleep(ctx, subRetry); err != nil {
				return "", err
			}
			continue
		}
		if r, err = expect("sub "+topic, r, err); err != nil {
			return "", err
		}
		if name := r.str("topic"); name != "" {
			topic = name
		}
		return topic, nil
	}
}

// newGroup makes a group and attaches to it; it returns the name. Anonymous users can join only if
// they are let in.
func (c *conn) newGroup(ctx context.Context, anonymous bool) (string, error) {
	if !anonymous {
		return c.sub(ctx, "new")
	}
	r, err := c.call(ctx, openGroupRequest)
	if r, err = expect("sub new", r, err); err != nil {
		return "", err
	}
	return r.str("topic"), nil
}

// leave detaches from a topic.
func (c *conn) leave(ctx context.Context, topic string) error {
	r, err := c.call(ctx, func(id string) []byte { return topicRequest("leave", id, topic) })
	_, err = expect("leave "+topic, r, err)
	return err
}

// history asks for the messages with since <= seq < before; they reach the handler as {data}.
func (c *conn) history(ctx context.Context, topic string, since, before, limit int) error {
	r, err := c.call(ctx, func(id string) []byte { return historyRequest(id, topic, since, before, limit) })
	_, err = expect("get data", r, err)
	return err
}
