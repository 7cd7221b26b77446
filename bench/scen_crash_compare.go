//go:build linux

package bench

import (
	"context"
	"errors"
	"sync"
)

// seenMessage is what the history holds; number is zero for a message which is not the flow's.
type seenMessage struct {
	number uint32
	seq    int
}

// historyReader collects the messages of pages; one query at a time. It belongs to the loop's
// goroutine.
type historyReader struct{ seen []seenMessage }

func (h *historyReader) message(_ *conn, p []byte) {
	if kindOf(p) != kindData {
		return
	}
	n, _ := dataNumber(p)
	seq, _ := skimInt(p, "seq")
	h.seen = append(h.seen, seenMessage{n, seq})
}

func (h *historyReader) closed(*conn) {}

// history reads all messages of a pair with a seq above since, or only the first page.
func (c *crash) history(ctx context.Context, pair, since, limit int, all bool) ([]seenMessage, error) {
	const mostPages = 10000
	a, b := c.users[2*pair], c.users[2*pair+1]
	h := &historyReader{}
	cn, err := c.connect(ctx, a, h)
	if err != nil {
		return nil, err
	}
	defer func() { cn.handle(nil); cn.close() }()
	if _, err := cn.sub(ctx, b.UID); err != nil {
		return nil, err
	}
	before, had := 0, 0
	for range mostPages {
		if err := cn.history(ctx, b.UID, since+1, before, limit); err != nil {
			return nil, err
		}
		var seen []seenMessage
		c.loop.do(func() { seen = h.seen })
		for _, m := range seen[had:] {
			if before == 0 || m.seq < before {
				before = m.seq
			}
		}
		if len(seen) == had || !all || before <= since+1 {
			return seen, nil
		}
		had = len(seen)
	}
	return nil, errors.New("the history does not end")
}

// findBase learns the highest seq of every pair.
func (c *crash) findBase(ctx context.Context) error {
	return each(c.ff.pairs, c.workers, func(i int) error {
		seen, err := c.history(ctx, i, 0, 1, false)
		for _, m := range seen {
			c.base[i] = max(c.base[i], m.seq)
		}
		return err
	})
}

// compare reads the history written since the last round and counts what is wrong with it.
func (c *crash) compare(ctx context.Context, sent sentMessages) error {
	for _, m := range sent {
		if m.acked {
			c.acked++
		} else {
			c.unacked++
		}
	}
	found := map[uint32]int{}
	var mu sync.Mutex
	err := each(c.ff.pairs, c.workers, func(i int) error {
		seen, err := c.history(ctx, i, c.base[i], 100, true)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		c.comparePair(i, seen, sent, found)
		return nil
	})
	if err != nil {
		return err
	}
	for n, m := range sent {
		if found[n] == 0 {
			if m.acked {
				c.missing++
			}
			if m.delivered {
				c.deliveredMissing++
			}
		}
	}
	return nil
}

// comparePair judges the history of one pair; found counts how often each message turned up.
func (c *crash) comparePair(pair int, seen []seenMessage, sent sentMessages, found map[uint32]int) {
	seqs := map[int]bool{}
	top := c.base[pair]
	for _, s := range seen {
		c.presentMessages++
		if seqs[s.seq] {
			c.sameSeq++
		}
		seqs[s.seq] = true
		top = max(top, s.seq)
		m := sent[s.number]
		if m == nil {
			continue // the probe, or a message of an earlier round
		}
		if found[s.number]++; found[s.number] > 1 {
			c.duplicates++
		}
		if m.acked && m.seq != s.seq {
			c.wrongSeq++
		}
		if !m.acked {
			c.unackedPresent++
		}
	}
	c.gaps += int64(top - c.base[pair] - len(seqs))
	c.base[pair] = top
}
