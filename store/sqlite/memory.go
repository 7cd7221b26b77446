package sqlite

import (
	"context"
	"slices"
)

// ReleaseMemory gives back what the connections keep of pages, which the
// system's page cache holds as well. It is for quiet moments.
func (s *Store) ReleaseMemory() {
	shrink := func(c *conn) error {
		_, err := c.exec("PRAGMA shrink_memory")
		return err
	}
	// What fails here only keeps memory that would have been nice to have.
	_ = s.write(context.Background(), "release memory", shrink)
	s.readers.eachIdle(shrink)
}

// eachIdle runs f on the connections that are not lent at the moment. It lends
// them to itself, the one used longest ago first, so that close waits for it.
func (p *pool) eachIdle(f func(*conn) error) {
	for range cap(p.slots) {
		select {
		case p.slots <- struct{}{}:
		default:
			return
		}
		if c := p.takeOldest(); c != nil {
			_ = f(c)
			p.put(c)
		}
		<-p.slots
	}
}

// takeOldest returns the idle connection used longest ago, or nil.
func (p *pool) takeOldest() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idle) == 0 {
		return nil
	}
	c := p.idle[0]
	p.idle = slices.Delete(p.idle, 0, 1)
	return c
}
