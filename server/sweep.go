package server

import (
	"context"
	"time"

	"parley/server/topic"
)

const (
	sweepEvery = time.Hour
	sweepBatch = 1000 // rows of one transaction, so that nobody waits for long
)

// sweep lets the store forget what has served its time, until ctx is done.
func (s *Server) sweep(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			s.forget(ctx, "keys of old messages", func(n int) (int, error) {
				return s.store.ForgetPublished(ctx, s.now().Add(-topic.OnceFor), n)
			})
			s.forget(ctx, "records of expired tokens", func(n int) (int, error) {
				return s.store.ExpireTokens(ctx, s.now(), n)
			})
			s.forget(ctx, "expired values", func(n int) (int, error) {
				return s.store.ExpireValues(ctx, s.now(), n)
			})
			if err := s.reset.Codes.Forget(ctx); err != nil && ctx.Err() == nil {
				s.log.Error("old codes not removed", "err", err)
			}
		}
	}
}

// forget calls remove, which removes at most n rows and returns how many, until
// there are no more.
func (s *Server) forget(ctx context.Context, what string, remove func(n int) (int, error)) {
	for {
		n, err := remove(sweepBatch)
		if err != nil && ctx.Err() == nil {
			s.log.Error(what+" not removed", "err", err)
		}
		if err != nil || n < sweepBatch {
			return
		}
	}
}
