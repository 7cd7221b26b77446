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
			s.forgetPublished(ctx)
			if err := s.reset.Codes.Forget(ctx); err != nil && ctx.Err() == nil {
				s.log.Error("old codes not removed", "err", err)
			}
		}
	}
}

func (s *Server) forgetPublished(ctx context.Context) {
	for {
		n, err := s.store.ForgetPublished(ctx, s.now().Add(-topic.OnceFor), sweepBatch)
		if err != nil && ctx.Err() == nil {
			s.log.Error("keys of old messages not removed", "err", err)
		}
		if err != nil || n < sweepBatch {
			return
		}
	}
}
