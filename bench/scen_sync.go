//go:build linux

package bench

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"strings"
	"time"
)

// syncRun are the flags of the scenario sync.
type syncRun struct {
	topics, changed, news, n int
}

func syncScenario(fs *flag.FlagSet) runFunc {
	o := &syncRun{}
	fs.IntVar(&o.topics, "topics", 1000, "topics of the user")
	fs.IntVar(&o.changed, "changed", 50, "those which have changed")
	fs.IntVar(&o.news, "new", 5, "new messages in each of these")
	fs.IntVar(&o.n, "n", 30, "times to ask")
	return o.run
}

func (o *syncRun) run(ctx context.Context, e *env) (result, error) {
	users, err := e.spareUsers(ctx, 2)
	if err != nil {
		return result{}, err
	}
	names := e.pool.furnished("sync")
	if names == nil {
		if names, err = o.furnish(ctx, e, users[0], users[1]); err != nil {
			return result{}, fmt.Errorf("make %d topics: %w", o.topics, err)
		}
		e.pool.keep("sync", names...)
	}
	if e.proc != nil { // nothing is in memory
		e.proc.stop()
		if err := e.startServer(ctx); err != nil {
			return result{}, err
		}
	}
	defer e.settle()
	h := &syncReader{}
	c, err := e.connect(ctx, users[1], h)
	if err != nil {
		return result{}, err
	}
	defer c.close()
	defer c.handle(nil)
	return o.measure(ctx, e, c, h, o.request(names))
}

func (o *syncRun) measure(ctx context.Context, e *env, c *conn, h *syncReader, ask func(id string) []byte) (result, error) {
	times, wrong, first := newHist(), 0, 0.0
	meter := e.startMeter()
	for i := range o.n {
		h.topics, h.messages = 0, 0
		began := e.loop.nanotime()
		r, err := c.call(ctx, ask)
		if r, err = expect("get sync", r, err); err != nil {
			return result{}, err
		}
		took := time.Duration(e.loop.nanotime() - began)
		if i == 0 {
			first = took.Seconds() * 1000
		}
		times.record(int64(took))
		topics, _ := skimInt(r.raw, "topics")
		count, _ := skimInt(r.raw, "count")
		want := [2]int{o.changed, o.changed * o.news}
		if [2]int{topics, count} != want || [2]int{h.topics, h.messages} != want {
			wrong++
		}
	}
	u := meter.lap()
	var r result
	r.latency("sync", times)
	r.add("first_sync_ms", first)
	r.cost(u, "sync", float64(o.n))
	r.add("wrong_answers", float64(wrong))
	return r, nil
}

// syncReader counts what comes before the {ctrl}. Its fields belong to the loop's goroutine while a
// request is under way.
type syncReader struct{ topics, messages int }

func (h *syncReader) message(_ *conn, p []byte) {
	switch kindOf(p) {
	case kindMeta:
		h.topics += bytes.Count(p, []byte(`"topic":"grp`))
	case kindData:
		h.messages++
	}
}

func (h *syncReader) closed(*conn) {}

// request is that of a client which has all messages but the new ones.
func (o *syncRun) request(names []string) func(id string) []byte {
	var known strings.Builder
	for i, name := range names {
		if i > 0 {
			known.WriteByte(',')
		}
		fmt.Fprintf(&known, `%q:{"seq":1}`, name)
	}
	return func(id string) []byte {
		return fmt.Appendf(nil, `{"get":{"id":%q,"topic":"me","what":"sync","sync":{"topics":{%s}}}}`, id, known.String())
	}
}

// furnish makes the topics, all with a message that the reader has; the changed ones, which lie
// among the others, have more.
func (o *syncRun) furnish(ctx context.Context, e *env, owner, reader *user) ([]string, error) {
	names := make([]string, o.topics)
	every := max(1, o.topics/max(1, o.changed))
	err := e.eachOn(ctx, owner, o.topics, func(c *conn, i int) (err error) {
		if names[i], err = c.newGroup(ctx, true); err != nil {
			return err
		}
		n := 1
		if i%every == 0 && i/every < o.changed {
			n += o.news
		}
		for range n {
			if err := c.publish(ctx, names[i], strings.Repeat("x", 128)); err != nil {
				return err
			}
		}
		return c.leave(ctx, names[i])
	})
	if err != nil {
		return nil, err
	}
	err = e.eachOn(ctx, reader, o.topics, func(c *conn, i int) error {
		if _, err := c.sub(ctx, names[i]); err != nil {
			return err
		}
		return c.leave(ctx, names[i])
	})
	return names, err
}

// eachOn calls fn for 0 ≤ i < n on some sessions of a user, one call at a time on each.
func (e *env) eachOn(ctx context.Context, u *user, n int, fn func(c *conn, i int) error) error {
	conns := make(chan *conn, e.workers)
	defer e.settle()
	for range cap(conns) {
		c, err := e.connect(ctx, u, nil)
		if err != nil {
			return err
		}
		defer c.close()
		conns <- c
	}
	return each(n, cap(conns), func(i int) error {
		c := <-conns
		defer func() { conns <- c }()
		return fn(c, i)
	})
}

// publish publishes a text and waits for the ack.
func (c *conn) publish(ctx context.Context, topic, text string) error {
	r, err := c.call(ctx, func(id string) []byte {
		return fmt.Appendf(nil, `{"pub":{"id":%q,"topic":%q,"content":%q}}`, id, topic, text)
	})
	_, err = expect("pub", r, err)
	return err
}
