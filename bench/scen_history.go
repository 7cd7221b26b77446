//go:build linux

package bench

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"time"
)

// historyRun are the flags of the scenario history.
type historyRun struct {
	msgs, sizeBytes, limit, conc int
	warm, d                      time.Duration
}

func historyScenario(fs *flag.FlagSet) runFunc {
	o := &historyRun{}
	fs.IntVar(&o.msgs, "msgs", 10000, "messages in the topic")
	fs.IntVar(&o.sizeBytes, "bytes", 128, "size of a message")
	fs.IntVar(&o.limit, "limit", 24, "messages of a page")
	fs.IntVar(&o.conc, "c", 8, "readers, each with one query in flight")
	fs.DurationVar(&o.warm, "warm", time.Second, "time before measuring")
	fs.DurationVar(&o.d, "d", 10*time.Second, "time of measuring")
	return o.run
}

func (o *historyRun) run(ctx context.Context, e *env) (result, error) {
	users, err := e.spareUsers(ctx, 2)
	if err != nil {
		return result{}, err
	}
	if err := e.fillHistory(ctx, users, o.msgs, o.sizeBytes); err != nil {
		return result{}, err
	}
	h := &pager{limit: o.limit, high: o.msgs, timing: newHist()}
	defer h.hangUp(e)
	for i := range o.conc {
		me, peer := users[i%2], users[1-i%2]
		c, err := e.connect(ctx, me, h)
		if err != nil {
			return result{}, err
		}
		c.tag = i
		h.readers = append(h.readers, &pageReader{c: c, topic: peer.UID})
		if _, err := c.sub(ctx, peer.UID); err != nil {
			return result{}, err
		}
	}
	return o.measure(ctx, e, h)
}

func (o *historyRun) measure(ctx context.Context, e *env, h *pager) (result, error) {
	e.loop.do(func() {
		h.running = true
		for _, rd := range h.readers {
			h.ask(rd)
		}
	})
	if err := sleep(ctx, o.warm); err != nil {
		return result{}, err
	}
	meter := e.startMeter()
	var before, after pageCounts
	e.loop.do(func() { before, h.measuring = h.pageCounts, true })
	if err := sleep(ctx, o.d); err != nil {
		return result{}, err
	}
	e.loop.do(func() { after, h.running, h.measuring = h.pageCounts, false, false })
	u := meter.lap()
	time.Sleep(300 * time.Millisecond) // for the last pages on their way
	pages := float64(after.pages - before.pages)
	perPage := float64(after.messages-before.messages) / pages
	if full := float64(min(o.limit, o.msgs)); !(perPage > 0.9*full) {
		return result{}, fmt.Errorf("pages hold %.1f messages, not %.0f: the server did not keep the history", perPage, full)
	}
	var r result
	r.add("pages_per_s", pages/u.wall.Seconds())
	r.add("messages_per_page", perPage)
	r.latency("page", h.timing)
	r.cost(u, "page", pages)
	r.quiet("fill_messages_per_s", float64(o.msgs)/e.filled.Seconds())
	return r, nil
}

// fillTimeout bounds the filling of a history.
const fillTimeout = 100 * time.Second

// fillHistory publishes in the topic of two users until the generator has put enough messages
// there; later runs find them.
func (e *env) fillHistory(ctx context.Context, users []*user, msgs, sizeBytes int) error {
	if e.filled > 0 {
		return nil
	}
	began := time.Now()
	opt := pairOptions{sizeBytes: sizeBytes, both: true, noecho: true}
	if err := e.publishMany(ctx, users, opt, 16, msgs); err != nil {
		return err
	}
	e.filled = time.Since(began)
	return nil
}

// publishMany publishes in the common topics of pairs of users until so many messages are
// acknowledged.
func (e *env) publishMany(ctx context.Context, users []*user, opt pairOptions, window, msgs int) error {
	f, err := e.pairs(ctx, users, opt, flowConfig{window: window})
	if err != nil {
		return err
	}
	defer e.hangUp(f)
	f.start()
	defer f.stop()
	for end := time.Now().Add(fillTimeout); time.Now().Before(end); {
		if err := f.wait(ctx, 50*time.Millisecond); err != nil {
			return err
		}
		var acks int64
		f.loop.do(func() { acks = f.counts.acks })
		if acks >= int64(msgs) {
			return nil
		}
	}
	return errors.New("the history does not fill in time")
}

// pageCounts are running totals.
type pageCounts struct{ pages, messages int64 }

// pager keeps one query of each reader in flight. It belongs to the loop's goroutine.
type pager struct {
	pageCounts
	limit, high        int
	readers            []*pageReader // by the tag of the connection
	running, measuring bool
	serial             uint32
	timing             *hist
}

type pageReader struct {
	c     *conn
	topic string
	sent  int64
}

func (h *pager) ask(rd *pageReader) {
	h.serial++
	id := []byte("n00000000")
	putHex8(id[1:], h.serial)
	before := h.limit + 1 + rand.IntN(max(1, h.high-h.limit))
	rd.sent = rd.c.loop.now
	rd.c.queue(historyRequest(string(id), rd.topic, 0, before, h.limit))
}

// message counts the messages of a page and asks for the next page at its end.
func (h *pager) message(c *conn, p []byte) {
	switch kindOf(p) {
	case kindData:
		h.messages++
	case kindCtrl:
		if _, ok := pubNumber(p); ok {
			rd := h.readers[c.tag]
			h.pages++
			if h.measuring {
				h.timing.record(c.loop.now - rd.sent)
			}
			if h.running {
				h.ask(rd)
			}
		}
	}
}

// closed does nothing: a reader which is gone asks no more.
func (h *pager) closed(*conn) {}

func (h *pager) hangUp(e *env) {
	for _, rd := range h.readers {
		rd.c.handle(nil)
		rd.c.close()
	}
	e.settle()
}
