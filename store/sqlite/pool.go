package sqlite

import (
	"context"
	"errors"
	"sync"

	"parley/store"
)

// pool lends connections for reading, the one used last first. It opens them
// as they are needed and keeps them.
type pool struct {
	open  func() (*conn, error)
	slots chan struct{} // one element per connection lent

	mu     sync.Mutex // guards the following
	idle   []*conn
	closed bool
}

func newPool(size int, open func() (*conn, error)) *pool {
	return &pool{open: open, slots: make(chan struct{}, size)}
}

// with runs read on a connection of its own.
func (p *pool) with(ctx context.Context, read func(*conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-p.slots }()
	c, err := p.take()
	if err != nil {
		return err
	}
	defer p.put(c)
	return read(c)
}

func (p *pool) take() (*conn, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, store.ErrClosed
	}
	if n := len(p.idle); n > 0 {
		c := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return c, nil
	}
	p.mu.Unlock()
	return p.open()
}

func (p *pool) put(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, c)
}

// close waits for reads under way and closes the connections.
func (p *pool) close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	for range cap(p.slots) {
		p.slots <- struct{}{}
	}
	var errs []error
	for _, c := range p.idle {
		errs = append(errs, c.close())
	}
	p.idle = nil
	for range cap(p.slots) {
		<-p.slots // so that late callers get ErrClosed instead of waiting
	}
	return errors.Join(errs...)
}
