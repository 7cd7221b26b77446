package files

import (
	"context"
	"math/rand/v2"
	"time"

	"parley/internal/chat"
	"parley/store"
)

// collects tells whether files that nobody uses are removed.
func (s *Service) collects() bool { return s.Config.GCPeriod > 0 && s.Config.GCBlock > 0 }

const (
	startBlock = 1000
	idlePeriod = time.Minute // for what was cut off, where nothing else is collected
)

// Run removes what the process before left unfinished, and then, from time to
// time, what nobody uses, until ctx is done.
func (s *Service) Run(ctx context.Context) error {
	s.Recover(ctx)
	period, block := s.Config.GCPeriod, s.Config.GCBlock
	if !s.collects() {
		period, block = idlePeriod, startBlock
	}
	for {
		// Some earlier, some later: nodes that share a store do not meet.
		wait := period*3/4 + rand.N(period/2+1)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
			s.Collect(ctx, block)
		}
	}
}

// Recover removes what is left of uploads that the end of a process cut off. All
// that began before now is such: a store has one process.
func (s *Service) Recover(ctx context.Context) {
	now := s.now()
	if n, err := s.Blobs.Sweep(ctx, now); err != nil && ctx.Err() == nil {
		s.Log.Error("half files not removed", "err", err)
	} else if n > 0 {
		s.Log.Info("half files removed", "count", n)
	}
	for s.collect(ctx, now, time.Time{}, startBlock) == startBlock && ctx.Err() == nil {
	}
}

// Collect removes at most limit files that nobody uses, or that were cut off, and
// returns how many.
func (s *Service) Collect(ctx context.Context, limit int) int {
	now := s.now()
	ready := time.Time{}
	if s.collects() {
		ready = now.Add(-UnusedFor)
	}
	if _, err := s.Blobs.Sweep(ctx, now.Add(-abandonedFor)); err != nil && ctx.Err() == nil {
		s.Log.Error("half files not removed", "err", err)
	}
	return s.collect(ctx, now.Add(-abandonedFor), ready, limit)
}

// collect removes bytes before records: what is left after a failure is found
// again.
func (s *Service) collect(ctx context.Context, pending, ready time.Time, limit int) int {
	ids, err := s.Store.UnusedFiles(ctx, pending, ready, limit)
	if err == nil && len(ids) > 0 {
		if ids, err = s.remove(ctx, ids); err == nil {
			err = s.Store.ForgetFiles(ctx, ids...)
		}
	}
	if err != nil {
		if ctx.Err() == nil {
			s.Log.Error("unused files not removed", "err", err)
		}
		return 0
	}
	if len(ids) > 0 {
		s.removed.Add(int64(len(ids)))
		s.Log.Info("unused files removed", "count", len(ids))
	}
	return len(ids)
}

// remove deletes bytes and returns whose are gone: one that can't be deleted does
// not stop the others.
func (s *Service) remove(ctx context.Context, ids []chat.FileID) (gone []chat.FileID, err error) {
	keys := func(ids ...chat.FileID) (keys []string) {
		for _, id := range ids {
			f := store.File{ID: id}
			keys = append(keys, id.Key(), f.ThumbKey())
		}
		return keys
	}
	if err = s.Blobs.Delete(ctx, keys(ids...)...); err == nil {
		return ids, nil
	}
	for _, id := range ids {
		if e := s.Blobs.Delete(ctx, keys(id)...); e == nil {
			gone = append(gone, id)
		}
	}
	if len(gone) == 0 {
		return nil, err
	}
	s.Log.Error("some unused files not removed", "count", len(ids)-len(gone), "err", err)
	return gone, nil
}

// Stats is what was done since the start.
type Stats struct{ Received, Refused, Removed int64 }

// Stats returns it.
func (s *Service) Stats() Stats {
	return Stats{s.received.Load(), s.refused.Load(), s.removed.Load()}
}
